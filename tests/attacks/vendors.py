"""Rows with certificates and keys that others have made: real TPM vendors', and published ones."""

import contextlib
import csv
import hashlib
import json
import os
import re
import shutil
import sqlite3
import time
from pathlib import Path

from attacker import der
from attacker.areas import TEMPLATES, endorsement_area, identity_area
from attacker.evidence import SoftwareDevice
from attacker.keys import P256, EccKey, RsaKey
from catalogue import ACCEPTED, ENDPOINTS, Try, body_of, row
from genuine_test.process import SOURCE

CORPUS = Path(os.environ.get("GENUINE_TEST_DATA", SOURCE.parent / "shared")) / "ekcerts"
RSAES_OAEP, RSA_ENCRYPTION = der.oid("1.2.840.113549.1.1.7"), der.oid("1.2.840.113549.1.1.1")
CURVE_TEMPLATES = {32: "L-2", 48: "H-3", 66: "H-4"}
MARKS = {"unmarked": "", "ek-only": "ek-only", "sha1": "ek-only,sha1"}

# RFC 6979, A.2.5: a private key that stands in a standard, and in every list of leaked keys.
PUBLISHED = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721


class Unowned(SoftwareDevice):
    """A device whose EK is in somebody's real TPM: only its certificate is to be had."""

    def __init__(self, certificate):
        self.ek_certificate = certificate
        self.ik = EccKey()
        self.ik_area = identity_area(self.ik)
        self.spki = self.read_key(der.values(der.values(der.take(certificate)[1])[0][1]))
        self.serial = hashlib.sha256(self.spki).hexdigest()[:40].upper()

    def read_key(self, fields):
        """Sets the EK's area, by the template of its type; its key as the CA writes it."""
        at = next(i for i, (tag, content) in enumerate(fields)
                  if tag == der.SEQUENCE and b"\x03" in content and der.values(content)[-1][0]
                  == der.BIT_STRING)
        algorithm, (_, bits) = der.values(fields[at][1])
        parts = der.values(algorithm[1])
        if der.tlv(*parts[0]) in (RSAES_OAEP, RSA_ENCRYPTION):
            modulus = der.values(der.take(bits[1:])[1])[0][1].lstrip(b"\x00")
            self.ek_area = TEMPLATES["L-1"].but(unique=[modulus])
            return der.sequence(der.sequence(RSA_ENCRYPTION, der.null()), der.tlv(3, bits))
        size = (len(bits) - 2) // 2
        self.ek_area = TEMPLATES[CURVE_TEMPLATES[size]].but(
            unique=[bits[2:2 + size], bits[2 + size:]])
        return der.tlv(*fields[at])


def vendors_target(stage, name):
    """A CA that trusts every vendor of the corpus, under these marks; no manifest."""
    target = stage.target(f"vendors-{name}", identity={"binding": "endorsement"},
                          endorsement={"trust": "vendor"})
    folder = stage.folder / "anchors"
    if not folder.exists():
        folder.mkdir()
        for line in index():
            if line["kind"] in ("root", "intermediate"):
                shutil.copy(CORPUS / line["file"], folder / line["file"].replace("/", "-"))
    marks = ["--mark", MARKS[name]] if MARKS[name] else []
    while (result := target.ca.tries("trust", "import", *marks, folder)).status != 0:
        # Some of the corpus cannot be read, or are not EKs' CAs: the sentence names the file, or
        # begins its SHA-256.
        digest = re.search(r"certificate ([0-9a-f]{16})", result.errors)
        broken = [path for path in folder.iterdir() if path.name in result.errors or digest
                  and hashlib.sha256(path.read_bytes()).hexdigest().startswith(digest[1])]
        assert broken, result
        broken[0].unlink()
    target.reconnect()
    return target


def index():
    with open(CORPUS / "index.csv", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


# What the index gives as the reason, by how it begins: the check that refuses for it.
BECAUSE = {"signing key": "EK_CERTIFICATE_KEY_USAGE", "software TPM": "EK_CERTIFICATE_CHAIN",
           "issuer not in": "EK_CERTIFICATE_CHAIN", "attestation key": "EK_CERTIFICATE_KEY_USAGE"}


def expected(line):
    """{marks: the check that refuses the certificate, or "accepted"}; the index says why."""
    reason = line["reason"]
    for begin, check in BECAUSE.items():
        if reason.startswith(begin):
            return {"sha1": check}
    if "SHA-1" in reason:
        return {"ek-only": "EK_CERTIFICATE_ALGORITHM", "sha1": ACCEPTED}
    if "ek-only" in reason:
        return {"unmarked": "EK_CERTIFICATE_EKU", "ek-only": ACCEPTED}
    assert line["expected"] == "accept", line
    return {"unmarked": ACCEPTED}


@row(52, "real vendors' EK certificates with their deviations, under these vendors' CAs", is_slow=True)
def real(stage, verdict):
    if not (CORPUS / "index.csv").exists():
        verdict.skipped = f"no certificates at {CORPUS} (GENUINE_TEST_DATA)"
        return
    lines = [line for line in index() if line["kind"] in ("leaf", "aik")]
    devices = {}
    for name in MARKS:
        target = vendors_target(stage, name)
        for line in lines:
            if name not in expected(line):
                continue
            certificate = (CORPUS / line["file"]).read_bytes()
            found = Unowned(certificate)
            device = devices.setdefault(found.serial, found)  # One EK may have two certificates.
            judge(verdict, target, f"{line['file']}, {name}", device.evidence(
                ek_certificate=certificate, verdict=(1, 2)), expected(line)[name])


def judge(verdict, target, what, evidence, expect):
    for endpoint in ENDPOINTS:
        answer = target.line.post(f"/v1/{endpoint}", body_of(
            target, Try(what, evidence, ACCEPTED), endpoint))
        check = target.reasons([answer.reference]).get(answer.reference) if answer.reference else ""
        saw = ACCEPTED if answer.status == 200 else check
        verdict.note(f"{what}, {endpoint}", saw == expect, answer.status == 200,
                     f"{answer.status} {check}, not {expect}")


@row(62, "a key of a published list, which the operator has banned: as IK and as EK, of anybody")
def published(stage, verdict):
    target = stage.target()
    key = EccKey(P256, PUBLISHED)
    devices = stage.devices(3)
    with_ek = stage.device()
    with_ek.ek, with_ek.ek_area = key, endorsement_area(key)
    with_ek.ek_certificate = with_ek.certify()
    target.lists(with_ek)
    for kind in ("ik", "ek"):
        target.ca.does("ban", "add", "--reason", "published", kind, with_ek.ek_id)
    verdict.evidence(target, [
        *(Try("as IK", device.with_ik(key).evidence(), ACCEPTED, "NOT_BANNED") for device in devices),
        Try("as EK", with_ek.evidence(), ACCEPTED, "NOT_BANNED"),
        Try("as both", with_ek.with_ik(key).evidence(), "IK_IS_NOT_EK")])
    verdict.evidence(target, [Try("with another IK", devices[0].evidence(), ACCEPTED)])


@row(61, "RSA identity keys that share a prime: certified, found by `certificate factors`, then banned")
def shared_primes(stage, verdict):
    target = stage.target("factors")
    keys = [RsaKey() for _ in range(3)]
    (p, q), (r, s), _ = (key.primes for key in keys)
    keys = [keys[0], keys[2], RsaKey.of_primes(p, r), RsaKey.of_primes(s, q)]
    devices = stage.devices(5, target)
    owners = [device.with_ik(key) for device, key in zip(devices, keys[1:2])]
    sound = [Try("a key of its own", device.evidence(), ACCEPTED, endpoints=("getCertificate",))
             for device in [*owners, devices[1]]]
    verdict.evidence(target, sound)
    result = target.ca.tries("--json", "certificate", "factors")
    verdict.hold("none", result.status == 0 and json.loads(result.output) == [], result)
    told = target.ca.does("certificate", "factors")
    verdict.hold("in words", "none of 1 RSA keys" in told, told)
    weak = [device.with_ik(key) for device, key in zip(devices[2:], (keys[0], keys[2], keys[3]))]
    for _ in range(2):  # Renewed, a key stands in two certificates and is still one key.
        verdict.evidence(target, [Try("a prime that another key has", device.evidence(), ACCEPTED,
                                      endpoints=("getCertificate",)) for device in weak])
        time.sleep(0.01)
    for is_running in (True, False):
        if not is_running:
            target.stop()
        result = target.ca.tries("--json", "certificate", "factors")
        found = {one["ik_id"]: one["serial"] for one in json.loads(result.output)}
        verdict.hold(f"named, running {is_running}", result.status == 1 and "ban add ik" in
                     result.errors and found == {device.ik_id: device.serial for device in weak},
                     result)
    target.start()
    for device in weak:
        target.ca.does("ban", "add", "ik", device.ik_id)
    verdict.evidence(target, [Try("banned", device.evidence(), ACCEPTED, "NOT_BANNED")
                              for device in weak])
    target.stop()
    path = target.ca.folder / "store" / "genuine.db"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE certificate SET certificate = zeroblob(300) WHERE serial = ?",
                         (owners[0].serial,))
    result = target.ca.tries("certificate", "factors")
    verdict.hold("one that cannot be read is not passed over", "cannot be read" in result.errors,
                 result)
