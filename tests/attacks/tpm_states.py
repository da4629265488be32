"""Group N: the device's program and TPMs in states that a manufacturer's test bench never has.

Each row has a device of its own, fresh from its vendor; after each state it must be able to go on.
"""

import json
import os
import re
import shutil

from attacker.lying_tpm import TPM2_CLEAR, TPM_CC_SIGN, LyingTpm
from catalogue import row
from devices import CA_REFUSED, DONE, NO_TPM, TPM_REFUSED, victim
from genuine_test.by_hand import ByHand
from genuine_test.device import Device
from genuine_test.process import GENUINE_DEVICE, Failed, attempt
from genuine_test.tpm import EK_CERTIFICATE_H3, EK_CERTIFICATE_L1, EK_CERTIFICATE_L2, Tpm
from genuine_test.vendor import SmallVendor, Vendor

SLOT_FIRST, SLOT_COUNT = 0x81000100, 200


class Fresh:
    """A device and its TPM, both EKs listed."""

    def __init__(self, stage, serial):
        self.v = victim(stage)
        self.ca = self.v.target.ca
        self.tpm = Tpm(stage.folder / f"tpm-{serial}", self.v.vendor)
        stage.callback(self.tpm.stop)
        self.ca.lists("".join(f"{serial},{self.tpm.ek_id(index)},,\n"
                              for index in (EK_CERTIFICATE_L1, EK_CERTIFICATE_H3)))
        self.device = Device(stage.folder / serial, self.tpm, serial)
        self.persistent = self.tpm.handles("persistent")
        self.counter = self.lockouts()
        self.ek = "ecc"

    def lockouts(self):
        told = self.tpm.tool("tpm2_getcap", "properties-variable")
        return re.search(r"TPM2_PT_LOCKOUT_COUNTER: (\w+)", told)[1]

    def provisions(self, *options, tcti=None, url=None):
        tcti = tcti or self.tpm.tcti
        return attempt(GENUINE_DEVICE, "provision", "--ca", url or self.ca.url, "--ca-cert",
                       self.ca.certificate, "--serial", self.device.serial, "--tcti", tcti, "--dir",
                       self.device.folder, "--ek", self.ek, *options, timeout=90)

    def fails(self, verdict, what, statuses, words="", result=None):
        """One run must end with one of the statuses, in words, and leave nothing half-made."""
        result = result or self.provisions()
        is_right = result.status in statuses and re.search(words, result.errors) and (
            not self.device.certificate.exists())
        verdict.note(what, is_right and not self.tpm.leftovers()
                     and self.lockouts() == self.counter, False,
                     f"{result} {self.tpm.leftovers()} {self.lockouts()}")

    def works(self, verdict, what, *options, **where):
        result = self.provisions(*options, **where)
        verdict.note(what, result.status == 0 and not self.tpm.leftovers()
                     and self.lockouts() == self.counter, True, f"{result} {self.tpm.leftovers()}")

    def forget(self):
        """As before its first run, with leave for another key."""
        self.ca.tries("device", "rekey", self.device.serial)
        shutil.rmtree(self.device.folder, ignore_errors=True)
        self.device.folder.mkdir()
        self.tpm.flush()
        self.tpm.tries("tpm2_flushcontext", "--saved-session")
        for handle in set(self.tpm.handles("persistent")) - set(self.persistent):
            self.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", hex(handle))


@row(92, "a credential for one IK, opened with another IK of the same TPM", is_slow=True)
def other_name(stage, verdict):
    f = Fresh(stage, "SN-NAME")
    first, second = (ByHand(stage.folder / f"hand-{handle}", f.tpm, handle)
                     for handle in ("0x81020030", "0x81020031"))
    answer = f.ca.client.get_challenge(first.evidence("SN-NAME"))
    try:
        second.open(answer)
        verdict.note("with another IK", False, False, "it was opened")
    except Failed as failed:
        verdict.note("with another IK", "integrity" in str(failed), False, failed)
    f.tpm.flush()
    opened = first.open(answer)
    verdict.note("with its own", len(opened["ticket"]) == 44, True, opened)


@row(170, "no room for another persistent key", is_slow=True)
def full(stage, verdict):
    f = Fresh(stage, "SN-FULL")
    context = f.tpm.folder / "filler.ctx"
    f.tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "ecc256", "-c", context)
    taken = []
    for handle in range(SLOT_FIRST, SLOT_FIRST + SLOT_COUNT):
        if f.tpm.tries("tpm2_evictcontrol", "-C", "owner", "-c", context, hex(handle)).status != 0:
            break
        taken.append(handle)
        f.tpm.flush()
    f.tpm.flush()
    f.fails(verdict, f"{len(taken)} keys of others", [TPM_REFUSED], "memory is full")
    verdict.hold("no key of others is gone", set(taken) <= set(f.tpm.handles("persistent")))
    for handle in taken[:2]:
        f.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", hex(handle))
    f.works(verdict, "with room")


@row(171, "passwords or a policy alone on owner and endorsement, hierarchies that are off, a TPM that"
     " is locked out", is_slow=True)
def passwords(stage, verdict):
    f = Fresh(stage, "SN-AUTH")
    tool = f.tpm.tool
    for hierarchy, letter in (("owner", "o"), ("endorsement", "e")):
        tool("tpm2_changeauth", "-c", letter, "secret")
        f.fails(verdict, f"a password on {hierarchy}", [TPM_REFUSED], "password")
        with_policy_alone(f, verdict, hierarchy, letter)
        tool("tpm2_changeauth", "-c", letter, "-p", "secret")
    for what, name in (("owner", "shEnable"), ("endorsement", "ehEnable")):
        tool("tpm2_hierarchycontrol", "-C", "platform", name, "clear")
        f.fails(verdict, f"{what} is off", [TPM_REFUSED], "the hierarchy is disabled")
        tool("tpm2_hierarchycontrol", "-C", "platform", name, "set")
        f.tpm.flush()
    locked_out(f, verdict)
    f.works(verdict, "as it was")


def with_policy_alone(f, verdict, hierarchy, letter):
    """A policy is what its owner uses; the password is one that nobody knows."""
    session, policy = f.tpm.folder / "policy.ctx", f.tpm.folder / "policy"
    f.tpm.tool("tpm2_startauthsession", "-S", session)
    f.tpm.tool("tpm2_policycommandcode", "-S", session, "-L", policy, "TPM2_CC_EvictControl")
    f.tpm.tool("tpm2_flushcontext", session)
    f.tpm.tool("tpm2_setprimarypolicy", "-C", letter, "-P", "secret", "-L", policy, "-g", "sha256")
    f.fails(verdict, f"a policy alone on {hierarchy}", [TPM_REFUSED], "password")
    f.tpm.tool("tpm2_setprimarypolicy", "-C", letter, "-P", "secret")


def locked_out(f, verdict):
    """Whoever knows a wrong password locks it out; ours needs none, and adds nothing to it."""
    tool, at = f.tpm.tool, f.tpm.folder
    tool("tpm2_dictionarylockout", "--setup-parameters", "--max-tries=1", "--recovery-time=3600",
         "--lockout-recovery-time=3600")
    tool("tpm2_createprimary", "-C", "owner", "-G", "ecc256:ecdsa", "-p", "right", "-a",
         "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign", "-c", at / "da.ctx")
    (at / "data").write_bytes(b"x")
    f.tpm.tries("tpm2_sign", "-c", at / "da.ctx", "-p", "wrong", "-o", at / "sig", at / "data")
    f.tpm.flush()
    f.counter = f.lockouts()
    verdict.hold("locked out", int(f.counter, 16) > 0, f.counter)
    result = f.provisions()
    verdict.note("provisioned all the same", result.status == DONE and f.lockouts() == f.counter, True,
                 result)
    tool("tpm2_dictionarylockout", "--clear-lockout")
    f.counter = f.lockouts()
    f.forget()


@row(172, "EK certificates that are absent, elsewhere, in PEM, padded, two, of another key",
     is_slow=True)
def certificates(stage, verdict):
    f = Fresh(stage, "SN-NV")
    small = SmallVendor(stage.folder / "nv-vendor")
    f.ca.trusts(small)
    f.v.target.reconnect()
    pem, der = f.tpm.folder / "ek.pem", f.tpm.folder / "ek.der"
    f.tpm.endorsement_key("ecc", pem)
    small.certify(pem, der)
    own = der.read_bytes()
    ek_id = attempt("sh", "-c", f"openssl pkey -pubin -in {pem} -outform der | sha256sum").output
    f.ca.lists(f"SN-NV,{ek_id.split()[0]},,\n", "--add")
    f.tpm.endorsement_key("rsa", pem)
    small.certify(pem, der, usage="keyEncipherment")
    of_rsa = der.read_bytes()
    head = b"\x10\x01\x00" + (len(own) + 2).to_bytes(2, "big") + b"\x10\x02"
    forms = {"as it is": (own, True), "padded with ff": (own + b"\xff" * 200, True),
             "padded with 00": (own + bytes(200), True), "behind TCG's header": (head + own, True),
             # Of two the first is taken.
             "two": (own + of_rsa, True), "nothing but ff": (b"\xff" * 600, False),
             "PEM": (attempt("openssl", "x509", "-inform", "der", "-in", der).output.encode(), False),
             "half": (own[:len(own) // 2], False), "of another key": (of_rsa, False)}
    for what, (octets, is_found) in forms.items():
        (f.tpm.folder / "nv").write_bytes(octets)
        f.tpm.write_certificate(EK_CERTIFICATE_L2, f.tpm.folder / "nv")
        result = attempt(GENUINE_DEVICE, "manifest-line", "--serial", "SN-NV", "--ek", "ecc",
                         "--tcti", f.tpm.tcti)
        is_told = ek_id.split()[0] in result.output
        verdict.note(f"{what}: a row", result.status == DONE and not f.tpm.leftovers()
                     and is_told == is_found, is_found, result)
        result = f.provisions()
        # Where the P-256 EK has none, the P-384 EK of this TPM has one.
        verdict.note(f"{what}: provisioned", result.status == 0 and not f.tpm.leftovers(), True,
                     result)
        f.forget()
        f.tpm.tool("tpm2_nvundefine", f"0x{EK_CERTIFICATE_L2:x}", "-C", "platform")
    none = Tpm(stage.folder / "tpm-none", None)
    stage.callback(none.stop)
    bare = Device(stage.folder / "bare", none, "SN-BARE")
    result = bare.provision(f.ca)
    verdict.note("none at all", result.status == CA_REFUSED and not none.leftovers()
                 and "reference" in result.errors
                 and f.ca.check_that_refused(result.errors) == "EK_CERTIFICATE_PRESENT", False, result)


def standard(number, tpm):
    """A TPM2B's area of an endorsement key that the TPM holds."""
    area = tpm.folder / "ek.pub"
    tpm.tool("tpm2_readpublic", "-c", hex(number), "-o", area)
    return area.read_bytes()[2:]


@row(179, "EK templates and nonces in NV, which another EK would be made from", is_slow=True)
def dictated(stage, verdict):
    f = Fresh(stage, "SN-NONCE")
    ours = {handle: standard(handle, f.tpm) for handle in f.persistent if handle >> 16 == 0x8101}
    verdict.hold("it had persistent EKs", len(ours) == 2, ours)
    (p384,) = (area for area in ours.values() if area[:2] == b"\x00\x23")
    (rsa,) = (area for area in ours.values() if area[:2] == b"\x00\x01")
    f.certified = {"ecc": f.tpm.ek_id(EK_CERTIFICATE_H3), "rsa": f.tpm.ek_id(EK_CERTIFICATE_L1)}
    for handle in ours:
        f.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", hex(handle))
    f.persistent = f.tpm.handles("persistent")
    for option, template, nonce, forms in (("ecc", 0x01C00017, None, templates(p384)),
                                           ("rsa", 0x01C00004, 0x01C00003, templates(rsa))):
        f.ek = option
        f.works(verdict, f"{option}: nothing in NV")
        # swtpm may have a template or a nonce there: it is the vendor's, and gives place to ours.
        defined = [index for index in (template, nonce) if index in f.tpm.handles("nv-index")]
        verdict.hold(f"{option}: its vendor has none", not defined, defined)
        for what, octets in forms.items():
            passed_over(f, verdict, f"{option}: {what}", {template: octets})
        if nonce:
            nonces = {f"{size} octets": os.urandom(size) for size in (20, 256, 257)}
            nonces["a template"] = forms["another curve or size"]
            for what, octets in nonces.items():
                passed_over(f, verdict, f"{option}: a nonce of {what}", {nonce: octets})
            passed_over(f, verdict, f"{option}: both", {template: forms["another policy"],
                                                        nonce: os.urandom(20)})
        # Also where the certificate of a template would stand that its vendor has not certified.
        for index in (template, {"ecc": EK_CERTIFICATE_L2, "rsa": 0x01C00012}[option]):
            locked(f, verdict, f"{option}: {index:08x}", hex(index))
    f.forget()
    verdict.hold("nothing else is made", f.tpm.handles("persistent") == f.persistent)


def locked(f, verdict, what, index):
    """An index that the owner's empty password has made, with a password of its own."""
    secret = "authread|authwrite|ownerwrite"
    for how, attributes in (("with a password", f"{secret}|no_da"),
                            ("with one that counts towards the lockout", secret)):
        f.tpm.tool("tpm2_nvdefine", index, "-C", "owner", "-s", "4", "-p", "secret", "-a", attributes)
        f.tpm.tool("tpm2_nvwrite", index, "-C", "owner", "-i-", stdin="text")
        is_certified(f, verdict, f"{what} {how}")
        f.tpm.tool("tpm2_nvundefine", index, "-C", "owner")


def templates(area):
    """What may stand in NV in the place of a template: most of them read, and no TPM makes them."""
    is_rsa = area[:2] == b"\x00\x01"
    size = len(area) - (2 + 256 if is_rsa else 2 * (2 + 48))
    head = area[:size]
    curve_at = size - 6 if is_rsa else size - 4  # keyBits, exponent; curveID, kdf.
    empty = b"\x00\x00" if is_rsa else bytes(4)

    def but(at_octet, octets):
        return head[:at_octet] + octets + head[at_octet + len(octets):] + empty

    attributes = int.from_bytes(head[4:8], "big")
    return {
        "random": os.urandom(100), "an octet": b"\0", "no unique": head + empty,
        "another curve or size": but(curve_at, b"\x03\x07" if is_rsa else b"\x00\x77"),
        "another hash": but(2, b"\x00\x7f"),
        "another type": but(0, b"\x00\x25"),
        "another policy": but(12, b"\xff" * 4),
        "no attributes": but(4, bytes(4)),
        "a key that signs": but(4, (attributes ^ 0x00060000).to_bytes(4, "big")),
        "reserved attributes": but(4, (attributes | 0x80000001).to_bytes(4, "big")),
        "not fixed to its TPM": but(4, (attributes & ~0x12).to_bytes(4, "big")),
    }


def passed_over(f, verdict, what, contents):
    for index, octets in contents.items():
        (f.tpm.folder / "nv").write_bytes(octets)
        f.tpm.write_certificate(index, f.tpm.folder / "nv")
    is_certified(f, verdict, what)
    if "another curve" in what:  # Which the TPM refuses.
        f.works(verdict, f"{what}: provisioned")
    for index in contents:
        f.tpm.tool("tpm2_nvundefine", hex(index), "-C", "platform")


def is_certified(f, verdict, what):
    """Its certified EK is made, from the standard template."""
    name = {"ecc": "H-3", "rsa": "L-1"}[f.ek]
    told = attempt(GENUINE_DEVICE, "manifest-line", "--serial", "SN-NONCE", "--ek", f.ek, "--json",
                   "--tcti", f.tpm.tcti)
    rows = json.loads(told.output)["rows"] if told.status == 0 else []
    is_right = [(row["ek_id"], row["ek"], row["has_certificate"]) for row in rows] == [
        (f.certified[f.ek], name, True)] and "passed over" not in told.errors
    verdict.note(what, is_right and not f.tpm.leftovers() and f.lockouts() == f.counter, False,
                 f"{told} {f.tpm.leftovers()}")


@row(173, "the TPM is cleared, also between challenge and activation; another one, or another EK in it")
def another_tpm(stage, verdict):
    v = victim(stage)
    other = Tpm(stage.folder / "another-tpm", Vendor(stage.folder / "another-vendor"))
    stage.callback(other.stop)
    result, seconds = v.provisions(v.target.ca, other.tcti)
    v.is_lied_to(verdict, "another TPM", result, seconds, [CA_REFUSED],
                 "is not the one of the last time")
    verdict.hold("nothing is left in it", not other.leftovers(), other.leftovers())
    result, seconds = v.provisions(v.target.ca, "swtpm:host=127.0.0.1,port=1")
    v.is_lied_to(verdict, "no TPM", result, seconds, [NO_TPM])
    v.is_tidy(verdict)
    cleared_in_between(stage, verdict)
    another_seed(stage, verdict)


def cleared_in_between(stage, verdict):
    """The last signature is the request's; what comes next is the challenge, and its activation."""
    f = Fresh(stage, "SN-CLEAR")
    f.works(verdict, "before it is cleared")
    before = f.device.certificate.read_bytes()
    bus = LyingTpm(f.tpm.port)
    stage.callback(bus.stop)
    answers = []

    def clear(code, count, response):
        if (code, count) == (TPM_CC_SIGN, 1):
            answers.append(bus.ask(TPM2_CLEAR))
        return response

    bus.begin(clear)
    result = f.provisions(tcti=bus.tcti)
    bus.begin(bus.honest)
    is_kept = f.device.certificate.read_bytes() == before
    is_cleared = [answer[6:10] for answer in answers] == [bytes(4)]
    verdict.note("between challenge and activation", is_cleared and is_kept
                 and result.status == TPM_REFUSED and "4/6" in result.errors
                 and "cleared meanwhile" in result.errors, False, f"{answers} {result}")
    result = f.provisions()
    verdict.note("from the beginning, with another key", result.status == 0
                 and "a new one is made" in result.errors
                 and f.device.certificate.read_bytes() != before, True, result)


def another_seed(stage, verdict):
    """TPM2_ChangeEPS: the certificate in NV is another key's then."""
    f = Fresh(stage, "SN-SEED")
    f.works(verdict, "before its seed is changed")
    before = f.device.certificate.read_bytes()
    f.tpm.tool("tpm2_changeeps")
    result = f.provisions()
    is_kept = f.device.certificate.read_bytes() == before
    verdict.note("another EK in it", result.status == CA_REFUSED and is_kept
                 and "is not the one of the last time" in result.errors and
                 f.ca.check_that_refused(result.errors) == "EK_CERTIFICATE_PRESENT", False, result)
