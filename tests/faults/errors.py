"""The disk: ENOSPC, EIO, syncs that fail, writes that write half; and channels that are full.

An error is met by the n-th call, or by that one and all that follow. (Not by strace, whose way to
spoil a call ends a role: its filter sees a system call of number -1.) The device meets them in a
renewal and with --new-key as well.
"""

from errno import EAGAIN, EIO, EMFILE, ENOSPC, errorcode

from injection import CA_NOT_REACHED, CA_REFUSED, DONE, LOCAL_FILES, Injection, Outcome
from rig import HALF
from stage import FIRST, NEW_KEY, RENEWAL, ROLES

DISK = {
    "write": (ENOSPC, EIO, HALF), "pwrite": (ENOSPC, EIO, HALF), "fsync": (EIO,),
    "fdatasync": (EIO, ENOSPC), "ftruncate": (EIO,), "renameat": (EIO, ENOSPC), "unlink": (EIO,),
    "unlinkat": (EIO,), "mkdir": (ENOSPC,), "mkdirat": (ENOSPC, EIO), "symlinkat": (ENOSPC, EIO),
    "linkat": (ENOSPC, EIO), "open": (EMFILE, EIO), "openat": (EMFILE, EIO),
}
CHANNEL = {"sendmsg": (EAGAIN,)}
SERVED = {DONE, CA_NOT_REACHED, CA_REFUSED}


def in_device(*fault):
    def act(world):
        world.pages["device"].spoil(*fault)
        result = world.device(rigged=True)
        # Files that an operating system or a library looks for may fail it in other ways.
        right = None if fault[0].startswith("open") else {DONE, LOCAL_FILES}
        return Outcome(world.pages["device"].spoilt > 0, result, right)
    return act


def in_role(role, *fault):
    def act(world):
        world.use_rig()
        world.pages[role].spoil(*fault)
        result = world.device()
        world.pages[role].set(spoil_in=0)
        return Outcome(world.pages[role].spoilt > 0, result, SERVED)
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
    for role in ROLES:
        with new_world() as world:
            calls = count_in_role(world, role)
        yield from of_process(role, calls, {**DISK, **CHANNEL},
                              lambda *fault, role=role: in_role(role, *fault))
