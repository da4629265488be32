"""Groups G and H: HTTP, JSON, quotas, at the whole server; TLS is in tls_forms.py, slow
peers are in slowness.py, what requests cost in costs.py."""

import gzip
import json
import re
import time
from functools import partial

from attacker import der
from attacker.csr import SERIAL_NUMBER, request, utf8
from catalogue import row
from genuine_test.process import SOURCE

JSON_TYPE = "Content-Type: application/json\r\n"


def post(body, fields=JSON_TYPE, path="/v1/getChallenge", length=None):
    length = len(body) if length is None else length
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {length}\r\n\r\n"
            .encode() + body)


def saw(target, answer):
    if answer.status == 200:
        return "accepted"
    return target.reasons([answer.reference]).get(answer.reference) if answer.reference else "-"


def rules():
    """{rule: name} out of docs/CHECKS.md."""
    text = (SOURCE / "docs" / "CHECKS.md").read_text(encoding="utf-8")
    found = re.findall(r"(?m)^\| \d+ \| `(\w+)` \| \w+ \| \d{3} \| [^|]* \| (.*) \|$", text)
    return {rule: name for name, rule in found}


REQUIRED = {"csr", "ikPublic", "ekPublic", "challenge", "ticket"}
RULES = rules()
# What each status must be of; HTTP_HEAD's refusals alone have a reference and can be explained.
OF_STATUS = {400: "HTTP_HEAD", 404: "HTTP_ROUTE", 405: "HTTP_METHOD", 413: "HTTP_LENGTH",
             415: "HTTP_TYPE", 501: "HTTP_CODING"}


def check_of(target, answer):
    """The check that refused: by the ring of refusals, or where none is kept by the rule told."""
    if answer.status == 200 or answer.reference:
        return saw(target, answer)
    told = re.search(r"\((.*); [^;]*\)$", answer.json.get("detail", ""))
    return RULES.get(told[1]) if told else None


def try_raw(verdict, target, what, octets, statuses, *, must_end=False, of_status=None):
    """Octets on a connection of their own: every answer must have one of these statuses, by that
    status' check, and where the next request's begin is in doubt the connection must end."""
    answers, has_ended = target.line.raw(octets)
    found = [answer.status for answer in answers]
    checks = [check_of(target, answer) for answer in answers if answer.status in OF_STATUS]
    is_right = len(found) == 1 and found[0] in statuses and (has_ended or not must_end) and all(
        check == {**OF_STATUS, **(of_status or {})}[status] for status, check in zip(found, checks))
    verdict.note(what, is_right, found == [200], f"{found} {checks}, ended: {has_ended}")


def object_forms(good):
    """{what: (body, the check that refuses it)}, out of the members of a good request."""
    other = {"a Name": {"ikName": "AAAA"}, "an empty name": {"": ""},
             "ekChain no array": {"ekChain": good["csr"]}, "ekChain of objects": {"ekChain": [{}]}}
    for name in ("name", "aik_name", "serial", "nonce", "secret", "verdict"):
        other[f"unknown {name}"] = {name: "x"}
    for name in good:
        other[f"{name} in capitals as well"] = {name.upper(): good[name]}
        for value in (None, 7, True, [], {}, [good[name]], {"": good[name]}):
            other[f"{name} is {value!r:.20}"] = {name: value}
    forms = {what: ({**good, **more}, "JSON_SCHEMA") for what, more in other.items()}
    for name in (name for name in good if name in REQUIRED):
        forms[f"no {name}"] = {k: v for k, v in good.items() if k != name}, "JSON_SCHEMA"
    for length in (0, 33):
        forms[f"profile of {length}"] = {**good, "profile": "x" * length}, "MEMBER_SIZE"
    deep = []
    for _ in range(40):
        deep = [deep]
    forms["deep"] = {**good, "ekChain": deep}, "JSON_FORM"
    return {what: (json.dumps(form).encode(), check) for what, (form, check) in forms.items()}


def doubles(good):
    """The same of bodies in which a member stands twice."""
    text, forms = json.dumps(good)[:-1], {}
    for name, value in good.items():
        escaped = f"\\u{ord(name[0]):04x}{name[1:]}"
        for what, again in (("twice", name), ("twice, once escaped", escaped)):
            forms[f"{name} {what}"] = f'{text}, "{again}": "{value}"}}'.encode(), "JSON_FORM"
    return forms


@row(97, "duplicate, unknown, missing members; other types; depth")
def members(stage, verdict):
    target, device = stage.target(), stage.device()
    evidence = device.evidence(profile="device")
    ticket = target.ticket_members(evidence)
    good = {"getChallenge": evidence.members(), "getCertificate": {**evidence.members(), **ticket}}
    tries = {endpoint: object_forms(of) | doubles(of) for endpoint, of in good.items()}
    for name in ticket:
        tries["getChallenge"][f"{name} at getChallenge"] = (
            evidence.json(**{name: ticket[name]}), "JSON_SCHEMA")

    def all_of_them():
        for endpoint, forms in tries.items():
            for what, (form, expected) in forms.items():
                answer = target.line.post(f"/v1/{endpoint}", form)
                check = saw(target, answer)
                verdict.note(f"{what}, {endpoint}", (answer.status, check) == (400, expected),
                             answer.status == 200, f"{answer} {check}, not {expected}")
    verdict.unchanged(target, all_of_them)
    for endpoint, of in good.items():
        answer = target.line.post(f"/v1/{endpoint}", json.dumps(of).encode())
        verdict.note(f"the honest one, {endpoint}", answer.status == 200, True, answer)


@row(98, "lengths that lie, chunks, two lengths, broken line ends")
def framing(stage, verdict):
    target, device = stage.target(), stage.device()
    body = device.evidence().json()
    count = len(body)
    smuggled = b"GET /v1/ca HTTP/1.1\r\nHost: localhost\r\n\r\n"
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (count, body)
    te = "Transfer-Encoding: "

    def head(lines):
        return f"POST /v1/getChallenge HTTP/1.1\r\nHost: localhost\r\n{JSON_TYPE}{lines}\r\n".encode()

    forms = {
        "chunks": (head(te + "chunked\r\n") + chunked, (501,)),
        "chunks and a length": (head(f"{te}chunked\r\nContent-Length: {count}\r\n") + chunked,
                                (400, 501)),
        "a length and chunks": (head(f"Content-Length: 4\r\n{te}chunked\r\n") + chunked + smuggled,
                                (400, 501)),
        "xchunked": (head(te + "xchunked\r\n") + chunked, (400, 501)),
        "chunked twice": (head(te + "chunked, chunked\r\n") + chunked, (400, 501)),
        "identity": (head(te + "identity\r\n") + body, (400, 501)),
        "a space before the colon": (head(f"{te[:-2]} : chunked\r\n") + chunked, (400,)),
        "a tab in the name": (head("Transfer\tEncoding: chunked\r\n") + chunked, (400,)),
        "two equal lengths": (head(f"Content-Length: {count}\r\n" * 2) + body, (400,)),
        "two lengths": (head(f"Content-Length: {count}\r\nContent-Length: 5\r\n") + body, (400,)),
        "a list of lengths": (head(f"Content-Length: {count}, {count}\r\n") + body, (400,)),
        "a sign": (head(f"Content-Length: +{count}\r\n") + body, (400,)),
        "a minus": (head("Content-Length: -1\r\n") + body, (400,)),
        "hexadecimal": (head(f"Content-Length: 0x{count:x}\r\n") + body, (400,)),
        "no number": (head("Content-Length: x\r\n") + body, (400,)),
        "an empty length": (head("Content-Length: \r\n") + body, (400,)),
        "2^64": (head(f"Content-Length: {1 << 64}\r\n") + body, (400, 413)),
        "2^63": (head(f"Content-Length: {1 << 63}\r\n") + body, (400, 413)),
        "over the limit": (head("Content-Length: 65537\r\n"), (413,)),
        "over the limit, all of it": (post(body + b" " * (65537 - count)), (413,)),
        "a gigabyte": (head("Content-Length: 1000000000\r\n") + body, (413,)),
        "a folded field": (head(f"X: a\r\n b\r\nContent-Length: {count}\r\n") + body, (400,)),
        "bare LF": (head(f"Content-Length: {count}\r\n").replace(b"\r\n", b"\n") + body, (400,)),
        "one bare LF": (head(f"Content-Length: {count}\nX: y\r\n") + body, (400,)),
        "bare CR": (head(f"X: a\rb\r\nContent-Length: {count}\r\n") + body, (400,)),
        "a line before": (b"\r\n" + post(body), (400,)),
        "a space before": (b" " + post(body), (400,)),
    }
    def all_of_them():
        for what, (octets, statuses) in forms.items():
            try_raw(verdict, target, what, octets, statuses, must_end=True)
    verdict.unchanged(target, all_of_them)
    # Without a length there is no body (RFC 9112, 6.3): what follows is the next request's line.
    try_raw(verdict, target, "no length", head("") + body, (400,), of_status={400: "JSON_FORM"})
    short = post(body[:-1], length=len(body) - 1)
    answers, _ = target.line.raw(short + smuggled)
    verdict.note("an octet less", answers[0].status == 400, False, answers)
    answers, _ = target.line.raw(post(body) + smuggled)
    verdict.note("two requests at once", [a.status for a in answers] == [200, 200], True, answers)


@row(99, "fields without number or colon; NUL; other methods, paths and targets")
def heads(stage, verdict):
    target = stage.target()
    rest = "Host: localhost\r\n\r\n"
    forms = {
        "101 fields": ("GET /v1/ca HTTP/1.1\r\n" + "X: y\r\n" * 101 + rest, (400,)),
        "8 KiB": ("GET /v1/ca HTTP/1.1\r\nX: " + "y" * 8192 + "\r\n" + rest, (400,)),
        "a target of 8 KiB": ("GET /" + "y" * 8192 + " HTTP/1.1\r\n" + rest, (400, 404)),
        "no colon": ("GET /v1/ca HTTP/1.1\r\nX\r\n" + rest, (400,)),
        "an empty name": ("GET /v1/ca HTTP/1.1\r\n: x\r\n" + rest, (400,)),
        "NUL in a value": ("GET /v1/ca HTTP/1.1\r\nX: \x00\r\n" + rest, (400,)),
        "NUL in the target": ("GET /v1/ca\x00 HTTP/1.1\r\n" + rest, (400,)),
        "no Host": ("GET /v1/ca HTTP/1.1\r\n\r\n", (400,)),
        "two Hosts": ("GET /v1/ca HTTP/1.1\r\nHost: a\r\n" + rest, (400,)),
        "HTTP/1.0": ("GET /v1/ca HTTP/1.0\r\n" + rest, (400, 505)),
        "HTTP/2.0": ("GET /v1/ca HTTP/2.0\r\n" + rest, (400, 505)),
        "HTTP/1.10": ("GET /v1/ca HTTP/1.10\r\n" + rest, (400,)),
        "http/1.1": ("GET /v1/ca http/1.1\r\n" + rest, (400,)),
        "two spaces": ("GET  /v1/ca HTTP/1.1\r\n" + rest, (400,)),
        "a tab": ("GET\t/v1/ca HTTP/1.1\r\n" + rest, (400,)),
        "no version": ("GET /v1/ca\r\n" + rest, (400,)),
        "PRI": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400,)),
        "an absolute target": ("GET http://localhost/v1/ca HTTP/1.1\r\n" + rest, (400, 404)),
        "GET with a body": ("GET /v1/ca HTTP/1.1\r\nContent-Length: 3\r\n" + rest + "abc", (400,)),
    }
    for method in ("TRACE", "CONNECT", "OPTIONS", "PUT", "DELETE", "PATCH", "get", "G", "GETX"):
        forms[f"method {method}"] = (f"{method} /v1/ca HTTP/1.1\r\n{rest}", (400, 405))
    for path in ("//v1/ca", "/v1/ca/", "/v1//ca", "/v1/ca?x", "/v1/ca#x", "/v1/%63a", "/v1/./ca",
                 "/v1/../v1/ca", "/%2e%2e/secret", "/../secret/ca.key", "/", "/V1/CA", "*", "v1/ca",
                 "/v1/ca%00", "/v1/getchallenge", "/v2/getChallenge"):
        forms[f"target {path}"] = (f"GET {path} HTTP/1.1\r\n{rest}", (400, 404))
    def all_of_them():
        for what, (text, statuses) in stage.some(forms.items(), 15):
            try_raw(verdict, target, what, text.encode(), statuses)
    verdict.unchanged(target, all_of_them)
    for path in ("/v1/getChallenge", "/v1/getCertificate"):
        try_raw(verdict, target, f"GET {path}", f"GET {path} HTTP/1.1\r\n{rest}".encode(), (405,))
    for path in ("/v1/ca", "/v1/crl", "/healthz"):
        try_raw(verdict, target, f"POST {path}", post(b"{}", path=path), (405,))
        try_raw(verdict, target, f"GET {path}", f"GET {path} HTTP/1.1\r\n{rest}".encode(), (200,))


@row(103, "compressed bodies, other content types")
def coding(stage, verdict):
    target, device = stage.target(), stage.device()
    body = device.evidence().json()
    packed = gzip.compress(bytes(10_000_000))
    forms = [(f"Content-Encoding: {coding}\r\n{JSON_TYPE}", packed if coding == "gzip" else body)
             for coding in ("gzip", "deflate", "br", "identity", "x")]
    forms += [("", body)]
    forms += [(f"Content-Type: {kind}\r\n", body) for kind in (
        "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/json;",
        "application/json; charset=utf-16", "application/cose", "*/*", "application/json, text/html")]

    def all_of_them():
        for fields, octets in forms:
            answers, _ = target.line.raw(post(octets[:60000], fields))
            is_right = [(a.status, check_of(target, a)) for a in answers[:1]] == [(415, "HTTP_TYPE")]
            verdict.note(fields, is_right, answers[0].status == 200, answers)
    verdict.unchanged(target, all_of_them)


@row(104, "control characters where a log or an answer could repeat them")
def reflection(stage, verdict):
    target, device = stage.target(), stage.device()
    evidence = device.evidence()
    poison = "x\x1b[31m\r\nnotice: forged\x07\u202e"
    members = evidence.members()
    bodies = [({**members, poison: "x"}, "JSON_SCHEMA"),
              ({**members, "profile": poison}, "PROFILE_KNOWN"),
              ({**members, "csr": poison}, "JSON_BASE64")]
    log = target.folder.parent / "genuine-ca.log"
    before = len(log.read_bytes())
    poisoned = request(device.ik, name=der.name([(SERIAL_NUMBER, utf8("S\x1b[31m\r\nN\x07"))]))
    answers = []

    def all_of_them():
        for body, check in (*((json.dumps(body).encode(), check) for body, check in bodies),
                            (evidence.but(csr=poisoned).json(), "SERIAL_FORM")):
            answers.append((target.line.post("/v1/getChallenge", body), check))
        for path, check in (("/\x1b[31m\x07", "HTTP_HEAD"), ("/x%0d%0aX:y", "HTTP_ROUTE")):
            found, _ = target.line.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            answers.append((found[0], check))
    verdict.unchanged(target, all_of_them)
    for answer, expected in answers:
        raw = any(octet < 0x20 and octet not in b"\r\n" or octet == 0x7F for octet in
                  answer.head + answer.body)
        check = check_of(target, answer)
        verdict.note(f"refused by {expected}", check == expected and not raw, answer.status == 200,
                     f"{answer} {check}")
        if answer.reference:
            told = target.ca.does("explain", answer.reference)
            verdict.hold("explain", "\x1b" not in told and "\x07" not in told, repr(told))
    lines = log.read_bytes()[before:]
    verdict.hold("the log", b"\x1b" not in lines and b"\x07" not in lines
                 and b"\nnotice: forged" not in lines, lines[-300:])


def eleventh(target, verdict, evidence):
    answer = target.line.post("/v1/getCertificate", evidence.json(**target.ticket_members(evidence)))
    check = saw(target, answer)
    verdict.note("certificate 11", answer.status == 429 and b"retry-after" in answer.head
                 and check == "QUOTA", answer.status == 200,
                 f"{answer.status} {check} {answer.head}")


def rated(target, verdict, key, body):
    """More challenges than a hundred a minute."""
    count, answers = 400, []
    for _ in range(count // 20):
        answers += target.line.posts([("/v1/getChallenge", body)] * 20)
    for answer in answers:
        is_right = answer.status == 200 or answer.status == 429 and b"retry-after" in answer.head
        verdict.note(key, is_right, answer.status == 200, answer)
    # The ring keeps those 429s for which the log has room: each that it has was the rate's.
    found = set(target.reasons(a.reference for a in answers if a.reference).values())
    verdict.hold(f"{key}: by the rate", found == {"RATE"}, found)
    statuses = [answer.status for answer in answers]
    many = f"{key}: {statuses.count(200)} of {count} at 100 a minute"
    if statuses.count(200) > 250:
        verdict.let_through(many)
    elif statuses.count(429) < count - 250 or statuses.count(200) < 100:
        verdict.wrong.append(many)


@row(106, "too many requests of one prefix, and in all; an eleventh certificate in ten minutes")
def quotas(stage, verdict):
    target = stage.target()
    device = stage.device()
    for number in range(10):
        evidence = device.evidence()
        answer = target.line.post("/v1/getCertificate", evidence.json(
            **target.ticket_members(evidence)))
        verdict.note(f"certificate {number + 1}", answer.status == 200, True, answer)
        time.sleep(0.003)
    time.sleep(1)  # A 429 is kept for `explain` only where the log has room for it, ten lines a second.
    verdict.unchanged(target, partial(eleventh, target, verdict, device.evidence()))
    body = device.evidence().json()
    for key in ("rate_per_prefix", "rate_all"):
        small = stage.target(key, front={key: "100"})
        verdict.unchanged(small, partial(rated, small, verdict, key, body))
