"""Row 96: what is JSON, what is nearly so, and what is JSON of another kind than a request's."""

from dataclasses import dataclass

from attacker.json_forms import BEYOND, SOUND, UNSOUND, forms, second_opinion, spellings
from catalogue import ACCEPTED, patient, row

BATCH = 1024  # Well below the slots of a front's ring of refusals.
DEPTH_MAX, COMMAS_MAX = 16, 64  # of a request's JSON
FORM, SCHEMA = "JSON_FORM", "JSON_SCHEMA"


@dataclass(frozen=True)
class Body:
    what: str
    octets: bytes
    kind: str
    expect: str  # the check that refuses


def as_body(form, _good):
    """The form alone. Sound, but no object: that is not of a request's form either."""
    is_object = form.kind == SOUND and isinstance(second_opinion(form.octets)[1], dict)
    return Body(f"{form.what}, alone", form.octets, form.kind, SCHEMA if is_object else FORM)


def as_value(form, good):
    """The form in the place of the CSR's text, in an otherwise good request."""
    expect = FORM
    if form.kind == SOUND:
        text = second_opinion(form.octets)[1]
        expect = SCHEMA if not isinstance(text, str) else "JSON_BASE64" if text else "MEMBER_SIZE"
    before, _, behind = good.partition(b'"csr": "')
    octets = before + b'"csr": ' + form.octets + behind[behind.index(b'"') + 1:]
    return Body(f"{form.what}, a value", octets, form.kind, expect)


def as_name(form, good):
    """The form as the name of one member more."""
    return Body(f"{form.what}, a name", good[:-1] + b", " + form.octets + b": 1}", form.kind,
                SCHEMA if form.kind == SOUND else FORM)


def nested(what, begin, end, count, good, is_modest):
    """So many levels alone, and one less where the request is one: at the limit, and over it."""
    lead, tail = good[:-1] + b', "x": ', b"}"
    text = begin * count + b"1" + end * count
    inside = begin * (count - 1) + b"1" + end * (count - 1)
    is_object = begin != b"["
    yield Body(f"{count} {what}", text, SOUND if is_modest else BEYOND,
               SCHEMA if is_modest and is_object else FORM)
    yield Body(f"{count} {what} with the request's", lead + inside + tail,
               SOUND if is_modest else BEYOND, SCHEMA if is_modest else FORM)


def limits(good):
    """Depth and number of commas, at what we read and beyond it; and what only opens."""
    for what, begin, end in (("arrays", b"[", b"]"), ("objects", b'{"a":', b"}")):
        for count in (2, DEPTH_MAX, DEPTH_MAX + 1, 100, 2000):
            yield from nested(what, begin, end, count, good, count <= DEPTH_MAX)
    commas = good.count(b",")
    for count, expect in ((COMMAS_MAX, SCHEMA), (COMMAS_MAX + 1, FORM), (20000, FORM)):
        more = b'"x": [' + b",".join([b"0"] * (count - commas)) + b"]"
        yield Body(f"{count} commas", good[:-1] + b", " + more + b"}",
                   SOUND if expect == SCHEMA else BEYOND, expect)
    for octets in (b"[" * 60000, b"{" * 65000, b'{"a":' * 10000, b'[{"a":' * 8000, b'"' * 60000,
                   b"\\" * 60000, b"," * 60000, b"]" * 60000):
        yield Body(f"{octets[:8]!r} {len(octets)} octets", octets, UNSOUND, FORM)


def around(good):
    """The good request, and what must not stand before it, behind it or in it."""
    for octets in (b"\xef\xbb\xbf" + good, good[:-1], good[1:], good + b"}", good + good,
                   good + b"\x00", b"\x00" + good, good + b"//", b"/**/" + good, good + b",",
                   b"[" + good, good + b"]",
                   good.decode().encode("utf-16"), good.decode().encode("utf-16-be"), b"'" + good,
                   good.replace(b'"', b"'"), good.replace(b":", b"="), good.replace(b",", b";"),
                   good.replace(b'"csr"', b"csr"), good.replace(b", ", b",, "),
                   good.replace(b"}", b",}"), good.replace(b" ", b"\x0c"),
                   good.replace(b" ", b"\xc2\xa0")):
        yield Body(f"a request that became {octets[:16]!r} … {octets[-8:]!r}", octets, UNSOUND, FORM)
    yield Body("a request in an array", b"[" + good + b"]", SOUND, FORM)


def bodies(good):
    found = [*limits(good), *around(good)]
    for form in forms():
        found += [as_body(form, good), as_value(form, good)]
        found += [as_name(form, good)] if form.is_string else []
    return found


def hold_second_opinion(verdict, tried):
    """Our list against another reader: it must take each body for what the list says."""
    for body in tried:
        if body.kind != BEYOND:
            is_json = second_opinion(body.octets)[0]
            verdict.hold(f"the list: {body.what}", is_json == (body.kind == SOUND), body.octets[:80])


def send(target, verdict, endpoint, tried):
    for first in range(0, len(tried), BATCH):
        batch = tried[first:first + BATCH]
        answers = target.line.posts([(f"/v1/{endpoint}", body.octets) for body in batch])
        reasons = target.reasons(answer.reference for answer in answers if answer.reference)
        for body, answer in zip(batch, answers):
            saw = ACCEPTED if answer.status == 200 else reasons.get(answer.reference, "no reason")
            verdict.note(f"{body.what}, {endpoint}", (answer.status, saw) == (400, body.expect),
                         answer.status == 200, f"{answer.status} {saw}, not {body.expect}")


def same_request(stage, target, verdict):
    """A good request in other words: a challenge each, and all together one certificate."""
    evidence = stage.device().evidence(profile="device")
    members = {**evidence.members(), "ekChain": []}
    for endpoint, more in (("getChallenge", {}), ("getCertificate", target.ticket_members(evidence))):
        texts = spellings({**members, **more})
        # One by one: while a certificate is signed, whoever asks for the same is told to wait.
        answers = [answer for text in texts.values()
                   for answer in patient(target, [(f"/v1/{endpoint}", text)])]
        for what, answer in zip(texts, answers):
            verdict.note(f"{what}, {endpoint}", answer.status == 200, answer.status == 200, answer)
    verdict.hold("one certificate", len({answer.body for answer in answers}) == 1, answers)


@row(96, "bodies, values and names that are no JSON, or other JSON; the same request in other words")
def json_bodies(stage, verdict):
    target, evidence = stage.target(), stage.device().evidence()
    sizes = []

    def all_of_them():
        for endpoint in ("getChallenge", "getCertificate"):
            more = {} if endpoint == "getChallenge" else target.ticket_members(evidence)
            tried = bodies(evidence.json(**more))
            hold_second_opinion(verdict, tried)
            send(target, verdict, endpoint, tried)
            sizes.append(len(tried))
    verdict.unchanged(target, all_of_them)
    same_request(stage, target, verdict)
    verdict.figures.append(f"{len(forms())} forms in {sizes[0]} bodies, at each endpoint")
