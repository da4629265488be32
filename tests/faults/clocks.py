"""The clock: back, far ahead, and stepping, of the server's roles and of the device.

What the rig adds to CLOCK_REALTIME of the preloaded programs stands in for the system's clock; the
monotonic clock goes on as clocks do. An injection has happened only where a program of those that
it is for has read the wrong time before the device's run was over.
"""

import json
import re
import ssl
import time

from genuine_test.process import BUILD, run
from injection import CA_NOT_REACHED, CA_REFUSED, DONE, Injection, Outcome
from stage import SERVER

SECOND, MINUTE, HOUR, DAY, YEAR = 1000, 60_000, 3_600_000, 86_400_000, 31_557_600_000
BACK = {"1 s": -SECOND, "30 s": -30 * SECOND, "2 min": -2 * MINUTE, "12 min": -12 * MINUTE,
        "1 day": -DAY, "to 1990": -36 * YEAR}
AHEAD = {"1 s": SECOND, "2 min": 2 * MINUTE, "12 min": 12 * MINUTE, "1 day": DAY, "400 days": 400 * DAY}
SERVED = {DONE, CA_NOT_REACHED, CA_REFUSED}


def has_read(world, roles):
    return any(world.pages[role].clock_reads > 0 for role in roles)


def right(ms, roles, has_stepped):
    """How the device ends. A server whose time is back finds what was made since not yet valid: as
    old as that is, so it ends. A store knows best when its last record is of now."""
    if roles == ("authority",) or 0 < ms <= 12 * MINUTE:
        return {DONE}  # The authority's time is the store's.
    if roles == ("store",) and ms < 0 and has_stepped:
        return {DONE} if ms > -10 * MINUTE else {CA_NOT_REACHED}
    return SERVED


def started_wrong(ms, roles):
    """The server starts with the wrong clock; afterwards it is right again."""
    def act(world):
        world.set_clock(ms, *roles)
        world.use_rig()
        result = world.device()
        has_fired = has_read(world, roles)
        recover(world, ms)
        return Outcome(has_fired, result, right(ms, roles, False))
    return act


def stepping(ms, roles):
    """It steps while the server runs, between two provisionings, and steps back again."""
    def act(world):
        world.use_rig()
        first = world.device()
        if first.status != DONE:
            return Outcome(True, first, {DONE})
        world.set_clock(ms, *roles)
        result = world.device()
        has_fired = has_read(world, roles)
        recover(world, ms)
        return Outcome(has_fired, result, right(ms, roles, True))
    return act


def recover(world, ms):
    """The clock is right again. One that was ahead has been believed, and the store's time never
    goes back: then the next run is that of a day on which all clocks have come there."""
    world.ca.stop()
    world.set_clock(max(ms, 0), *SERVER, "device")
    world.ca.start()


def build_time():
    """Before this the device knows that its clock is wrong (PROTOCOL, What the device checks)."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    return next(int(found[1]) for command in commands
                if (found := re.search(r"-DGENUINE_BUILD_TIME=(\d+)", command["command"])))


def validity(certificate):
    """(from, until) in seconds since 1970."""
    text = run("openssl", "x509", "-in", certificate, "-noout", "-dates")
    return [ssl.cert_time_to_seconds(line.partition("=")[2]) for line in text.splitlines()]


def of_device(world, ms):
    """It asks the CA for the time, or finds the server's certificate valid, or not."""
    now = time.time() + ms / SECOND
    begin, end = validity(world.ca.tls_certificate)
    return {DONE} if now < build_time() or begin <= now <= end else {CA_NOT_REACHED}


def device_wrong(ms):
    def act(world):
        statuses = of_device(world, ms)
        world.pages["device"].set(clock_ms=ms)
        result = world.device()
        world.pages["device"].set(clock_ms=0)
        return Outcome(has_read(world, ("device",)), result, statuses)
    return act


def injections(_):
    moves = {**{f"back {name}": ms for name, ms in BACK.items()},
             **{f"ahead {name}": ms for name, ms in AHEAD.items()}}
    for name, ms in moves.items():
        for roles in (SERVER, ("store",), ("authority",)):
            who = "server" if roles == SERVER else roles[0]
            yield Injection(who, f"clock {name} at start", 1, started_wrong(ms, roles))
            yield Injection(who, f"clock steps {name}", 1, stepping(ms, roles))
        yield Injection("device", f"clock {name}", 1, device_wrong(ms))
