"""The disk: ENOSPC, EIO, syncs that fail, writes that write half; and channels that are full.

An error is met by the n-th call, or by that one and all that follow. (Not by strace, whose way to
spoil a call ends a role: its filter sees a system call of number -1.) The device meets them in a
renewal and with --new-key as well, and so does the store.

A device that asks meanwhile gets its certificate or hears that the CA is not to be had now (503, an
ended connection): what the disk does is no reason to refuse it. After a sync that failed nobody knows
what the disk holds: the store that met it says nothing more to anybody, ends, and is started again.
"""

from errno import EAGAIN, EIO, EMFILE, ENOSPC, errorcode

from injection import CA_NOT_REACHED, DONE, LOCAL_FILES, Injection, Outcome
from rig import HALF
from stage import FIRST, NEW_KEY, RENEWAL, ROLES

DISK = {
    "write": (ENOSPC, EIO, HALF), "pwrite": (ENOSPC, EIO, HALF), "fsync": (EIO,),
    "fdatasync": (EIO, ENOSPC), "ftruncate": (EIO,), "renameat": (EIO, ENOSPC), "unlink": (EIO,),
    "unlinkat": (EIO,), "mkdir": (ENOSPC,), "mkdirat": (ENOSPC, EIO), "symlinkat": (ENOSPC, EIO),
    "linkat": (ENOSPC, EIO), "open": (EMFILE, EIO), "openat": (EMFILE, EIO),
}
CHANNEL = {"sendmsg": (EAGAIN,)}
SYNCS = ("fsync", "fdatasync")
SERVED = {DONE, CA_NOT_REACHED}


def in_device(*fault):
    def act(world):
        world.pages["device"].spoil(*fault)
        result = world.device(rigged=True)
        # Files that an operating system or a library looks for may fail it in other ways.
        right = None if fault[0].startswith("open") else {DONE, LOCAL_FILES}
        return Outcome(world.pages["device"].spoilt > 0, result, right)
    return act


def after_failed_sync(world, role, pid):
    """What the process did that must have ended at once."""
    if world.pages[role].sent_after_sync > 0:
        yield f"the {role} answered after a sync that had failed"
    if not world.is_replaced(role, pid):
        yield f"the {role} went on after a sync that had failed"


def in_role(role, *fault):
    def act(world):
        world.use_rig()
        page, pid = world.pages[role], world.ca.pid(role)
        page.spoil(*fault)
        result = world.device()
        page.set(spoil_in=0)
        has_fired = page.spoilt > 0
        seen = after_failed_sync(world, role, pid) if has_fired and fault[0] in SYNCS else ()
        return Outcome(has_fired, result, SERVED, complaints=list(seen))
    return act


def of_process(name, calls, errors, make, journey=FIRST):
    for call, its_errors in errors.items():
        for n in range(1, calls[call] + 1):
            for error in its_errors:
                what = errorcode.get(error, "half")
                yield Injection(name, f"{what} at {call}", n, make(call, n, error, 0), journey)
                yield Injection(name, f"{what} from {call}", n, make(call, n, error, 1), journey)


def count_in_device(world):
    world.device(rigged=True)
    return world.pages["device"].calls()


def count_in_role(world, role):
    world.use_rig()
    before = world.pages[role].calls()
    world.device()
    return {call: count - before[call] for call, count in world.pages[role].calls().items()}


def injections(new_world):
    for journey in (FIRST, RENEWAL, NEW_KEY):
        with new_world(journey) as world:
            calls = count_in_device(world)
        yield from of_process("device", calls, DISK, in_device, journey)
    for role, journey in (*((role, FIRST) for role in ROLES), ("store", RENEWAL), ("store", NEW_KEY)):
        with new_world(journey) as world:
            calls = count_in_role(world, role)
        yield from of_process(role, calls, {**DISK, **CHANNEL},
                              lambda *fault, role=role: in_role(role, *fault), journey)
