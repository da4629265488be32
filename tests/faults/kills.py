"""kill -9 at each write-like system call of one provisioning: of each role, the supervisor, the device.

The process dies as it enters its n-th such call, so that this and all later ones were never made.
The device dies so in a renewal and with --new-key as well, and so does the store; the other roles
do the same there as in a first provisioning. Where the device dies, the power may have failed too
(power_cut.py).
"""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from genuine_test.process import Failed
import power_cut
from injection import Injection, Outcome
from stage import FIRST, LATER, NEW_KEY, RENEWAL, ROLES
from traced import WRITES, Attached, counted, has_fired, inject, watch

KILL, STOP = "signal=KILL", "signal=STOP"
STARTED_S = 20


def log_of(world):
    return world.folder / "trace"


# ---- the device ----

def kill_device(call, n):
    def act(world):
        result = world.device(*inject(log_of(world), call, KILL, n))
        fired = has_fired(log_of(world))
        return Outcome(fired, None if fired else result, is_left=True)
    return act


def device_counts(world):
    world.device(*watch(log_of(world)))
    return counted(log_of(world))


# ---- the roles: the supervisor that runs starts them again ----

def kill_role(role, call, n):
    def act(world):
        with Attached(inject(log_of(world), call, KILL, n), world.ca.pid(role)):
            result = world.device()
        return Outcome(has_fired(log_of(world)), result)
    return act


def role_counts(world, role):
    with Attached(watch(log_of(world)), world.ca.pid(role)):
        world.device()
    return counted(log_of(world))


# ---- the supervisor: when a role is at its n-th call, and while it starts ----

def is_stopped(pid):
    try:
        return "\nState:\tT" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_for_ends(pids):
    deadline = time.monotonic() + STARTED_S
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > deadline:
            raise Failed("roles outlived their supervisor")
        time.sleep(0.01)


def kill_supervisor(role, call, n):
    """As the device cannot be served while a role is stopped, it runs beside."""
    def act(world):
        pid, everyone = world.ca.pid(role), sum(world.ca.roles().values(), [])
        with ThreadPoolExecutor(1) as beside:
            with Attached(inject(log_of(world), call, STOP, n), pid):
                running = beside.submit(world.device)
                while not running.done() and not has_fired(log_of(world)):
                    time.sleep(0.005)
                fired = has_fired(log_of(world))
                if fired:
                    world.ca.daemon.kill()
            if fired:
                wait_for_ends(everyone)
            return Outcome(fired, running.result())
    return act


def kill_at_start(call, n):
    """serve dies while it starts, and is started again."""
    def act(world):
        world.ca.stop()
        try:
            world.ca.start(*as_itself(inject(log_of(world), call, KILL, n)))
        except Failed:
            pass
        fired = has_fired(log_of(world))
        if not fired:
            world.ca.stop()
        world.ca.daemon = None
        return Outcome(fired, None)
    return act


def as_itself(words):
    """The supervisor alone, and as our own child: strace stands beside it."""
    return [word if word != "-f" else "-D" for word in words]


def start_counts(world):
    world.ca.stop()
    world.ca.start(*as_itself(watch(log_of(world))))
    world.ca.stop()
    return counted(log_of(world))


def calls_of(counts, calls=WRITES):
    return ((call, n) for call in calls for n in range(1, counts[call] + 1))


def of_device(new_world, journey):
    with new_world(journey) as world:
        counts = device_counts(world)
    for call, n in calls_of(counts):
        yield Injection("device", f"kill {call}", n, kill_device(call, n), journey)
        yield from power_cut.injections(call, n, journey)


def counts_of(new_world, journey, role):
    with new_world(journey) as world:
        return role_counts(world, role)


def injections(new_world):
    """All of them, counted in a provisioning without faults."""
    for journey in (FIRST, *LATER):
        yield from of_device(new_world, journey)
    for role in ROLES:
        for call, n in calls_of(counts_of(new_world, FIRST, role)):
            yield Injection(role, f"kill {call}", n, kill_role(role, call, n))
            yield Injection("supervisor", f"kill, {role} in {call}", n,
                            kill_supervisor(role, call, n))
    for journey in (RENEWAL, NEW_KEY):
        for call, n in calls_of(counts_of(new_world, journey, "store")):
            yield Injection("store", f"kill {call}", n, kill_role("store", call, n), journey)
    with new_world() as world:
        counts = start_counts(world)
    for call, n in calls_of(counts):
        yield Injection("supervisor", f"kill at start, {call}", n, kill_at_start(call, n))
