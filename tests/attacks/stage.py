"""What the attacks run against: shipped CAs, each under another policy, and the attacker's copies of
what an attacker must not have (the tickets' master), so that every check behind it is reached."""

import contextlib
import hashlib
import re
import sqlite3
import tempfile
from pathlib import Path

from attacker import ticket
from attacker.certificates import Authority
from attacker.evidence import SoftwareDevice, b64
from attacker.keys import openssl
from attacker.wire import Line
from genuine_test.ca import Ca
from genuine_test.process import GENUINE_CA, SOURCE

RING_SLOT = 512
WORDS_MAX = 32  # of one command; more files are named by their folder
# What no refusal may change. crl and state move by themselves; open intents are in `intent`.
TABLES = ("change", "manifest_row", "binding", "binding_ek", "binding_ik", "rekey", "ban", "intent",
          "certificate", "revocation", "audit")


def checks():
    """{name: (number, status)} out of docs/CHECKS.md."""
    row = re.compile(r"^\| (\d+) \| `(\w+)` \| \w+ \| (\d{3}) \|", re.MULTILINE)
    text = (SOURCE / "docs" / "CHECKS.md").read_text(encoding="utf-8")
    return {name: (int(number), int(status)) for number, name, status in row.findall(text)}


CHECKS = checks()
NAMES = {number: name for name, (number, _) in CHECKS.items()}


def pem(der):
    return openssl("x509", "-inform", "der", stdin=der)


class Target:
    """A CA that is under attack. settings are lines of genuine.conf, by section."""

    def __init__(self, folder, settings=None, program=GENUINE_CA):
        self.folder = folder
        self.settings = settings or {}
        self.ca = type("Ca", (Ca,), {"program": program})(folder)
        self.configure({"front": {"rate_per_prefix": 100000000, "rate_all": 100000000}})
        self.configure(self.settings)
        self.line = None

    def configure(self, sections):
        path = self.folder / "genuine.conf"
        parts = re.split(r"(?m)^(?=\[)", path.read_text())
        for section, lines in sections.items():
            index = next(i for i, part in enumerate(parts) if part.startswith(f"[{section}]\n"))
            for key, value in lines.items():
                rest = re.sub(rf"(?m)^{key} = .*\n", "", parts[index])
                parts[index] = rest.replace("\n", f"\n{key} = {value}\n", 1)
        path.write_text("".join(parts))

    def start(self):
        self.ca.start()
        self.reconnect()
        return self

    def reconnect(self):
        if self.line:
            self.line.close()
        self.line = Line(int(self.ca.url.rpartition(":")[2]), self.ca.certificate)
        self.fingerprint = bytes.fromhex(self.ca.tells("status")["fingerprint"])
        self.read_ticket_keys()

    def stop(self):
        if self.line:
            self.line.close()
        self.ca.stop()

    def read_ticket_keys(self):
        text = (self.folder / "secret" / "ticket.keys").read_text()
        found = re.search(r"^current (\w+) (\w+)$", text, re.MULTILINE)
        self.ca_id, self.master = map(bytes.fromhex, found.groups())

    # ---- what the operator is told to trust and to list ----

    def trusts(self, *certificates, marks=""):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for number, certificate in enumerate(certificates):
                paths.append(Path(folder) / f"{number}.der")
                paths[-1].write_bytes(certificate)
            named = paths if len(paths) < WORDS_MAX else [folder]
            self.ca.does("trust", "import", *(["--mark", marks] if marks else []), *named)
        if self.line:
            self.fingerprint = bytes.fromhex(self.ca.tells("status")["fingerprint"])

    def lists(self, *devices, options=()):
        self.ca.lists("".join(device.row for device in devices), *options)

    # ---- tickets ----

    def header(self, **changes):
        return ticket.Header(self.ca_id, self.fingerprint).but(**changes)

    def ticket_members(self, evidence, header=None):
        header = header or self.header()
        return {"challenge": b64(header.octets()),
                "ticket": b64(ticket.ticket(self.master, header, evidence))}

    # ---- what came of it ----

    def reasons(self, references):
        """{reference: name of the check}, out of the rings in which the fronts keep refusals."""
        wanted, found = {bytes.fromhex(reference) for reference in references}, {}
        for ring in sorted(self.folder.glob("refusals.*")):
            octets = ring.read_bytes()
            for at in range(0, len(octets), RING_SLOT):
                reference = octets[at + 9:at + 17]
                if reference in wanted:
                    source_len = int.from_bytes(octets[at + 18:at + 22], "big")
                    check = octets[at + 22 + source_len:at + 24 + source_len]
                    found[reference.hex()] = NAMES[int.from_bytes(check, "big")]
        return found

    def explained(self, reference):
        """The same as the operator is told it."""
        return self.ca.tells("explain", reference)["check"]

    def dump(self, but=()):
        """A digest of all that a refusal must leave as it was. but names tables that are left out, and
        acts of that name."""
        digest = hashlib.sha256()
        path = self.folder / "store" / "genuine.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            for table in (table for table in TABLES if table not in but):
                # A revocation list is signed some time after an operator's act, whatever is refused.
                acts = ", ".join(f"'{act}'" for act in ("crl", *but))
                where = f"WHERE act NOT IN ({acts})" if table == "audit" else ""
                for row in database.execute(f"SELECT * FROM {table} {where} ORDER BY 1, 2"):
                    digest.update(repr((table, row)).encode())
        return digest.hexdigest()

    def count(self, query):
        path = self.folder / "store" / "genuine.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchone()[0]


class Stage(contextlib.ExitStack):
    """All components of a run, made when they are first asked for."""

    def __init__(self, is_full):
        super().__init__()
        self.is_full = is_full
        folder = tempfile.TemporaryDirectory(prefix="genuine-attacks-", ignore_cleanup_errors=True)
        self.folder = Path(self.enter_context(folder))
        self.folder.chmod(0o755)  # The roles of a CA started as root are other users.
        self.number = 0
        self.targets = {}
        self.root = Authority("Test TPM Vendor Root")
        self.vendor = Authority("Test TPM Vendor CA 1", self.root)

    def some(self, inputs, count):
        """All inputs in a full run, else count of them, evenly spread, first and last included."""
        inputs = list(inputs)
        if self.is_full or len(inputs) <= count:
            return inputs
        return [inputs[i * (len(inputs) - 1) // max(count - 1, 1)] for i in range(count)]

    def target(self, name="main", program=GENUINE_CA, **settings):
        """The CA of that name: with a vendor that it trusts, and settings of genuine.conf."""
        if name not in self.targets:
            folder = self.folder / name
            folder.mkdir(mode=0o755)
            target = Target(folder / "ca", settings, program)
            target.trusts(self.root.certificate, self.vendor.certificate)
            self.targets[name] = target.start()
            self.callback(target.stop)
        return self.targets[name]

    @property
    def issued(self):
        """How many certificates the targets that were stopped had issued."""
        return sum(target.ca.issued for target in self.targets.values())

    def serial(self):
        self.number += 1
        return f"SN-{self.number:05}"

    def devices(self, count=1, target=None, **how):
        """New software devices, in the manifest of the target."""
        made = [SoftwareDevice(self.serial(), self.vendor, **how) for _ in range(count)]
        (target or self.target()).lists(*made)
        return made

    def device(self, target=None, **how):
        return self.devices(1, target, **how)[0]
