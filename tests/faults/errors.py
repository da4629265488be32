"""The disk: ENOSPC, EIO, syncs that fail, writes that write half; for store and device.

An error is met once, by the n-th call, or by that one and all that follow. Half a write is a real
one: the rig lets the kernel write half and says so.
"""

from injection import CA_NOT_REACHED, CA_REFUSED, DONE, LOCAL_FILES, Injection, Outcome
from kills import calls_of, log_of
from traced import Attached, counted, has_fired, inject, watch

ERRORS = {
    "write": ("ENOSPC", "EIO"), "pwrite64": ("ENOSPC", "EIO"), "fsync": ("EIO",),
    "fdatasync": ("EIO", "ENOSPC"), "ftruncate": ("EIO",), "rename": ("EIO", "ENOSPC"),
    "renameat": ("EIO", "ENOSPC"), "unlinkat": ("EIO",), "unlink": ("EIO",), "mkdir": ("ENOSPC",),
    "openat": ("EMFILE", "EIO"), "memfd_create": ("EMFILE", "ENOMEM"),
}
CALLS = tuple(ERRORS)
SERVED = {DONE, CA_NOT_REACHED, CA_REFUSED}


def counts_of_device(world):
    world.device(*watch(log_of(world), CALLS))
    return counted(log_of(world))


def counts_of_role(world, role):
    with Attached(watch(log_of(world), CALLS), world.ca.pid(role)):
        world.device()
    return counted(log_of(world))


def from_then_on(n, lasts):
    return f"{n}+" if lasts else str(n)


def error_in_device(call, error, n, lasts):
    def act(world):
        result = world.device(*inject(log_of(world), call, f"error={error}", from_then_on(n, lasts)))
        return Outcome(has_fired(log_of(world)), result)
    return act


def error_in_role(role, call, error, n, lasts):
    def act(world):
        words = inject(log_of(world), call, f"error={error}", from_then_on(n, lasts))
        with Attached(words, world.ca.pid(role)):
            result = world.device()
        return Outcome(has_fired(log_of(world)), result, SERVED)
    return act


def half_in_device(n):
    def act(world):
        world.pages["device"].set(shorten_in=n)
        result = world.device(rigged=True)
        return Outcome(world.pages["device"].shortened > 0, result, {DONE, LOCAL_FILES})
    return act


def half_in_store(n):
    def act(world):
        world.use_rig()
        world.pages["store"].set(shorten_in=n)
        result = world.device()
        return Outcome(world.pages["store"].shortened > 0, result, SERVED)
    return act


def halves(new_world):
    with new_world() as world:
        world.use_rig()
        before = world.pages["store"].written
        world.device(rigged=True)
        store, device = world.pages["store"].written - before, world.pages["device"].written
    for n in range(1, device + 1):
        yield Injection("device", "half a write", n, half_in_device(n))
    for n in range(1, store + 1):
        yield Injection("store", "half a write", n, half_in_store(n))


def of_process(name, counts, make):
    for call, n in calls_of(counts, CALLS):
        for error in ERRORS[call]:
            for lasts in (False, True):
                site = f"{error} {'from' if lasts else 'at'} {call}"
                yield Injection(name, site, n, make(call, error, n, lasts))


def injections(new_world):
    with new_world() as world:
        counts = counts_of_device(world)
    # Programs that cannot be loaded are no test of ours: the linker opens before main does.
    counts["openat"] = 0
    yield from of_process("device", counts, error_in_device)
    for role in ("store", "authority"):
        with new_world() as world:
            counts = counts_of_role(world, role)
        yield from of_process(role, counts, lambda *fault, role=role: error_in_role(role, *fault))
    yield from halves(new_world)
