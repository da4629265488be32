"""Memory: an allocation fails, in the device and in each role while it serves one device.

A provisioning has tens of thousands of allocations from some hundreds of places. Each place (its
callers, 8 deep) fails the first time that it comes by and, where it comes by more than once, the last
time. A renewal and --new-key have further places, and those fail as well. Where that is in a role, the
device gets its certificate, or hears that the CA is not to be had now (503, an ended connection).

Where tpm2-tss itself has no memory left when an object or a session has just been made, it does not say
which: that one stays until the TPM's resource manager sees the device's file closed.
"""

from injection import CA_NOT_REACHED, DONE, Injection, Outcome
from stage import FIRST, NEW_KEY, RENEWAL, ROLES

SERVED = {DONE, CA_NOT_REACHED}  # never refused: it is not the device's fault


def places(sites, known=()):
    """The numbers, from 1, of the first and the last allocation of each place that is not known."""
    first, last = {}, {}
    for n, site in enumerate(sites, 1):
        if site not in known:
            first.setdefault(site, n)
            last[site] = n
    return sorted({*first.values(), *last.values()})


def fail_in_device(n):
    def act(world):
        page = world.pages["device"]
        page.set(fail_in=n)
        result = world.device(rigged=True)
        return Outcome(page.failed > 0, result, is_left=result.status != DONE)
    return act


def fail_in_role(role, n):
    def act(world):
        page = world.pages[role]
        world.use_rig()
        page.set(fail_in=n)
        result = world.device()
        page.set(fail_in=0)
        return Outcome(page.failed > 0, result, SERVED)
    return act


def count_in_device(world):
    world.pages["device"].set(is_counting=1)
    world.device(rigged=True)
    return world.pages["device"].sites()


def count_in_role(world, role):
    world.use_rig()
    world.pages[role].set(is_counting=1)
    world.device()
    world.pages[role].set(is_counting=0)
    return world.pages[role].sites()


def of_program(new_world, name, count, fail):
    """In each journey at the places that no journey before it has."""
    known = set()
    for journey in (FIRST, RENEWAL, NEW_KEY):
        with new_world(journey) as world:
            sites = count(world)
        for n in places(sites, known):
            yield Injection(name, "malloc", n, fail(n), journey)
        known.update(sites)


def injections(new_world):
    yield from of_program(new_world, "device", count_in_device, fail_in_device)
    for role in ROLES:
        yield from of_program(new_world, role, lambda world, role=role: count_in_role(world, role),
                              lambda n, role=role: fail_in_role(role, n))
