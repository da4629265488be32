"""The clock: back, far ahead, and stepping, of the server's roles and of the device.

What the rig adds to CLOCK_REALTIME of the preloaded programs stands in for the system's clock; the
monotonic clock goes on as clocks do.
"""

from injection import CA_NOT_REACHED, CA_REFUSED, DONE, Injection, Outcome
from stage import SERVER

SECOND, MINUTE, HOUR, DAY, YEAR = 1000, 60_000, 3_600_000, 86_400_000, 31_557_600_000
BACK = {"1 s": -SECOND, "30 s": -30 * SECOND, "2 min": -2 * MINUTE, "12 min": -12 * MINUTE,
        "1 day": -DAY, "to 1990": -36 * YEAR}
AHEAD = {"1 s": SECOND, "2 min": 2 * MINUTE, "12 min": 12 * MINUTE, "1 day": DAY, "400 days": 400 * DAY}
SERVED = {DONE, CA_NOT_REACHED, CA_REFUSED}


def started_wrong(ms, roles):
    """The server starts with the wrong clock; afterwards it is right again."""
    def act(world):
        world.set_clock(ms, *roles)
        world.use_rig()
        result = world.device()
        recover(world, ms)
        return Outcome(True, result, SERVED)
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
        recover(world, ms)
        return Outcome(True, result, SERVED)
    return act


def recover(world, ms):
    """The clock is right again. One that was ahead has been believed, and the store's time never
    goes back: then the next run is that of a day on which all clocks have come there."""
    world.ca.stop()
    world.set_clock(max(ms, 0), *SERVER, "device")
    world.ca.start()


def device_wrong(ms):
    def act(world):
        world.pages["device"].set(clock_ms=ms)
        result = world.device()
        world.pages["device"].set(clock_ms=0)
        return Outcome(True, result)
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
