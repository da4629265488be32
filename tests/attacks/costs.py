"""Row 105: what a request costs that is refused by each check, and who is served beside a flood of
the dearest of them."""

import threading
import time
from pathlib import Path

from attacker import der
from attacker.areas import IK_ATTRIBUTES, TPM_ALG_SHA384
from attacker.certificates import (KEY_CERT_SIGN, KEY_ENCIPHERMENT, SERVER_AUTH, Authority, at,
                                   basic_constraints, extended_key_usage, key_usage, tpm_name)
from attacker.csr import (CHALLENGE_PASSWORD, COMMON_NAME, EXTENSION_REQUEST, attribute, body,
                          request, signed, subject, utf8)
from attacker.evidence import SoftwareDevice, b64
from attacker.keys import EccKey, ecc_spki
from attacker.wire import Line
from catalogue import row
from challenges import of_the_store
from key_strength import close_key, key_with_factor, roca_key, with_key
from slowness import GoodClient
from stage import CHECKS

# Parts of what the accepted request costs, twice what was seen: others may compute beside us. The
# microseconds, and how many checks stay below an absolute figure, are printed and not tested, for
# machines differ.
BEFORE_MAX, BEHIND_MAX = 0.6, 2.0
BEFORE_US, BEHIND_US = 300, 1000
LARGEST = {"template": "H-7", "ik": 4096}
# On a vendor's revocation list: nearly as many as fit one that is imported.
REVOKED, REVOKED_SAMPLE = 40_000, 1000
FLOODING, SERVED, SERVED_SAMPLE = 16, 200, 20


def cpu_ns(target):
    """What all roles have computed since their start."""
    return sum(int(path.read_text().split()[0]) for pids in target.ca.roles().values()
               for pid in pids for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def cost_us(target, path, body, count):
    """CPU of one request, handshakes not counted; the least of some batches, for others compute
    beside us."""
    batches = []
    for _ in range(4):
        target.line.close()
        target.line.posts([(path, body)] * 16)  # opens the connections
        before = cpu_ns(target)
        target.line.posts([(path, body)] * count)
        batches.append((cpu_ns(target) - before) / count / 1000)
    return min(batches)


def before_the_signature(stage, device, rsa):
    """{check: makes evidence that it refuses before the CSR's signature is looked at, as dear as it
    can be}."""
    ecc = device.evidence()
    large = rsa.evidence()
    small = stage.device(template="L-1", ik=2048)
    point = [device.ik_area.unique[0], device.ik_area.unique[1][:-1]
             + bytes([device.ik_area.unique[1][-1] ^ 1])]
    ek_point = [device.ek_area.unique[0], device.ek_area.unique[1][:-1]
                + bytes([device.ek_area.unique[1][-1] ^ 1])]
    deep = b""
    while len(deep) < 8000:
        deep = der.sequence(deep)
    wide = request(EccKey(), device.serial, attributes=[attribute(
        EXTENSION_REQUEST, der.sequence(*(der.null() for _ in range(3500))))])
    many_names = der.name(*([(COMMON_NAME, utf8("x"))] for _ in range(400)))
    return {
        "PROFILE_KNOWN": lambda: large.but(profile="nobody"),
        "CSR_DER": lambda: ecc.but(csr=deep),
        "CSR_FORM": lambda: ecc.but(csr=ecc.ek_certificate),
        "EK_CHAIN_DER": lambda: ecc.but(
            chain=(ecc.ek_certificate,) * 7 + (ecc.ek_certificate + b"\x00",)),
        "IK_PUBLIC_READ": lambda: large.but(ik_public=large.ik_public + b"\x00"),
        "EK_PUBLIC_READ": lambda: large.but(ek_public=large.ek_public + b"\x00"),
        "IK_ALGORITHMS": lambda: large.but(
            ik_public=rsa.ik_area.but(name_alg=TPM_ALG_SHA384).tpm2b()),
        "IK_KEY_SIZE": lambda: large.but(ik_public=without_top_bit(rsa.ik_area)),
        "EK_KEY_SIZE": lambda: large.but(ek_public=without_top_bit(rsa.ek_area)),
        "EK_CERTIFICATE_PRESENT": lambda: large.but(ek_certificate=None),
        "CSR_ATTRIBUTES": lambda: large.but(csr=rsa.csr(attributes=[
            attribute(CHALLENGE_PASSWORD, utf8("x" * 6000))])),
        "CSR_ALGORITHM": lambda: large.but(csr=rsa.csr(digest="sha1")),
        "CSR_SUBJECT": lambda: large.but(csr=request(rsa.ik, name=many_names)),
        "SERIAL_FORM": lambda: rsa.evidence(serial="x" * 6000),
        "IK_IS_NOT_CA": lambda: device.with_ik(stage.vendor.key).evidence(),
        "IK_ATTRIBUTES": lambda: large.but(
            ik_public=rsa.ik_area.but(attributes=IK_ATTRIBUTES ^ 2).tpm2b()),
        "EK_TEMPLATE": lambda: large.but(ek_public=rsa.ek_area.but(attributes=0).tpm2b()),
        "CSR_KEY": lambda: ecc.but(csr=wide),
        "IK_IS_NOT_EK": lambda: device.with_ik(device.ek).evidence(),
        "IK_NUMBER": lambda: with_key(small, key_with_factor(997), True),
        "EK_NUMBER": lambda: with_key(small, key_with_factor(997), False),
        "IK_ROCA": lambda: with_key(small, roca_key(3), True),
        "EK_ROCA": lambda: with_key(small, roca_key(3), False),
        "IK_FERMAT": lambda: with_key(small, close_key(2), True),
        "EK_FERMAT": lambda: with_key(small, close_key(2), False),
        "IK_POINT": lambda: ecc.but(ik_public=device.ik_area.but(unique=point).tpm2b(),
                                    csr=point_csr(device, point)),
        "EK_POINT": lambda: ecc.but(ek_public=device.ek_area.but(unique=ek_point).tpm2b())}


def without_top_bit(area):
    [modulus] = area.unique
    return area.but(unique=[bytes([modulus[0] & 0x7F]) + modulus[1:]]).tpm2b()


def point_csr(device, point):
    """A CSR for a point that is none, so that nothing but the point is wrong."""
    info = body(device.ik, subject(device.serial),
                spki=ecc_spki(device.ik.curve, b"\x04" + b"".join(point)))
    return signed(info, device.ik.algorithm(), device.ik.sign(info))


def behind_the_signature(stage, device, rsa):
    ecc, large = device.evidence(), rsa.evidence()
    namesakes = tuple(Authority("", subject=stage.vendor.subject).certificate for _ in range(8))
    stranger = Authority("", subject=stage.vendor.subject)
    return {
        "CSR_SIGNATURE": lambda: large.but(csr=large.csr[:-1] + bytes([large.csr[-1] ^ 1])),
        "EK_CERTIFICATE_DER": lambda: large.but(ek_certificate=large.ek_certificate + b"\x00"),
        "EK_CERTIFICATE_KEY": lambda: large.but(ek_certificate=ecc.ek_certificate),
        "EK_CERTIFICATE_NOT_CA": lambda: rsa.evidence(ek_certificate=rsa.certify(
            changes={"constraints": basic_constraints(True)})),
        "EK_CERTIFICATE_KEY_USAGE": lambda: rsa.evidence(ek_certificate=rsa.certify(
            changes={"usage": key_usage(KEY_ENCIPHERMENT, KEY_CERT_SIGN)})),
        "EK_CERTIFICATE_ALGORITHM": lambda: rsa.evidence(
            ek_certificate=rsa.certify(digest="sha1")),
        "EK_CERTIFICATE_CHAIN": lambda: rsa.evidence(
            ek_certificate=stranger.certify(rsa.ek), chain=namesakes),
        "EK_CERTIFICATE_EKU": lambda: rsa.evidence(ek_certificate=rsa.certify(
            changes={"purpose": extended_key_usage(SERVER_AUTH)})),
        "EK_CERTIFICATE_TIME": lambda: rsa.evidence(ek_certificate=rsa.certify(
            validity=(at(86400), at(2 * 86400))))}


def under_other_policies(stage, how):
    """{check: makes the CA whose configuration has it, and evidence that it refuses}, before the
    CSR's signature."""
    def narrow(**how):
        target = stage.target("narrow", **{"endorsement": {"accept": "L-2"},
                                           "identity-key": {"accept": "p256"}})
        return target, stage.device(target, **how).evidence()

    def pattern():
        target = stage.target("pattern", identity={"serial_pattern": "PX-[0-9]{4}"})
        return target, stage.device(target, **how).evidence(serial="P" * 63)

    def endorsement():
        target = stage.target("endorsement", identity={"binding": "endorsement"},
                              endorsement={"trust": "vendor"})
        return target, SoftwareDevice("0" * 40, stage.vendor, **how).evidence()

    return {"IK_ACCEPTED": lambda: narrow(ik=how["ik"]),
            "EK_ACCEPTED": lambda: narrow(template=how["template"]),
            "SERIAL_PATTERN": pattern, "SERIAL_IS_EK_ID": endorsement}


def behind_the_path(stage, how):
    """The same of the checks behind a path of which all signatures are good."""
    def manufacturer():
        target, root = stage.target("manufacturer"), Authority("Marked Root")
        target.trusts(root.certificate, marks="manufacturer=49465800")
        device = SoftwareDevice(stage.serial(), root, **how)
        return target, device.evidence(ek_certificate=device.certify(
            changes={"name": tpm_name("id:494E5443")}))

    def revoked():
        target, vendor = stage.target("revoked"), Authority("CA with a long list")
        target.trusts(vendor.certificate)
        device = SoftwareDevice(stage.serial(), vendor, **how)
        others = range(1, REVOKED if stage.is_full else REVOKED_SAMPLE)
        target.trusts(vendor.revocation_list([*others, vendor.last_serial]))
        return target, device.evidence()

    return {"EK_CERTIFICATE_MANUFACTURER": manufacturer, "EK_CERTIFICATE_REVOKED": revoked}


def at_main(target, forms):
    return {check: lambda make=make: (target, make()) for check, make in forms.items()}


class Meter:
    """Asks what each refusal costs, and keeps the dearest that the main CA refuses."""

    def __init__(self, stage, verdict):
        self.verdict, self.count = verdict, 240 if stage.is_full else 48
        self.main, self.dearest = stage.target(), (0, "", "", b"")
        self.yardstick = cost_us(self.main, "/v1/getChallenge", stage.device(
            template="L-1", ik=2048).evidence().json(), self.count)
        verdict.figures.append(f"{'accepted, RSA 2048':24} {self.yardstick:6.0f} µs of CPU")

    def tell(self, target, path, check, request_body, share_max):
        """Judges it by the share, and returns the microseconds."""
        answer = target.line.post(path, request_body)
        saw = target.reasons([answer.reference]).get(answer.reference) if answer.reference else "-"
        each = cost_us(target, path, request_body, self.count)
        self.verdict.figures.append(f"{check:24} {each:6.0f} µs, {each / self.yardstick:4.2f} of that")
        self.verdict.note(check, saw == check and each <= share_max * self.yardstick, False,
                          f"{answer.status} {saw}, {each:.0f} µs of {self.yardstick:.0f} µs")
        if target is self.main:
            self.dearest = max(self.dearest, (each, check, path, request_body))
        return each


@row(105, "what a request costs that is refused by each check, beside one that is accepted; a flood of"
     " the dearest, and who is served beside it")
def cost(stage, verdict):
    target, device = stage.target(), stage.device()
    meter = Meter(stage, verdict)
    how = LARGEST if stage.is_full else {"template": "L-1", "ik": 2048}
    rsa = stage.device(**how)
    groups = (
        ("before", {**at_main(target, before_the_signature(stage, device, rsa)),
                    **under_other_policies(stage, how)}, BEFORE_MAX, BEFORE_US),
        ("behind", {**at_main(target, behind_the_signature(stage, device, rsa)),
                    **behind_the_path(stage, how)}, BEHIND_MAX, BEHIND_US))
    below = []
    for where, forms, share_max, absolute_us in groups:
        costs = []
        for check, make in stage.some(forms.items(), 3):
            place, evidence = make()
            costs.append(meter.tell(place, "/v1/getChallenge", check, evidence.json(), share_max))
        below.append(f"{sum(each <= absolute_us for each in costs)} of {len(costs)} checks {where} the"
                     f" CSR's signature cost at most {absolute_us} µs")
    with_tickets(stage, verdict, meter, device)
    verdict.figures.append("; ".join(below) + "; on this machine, and no limit")
    flooded(stage, verdict, meter)


def with_tickets(stage, verdict, meter, device):
    """What refuses a certificate when the evidence is sound: the ticket, and of the store the checks
    that a manifest leaves to be reached."""
    target = stage.target()
    wrong = device.evidence().json(challenge=b64(target.header().octets()), ticket=b64(bytes(32)))
    meter.tell(target, "/v1/getCertificate", "TICKET", wrong, BEHIND_MAX)
    refused = of_the_store(stage, target, verdict)
    del refused["PROFILE_KNOWN"]
    for check, evidence in stage.some(refused.items(), 2):
        meter.tell(target, "/v1/getCertificate", check,
                   evidence.json(**target.ticket_members(evidence)), BEHIND_MAX)


class Flooding(threading.Thread):
    """Sends one request after the other, without a pause, until it is told to stop."""

    def __init__(self, target, path, request_body):
        super().__init__(daemon=True)
        self.line = Line(target.line.address[1], target.ca.certificate)
        self.path, self.request_body = path, request_body
        self.answers, self.is_over = [], threading.Event()

    def run(self):
        while not self.is_over.is_set():
            self.answers.append(self.line.post(self.path, self.request_body).status)
        self.line.close()

    def stop(self):
        self.is_over.set()
        self.join()
        return self.answers


def flooded(stage, verdict, meter):
    """More of the dearest requests at once than there are cores; nobody else is to wait in vain."""
    target, (_, check, path, request_body) = stage.target(), meter.dearest
    flood = [Flooding(target, path, request_body) for _ in range(FLOODING)]
    good = GoodClient(target, stage.device().evidence().json())
    for thread in (*flood, good):
        thread.start()
    count = SERVED if stage.is_full else SERVED_SAMPLE
    while len(good.took) < count:
        time.sleep(0.1)
    good.stop()
    answers = [status for thread in flood for status in thread.stop()]
    verdict.note("a good client beside a flood", not good.failed, True, good.failed[:3])
    verdict.hold("the flood", set(answers) == {CHECKS[check][1]}, set(answers))
    verdict.figures.append(
        f"{len(answers)} requests that {check} refuses at once with {len(good.took)} good ones, which"
        f" took {max(good.took) * 1000:.0f} ms at most")
