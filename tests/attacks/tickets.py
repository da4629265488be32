"""Group F: tickets, replay, the order of things."""

import base64
import secrets
import time

from attacker import areas, ticket
from attacker.evidence import b64
from attacker.keys import EccKey
from catalogue import ACCEPTED, Try, row
from contest import contest

SECOND_ENDPOINT = ("getCertificate",)
AT_ONCE = 64
MEANWHILE = {"NO_OPEN_INTENT", "BACK_END"}  # 503: a certificate is being signed; no time


def sent(target, evidence, **changes):
    """getCertificate with changed members; (status, check)."""
    members = {**target.ticket_members(evidence), **changes}
    answer = target.line.post("/v1/getCertificate", evidence.json(**members))
    reason = target.reasons([answer.reference]) if answer.reference else {}
    return answer, ACCEPTED if answer.status == 200 else reason.get(answer.reference)


def expect(verdict, target, what, evidence, check, **changes):
    """A refusal changes nothing."""
    def attempt():
        answer, saw = sent(target, evidence, **changes)
        verdict.note(what, saw == check, saw == ACCEPTED, f"{answer.status} {saw}, not {check}")
    verdict.attempted(target, what, check, attempt)


@row(77, "tickets with each of 256 bits flipped, of another length, empty, zero")
def bits(stage, verdict):
    target, device = stage.target(), stage.device()
    evidence = device.evidence()
    members = target.ticket_members(evidence)
    right = base64.b64decode(members["ticket"])

    def all_of_them():
        for bit in stage.some(range(256), 16):
            wrong = bytearray(right)
            wrong[bit // 8] ^= 1 << bit % 8
            expect(verdict, target, f"bit {bit}", evidence, "TICKET", challenge=members["challenge"],
                   ticket=b64(bytes(wrong)))
        for what, wrong in (("zero", bytes(32)), ("ones", b"\xff" * 32),
                            ("random", secrets.token_bytes(32)), ("reversed", right[::-1])):
            expect(verdict, target, what, evidence, "TICKET", challenge=members["challenge"],
                   ticket=b64(wrong))
        for count in (0, 1, 16, 31, 33, 64):
            expect(verdict, target, f"{count} octets", evidence, "MEMBER_SIZE",
                   challenge=members["challenge"], ticket=b64((right * 2)[:count]))
    verdict.unchanged(target, all_of_them)
    expect(verdict, target, "the right one", evidence, ACCEPTED, **members)


@row(78, "the ticket of other evidence, each bound field changed alone; other headers")
def bound(stage, verdict):
    """Each evidence is sound by itself, so that nothing but the ticket can refuse it. An IK and a serial
    have a CSR of their own; all else is changed beside the CSR that there was."""
    target, device = stage.target(), stage.device()
    evidence = device.evidence()
    other_ik = device.with_ik(EccKey())
    other = stage.device()
    header = target.header()
    members = target.ticket_members(evidence, header)
    fields = {
        "another CSR": device.evidence(),
        "another IK": other_ik.evidence(),
        "another attribute of the IK": evidence.but(
            ik_public=device.ik_area.but(attributes=areas.IK_ATTRIBUTES).tpm2b()),
        "another EK": evidence.but(ek_public=other.ek_area.tpm2b(),
                                   ek_certificate=other.ek_certificate),
        "another template of the EK": evidence.but(
            ek_public=areas.endorsement_area(device.ek, "H-2").tpm2b()),
        "another certificate of the EK": evidence.but(ek_certificate=device.certify()),
        "another serial": device.evidence(serial=other.serial),
    }

    def all_of_them():
        for what, changed in fields.items():
            expect(verdict, target, what, changed, "TICKET", **members)
        moved = {"another nonce": header.but(nonce=secrets.token_bytes(16)),
                 "issued_at a millisecond later": header.but(issued_at=header.issued_at + 1),
                 "issued_at a minute earlier": header.but(issued_at=header.issued_at - 60000)}
        for what, changed in moved.items():
            expect(verdict, target, what, evidence, "TICKET", ticket=members["ticket"],
                   challenge=b64(changed.octets()))
        for what, verdict_octets in (("verdict 1 1", (1, 1)), ("verdict 2 1", (2, 1)),
                                     ("verdict 3 3", (3, 3)), ("verdict 0 0", (0, 0))):
            forged = target.ticket_members(evidence.but(verdict=verdict_octets), header)
            expect(verdict, target, what, evidence, "TICKET", **forged)
        for what, changed in {"profile in the ticket": evidence.but(profile="other"),
                              "no certificate": evidence.but(ek_certificate=None)}.items():
            forged = target.ticket_members(changed, header)
            expect(verdict, target, what, evidence, "TICKET", **forged)
        wrong_master = ticket.ticket(bytes(32), header, evidence)
        expect(verdict, target, "another master", evidence, "TICKET", ticket=b64(wrong_master),
               challenge=members["challenge"])
        half = header.but(fingerprint=header.fingerprint[:8] + bytes(24))
        expect(verdict, target, "a fingerprint that only begins like it", evidence, "TICKET",
               **target.ticket_members(evidence, half))
    verdict.unchanged(target, all_of_them)
    named = evidence.but(profile="device")
    expect(verdict, target, "profile device, named", named, ACCEPTED, **members)


BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def other_base64(text):
    """Spellings of the same octets that are not base64's one, by what is wrong with them."""
    forms = {"a line end": text[:4] + "\n" + text[4:], "a space": text + " ",
             "no base64 digit": "!" + text[1:], "URL alphabet": "-_" + text[2:],
             "one digit less": text[:-1], "padding more": text + "====",
             "padding in the middle": text[:4] + "====" + text[4:]}
    digits = text.rstrip("=")
    if digits != text:
        forms["no padding"] = digits
        following = BASE64[BASE64.index(digits[-1]) | 1]
        if following != digits[-1]:
            forms["trailing bits"] = digits[:-1] + following + text[len(digits):]
    return forms


def misspelt_members(target, evidence):
    """(what, endpoint, body): in each binary member each spelling, and all else as it should be."""
    hint = b64(evidence.ek_certificate)
    for endpoint, more in (("getChallenge", {}), ("getCertificate", target.ticket_members(evidence))):
        for member, text in {**evidence.members(), **more, "ekChain": hint}.items():
            for what, form in other_base64(text).items():
                value = [form] if member == "ekChain" else form
                yield f"{member}: {what}", endpoint, evidence.json(**{**more, member: value})


@row(80, "base64: white space, the URL alphabet, padding, trailing bits. JSON's freedoms: accepted")
def spellings(stage, verdict):
    target, device = stage.target(), stage.device()
    evidence = device.evidence()

    def all_of_them():
        for what, endpoint, body in misspelt_members(target, evidence):
            answer = target.line.post(f"/v1/{endpoint}", body)
            saw = ACCEPTED if answer.status == 200 else target.reasons(
                [answer.reference]).get(answer.reference)
            verdict.note(f"{what}, {endpoint}", (answer.status, saw) == (400, "JSON_BASE64"),
                         answer.status == 200, f"{answer.status} {saw}")
    verdict.unchanged(target, all_of_them)
    body = evidence.json()
    swapped = b"{" + b", ".join(reversed(body[1:-1].split(b", "))) + b"}"
    free = {"order": swapped, "white space": b" \r\n\t" + body.replace(b": ", b" \t:\n ") + b"\n",
            "escapes": body.replace(b'"csr"', b'"\\u0063s\\u0072"').replace(b"+", b"\\u002b")
            .replace(b"/", b"\\/")}
    for what, form in free.items():
        answer = target.line.post("/v1/getChallenge", form)
        verdict.note(what, answer.status == 200, answer.status == 200, answer)


@row(81, "one ticket again and again, and sixty-four times at once: one certificate")
def replay(stage, verdict):
    target, device = stage.target(), stage.device()
    evidence = device.evidence()
    body = evidence.json(**target.ticket_members(evidence))
    first = target.line.post("/v1/getCertificate", body)
    count = 1000 if stage.is_full else 64
    before = target.dump()
    answers = target.line.posts([("/v1/getCertificate", body)] * count)
    for answer in answers:
        verdict.note("again", answer.status == 200 and answer.body == first.body,
                     answer.status == 200, answer)
    if target.dump() != before:
        verdict.wrong.append("a repeated ticket has changed the record")
    parallel = stage.device()
    evidence = parallel.evidence()
    body = evidence.json(**target.ticket_members(evidence))
    answers = contest(target, [body] * AT_ONCE)
    bodies = {answer.body for answer in answers if answer.status == 200}
    saw = target.reasons(answer.reference for answer in answers if answer.reference)
    for answer in answers:
        verdict.note("at once", answer.status == 200 or saw.get(answer.reference) in MEANWHILE,
                     answer.status == 200, f"{answer} {saw.get(answer.reference)}")
    later = contest(target, [body] * AT_ONCE)
    for answer in later:
        verdict.note("at once, and then", answer.status == 200 and {answer.body} == bodies,
                     answer.status == 200, answer)
    if len(bodies) != 1:
        verdict.wrong.append(f"{len(bodies)} certificates for one ticket")
    verdict.figures.append(f"{AT_ONCE} at once: {sum(a.status == 200 for a in answers)} had the"
                           f" certificate; once more: {sum(a.status == 200 for a in later)}")
    issued = target.count(f"SELECT count(*) FROM certificate WHERE serial = '{parallel.serial}'")
    if issued != 1:
        verdict.wrong.append(f"{issued} certificates are recorded for one ticket")


@row(82, "issued_at 600 s ago or earlier, more than 60 s ahead")
def life(stage, verdict):
    target, device = stage.target(), stage.device()
    evidence = device.evidence()
    now = int(time.time() * 1000)
    tries = [Try(f"{offset} ms from now", evidence, "HEADER_LIFE", endpoints=SECOND_ENDPOINT,
                 header=moved(target, now + offset))
             for offset in (-600_000, -600_001, -3_600_000, 1 - now, 62_000, 3_600_000, 10**12,
                            (1 << 64) - 1 - now, (1 << 63) - now)]
    # A header that is not acceptable is said first, whatever else is wrong.
    tries.append(Try("and bad evidence", device.evidence(
        ik_public=device.ik_area.but(attributes=0).tpm2b()), "HEADER_LIFE",
        endpoints=SECOND_ENDPOINT, header=moved(target, now - 700_000)))
    verdict.evidence(target, tries)
    young, old = stage.devices(2)
    # The tickets must be later than the manifest row; so the oldest is a few seconds old.
    verdict.evidence(target, [Try("58 s ahead", young.evidence(), ACCEPTED,
                                  endpoints=SECOND_ENDPOINT, header=moved(
                                      target, int(time.time() * 1000) + 58_000))])


def moved(target, issued_at):
    return target.header(issued_at=issued_at, epoch=min(issued_at // ticket.DAY_MS, 0xFFFFFFFF))


@row(83, "another ca_id, epoch, fingerprint; before a rotation, and after one with --now")
def former(stage, verdict):
    target = stage.target("rotation")
    devices = stage.devices(6, target)
    evidence = devices[0].evidence()
    header = target.header()
    day = header.epoch
    verdict.evidence(target, [
        Try("another ca_id", evidence, "HEADER_CA_ID", endpoints=SECOND_ENDPOINT,
            header=header.but(ca_id=bytes(16))),
        *(Try(f"epoch {epoch}", evidence, "HEADER_EPOCH", endpoints=SECOND_ENDPOINT,
              header=header.but(epoch=epoch)) for epoch in (0, day - 1, day + 1, 0xFFFFFFFF)),
        Try("another fingerprint", evidence, "HEADER_FINGERPRINT", endpoints=SECOND_ENDPOINT,
            header=header.but(fingerprint=bytes(32)))])
    time.sleep(0.01)
    kept = [device.evidence() for device in devices]
    before = [target.ticket_members(e) for e in kept]
    target.ca.does("rotate")
    target.reconnect()
    expect(verdict, target, "a ticket from before the rotation", kept[1], ACCEPTED, **before[1])
    wrong = {**before[2], "ticket": b64(bytes(32))}
    expect(verdict, target, "a wrong one under the former ca_id", kept[2], "TICKET_FORMER", **wrong)
    again = target.ticket_members(kept[3])
    target.ca.does("rotate", "--now")
    target.reconnect()
    expect(verdict, target, "after rotate --now", kept[3], "HEADER_CA_ID", **again)
    expect(verdict, target, "two rotations ago", kept[2], "HEADER_CA_ID", **before[2])
    old = target.ticket_members(kept[4])
    old_wrong = {**target.ticket_members(kept[5]), "ticket": b64(bytes(32))}
    target.configure({"identity": {"overlap": "12h"}})
    target.ca.does("reload")
    target.reconnect()
    expect(verdict, target, "a ticket of the former policy", kept[4], ACCEPTED, **old)
    expect(verdict, target, "a wrong one of the former policy", kept[5], "TICKET_FORMER",
           **old_wrong)
    old = target.ticket_members(kept[5])
    target.configure({"identity": {"overlap": "13h"}})
    target.ca.does("reload", "--now")
    target.reconnect()
    expect(verdict, target, "after reload --now", kept[5], "HEADER_FINGERPRINT", **old)
    expect(verdict, target, "a fresh one", kept[5], ACCEPTED)


@row(85, "a ticket of another deployment, also with our ca_id in its header")
def another_deployment(stage, verdict):
    target, foreign = stage.target(), stage.target("rotation")
    device = stage.device()
    foreign.lists(device)
    evidence = device.evidence()
    header = foreign.header(fingerprint=target.fingerprint)
    value = b64(ticket.ticket(foreign.master, header, evidence))
    expect(verdict, target, "its ticket", evidence, "HEADER_CA_ID", ticket=value,
           challenge=b64(header.octets()))
    ours = header.but(ca_id=target.ca_id)
    expect(verdict, target, "with our ca_id", evidence, "TICKET", ticket=value,
           challenge=b64(ours.octets()))
    value = b64(ticket.ticket(foreign.master, ours, evidence))
    expect(verdict, target, "computed for our ca_id", evidence, "TICKET", ticket=value,
           challenge=b64(ours.octets()))


@row(95, "headers of version 0 and 2, of another length")
def header_forms(stage, verdict):
    target, device = stage.target(), stage.device()
    evidence = device.evidence()
    header = target.header()
    verdict.evidence(target, [Try(f"version {version}", evidence, "HEADER_FORM",
                                  endpoints=SECOND_ENDPOINT, header=header.but(version=version))
                              for version in (0, 2, 128, 255)])
    octets = header.octets()

    def lengths():
        for count in (1, 16, 52, 54, 106, 256):
            expect(verdict, target, f"{count} octets", evidence, "HEADER_FORM",
                   challenge=b64((octets * 5)[:count]))
        for count in (0, 257, 1000):
            expect(verdict, target, f"{count} octets", evidence, "MEMBER_SIZE",
                   challenge=b64((octets * 20)[:count]))
    verdict.unchanged(target, lengths)
