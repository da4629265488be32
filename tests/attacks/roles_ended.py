"""Row 141: a role that is killed, or hangs, with a request in hand; one that dies as soon as it is
started."""

import contextlib
import os
import re
import signal
import time
from dataclasses import dataclass

from attacker.wire import Ended
from catalogue import ACCEPTED, ENDPOINTS, row
from load import post

ARRIVES_S, ANSWER_S, SERVED_S = 0.3, 15, 15
RETRY_MAX_S = 60
NO_ANSWER = "no answer"
DEATHS, DIE_S = 5, 60
PAUSE_S = 0.1  # before the first start; each further one is twice as long


@dataclass
class Case:
    """held are stopped before the request is sent, so that the role has it: it waits for them, or is
    stopped itself. Then the role is killed, or is left to hang until the request has its answer."""

    role: str
    endpoint: str
    held: str
    expect: str  # the check, or ACCEPTED or NO_ANSWER
    is_killed: bool = True
    leaves_an_intent: bool = False  # The device is to wait until the intent's lease has run out.

    @property
    def what(self):
        where = "" if self.held == self.role else f", which waits for the {self.held}"
        return f"{self.role} {'killed' if self.is_killed else 'hung'}{where}, {self.endpoint}"


def cases():
    for endpoint in ENDPOINTS:
        # The connection is the front's: with it its requests end.
        yield Case("front", endpoint, "front", NO_ANSWER)
        yield Case("front", endpoint, "verifier", NO_ANSWER)
        yield Case("verifier", endpoint, "verifier", "BACK_END")
        yield Case("verifier", endpoint, "authority", "BACK_END")
        yield Case("authority", endpoint, "authority", "BACK_END")
        yield Case("verifier", endpoint, "verifier", "BACK_END", is_killed=False)
        yield Case("authority", endpoint, "authority", "BACK_END", is_killed=False)
    yield Case("authority", "getCertificate", "store", "BACK_END", leaves_an_intent=True)
    yield Case("store", "getCertificate", "store", "STORE_ANSWER")
    yield Case("store", "getCertificate", "store", "STORE_ANSWER", is_killed=False,
               leaves_an_intent=True)
    yield Case("store", "getChallenge", "store", ACCEPTED)  # which never asks it


def signal_all(pids, number):
    for pid in pids:
        os.kill(pid, number)


def answer_of(connection):
    """None where the connection ends without one. Silence is neither."""
    try:
        return connection.answer()
    except (Ended, ConnectionError):
        return None


def answer_during(target, case, body):
    """What the request is told."""
    roles = target.ca.roles()
    victims, held = roles[case.role], roles[case.held]
    connection = target.line.connection()
    connection.socket.settimeout(ANSWER_S)
    signal_all(held, signal.SIGSTOP)
    try:
        connection.send(post(body, case.endpoint))
        time.sleep(ARRIVES_S)
        if case.is_killed:
            signal_all(victims, signal.SIGKILL)
            signal_all(set(held) - set(victims), signal.SIGCONT)
        return answer_of(connection)
    finally:
        if not case.is_killed:
            signal_all(held, signal.SIGCONT)
        connection.close()


def is_told(target, answer, expect):
    """(whether it is what must be said, what was said)"""
    if answer is None:
        return expect == NO_ANSWER, NO_ANSWER
    if answer.status == 200:
        return expect == ACCEPTED, answer
    saw = target.reasons([answer.reference]).get(answer.reference) if answer.reference else "-"
    wait = re.search(rb"\nretry-after: (\d+)\r?(?:\n|$)", answer.head)
    return answer.status == 503 and saw == expect and wait is not None and (
        0 < int(wait[1]) <= RETRY_MAX_S), f"{answer.head} {saw}"


def is_served(target, request, within_s=SERVED_S):
    """Within the time that the role takes to come back: 503 is not now, and a front that has ended yet
    has no connection. Nothing else is excused."""
    deadline, answer = time.monotonic() + within_s, None
    while time.monotonic() < deadline:
        target.line.close()
        try:
            answer = target.line.post(*request)
        except (Ended, OSError) as error:
            answer = error
        else:
            if answer.status != 503:
                break
        time.sleep(0.1)
    return getattr(answer, "status", 0) == 200, answer


def request_of(target, device, endpoint):
    evidence = device.evidence()
    members = target.ticket_members(evidence) if endpoint == "getCertificate" else {}
    return f"/v1/{endpoint}", evidence.json(**members)


def certificates(target, device):
    return target.count(f"SELECT count(*) FROM certificate WHERE serial = '{device.serial}'")


def try_case(verdict, target, case, device, other):
    """Then the same is asked again: what went on behind the role that ended has made no second one."""
    request = request_of(target, device, case.endpoint)
    is_right, saw = is_told(target, answer_during(target, case, request[1]), case.expect)
    verdict.note(case.what, is_right, case.expect == ACCEPTED, saw)
    again = request_of(target, other, case.endpoint) if case.leaves_an_intent else request
    is_right, saw = is_served(target, again)
    verdict.note(f"{case.what}, then", is_right, True, saw)
    made = certificates(target, device)
    is_due = case.endpoint == "getCertificate" and not case.leaves_an_intent
    verdict.hold(f"{case.what}: certificates", made == is_due, made)


def kill_whenever_started(target):
    """{role: seconds until its processes had been started again DEATHS times each}"""
    first, begin, took = target.ca.roles(), time.monotonic(), {}
    killed = {role: set() for role in first}
    while len(took) < len(first) and time.monotonic() - begin < DIE_S:
        for role, pids in target.ca.roles().items():
            for pid in set(pids) - killed[role]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                killed[role].add(pid)
            if len(killed[role]) >= (1 + DEATHS) * len(first[role]):
                took.setdefault(role, time.monotonic() - begin)
        time.sleep(0.005)
    return {role: took.get(role) for role in first}


def dies_again(verdict, target, device):
    """A busy machine makes the pauses longer, never shorter."""
    at_least_s = 0.9 * PAUSE_S * (2 ** DEATHS - 1)
    for role, took_s in kill_whenever_started(target).items():
        verdict.note(f"{role} killed whenever it is started", took_s is not None
                     and took_s >= at_least_s, False, f"{DEATHS} starts in {took_s} s")
    is_right, saw = is_served(target, request_of(target, device, "getCertificate"), DIE_S)
    verdict.note("and no more", is_right, True, saw)


@row(141, "a role killed, or hung, with a request in hand: that one is 503, the next ones are served;"
     " killed whenever it is started: after a pause that grows", is_slow=True)
def ended(stage, verdict):
    target = stage.target("killed")
    for case in cases():
        try_case(verdict, target, case, *stage.devices(2, target))
    target = stage.target("dying")
    dies_again(verdict, target, stage.device(target))
