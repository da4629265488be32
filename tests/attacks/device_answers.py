"""Groups M and N: what the CA answers the device, and the credential in it (devices.py has the rest
of a CA that lies)."""

import base64
import gzip
import hashlib
import json

from attacker.areas import TPM_ALG_SHA1, TPM_ALG_SHA384, u16
from attacker.evidence import SoftwareDevice
from attacker.keys import P384
from attacker.lying_ca import Said
from attacker.lying_tpm import TPM_CC_ACTIVATE_CREDENTIAL
from attacker.ticket import seal
from attacker.tpm_messages import name_of
from catalogue import row
from devices import (CA_REFUSED, CERTIFICATE, CHALLENGE, DONE, NOT_REACHED, P384_EK, REQUEST_S, SERIAL,
                     TPM_REFUSED, certified, challenged, victim)
from genuine_test.tpm import EK_CERTIFICATE_H3


UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
CHUNKED = UNTIL_CLOSED[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"400\r\n" + b" " * 0x400 + b"\r\n"


@row(154, "answers of another length, type or form; with other members", is_slow=True)
def bodies(stage, verdict):
    v = victim(stage)
    big = b"{" + b" " * 70000 + b"}"
    forms = {
        "nothing": lambda s: s.but(body=b""), "HTML": lambda s: s.but(
            body=b"<html>", content_type="text/html"),
        "text/plain": lambda s: s.but(content_type="text/plain"),
        "204": lambda s: Said(204, b""), "a list": lambda s: s.but(body=b"[]"),
        "200 and a problem": lambda s: Said(200, b'{"title":"x","status":403}'),
        "70 KB": lambda s: s.but(body=big), "gzip": lambda s: s.but(
            body=gzip.compress(s.body), fields=(("Content-Encoding", "gzip"),)),
        "a member more": lambda s: s.members(extra="x"),
        "a member twice": lambda s: s.but(body=s.body[:-1] + b',"challenge":"AAAA"}'),
        "challenge missing": lambda s: s.members(challenge=None),
        "credential missing": lambda s: s.members(credential=None),
        "a number": lambda s: s.members(credential=7), "an octet behind": lambda s: s.but(
            body=s.body + b"x"), "cut": lambda s: s.but(body=s.body[:-1]),
        "a length too large": lambda s: s.but(fields=(("Content-Length", str(
            len(s.body) + 10)),)),
        "no HTTP": lambda s: s.but(raw=b"hello\r\n\r\n"), "closed": lambda s: s.but(raw=b""),
        "100 000 fields": lambda s: s.but(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000),
        "chunks cut off": lambda s: s.but(raw=CHUNKED + CHUNK),
        "chunks without end": lambda s: s.but(raw=CHUNKED, endless=CHUNK),
        "a body without end": lambda s: s.but(raw=UNTIL_CLOSED, endless=b" " * 0x400),
    }
    # Where an answer breaks off, or is none, it may have been lost on the way.
    lost = {"a length too large", "no HTTP", "closed", "chunks cut off"}
    for what, lie in stage.some(forms.items(), 6):
        v.told(verdict, f"challenge: {what}", challenged(lie),
               NOT_REACHED if what in lost else CA_REFUSED,
               "larger than 64 KiB" if "without end" in what else "")
        verdict.hold(f"{what}: no credential", v.bus.seen
                     and TPM_CC_ACTIVATE_CREDENTIAL not in v.bus.seen, v.bus.seen)
    if stage.is_full:
        dribbles(v, verdict)
    for what in stage.some(("nothing", "HTML", "a list", "200 and a problem", "70 KB", "cut",
                            "closed", "no HTTP", "chunks without end"), 3):
        v.told(verdict, f"certificate: {what}", certified(forms[what]),
               NOT_REACHED if what in lost else CA_REFUSED)
    v.is_tidy(verdict)
    v.renews(verdict)


def dribbles(v, verdict):
    """An answer at an octet a second is given up after the time that a request has, and asked for
    again; then it comes at once."""
    slow = [Said(200, b"", raw=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                 b"Content-Length: 1000\r\n\r\n" + b" " * 1000, pause_s=1)]
    v.ca.lie, v.ca.asked = challenged(lambda said: slow.pop() if slow else said), []
    result, seconds = v.runs()
    v.ca.lie = v.ca.honest
    verdict.note("an octet a second", result.status == DONE and v.ca.asked == [
        CHALLENGE, CHALLENGE, CERTIFICATE] and REQUEST_S <= seconds < REQUEST_S + 6, True,
        f"{seconds:.1f} s, {v.ca.asked}, {result}")


def with_credential(change):
    """Changes the credential's octets."""
    def lie(said):
        octets = base64.b64decode(json.loads(said.body)["credential"])
        return said.members(credential=base64.b64encode(change(octets)).decode())
    return challenged(lie)


def sized(octets):
    return len(octets).to_bytes(2, "big") + octets


def parts(credential):
    """(head, blob, secret): what is in the two TPM2B of a credential file."""
    blob_len = int.from_bytes(credential[8:10], "big")
    return credential[:8], credential[10:10 + blob_len], credential[12 + blob_len:]


def credential_of(change):
    """change makes two TPM2B, as they are written, of head, blob and secret."""
    return lambda c: b"".join(change(*parts(c)))


BLOB_MAX, SECRET_MAX = 132, 512  # Part 2, 12.4.3 and 11.4.33, for our largest keys.
NO_CREDENTIAL = "the CA's credential is none"


@row(155, "credentials with wrong sizes, octets left over, other base64")
def credentials(stage, verdict):
    v = victim(stage)
    # All of these are short enough for the answer: what refuses them is the credential's reader.
    forms = {
        "empty": lambda c: b"", "another magic": lambda c: b"\x00" + c[1:],
        "another version": lambda c: c[:7] + b"\x02" + c[8:],
        "an octet behind": lambda c: c + b"\x00", "cut": lambda c: c[:-1],
        "half": lambda c: c[:len(c) // 2], "the head alone": lambda c: c[:8],
        "blob of ffff": lambda c: c[:8] + b"\xff\xff" + c[10:],
        "secret of ffff": credential_of(lambda h, b, s: (h, sized(b), b"\xff\xff", s)),
        "blob one larger": lambda c: c[:8] + (int.from_bytes(c[8:10], "big") + 1).to_bytes(
            2, "big") + c[10:],
        "blob of 0": credential_of(lambda h, b, s: (h, sized(b""), sized(s))),
        "secret of 0": credential_of(lambda h, b, s: (h, sized(b), sized(b""))),
        "both of 0": credential_of(lambda h, b, s: (h, sized(b""), sized(b""))),
        "blob of 133": credential_of(lambda h, b, s: (h, sized(b.ljust(BLOB_MAX + 1, b"\0")),
                                                      sized(s))),
        "blob of 800": credential_of(lambda h, b, s: (h, sized(b.ljust(800, b"\0")), sized(s))),
        "secret of 513": credential_of(lambda h, b, s: (h, sized(b), sized(s.ljust(
            SECRET_MAX + 1, b"\0")))),
        "secret of 800": credential_of(lambda h, b, s: (h, sized(b), sized(s.ljust(800, b"\0")))),
    }
    for what, change in stage.some(forms.items(), 6):
        not_opened(v, verdict, what, with_credential(change), NO_CREDENTIAL)
    too_long = {"blob of 1000": credential_of(lambda h, b, s: (h, sized(bytes(1000)), sized(s))),
                "secret of 4096": credential_of(lambda h, b, s: (h, sized(b), sized(bytes(4096))))}
    for what, change in stage.some(too_long.items(), 1):
        not_opened(v, verdict, what, with_credential(change), "is not a CA's")
    spelt = {"a line end": lambda t: t[:4] + "\n" + t[4:], "URL alphabet": lambda t: "-_" + t[2:],
             "no padding": lambda t: t.rstrip("=") if t.endswith("=") else t + "="}
    for what, change in stage.some(spelt.items(), 2):
        not_opened(v, verdict, what, challenged(lambda said: said.members(
            credential=change(json.loads(said.body)["credential"]))), "is not a CA's")
    v.is_tidy(verdict)


def not_opened(v, verdict, what, lie, words):
    v.told(verdict, what, lie, CA_REFUSED, words, asked=1)
    verdict.hold(f"{what}: the TPM was not asked", v.bus.seen
                 and TPM_CC_ACTIVATE_CREDENTIAL not in v.bus.seen, v.bus.seen)


@row(156, "credentials for another Name, another EK, with flipped bits: the TPM refuses, once")
def wrong_credentials(stage, verdict):
    v = victim(stage)
    keys = Keys(v)
    stranger = stage.device(v.target, template="H-3")
    answer = v.target.line.post(CHALLENGE, stranger.evidence().json())
    tried = {"for another device": challenged(lambda said: Said(200, answer.body))}
    other_ik = for_another_ik(stage, v, keys)
    verdict.hold("the CA answers for another IK", other_ik.status == 200, other_ik)
    tried["its EK, another IK"] = challenged(lambda said: Said(200, other_ik.body))
    names = {"another Name": keys.name[:2] + bytes(32), "another nameAlg": SHA384 + keys.name[2:],
             "SHA-384": SHA384 + hashlib.sha384(keys.ik).digest(),
             "SHA-1": SHA1 + hashlib.sha1(keys.ik).digest(),
             "cut": keys.name[:-1], "an octet behind": keys.name + b"\0",
             "without nameAlg": keys.name[2:], "a handle": bytes.fromhex("81020002"), "empty": b""}
    for what, name in stage.some(names.items(), 3):
        tried[f"its EK, Name: {what}"] = made_by_kit(keys.ek_point, name)
    tried["another EK, its Name"] = made_by_kit(stranger.ek.point, keys.name)
    for place in stage.some(range(12, 180, 8), 3):
        tried[f"bit {place * 8}"] = with_credential(
            lambda c, place=place: c[:place] + bytes([c[place] ^ 1]) + c[place + 1:])
    for what, lie in tried.items():
        v.told(verdict, what, lie, TPM_REFUSED, "it was not sealed for these two keys", asked=1)
        opened = v.bus.seen.get(TPM_CC_ACTIVATE_CREDENTIAL)
        verdict.hold(f"{what}: the TPM was asked once", opened == 1, opened)
        verdict.hold(f"{what}: nothing is left", not v.tpm.leftovers(), v.tpm.leftovers())
    v.takes(verdict, "a control: made by the kit for its EK and its Name",
            made_by_kit(keys.ek_point, keys.name))
    v.is_tidy(verdict)


TICKET_LEN = 32
SHA1, SHA384 = u16(TPM_ALG_SHA1), u16(TPM_ALG_SHA384)


class Keys:
    """What everybody may know of the device's two keys, out of its TPM."""

    def __init__(self, v):
        areas = [v.tpm.folder / "ek.pub", v.tpm.folder / "ik.pub"]
        for handle, area in zip((hex(P384_EK), v.device.handle), areas):
            v.tpm.tool("tpm2_readpublic", "-c", handle, "-o", area)
        self.ek_public = areas[0].read_bytes()
        self.ik = areas[1].read_bytes()[2:]
        self.name = name_of(self.ik)
        size = P384.size
        self.ek_point = tuple(int.from_bytes(octets, "big") for octets in (
            self.ek_public[-2 * size - 2:-size - 2], self.ek_public[-size:]))


def for_another_ik(stage, v, keys):
    """The true CA's answer for the device's EK, certificate and serial, and an IK of the kit's."""
    certificate = v.tpm.folder / "ek.der"
    v.tpm.tool("tpm2_nvread", hex(EK_CERTIFICATE_H3), "-o", certificate)
    return v.target.line.post(CHALLENGE, SoftwareDevice(SERIAL, stage.vendor).evidence(
        ek_public=keys.ek_public, ek_certificate=certificate.read_bytes()).json())


def made_by_kit(ek_point, name):
    return with_credential(lambda _: seal(ek_point, name, bytes(TICKET_LEN)))
