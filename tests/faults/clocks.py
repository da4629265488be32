"""The clock: back, far ahead, to the ends of time, and stepping, of the server, the device and both.

What the rig adds to CLOCK_REALTIME of the preloaded programs stands in for the system's clock; the
monotonic clock goes on as clocks do. An injection has happened only where a program of those that
it is for has read the wrong time before the device's run was over. Where a clock steps in the middle
of a request, an intent is open: the authority is held at its signature.

A clock that cannot be is one that was never set (1970), one past the end of 32 bits (2038), one past
the end of UTCTime (2050), and one at the end of what a certificate can say (9999). A leap second is
a second back.
"""

import calendar
import json
import re
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

from genuine_test.process import BUILD, Failed, run
from injection import CA_NOT_REACHED, CA_REFUSED, DONE, OTHER, Injection, Outcome
from stage import SERVER

SECOND, MINUTE, HOUR, DAY, YEAR = 1000, 60_000, 3_600_000, 86_400_000, 31_557_600_000


def until(year, month, day):
    return (calendar.timegm((year, month, day, 0, 0, 0)) - int(time.time())) * SECOND


BACK = {"1 s": -SECOND, "30 s": -30 * SECOND, "2 min": -2 * MINUTE, "12 min": -12 * MINUTE,
        "1 day": -DAY, "to 1990": -36 * YEAR, "to 1970": until(1970, 1, 1)}
AHEAD = {"1 s": SECOND, "2 min": 2 * MINUTE, "12 min": 12 * MINUTE, "1 day": DAY, "400 days": 400 * DAY,
         "10 years": 10 * YEAR, "past 2038": until(2038, 1, 20), "past 2050": until(2050, 1, 2),
         "to the end of 9999": until(9999, 12, 31)}
MOVES = {**{f"back {name}": ms for name, ms in BACK.items()},
         **{f"ahead {name}": ms for name, ms in AHEAD.items()}}
EVERYONE = (*SERVER, "device")
WHO = {"server": SERVER, "store": ("store",), "authority": ("authority",), "everyone": EVERYONE}

LIFE_S = 365 * 86400  # of a certificate, in the default
CERTIFICATE_BACK_S = 300  # so much before the store's time does one begin
DEVICE_LENIENT_S = 86400  # so much may its own clock be behind the CA's
BEHIND_MAX_S = 300  # genuine-ca(1), CLOCK
EK_CERTIFICATE = "0x01c00002"


# ---- how the device must end ----

def defined(name):
    """A number that the programs were compiled with."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    return next(int(found[1]) for command in commands
                if (found := re.search(rf"-D{name}=(?:UINT64_C\()?(\d+)", command["command"])))


def build_time():
    """Before this the device knows that its clock is wrong (PROTOCOL, What the device checks)."""
    return defined("GENUINE_BUILD_TIME")


def release_time():
    """Before this the CA knows it of its own (PROTOCOL, The ticket)."""
    return defined("GENUINE_RELEASE_TIME")


def validity(certificate, form="pem"):
    """(from, until) in seconds since 1970."""
    text = run("openssl", "x509", "-inform", form, "-in", certificate, "-noout", "-dates")
    return [ssl.cert_time_to_seconds(line.partition("=")[2]) for line in text.splitlines()]


class Truth:
    """What clocks are held against, and how the device then ends."""

    def __init__(self, world, ms, roles):
        self.world, self.ms, self.roles = world, ms, roles
        self.believed = world.ca.last_time()
        self.ca_end = validity(world.ca.certificate)[1]
        ek_certificate = world.folder / "ek.der"
        world.tpm.tool("tpm2_nvread", EK_CERTIFICATE, "-o", ek_certificate)
        self.ek_begin = validity(ek_certificate, "der")[0]

    def now(self, role):
        return time.time() + (self.ms / SECOND if role in self.roles else 0)

    def device_time(self, tls):
        """None: it knows that its own is wrong, and the CA's Date is no better."""
        if self.now("device") >= build_time():
            return self.now("device")
        date = self.now("front")
        return date if date >= build_time() and tls[0] <= date <= tls[1] else None

    def status(self):
        """The first that is in the way, in the order in which a run comes to it."""
        tls = validity(self.world.ca.tls_certificate)
        device, store = self.device_time(tls), max(self.now("store"), self.believed)
        if device is None:
            return OTHER
        if not tls[0] <= device <= tls[1]:
            return CA_NOT_REACHED
        if self.now("verifier") < release_time():
            return CA_NOT_REACHED
        if self.now("verifier") < self.ek_begin:
            return CA_REFUSED  # By a certificate that it finds not yet valid: EK_CERTIFICATE_TIME.
        if store - self.now("store") > BEHIND_MAX_S or self.is_past_end(store):
            return CA_NOT_REACHED
        return CA_REFUSED if store - CERTIFICATE_BACK_S > device + DEVICE_LENIENT_S else DONE

    def status_within(self):
        """Where it steps between intent and record: all was decided, only the device still looks."""
        begin, device = time.time() - CERTIFICATE_BACK_S, self.now("device")
        is_valid = begin <= device + DEVICE_LENIENT_S and device < begin + LIFE_S
        return DONE if is_valid else CA_REFUSED

    def is_past_end(self, seconds):
        """No certificate that begins then would end before the CA does."""
        return seconds - CERTIFICATE_BACK_S + LIFE_S > self.ca_end

    def both_ends(self, status, act):
        """act's result and what was right before it or after it: time goes on meanwhile."""
        before = status()
        result = act()
        return result, {before, status()}


# ---- what happens ----

def has_read(world, roles):
    return any(world.pages[role].clock_reads > 0 for role in roles)


def recover(world, truth):
    """
    The clock is right again. One that was ahead has been believed by the store, whose time never
    goes back: then the next run is that of a day on which all clocks have come there. Whether there
    is such a day: after the CA's end there is none.
    """
    world.ca.stop()
    is_over = truth.is_past_end(world.ca.last_time())
    ms = truth.ms if "store" in truth.roles and not is_over else 0
    world.set_clock(max(ms, 0), *EVERYONE)
    world.ca.start()
    return is_over


def did_not_start(truth, failed):
    """By the authority's clock no certificate can be issued any more, and serve says so."""
    is_told = "a profile's validity passes the end of the CA's own certificate" in str(failed)
    is_right = is_told and truth.is_past_end(truth.now("authority"))
    return [] if is_right else [f"serve does not start\n{failed}"]


def started_wrong(ms, roles):
    """The server starts with the wrong clock; afterwards it is right again."""
    def act(world):
        truth = Truth(world, ms, roles)
        world.set_clock(ms, *roles)
        result, statuses, complaints = None, None, []
        try:
            world.use_rig()
            result, statuses = truth.both_ends(truth.status, world.device)
        except Failed as failed:
            complaints = did_not_start(truth, failed)
        has_fired = has_read(world, roles)
        return Outcome(has_fired, result, statuses, complaints=complaints,
                       is_over=recover(world, truth))
    return act


def settle(world, roles):
    """The authority learns the store's time each second, if no act comes before."""
    page = world.pages["store"]
    if "store" in roles:
        page.set(clock_reads=0)
        world.wait_until(lambda: page.clock_reads > 1, "the store was tidied twice")


def stepping(ms, roles):
    """It steps while the server runs, between two provisionings, and steps back again."""
    def act(world):
        world.use_rig()
        first = world.device()
        if first.status != DONE:
            return Outcome(True, first, {DONE})
        truth = Truth(world, ms, roles)
        world.set_clock(ms, *roles)
        settle(world, roles)
        result, statuses = truth.both_ends(truth.status, world.device)
        has_fired = has_read(world, roles)
        return Outcome(has_fired, result, statuses, is_over=recover(world, truth))
    return act


def run_held(world, then):
    """A run of the device: then() is done while the authority is held at its signature."""
    authority = world.pages["authority"]
    authority.set(holds_signature=1)
    with ThreadPoolExecutor(1) as beside:
        running = beside.submit(lambda: world.device(rigged=True))
        try:
            world.wait_until(lambda: authority.held > 0, "a signature")
            then()
        finally:
            authority.set(holds_signature=0)
        return running.result()


def stepping_within(ms, roles):
    """It steps while an intent is open, after the store has said yes and before it has the record."""
    def act(world):
        world.use_rig()
        truth, open_intents = Truth(world, ms, roles), []

        def step():
            open_intents.append(world.ca.has_open_intent())
            world.set_clock(ms, *roles)
        result, statuses = truth.both_ends(truth.status_within, lambda: run_held(world, step))
        has_fired = open_intents == [True] and has_read(world, roles)
        return Outcome(has_fired, result, statuses, is_over=recover(world, truth))
    return act


def device_wrong(ms):
    def act(world):
        truth = Truth(world, ms, ("device",))
        world.set_clock(ms, "device")
        result, statuses = truth.both_ends(truth.status, world.device)
        has_fired = has_read(world, ("device",))
        world.set_clock(0, "device")
        return Outcome(has_fired, result, statuses)
    return act


def injections(_):
    for name, ms in MOVES.items():
        for who, roles in WHO.items():
            yield Injection(who, f"clock {name} at start", 1, started_wrong(ms, roles))
            yield Injection(who, f"clock steps {name}", 1, stepping(ms, roles))
            yield Injection(who, f"clock steps {name} within", 1, stepping_within(ms, roles))
        yield Injection("device", f"clock {name}", 1, device_wrong(ms))
