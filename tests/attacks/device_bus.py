"""Group N: the device program, and a TPM or an interposer on its bus that lies to it."""

import random

from attacker.keys import openssl
from attacker.lying_tpm import (TPM_CC_ACTIVATE_CREDENTIAL, TPM_CC_CREATE_PRIMARY, TPM_CC_LOAD,
                                TPM_CC_NV_READ, TPM_CC_READ_PUBLIC)
from catalogue import row
from devices import CA_REFUSED, NO_TPM, TIMED_OUT, TPM_REFUSED, victim
from genuine_test.process import GENUINE_DEVICE, attempt


def rides(v, verdict, what, lie):
    """One run over the lying bus: what it ends with depends on what the lie broke."""
    v.bus.begin(lie)
    result, seconds = v.runs(v.bus.tcti)
    v.bus.begin(v.bus.honest)
    if result.status == 0:  # The lie did no harm: what it now has must be its own key's.
        key = openssl("x509", "-in", v.device.certificate, "-noout", "-pubkey")
        was = openssl("x509", "-noout", "-pubkey", stdin=v.certificate)
        verdict.note(what, key == was, True, "another key")
        v.certificate = v.device.certificate.read_bytes()
        return
    v.is_lied_to(verdict, what, result, seconds, [NO_TPM, TPM_REFUSED, CA_REFUSED])


def flush(v):
    """What a broken run has left in the TPM: a resource manager would clear it away."""
    v.tpm.flush()
    v.tpm.tries("tpm2_flushcontext", "--saved-session")


def nth(code, count, change):
    return lambda c, n, response: change(response) if (c, n) == (code, count) else response


@row(164, "a TPM whose responses are cut, have lying sizes, wrong tags, other codes")
def rogue(stage, verdict):
    v = victim(stage)
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
        rides(v, verdict, f"{code:x} #{n}: {what}", nth(code, n, changes[what]))
        flush(v)
    if stage.is_full:
        is_silent(v, verdict, steps)
    v.is_tidy(verdict)
    v.renews(verdict)


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


@row(166, "a bus that exchanges the EK's, the IK's or the certificate's octets")
def exchanged(stage, verdict):
    v = victim(stage)
    v.bus.begin(v.bus.honest)
    v.runs(v.bus.tcti)
    seen = dict(v.bus.seen)

    def other_point(response):
        """Any P-384 or P-256 point in the response becomes another one."""
        changed = bytearray(response)
        for at_octet in range(10, len(changed) - 66):
            size = int.from_bytes(changed[at_octet:at_octet + 2], "big")
            second = at_octet + 2 + size
            if size in (32, 48) and changed[second:second + 2] == changed[at_octet:at_octet + 2]:
                changed[at_octet + 2 + size // 2] ^= 0xFF
                return bytes(changed)
        return response

    for what, code in (("EK or storage key made", TPM_CC_CREATE_PRIMARY),
                       ("public area read", TPM_CC_READ_PUBLIC), ("key loaded", TPM_CC_LOAD),
                       ("credential opened", TPM_CC_ACTIVATE_CREDENTIAL),
                       ("certificate read", TPM_CC_NV_READ)):
        for n in range(1, seen.get(code, 0) + 1):
            change = other_point if code in (TPM_CC_CREATE_PRIMARY, TPM_CC_READ_PUBLIC) else (
                lambda r: r[:-40] + bytes([r[-40] ^ 1]) + r[-39:] if len(r) > 60 else r[:-1]
                + bytes([r[-1] ^ 1]))
            rides(v, verdict, f"{what}, #{n}", nth(code, n, change))
            flush(v)
    v.is_tidy(verdict)
    v.renews(verdict)
