"""Group N: the device program, and a TPM whose responses are not what a TPM's are."""

import json
import random

from attacker.areas import u32
from attacker.lying_ca import Said
from attacker.lying_tpm import (TPM_CC_ACTIVATE_CREDENTIAL, TPM_CC_CREATE_PRIMARY, TPM_CC_FLUSH_CONTEXT,
                                TPM_CC_GET_CAPABILITY, TPM_CC_LOAD, TPM_CC_NV_READ_PUBLIC,
                                TPM_CC_READ_PUBLIC, TPM_CC_START_AUTH_SESSION, LyingTpm)
from catalogue import row
from devices import CERTIFICATE, DONE, IK, NO_TPM, P384_EK, RSA_EK, TIMED_OUT, TPM_REFUSED, victim
from genuine_test.process import GENUINE_DEVICE, attempt
from genuine_test.tpm import EK_CERTIFICATE_H3
from tpm_states import Fresh


CODES = ("TPM_RC_FAILURE", "TPM_RC_LOCKOUT", "a random code")
CUTS = ("cut in the middle", "one octet less")
# A cut may leave what is needed of these: the key is then the same, or one that is made anew.
LEFT_BY_CUTS = {TPM_CC_READ_PUBLIC: (DONE, NO_TPM), TPM_CC_NV_READ_PUBLIC: (DONE, NO_TPM),
                TPM_CC_GET_CAPABILITY: (DONE, NO_TPM, TPM_REFUSED),
                TPM_CC_START_AUTH_SESSION: (TPM_REFUSED,)}


def ends_in(code, what):
    """The statuses that a run may end in. ESYS does not look behind what it reads, and nobody needs
    to know whether a flush was done."""
    if what == "one octet more":
        return (DONE,)
    if what in CODES:
        return (DONE,) if code == TPM_CC_FLUSH_CONTEXT else (TPM_REFUSED,)
    return LEFT_BY_CUTS.get(code, (NO_TPM,)) if what in CUTS else (NO_TPM,)


def rides(v, verdict, code, n, what, change):
    """One run over the lying bus; where the lie is the truth, such as a cut behind the end, it is no
    input."""
    v.bus.begin(nth(code, n, change))
    result, seconds = v.runs(v.bus.tcti)
    lies = v.bus.lies
    v.bus.begin(v.bus.honest)
    if not lies:
        return
    statuses = ends_in(code, what)
    if result.status == DONE:
        verdict.note(f"{code:x} #{n}: {what}", DONE in statuses, True, result)
        v.certificate = v.device.certificate.read_bytes()
        return
    v.is_lied_to(verdict, f"{code:x} #{n}: {what}", result, seconds, statuses)


def flush(v):
    """What a broken run has left in the TPM: a resource manager would clear it away."""
    v.tpm.flush()
    v.tpm.tries("tpm2_flushcontext", "--saved-session")


def nth(code, count, change):
    return lambda c, n, response: change(response) if (c, n) == (code, count) else response


@row(164, "a TPM whose responses are cut, have lying sizes, wrong tags, other codes, other handles")
def rogue(stage, verdict):
    v = victim(stage)
    for _ in range(2):  # The first may have to look for more than any later one.
        v.bus.begin(v.bus.honest)
        result, _ = v.runs(v.bus.tcti)
        verdict.note("an honest bus", result.status == 0, True, result)
        v.certificate = v.device.certificate.read_bytes()
    steps = sorted({(code, n) for code in v.bus.seen for n in range(1, v.bus.seen[code] + 1)})
    generator = random.Random(164)

    def size(octets, number):
        return octets[:2] + number.to_bytes(4, "big") + octets[6:]

    changes = {
        "cut after the head": lambda r: r[:2] + b"\x00\x00\x00\x0a" + r[6:10],
        "cut in the middle": lambda r: size(r[:10 + (len(r) - 10) // 2], 10 + (len(r) - 10) // 2),
        "one octet less": lambda r: size(r[:-1], len(r) - 1),
        "one octet more": lambda r: size(r + b"\x00", len(r) + 1),
        "size 0": lambda r: size(r, 0), "size 2^31": lambda r: size(r, 1 << 31),
        "another tag": lambda r: b"\x00\x00" + r[2:],
        "TPM_RC_FAILURE": lambda r: b"\x80\x01\x00\x00\x00\x0a\x00\x00\x01\x01",
        "TPM_RC_LOCKOUT": lambda r: b"\x80\x01\x00\x00\x00\x0a\x00\x00\x09\x21",
        "a random code": lambda r: b"\x80\x01\x00\x00\x00\x0a" + bytes(
            [0, 0]) + generator.randbytes(2),
        "ones behind the head": lambda r: r[:10] + b"\xff" * (len(r) - 10),
        "closed": lambda r: b"",
    }
    chosen = [(step, change) for step in stage.some(steps, 4) for change in stage.some(changes, 3)]
    for (code, n), what in chosen:
        rides(v, verdict, code, n, what, changes[what])
        flush(v)
    if stage.is_full:
        is_silent(v, verdict, steps)
    v.is_tidy(verdict)
    v.renews(verdict)
    keys_made(stage, verdict)


def is_silent(v, verdict, steps):
    """A TPM that announces more than it sends: whoever tells the program to end is heard."""
    for code, n in (steps[0], steps[len(steps) // 2], steps[-1]):
        v.bus.begin(nth(code, n, lambda r: r[:2] + (len(r) + 1000).to_bytes(4, "big") + r[6:]))
        told = attempt("timeout", "--signal=TERM", "2", GENUINE_DEVICE, "provision", "--ca",
                       v.target.ca.url, "--tcti", v.bus.tcti, "--dir", v.device.folder)
        verdict.note(f"{code:x} #{n}: silent", told.status == TIMED_OUT
                     and "the TPM does not answer" in told.errors, False, told)
        v.bus.begin(v.bus.honest)
        flush(v)


class Maker:
    """A device of which nothing is persistent when a run begins: it makes its EK and its storage key,
    and loads its identity key. The liar has a certificate at hand, as in devices.py."""

    def __init__(self, stage, verdict):
        self.f, self.verdict = Fresh(stage, "SN-CUT"), verdict
        for handle in (RSA_EK, P384_EK):
            self.f.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", hex(handle))
        self.f.persistent = self.f.tpm.handles("persistent")
        self.bus = LyingTpm(self.f.tpm.port)
        stage.callback(self.bus.stop)
        self.certificates = []
        for _ in range(2):
            self.f.works(verdict, "an honest bus", tcti=self.bus.tcti)
            self.certificates.append(self.f.device.certificate.read_bytes())
        self.liar = self.f.v.ca
        self.liar.own[CERTIFICATE] = Said(200, json.dumps(
            {"certificate": self.certificates[1].decode(), "chain": ""}).encode())

    def new_handles(self):
        return set(self.f.tpm.handles("persistent")) - set(self.f.persistent)

    def run(self, lie):
        """One run; how it ended, and how many lies it was told."""
        for handle in self.new_handles():
            self.f.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", hex(handle))
        self.f.device.certificate.write_bytes(self.certificates[0])
        self.bus.begin(lie)
        result = self.f.provisions(tcti=self.bus.tcti, url=self.liar.url)
        lies = self.bus.lies
        self.bus.begin(self.bus.honest)
        self.f.tpm.flush()
        return result, lies

    def responses(self):
        """What an honest run is answered: {(command, number): response}."""
        found = {}
        result, _ = self.run(lambda code, n, response: found.setdefault((code, n), response))
        self.verdict.note("makes all its keys", self.is_right(result, DONE), True, result)
        return found

    def is_right(self, result, status):
        """Nothing is installed but by a run that says so, and no other key is kept."""
        installed = self.certificates[1 if status == DONE else 0]
        return (result.status == status and self.f.device.certificate.read_bytes() == installed
                and self.new_handles() <= {IK} and self.f.lockouts() == self.f.counter)

    def tells(self, what, place, change, status):
        result, lies = self.run(nth(*place, change))
        if lies:  # What happens to be true is no lie.
            self.verdict.note(f"{place[0]:x} #{place[1]}: {what}", self.is_right(result, status), False,
                              f"{lies} lies; {self.new_handles()}; {result}")


CUT_EVERYWHERE = (TPM_CC_CREATE_PRIMARY, TPM_CC_LOAD, TPM_CC_ACTIVATE_CREDENTIAL)
WITH_HANDLE = (TPM_CC_CREATE_PRIMARY, TPM_CC_LOAD, TPM_CC_START_AUTH_SESSION)
# None, a hierarchy, other objects' and sessions', a certificate's, the last of all.
HANDLES = (0, 0x40000001, 0x80000000, 0x80000001, 0x80000002, IK, 0x02000000, 0x03000000, 0x03000001,
           EK_CERTIFICATE_H3, 0xFFFFFFFF)


def cut(at):
    """So many octets, which the response says itself that it has."""
    return lambda r: (r[:2] + u32(at) + r[6:])[:at]


def other_handle(handle):
    """Where a response has an object's or a session's, it stands behind the head."""
    return lambda r: r[:10] + u32(handle) + r[14:]


def keys_made(stage, verdict):
    maker = Maker(stage, verdict)
    responses = maker.responses()
    for place, response in responses.items():
        if place[0] in CUT_EVERYWHERE:
            for at in stage.some(range(len(response)), 6):
                maker.tells(f"cut at {at}", place, cut(at), NO_TPM)
        if place[0] in WITH_HANDLE:
            for handle in stage.some(HANDLES, 4):
                maker.tells(f"handle {handle:08x}", place, other_handle(handle), TPM_REFUSED)
    verdict.hold("each of them", {code for code, _ in responses} >= {*CUT_EVERYWHERE, *WITH_HANDLE},
                 list(responses))
    maker.liar.own.clear()
    maker.f.works(verdict, "told the truth again")
