"""Memory: an allocation fails, in the device and in each role while it serves one device.

A provisioning has tens of thousands of allocations from some hundreds of places. Each place (its
callers, 8 deep) fails the first time that it comes by. Where that is in a role, the device gets its
certificate, or hears that the CA is not to be had now (503, an ended connection).

Where tpm2-tss itself has no memory left when an object or a session has just been made, it does not say
which: that one stays until the TPM's resource manager sees the device's file closed.
"""

from injection import CA_NOT_REACHED, DONE, Injection, Outcome
from stage import ROLES

SERVED = {DONE, CA_NOT_REACHED}  # never refused: it is not the device's fault


def first_of_each(sites):
    """The numbers, from 1, of allocations whose place had not come by before."""
    seen = set()
    for n, site in enumerate(sites, 1):
        if site not in seen:
            seen.add(site)
            yield n


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


def injections(new_world):
    with new_world() as world:
        sites = count_in_device(world)
    for n in first_of_each(sites):
        yield Injection("device", "malloc", n, fail_in_device(n))
    for role in ROLES:
        with new_world() as world:
            sites = count_in_role(world, role)
        for n in first_of_each(sites):
            yield Injection(role, "malloc", n, fail_in_role(role, n))
