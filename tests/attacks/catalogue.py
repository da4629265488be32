"""The rows, and how one is judged. A row is a function that is given the stage and a verdict; it
tries its inputs and says of each what must happen. Numbers are those of docs/ATTACKS.md."""

import re
import time
from dataclasses import dataclass, field

from stage import CHECKS

ACCEPTED = "accepted"
ENDPOINTS = ("getChallenge", "getCertificate")
BATCH = 1024  # Well below the slots of a front's ring of refusals.
PATIENCE = 3
EXPLAINED = 3  # So many refusals of a row are asked about by `genuine-ca explain` as well.

ROWS = []
ELSEWHERE = []


@dataclass
class Row:
    number: int
    title: str
    tries: object
    is_slow: bool
    is_rigged: bool


@dataclass
class Elsewhere:
    """A row that another row, or another command, tries."""

    number: int
    title: str
    where: str


def elsewhere(number, title, where):
    ELSEWHERE.append(Elsewhere(number, title, where))


def row(number, title, is_slow=False, is_rigged=False):
    """is_slow: not in a sample. is_rigged: programs run with the rig of tests/faults preloaded."""
    def add(tries):
        ROWS.append(Row(number, title, tries, is_slow, is_rigged))
        return tries
    return add


@dataclass
class Try:
    """One input: what the evidence is, and which check must refuse it at each endpoint."""

    what: str
    evidence: object
    expect: str
    at_certificate: str = ""  # Where the second endpoint's answer is another.
    endpoints: tuple = ENDPOINTS
    header: object = None

    def expected(self, endpoint):
        second = endpoint == "getCertificate" and self.at_certificate
        return self.at_certificate if second else self.expect

    @property
    def leaves_the_record(self):
        """Nothing is recorded of what is refused in the end, and nothing of a challenge at all."""
        return all(self.expected(endpoint) != ACCEPTED for endpoint in self.endpoints
                   if endpoint == "getCertificate")


THROUGH, REFUSED, OTHER = "through", "refused", "other"


def noticed(is_accepted, saw):
    """What an input that is wrong has shown: it was let through, or refused under another name or
    status than it must be (which), or something else."""
    text, _, expected = str(saw).partition(", not ")
    names = [name for name in re.findall(r"\b[A-Z][A-Z0-9_]+\b", text) if name in CHECKS]
    status = re.match(r"\[?(\d{3})\b", text)
    if is_accepted and status and status[1] == "200":
        return THROUGH, ""
    if expected != ACCEPTED and (names or status and status[1] != "200"):
        return REFUSED, names[-1] if names else f"status {status[1]}"
    return OTHER, str(saw)


@dataclass
class Verdict:
    """What came of a row."""

    inputs: int = 0
    in_process: int = 0  # So many of them were tried in one process, not over the socket.
    refused: int = 0
    accepted: int = 0
    wrong: list = field(default_factory=list)
    noticed: list = field(default_factory=list)  # (what, THROUGH, REFUSED or OTHER, by what)
    figures: list = field(default_factory=list)  # What was measured, to be read.
    shown: int = 0  # So many subtests of another program passed or failed for this row.
    explained: int = 0
    compared: list = field(default_factory=list)  # Targets whose record is to be the same afterwards.
    skipped: str = ""  # Why nothing could be tried.

    def note(self, what, is_right, is_accepted=False, saw=""):
        """One input, sent or tried, that the row judged by itself."""
        self.inputs += 1
        if is_accepted:
            self.accepted += 1
        else:
            self.refused += 1
        self.hold(what, is_right, saw, is_accepted)

    def hold(self, what, is_right, saw="", is_accepted=False):
        """What must be so beside the inputs: judged, and not counted."""
        if not is_right:
            self.wrong.append(f"{what}: {saw}")
            self.noticed.append((str(what), *noticed(is_accepted, saw)))

    def let_through(self, what):
        """More than may be was accepted, though each alone may be."""
        self.wrong.append(what)
        self.noticed.append((what, THROUGH, ""))

    def unchanged(self, target, attempt, what="the record", but=()):
        """attempt() must leave bindings, certificates and audit as they are. What is tried inside of
        another such attempt on the same target is compared with it."""
        if target in self.compared:
            attempt()
            return
        before = target.dump(but)
        self.compared.append(target)
        try:
            attempt()
        finally:
            self.compared.remove(target)
        if target.dump(but) != before:
            self.wrong.append(f"{what} has changed")

    def attempted(self, target, what, check, attempt):
        """attempt() is to be refused by check, and then changes nothing, or to be ACCEPTED."""
        if check == ACCEPTED:
            attempt()
        else:
            self.unchanged(target, attempt, f"{what}: the record")

    def evidence(self, target, tries):
        """Sends each input to its endpoints. Those of which none may bring a certificate, be it the
        evidence that refuses or the store, must all together change nothing."""
        tries = list(tries)
        refused = [t for t in tries if t.leaves_the_record]
        self.unchanged(target, lambda: self._send(target, refused), "bindings, certificates, audit")
        self._send(target, [t for t in tries if not t.leaves_the_record])

    def _send(self, target, tries):
        for first in range(0, len(tries), BATCH // 2):
            asked = [(t, endpoint) for t in tries[first:first + BATCH // 2]
                     for endpoint in t.endpoints]
            answers = patient(target, [(f"/v1/{endpoint}", body_of(target, t, endpoint))
                                       for t, endpoint in asked])
            reasons = target.reasons(
                each.reference for a in answers for each in (a, a.first) if each and each.reference)
            for (t, endpoint), answer in zip(asked, answers):
                self._judge(target, t, endpoint, answer, reasons)

    def _judge(self, target, t, endpoint, answer, reasons):
        expected = t.expected(endpoint)
        saw = ACCEPTED if answer.status == 200 else reasons.get(answer.reference, "no reason")
        is_right = saw == expected and (saw == ACCEPTED or answer.status == CHECKS[saw][1])
        if is_right and saw != ACCEPTED and self.explained < EXPLAINED:
            self.explained += 1
            is_right = target.explained(answer.reference) == saw
        first = reasons.get(answer.first.reference) if answer.first and saw != ACCEPTED else None
        if first not in (None, "BACK_END", saw):
            saw = f"{saw} after {first}"
        self.note(f"{t.what}, {endpoint}", is_right, saw == ACCEPTED,
                  f"{answer.status} {saw}, not {expected}")


def patient(target, requests):
    """The answers; where the server had no time (503), after asking again as a device would. Where
    that does not help once, nothing more is waited for: what comes of it is wrong anyway."""
    answers, patience = target.line.posts(requests), PATIENCE
    for number in range(len(answers)):
        tries = 0
        while answers[number].status == 503 and tries < patience:
            time.sleep(1)
            first = answers[number].first or answers[number]
            answers[number] = target.line.post(*requests[number])
            answers[number].first = first
            tries += 1
        if answers[number].status == 503:
            patience = 0
    return answers


def body_of(target, t, endpoint):
    if endpoint == "getChallenge":
        return t.evidence.json()
    return t.evidence.json(**target.ticket_members(t.evidence, t.header))
