"""Group F: challenges, the credentials that carry tickets, and what is told of them."""

import base64
import secrets
import time

import in_process
from attacker import ticket
from attacker.evidence import SoftwareDevice, b64
from attacker.keys import EccKey
from catalogue import ACCEPTED, row
from tickets import expect


@row(86, "challenges for the same evidence: no nonce, seed or blob is ever the same")
def fresh(stage, verdict):
    target = stage.target()
    for template in ("L-1", "L-2"):
        body = stage.device(template=template).evidence().json()
        answers = []
        for _ in range(20 if stage.is_full else 1):
            answers += target.line.posts([("/v1/getChallenge", body)] * 500)
        seen = {"nonce": set(), "encryptedSecret": set(), "integrityHMAC": set(),
                "encIdentity": set()}
        for answer in answers:
            verdict.note(f"{template}: a challenge", answer.status == 200, True, answer)
            header = base64.b64decode(answer.json["challenge"])
            blob, rest = ticket.take(base64.b64decode(answer.json["credential"])[8:])
            integrity, identity = ticket.take(blob)
            for name, value in (("nonce", header[29:45]), ("encryptedSecret", rest),
                                ("integrityHMAC", integrity), ("encIdentity", identity)):
                verdict.hold(f"{template} {name}", value not in seen[name], "twice")
                seen[name].add(value)
    in_process.further(stage, verdict, 86)


@row(87, "tickets collected under an own EK in software, presented with another's evidence")
def collected(stage, verdict):
    """The attacker's device is listed and its EK is in software, so that it opens whatever the CA
    seals for it: also for the other's CSR and IK, which it has seen, and for the other's serial."""
    target, own, other = stage.target(), stage.device(), stage.device(template="L-1")
    same_kind = stage.device()
    victims = [other.evidence(), same_kind.evidence()]

    def all_of_them():
        for number in range(400 if stage.is_full else 6):
            victim = victims[number % 2]
            asked = victim.but(ek_public=own.ek_area.tpm2b(), ek_certificate=own.ek_certificate)
            if number % 3 == 2:
                asked, victim = chosen(own, victim)
            answer = target.line.post("/v1/getChallenge", asked.json())
            opened = ticket.activate(base64.b64decode(answer.json["credential"]), own.ek,
                                     own.ek_area, ticket.name(asked.ik_public))
            verdict.note("opened", opened is not None, True, "another Name")
            expect(verdict, target, "presented", victim, "TICKET", ticket=b64(opened),
                   challenge=answer.json["challenge"])

    verdict.unchanged(target, all_of_them)
    in_process.further(stage, verdict, 87)


def chosen(own, victim):
    """An IK of the attacker's own under the victim's serial; with its own EK, and the victim's."""
    asked = own.with_ik(EccKey()).evidence(serial=victim.serial)
    return asked, asked.but(ek_public=victim.ek_public, ek_certificate=victim.ek_certificate)


@row(91, "credentials of every template, opened without a TPM: our own reckoning of ticket and Name")
def reckoned(stage, verdict):
    target = stage.target()
    for template in stage.some(("L-1", "L-2", "H-1", "H-2", "H-3", "H-4", "H-6", "H-7"), 3):
        device = stage.device(template=template)
        evidence = device.evidence()
        answer = target.line.post("/v1/getChallenge", evidence.json())
        credential = base64.b64decode(answer.json["credential"])
        name = ticket.name_of(device.ik_area)
        secret = ticket.activate(credential, device.ek, device.ek_area, name)
        header = header_of(base64.b64decode(answer.json["challenge"]), target)
        verdict.note(f"{template}: the ticket", secret == ticket.ticket(
            target.master, header, evidence), True, "another ticket")
        for what, wrong in (("another Name", name[:-1] + bytes([name[-1] ^ 1])),
                            ("no nameAlg", name[2:]), ("an empty Name", b"")):
            verdict.note(f"{template}: {what}", ticket.activate(
                credential, device.ek, device.ek_area, wrong) is None)
        expect(verdict, target, f"{template}: used", evidence, ACCEPTED, ticket=b64(secret),
               challenge=answer.json["challenge"])


def header_of(octets, target):
    assert len(octets) == 53 and octets[45:] == target.fingerprint[:8]
    return ticket.Header(octets[1:17], target.fingerprint, int.from_bytes(octets[21:29], "big"),
                         octets[29:45], octets[0], int.from_bytes(octets[17:21], "big"))


@row(90, "wrong tickets: the right one stands in no answer, log or record")
def told(stage, verdict):
    target, device = stage.target(), stage.device()
    evidence = device.evidence()
    header = target.header()
    right = ticket.ticket(target.master, header, evidence)
    answers = []
    verdict.unchanged(target, lambda: answers.extend(target.line.posts(
        [("/v1/getCertificate", evidence.json(
            challenge=b64(header.octets()), ticket=b64(secrets.token_bytes(32))))
         for _ in range(1000 if stage.is_full else 50)])))
    needles = [right, right.hex().encode(), right.hex().upper().encode(), b64(right).encode(),
               base64.urlsafe_b64encode(right), target.master, target.master.hex().encode(),
               b64(target.master).encode()]
    places = {str(path): path.read_bytes() for path in target.folder.rglob("*")
              if path.is_file() and path.parent.name != "secret"}
    places |= {str(path): path.read_bytes() for path in target.folder.parent.glob("*.log")}
    places["answers"] = b"".join(answer.head + answer.body for answer in answers)
    for answer in answers:
        verdict.note("a wrong ticket", answer.status == 403, answer.status == 200, answer)
    for place, octets in places.items():
        verdict.hold(f"in {place}", not any(needle in octets for needle in needles), "it is there")


@row(89, "403s of every kind: one body but for the reference, of one length")
def uniform(stage, verdict):
    target, device = stage.target(), stage.device()
    evidence = device.evidence()
    stranger = stage.device().with_ik(device.ik)
    forms = {
        "attributes": evidence.but(ik_public=device.ik_area.but(attributes=0).tpm2b()),
        "template": evidence.but(ek_public=device.ek_area.but(attributes=0).tpm2b()),
        "signature": evidence.but(csr=evidence.csr[:-1] + bytes([evidence.csr[-1] ^ 1])),
        "key": evidence.but(csr=device.with_ik(EccKey()).csr()),
        "certificate": evidence.but(ek_certificate=stranger.ek_certificate),
        "no certificate": evidence.but(ek_certificate=None),
        "serial": evidence.but(csr=device.csr("sn")), "profile": evidence.but(profile="other"),
        "binding": device.evidence(serial="SN-NOBODY"),
    }
    bodies = []

    def compare(what, answer, check=None):
        saw = target.reasons([answer.reference]).get(answer.reference)
        verdict.note(what, answer.status == 403 and saw == (check or saw), answer.status == 200,
                     f"{answer} {saw}")
        bodies.append((answer.body.replace(answer.reference.encode(), b"0" * 16),
                       [line for line in answer.head.split(b"\r\n")
                        if not line.startswith((b"date", b"connection"))]))

    def asks(changed, **members):
        return target.line.post("/v1/getCertificate", changed.json(
            **{**target.ticket_members(changed), **members}))

    stores = of_the_store(stage, target, verdict)

    def all_of_them():
        for what, changed in forms.items():
            compare(what, asks(changed))
            if what != "binding":
                compare(what, target.line.post("/v1/getChallenge", changed.json()))
        compare("ticket", asks(evidence, ticket=b64(bytes(32))), "TICKET")
        compare("a random ticket", asks(evidence, ticket=b64(secrets.token_bytes(32))), "TICKET")
        for check, changed in stores.items():
            compare(check, asks(changed), check)
    verdict.unchanged(target, all_of_them)
    if any(body != bodies[0] for body in bodies):
        verdict.wrong.append(f"they differ: {bodies}")


def of_the_store(stage, target, verdict):
    """{check: sound evidence that it refuses}"""
    banned, suspended, released, other, first, second = stage.devices(6)
    for device in (suspended, released, first):
        expect(verdict, target, "before it", device.evidence(), ACCEPTED)
    target.ca.does("ban", "add", "ek", banned.ek_id)
    target.ca.does("device", "suspend", suspended.serial)
    target.ca.does("device", "release", released.serial)
    time.sleep(0.005)
    rekeyed = first.with_ik(EccKey())
    expect(verdict, target, "another IK", rekeyed.evidence(), ACCEPTED)
    time.sleep(0.005)
    return {"NOT_BANNED": banned.evidence(), "NOT_SUSPENDED": suspended.evidence(),
            "NOT_RELEASED": released.evidence(), "REKEY": first.with_ik(EccKey()).evidence(),
            "EK_LISTED": SoftwareDevice(stage.serial(), stage.vendor).evidence(),
            "SERIAL_BINDING": other.evidence(serial=second.serial),
            "IK_BINDING": second.with_ik(rekeyed.ik).evidence(),
            "PROFILE_KNOWN": other.evidence(profile="nobody")}
