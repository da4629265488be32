"""S1 to S8 of docs/ARCHITECTURE.md, over what a CA and a device have left behind.

Written from the documents alone: it shares no code with the product. Each function takes the Scene
and yields a sentence for everything that is broken. What no file can tell (S6: how old a ticket was)
is said where it is left out.
"""

import base64
import contextlib
import hashlib
import json
import re
import sqlite3
from pathlib import Path

from certificates_seen import (certificates_at, first_in, installed_in, key_id, not_of, number_of,
                               public_key, run, spki_in, tbs_of)

IK_HANDLES = range(0x81020002, 0x81020100)  # PROTOCOL: where identity keys are persistent
LEASE_MS = 60_000
# By the last that the store did: a key that is superseded is revoked a day later.
IN_FORCE = "effective_at_ms <= (SELECT max(at_ms) FROM audit)"
COORDINATE_LEN = 32  # of P-256


class Scene:
    """A CA's folder, whose server has ended, and perhaps a device's folder and its TPM.

    held are certificates (DER) that were seen at the device before, and are perhaps no more there.
    """

    def __init__(self, ca, device=None, tcti=None, held=()):
        self.ca, self.device, self.tcti = Path(ca), device and Path(device), tcti
        self.held = {*held, *certificates_at(self.device, self.ca)}
        path = self.ca / "store" / "genuine.db"
        # Opened to read only; what lies in the write-ahead log is read as a restart would.
        self.database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        self.database.row_factory = sqlite3.Row

    def rows(self, query, *values):
        return self.database.execute(query, values).fetchall()

    def close(self):
        self.database.close()


def installed(scene):
    return installed_in(scene.device)


# ---- the rules ----

def s1_only_proved_keys(scene):
    """S1: each certificate is the CA's, for the key and the EK of its binding, which is listed."""
    path = scene.ca / "ca.pem"
    for row in scene.rows("SELECT * FROM certificate"):
        der, who = row["certificate"], row["number"].hex()
        said = not_of(path, path.read_bytes(), der)
        if said is not None:
            yield f"{who} is not of this CA: {said}"
        if key_id(der) != row["ik_id"] or number_of(der) != row["number"]:
            yield f"{who} is for another key or has another number than its row says"
        if not scene.rows("SELECT 1 FROM binding_ik WHERE ik_id = ? AND binding = ?",
                          row["ik_id"], row["binding"]):
            yield f"{who}: its key is not of its binding"
        if not scene.rows("SELECT 1 FROM binding_ek WHERE ek_id = ? AND binding = ?",
                          row["ek_id"], row["binding"]):
            yield f"{who}: its EK is not of its binding"
        if not scene.rows("SELECT 1 FROM manifest_row WHERE ek_id = ? AND serial = ?",
                          row["ek_id"], row["serial"]):
            yield f"{who}: its EK was never listed for its serial"


DOUBLES = {
    "a serial has two bindings": "SELECT serial FROM binding WHERE state <> 3",
    "an EK is in two bindings": "SELECT ek_id FROM binding_ek WHERE returned_at_ms IS NULL",
    "an IK is in two bindings": "SELECT ik_id FROM binding_ik",
    "a binding has two current certificates of a profile":
        "SELECT binding || '/' || profile FROM certificate WHERE is_current = 1",
    "two intents are open for a serial": "SELECT serial FROM intent WHERE state = 1",
    "two intents are open for an EK": "SELECT ek_id FROM intent WHERE state = 1",
    "two intents are open for an IK": "SELECT ik_id FROM intent WHERE state = 1",
}


def s2_one_of_each(scene):
    """S2: nobody is two, and nothing is whose twice; the database itself is sound."""
    for what, query in DOUBLES.items():
        values = [row[0] for row in scene.rows(query)]
        if len(values) != len(set(values)):
            yield what
    for pragma in ("integrity_check", "foreign_key_check"):
        found = [tuple(row) for row in scene.rows(f"PRAGMA {pragma}")]
        if found not in ([], [("ok",)]):
            yield f"PRAGMA {pragma}: {found[:3]}"


def s3_intent_record_answer(scene):
    """S3: each certificate had its intent; what the device ever held is in the store."""
    for row in scene.rows("SELECT c.*, i.state AS intent_state, i.tbs_digest, i.opened_at_ms,"
                          " i.ticket_hash AS intent_ticket FROM certificate c"
                          " LEFT JOIN intent i USING (number)"):
        who = row["number"].hex()
        if row["intent_state"] != 2:
            yield f"{who} has no finished intent"
        elif hashlib.sha256(tbs_of(row["certificate"])).digest() != row["tbs_digest"]:
            yield f"{who} is not what its intent was for"
        elif row["intent_ticket"] != row["ticket_hash"]:
            yield f"{who} and its intent have not the same ticket"
        elif row["recorded_at_ms"] < row["opened_at_ms"]:
            yield f"{who} was recorded before its intent"
    for row in scene.rows("SELECT number FROM intent WHERE state = 2 AND number NOT IN"
                          " (SELECT number FROM certificate)"):
        yield f"the intent {row['number'].hex()} is finished without a certificate"
    for der in sorted(scene.held):
        if not scene.rows("SELECT 1 FROM certificate WHERE certificate = ?", der):
            yield f"the device held {number_of(der).hex()}, which was never recorded"


def s4_one_certificate_a_ticket(scene):
    """S4: never two certificates for one ticket."""
    tickets = [row[0] for row in scene.rows("SELECT ticket_hash FROM certificate")]
    if len(tickets) != len(set(tickets)):
        yield "two certificates for one ticket"


class Barred:
    """Whom the audit chain's acts, one after the other, have banned and suspended."""

    def __init__(self):
        self.banned, self.suspended = set(), set()
        self.serial_of = {}  # of EKs and IKs that had a certificate

    def take(self, act, detail):
        if act == "ban add":
            self.banned.add((detail["kind"], detail["value"]))
        elif act == "ban remove":
            self.banned.discard((detail["kind"], detail["value"]))
        elif act == "device suspend" or detail.get("suspended") == "yes":
            self.suspended.add(detail["serial"])
        elif act in ("device restore", "device release"):
            self.suspended.discard(detail["serial"])

    def bind(self, intent):
        self.serial_of |= {intent["ek_id"]: intent["serial"], intent["ik_id"]: intent["serial"]}

    def has(self, intent):
        names = {("serial", intent["serial"]), ("ek", intent["ek_id"]), ("ik", intent["ik_id"])}
        serials = {intent["serial"], *(self.serial_of.get(value) for _, value in names)}
        return bool(names & self.banned or serials & self.suspended)


def barred(scene):
    """(Barred at the end of the chain, what was signed for one that was barred then)."""
    now, intents, broken_by = Barred(), {}, []
    for row in scene.rows("SELECT act, detail FROM audit ORDER BY seq"):
        act, detail = row["act"], json.loads(row["detail"])
        now.take(act, detail)
        if act == "intent":
            intents[detail["number"]] = detail
        if act not in ("intent", "bind", "renew", "rekey"):
            continue
        if now.has(intents[detail["number"]]):
            broken_by.append(f"{act} {detail['number']}")
        if act != "intent":
            now.bind(intents[detail["number"]])
    return now, broken_by


def s5_barred(scene):
    """S5: banned and suspended end only by an operator's act, and get nothing meanwhile."""
    now, broken_by = barred(scene)
    for act in broken_by:
        yield f"{act}: for one that was banned or suspended"
    kinds = {1: "serial", 2: "ek", 3: "ik"}
    values = {(kinds[row["kind"]], row["value"].decode() if row["kind"] == 1 else row["value"].hex())
              for row in scene.rows("SELECT kind, value FROM ban WHERE lifted_at_ms IS NULL")}
    if values != now.banned:
        yield f"banned: {values}, by the audit chain: {now.banned}"
    serials = {row["serial"] for row in scene.rows("SELECT serial FROM binding WHERE state = 2")}
    if serials != now.suspended:
        yield f"suspended: {serials}, by the audit chain: {now.suspended}"


def s5_order(scene):
    """S5: the newest certificate is the current one; its key is the binding's."""
    for row in scene.rows("SELECT c.*, b.ik_id AS bound FROM certificate c"
                          " JOIN binding b ON b.id = c.binding WHERE is_current = 1"):
        newest = scene.rows("SELECT max(recorded_at_ms) FROM certificate WHERE binding = ?"
                            " AND profile = ?", row["binding"], row["profile"])[0][0]
        if row["recorded_at_ms"] != newest or row["ik_id"] != row["bound"]:
            yield f"{row['number'].hex()} is current, but is not the newest or has not its IK"


def s6_times(scene):
    """S6, as far as files tell: leases are as long as they may be, and times never go back."""
    for row in scene.rows("SELECT * FROM intent WHERE lease_until_ms - opened_at_ms <> ?",
                          LEASE_MS):
        yield f"the intent {row['number'].hex()} has another lease"
    times = [row[0] for row in scene.rows("SELECT at_ms FROM audit ORDER BY seq")]
    if times != sorted(times):
        yield "the audit chain's times go back"


def listed(scene):
    """The numbers on the newest revocation list, whose signature is checked."""
    rows = scene.rows("SELECT der FROM crl ORDER BY number DESC LIMIT 1")
    if not rows:
        return None
    status, text, said = run("openssl", "crl", "-inform", "der", "-CAfile", scene.ca / "ca.pem",
                             "-noout", "-text", stdin=rows[0][0])
    if status != 0 or "verify OK" not in said:
        return None
    return {bytes.fromhex(number.zfill(32))
            for number in re.findall(r"Serial Number: ([0-9A-F]+)", text.decode())}


def s7_nothing_unknown(scene):
    """S7: what may have been signed is recorded or revoked and on the list; nothing stays open."""
    on_list = listed(scene)
    if on_list is None:
        yield "there is no revocation list that is the CA's"
        return
    for row in scene.rows("SELECT number, state FROM intent WHERE number NOT IN"
                          " (SELECT number FROM certificate)"):
        if row["state"] == 1:
            yield f"the intent {row['number'].hex()} is still open"
        elif row["number"] not in on_list:
            yield f"{row['number'].hex()} may have been signed and is not on the list"
    for row in scene.rows(f"SELECT number FROM revocation WHERE {IN_FORCE}"):
        if row["number"] not in on_list:
            yield f"{row['number'].hex()} is revoked and not on the list"
    mine = installed(scene)
    if mine is not None and number_of(mine) in on_list:
        yield "the device's certificate is revoked"


def field(octets):
    return len(octets).to_bytes(4, "big") + octets


def s8_audit(scene):
    """S8: the chain is whole up to the state row and the mark; each change has its entry."""
    head, texts = bytes(32), []
    for number, row in enumerate(scene.rows("SELECT * FROM audit ORDER BY seq"), 1):
        words = [row[name].encode() for name in ("actor", "act", "detail")]
        head = hashlib.sha256(head + row["seq"].to_bytes(8, "big") + row["at_ms"].to_bytes(8, "big")
                              + b"".join(map(field, words))).digest()
        if row["seq"] != number or row["hash"] != head:
            yield f"the chain breaks at entry {number}"
            return
        texts.append((row["act"], json.loads(row["detail"])))
    state, = scene.rows("SELECT * FROM state")
    if (state["audit_count"], state["audit_head"]) != (len(texts), head):
        yield "the state row does not name the chain's end"
    yield from mark_behind(scene, len(texts))
    yield from entries_missing(scene, texts)


def mark_behind(scene, count):
    """The mark may be old after a power cut; never ahead, and it names an entry that is there."""
    mark = (scene.ca / "store" / "genuine.db.mark").read_bytes()
    seq = int.from_bytes(mark[:8], "big")
    hashes = [row[0] for row in scene.rows("SELECT hash FROM audit WHERE seq = ?", seq)]
    if seq > count or (seq > 0 and hashes != [mark[8:]]):
        yield f"the mark names entry {seq}, and the chain has {count}"


def entries_missing(scene, texts):
    told = {act: {detail.get("number") for name, detail in texts if name == act}
            for act in ("intent", "bind", "renew", "rekey", "intent close")}
    for row in scene.rows("SELECT number, state FROM intent"):
        number = row["number"].hex()
        if number not in told["intent"]:
            yield f"the intent {number} has no entry"
        if row["state"] == 3 and number not in told["intent close"]:
            yield f"that the intent {number} was closed has no entry"
    for row in scene.rows("SELECT number FROM certificate"):
        if not any(row["number"].hex() in told[act] for act in ("bind", "renew", "rekey")):
            yield f"the certificate {row['number'].hex()} has no entry"


def identity_keys(tcti):
    return [handle for handle in handles(tcti, "persistent") if int(handle, 16) in IK_HANDLES]


def id_at(tcti, handle):
    """As key_id, of what a TPM holds at a handle."""
    _, pem, _ = run("tpm2_readpublic", "-T", tcti, "-Q", "-c", handle, "-f", "pem", "-o",
                    "/dev/stdout")
    return hashlib.sha256(spki_in(pem)).digest()


def tpm_tidy(scene):
    """The TPM: no transient object, no session, at most one identity key; the device's is there."""
    if scene.tcti is None:
        return
    for kind in ("transient", "loaded-session", "saved-session"):
        left = handles(scene.tcti, kind)
        if left:
            yield f"left in the TPM, {kind}: {left}"
    keys = identity_keys(scene.tcti)
    if len(keys) > 1:
        yield f"identity keys at {keys}"
    mine = installed(scene)
    if mine is not None and (not keys or id_at(scene.tcti, keys[0]) != key_id(mine)):
        yield "the certificate's key is not the TPM's identity key"


def handles(tcti, kind):
    _, text, _ = run("tpm2_getcap", "-T", tcti, f"handles-{kind}")
    return re.findall(r"0x[0-9A-Fa-f]+", text.decode())


def octets_of(path):
    """What a file has, in PEM or not; nothing where there is none."""
    octets = path.read_bytes() if path.exists() else b""
    if octets.startswith(b"-----BEGIN"):
        octets = base64.b64decode(b"".join(octets.splitlines()[1:-1]))
    return octets


def has_key_of(path, der):
    """Whether both coordinates of a certificate's key stand in a file."""
    point, octets = public_key(der)[-2 * COORDINATE_LEN:], octets_of(path)
    return point[:COORDINATE_LEN] in octets and point[COORDINATE_LEN:] in octets


def shown(device):
    """The certificate that the device's peers are shown."""
    return first_in(device / "chain.pem")


def is_cut_off(device):
    """Whether what peers are shown is not of the key that the device would sign with."""
    return shown(device) is not None and not has_key_of(device / "key.pem", shown(device))


def device_fits(scene):
    """The device: what it shows and signs with belongs to its certificate (for keys of P-256)."""
    mine = installed(scene)
    if mine is None:
        return
    if shown(scene.device) != mine:
        yield "chain.pem does not begin with the certificate"
    for name in ("key.pub", "key.pem"):
        if not has_key_of(scene.device / name, mine):
            yield f"{name} is not the certificate's key"


def lost(device, tcti):
    """A device that had a certificate has one at each moment, and its TPM has the key of it."""
    mine = installed_in(device)
    if mine is None:
        yield "the device has no certificate any more"
    elif key_id(mine) not in [id_at(tcti, handle) for handle in identity_keys(tcti)]:
        yield "the TPM has not the key of the certificate any more"


RULES = (s1_only_proved_keys, s2_one_of_each, s3_intent_record_answer, s4_one_certificate_a_ticket,
         s5_barred, s5_order, s6_times, s7_nothing_unknown, s8_audit, tpm_tidy, device_fits)


def broken(ca, device=None, tcti=None, rules=RULES, held=()):
    """All that is broken, each with the name of its rule."""
    with contextlib.closing(Scene(ca, device, tcti, held)) as scene:
        return [f"{rule.__name__}: {what}" for rule in rules for what in rule(scene)]
