"""The TPM: each response code at each command of a provisioning; vanished; reset in the middle.

In a renewal and with --new-key a few codes stand for all.
"""

from bus import Bus, response
from injection import DONE, NO_TPM, TPM_REFUSED, Injection, Outcome
from stage import FIRST, NEW_KEY, RENEWAL

# TPM 2.0 Part 2, 6.6. Format-one codes come with a place, as a TPM gives them.
CODES = {
    "INITIALIZE": 0x100, "FAILURE": 0x101, "DISABLED": 0x120, "AUTH_UNAVAILABLE": 0x12F,
    "NV_RANGE": 0x146, "NV_LOCKED": 0x148, "NV_AUTHORIZATION": 0x149, "NV_UNINITIALIZED": 0x14A,
    "NV_SPACE": 0x14B, "NV_DEFINED": 0x14C, "COMMAND_CODE": 0x143, "SENSITIVE": 0x155,
    "ATTRIBUTES": 0x2C2, "VALUE": 0x2C4, "HIERARCHY": 0x185, "HANDLE": 0x18B, "AUTH_FAIL": 0x98E,
    "BAD_AUTH": 0x9A2, "INTEGRITY": 0x1DF, "POLICY_FAIL": 0x99D, "SCHEME": 0x2D2, "CURVE": 0x2E6,
    "CONTEXT_GAP": 0x901, "OBJECT_MEMORY": 0x902, "SESSION_MEMORY": 0x903, "MEMORY": 0x904,
    "SESSION_HANDLES": 0x905, "OBJECT_HANDLES": 0x906, "LOCALITY": 0x907, "YIELDED": 0x908,
    "CANCELED": 0x909, "TESTING": 0x90A, "REFERENCE_H0": 0x910, "REFERENCE_S0": 0x918,
    "NV_RATE": 0x920, "LOCKOUT": 0x921, "RETRY": 0x922, "NV_UNAVAILABLE": 0x923,
}
SOME = {name: CODES[name] for name in ("FAILURE", "HANDLE", "MEMORY", "RETRY")}
BUSY = ("YIELDED", "TESTING", "RETRY")  # after which a command is given again
FLUSH_CONTEXT, GET_CAPABILITY = 0x165, 0x17A


def run_on_bus(world, on_command):
    bus = world.bus = Bus(world.tpm, on_command)
    try:
        return bus, world.device()
    finally:
        bus.stop()


def refuse(n, code, lasts):
    """The TPM does not do the n-th command, and says why; perhaps not the later ones either."""
    def act(world):
        def on_command(number, _):
            return response(code) if number == n or (lasts and number > n) else None
        bus, result = run_on_bus(world, on_command)
        # What the TPM refuses to flush cannot be flushed.
        is_left = lasts or (len(bus.commands) >= n and bus.commands[n - 1] == FLUSH_CONTEXT)
        return Outcome(len(bus.commands) >= n, result, {DONE, TPM_REFUSED}, is_left)
    return act


def vanish(n, how):
    """Before it has done the n-th command, or before it has answered it."""
    def act(world):
        bus, result = run_on_bus(world, lambda number, _: how if number == n else None)
        return Outcome(len(bus.commands) >= n, result, {DONE, NO_TPM}, True)
    return act


def reset(n):
    """Switched off and on before the n-th command: what was loaded is gone."""
    def act(world):
        def on_command(number, _):
            if number == n:
                world.tpm.power_cycle()
        bus, result = run_on_bus(world, on_command)
        return Outcome(len(bus.commands) >= n, result, {DONE, TPM_REFUSED})
    return act


def garbage(n, octets):
    """Something that is no response of a TPM."""
    def act(world):
        bus, result = run_on_bus(world, lambda number, _: octets if number == n else None)
        return Outcome(len(bus.commands) >= n, result, {DONE, NO_TPM, TPM_REFUSED}, True)
    return act


NO_RESPONSES = {
    "success, and nothing": response(0),
    "size of the header only": b"\x80\x01\x00\x00\x00\x0a\x00\x00\x00",
    "a tag that is none": b"\x12\x34\x00\x00\x00\x0a\x00\x00\x00\x00",
    "TPM 1.2": b"\x00\xc4\x00\x00\x00\x0a\x00\x00\x00\x1e",
}


def of_command(n, command, codes, journey):
    def injection(what, act):
        return Injection("TPM", f"{what} {command:#x}", n, act, journey)
    for name, code in codes.items():
        yield injection(f"{name} to", refuse(n, code, False))
        if name in BUSY:
            yield injection(f"{name} from", refuse(n, code, True))
    yield injection("gone before", vanish(n, Bus.GONE))
    yield injection("gone after", vanish(n, Bus.ANSWER_LOST))
    yield injection("reset before", reset(n))


def injections(new_world):
    for journey in (FIRST, RENEWAL, NEW_KEY):
        with new_world(journey) as world:
            bus, _ = run_on_bus(world, lambda *_: None)
        for n, command in enumerate(bus.commands, 1):
            yield from of_command(n, command, CODES if journey == FIRST else SOME, journey)
            if journey != FIRST:
                continue
            for what in ("success, and nothing", "a tag that is none", "TPM 1.2"):
                yield Injection("TPM", f"{what} to {command:#x}", n, garbage(n, NO_RESPONSES[what]))
