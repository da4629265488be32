"""Each invariant notices when it is broken: a store that is sound is broken in one way at a time."""

import contextlib
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import certificates_seen  # noqa: E402
import invariant_checks  # noqa: E402
from genuine_test import tap  # noqa: E402
from genuine_test.ca import Ca  # noqa: E402
from genuine_test.device import Device  # noqa: E402
from genuine_test.process import run  # noqa: E402
from genuine_test.tpm import Tpm  # noqa: E402
from genuine_test.vendor import Vendor  # noqa: E402

# What is done to the store, and the rule that must notice. A zero octet stands for what is wrong.
BREAKS = {
    "s1_only_proved_keys": "UPDATE certificate SET ik_id = zeroblob(32)",
    "s2_one_of_each": "DROP INDEX binding_serial; INSERT INTO binding (serial, state, made_at_ms)"
                      " SELECT serial, 1, 0 FROM binding",
    "s3_intent_record_answer": "UPDATE intent SET tbs_digest = zeroblob(32)",
    "s4_one_certificate_a_ticket":
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
        " replace(sql, 'ticket_hash BLOB NOT NULL UNIQUE', 'ticket_hash BLOB NOT NULL')"
        " WHERE name = 'certificate'; DELETE FROM sqlite_schema WHERE"
        " name = 'sqlite_autoindex_certificate_2'; PRAGMA writable_schema = RESET;"
        " UPDATE certificate SET ticket_hash = zeroblob(32)",
    "s5_barred": "UPDATE ban SET lifted_at_ms = 0",
    "s5_order": "UPDATE binding SET ik_id = zeroblob(32)",
    "s6_times": "UPDATE intent SET lease_until_ms = lease_until_ms + 1",
    "s7_nothing_unknown": "UPDATE intent SET state = 1 WHERE id = 1; DELETE FROM certificate"
                          " WHERE number = (SELECT number FROM intent WHERE id = 1)",
    "s8_audit": "UPDATE audit SET detail = detail || ' ' WHERE seq = 3",
}


class Invariants(tap.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        vendor = Vendor(cls.folder / "vendor")
        cls.tpm = cls.on_stage(Tpm(cls.folder / "tpm", vendor))
        cls.ca = Ca(cls.folder / "ca")
        cls.ca.trusts(vendor)
        cls.device = Device(cls.folder / "device", cls.tpm, "SN-0001")
        cls.ca.lists(cls.device.manifest_line())
        cls.ca.start()
        for _ in range(2):
            assert cls.device.provision(cls.ca).status == 0
        cls.ca.does("ban", "add", "ek", "03" * 32)
        cls.ca.lists(f"SN-0002,{'02' * 32},,\n")
        cls.ca.does("device", "suspend", "SN-0002")
        cls.ca.stop()

    def found(self, ca, rule, device=None, held=()):
        check = getattr(invariant_checks, rule)
        return invariant_checks.broken(ca, device or self.device.folder, self.tpm.tcti, [check],
                                       held)

    def copied_device(self, name):
        return Path(shutil.copytree(self.device.folder, self.folder / name))

    def test_sound(self):
        """what two provisionings leave behind breaks no rule"""
        self.assertEqual(invariant_checks.broken(self.ca.folder, self.device.folder,
                                                 self.tpm.tcti), [])

    def test_broken_store(self):
        """a store that was changed is noticed, rule by rule"""
        for rule, change in BREAKS.items():
            with self.subTest(rule):
                copy = self.folder / rule
                shutil.copytree(self.ca.folder, copy)
                path = copy / "store" / "genuine.db"
                with contextlib.closing(sqlite3.connect(path)) as database:
                    database.executescript(change)
                    database.commit()
                self.assertNotEqual(self.found(copy, rule), [])

    def test_barred(self):
        """so is one that is suspended no more, and whoever got a certificate while he was barred"""
        first = "UPDATE audit SET act = '{}', detail = (SELECT {} FROM audit WHERE act = 'intent')" \
            " WHERE seq = 1"
        ban = "json_object('kind', '{}', 'value', detail ->> '{}')"
        for change, sentence in (
                ("UPDATE binding SET state = 1 WHERE state = 2", "suspended: set()"),
                (first.format("device suspend", "detail"), "renew "),
                *((first.format("ban add", ban.format(*names)), "bind ") for names in (
                    ("serial", "serial"), ("ek", "ek_id"), ("ik", "ik_id")))):
            with self.subTest(change):
                copy = Path(tempfile.mkdtemp(dir=self.folder)) / "ca"
                shutil.copytree(self.ca.folder, copy)
                with contextlib.closing(sqlite3.connect(copy / "store" / "genuine.db")) as database:
                    database.execute(change)
                    database.commit()
                self.assertIn(f"s5_barred: {sentence}", "\n".join(self.found(copy, "s5_barred")))

    def test_unknown_certificate(self):
        """a certificate at the device that the store does not have is noticed, wherever it lies"""
        others = self.folder / "others.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", "/dev/null", "-subj", "/serialNumber=SN-0001", "-out", others)
        der, = certificates_seen.certificates_in(others)
        self.assertNotEqual(self.found(self.ca.folder, "s3_intent_record_answer", held=[der]), [])
        for name in ("certificate.pem", "chain.pem", "certificate.pem.new"):
            with self.subTest(name):
                copy = self.copied_device(f"unknown {name}")
                shutil.copy(others, copy / name)
                self.assertNotEqual(self.found(self.ca.folder, "s3_intent_record_answer", copy), [])

    def test_forgotten_certificate(self):
        """so is the device's own, where the store has lost the record and the intent as well"""
        copy = self.folder / "forgotten"
        shutil.copytree(self.ca.folder, copy)
        with contextlib.closing(sqlite3.connect(copy / "store" / "genuine.db")) as database:
            database.execute("DELETE FROM certificate WHERE is_current = 1")
            database.execute("DELETE FROM intent WHERE number NOT IN"
                             " (SELECT number FROM certificate)")
            database.commit()
        self.assertNotEqual(self.found(copy, "s3_intent_record_answer"), [])

    def test_unfit_device(self):
        """files of the device that do not belong to its certificate are noticed"""
        self.assertEqual(self.found(self.ca.folder, "device_fits"), [])
        for name in ("chain.pem", "key.pub", "key.pem"):
            with self.subTest(name):
                copy = self.copied_device(f"unfit {name}")
                (copy / name).write_bytes((copy / "ca.pem").read_bytes())
                self.assertNotEqual(self.found(self.ca.folder, "device_fits", copy), [])
                self.assertEqual(invariant_checks.is_cut_off(copy), name != "key.pub")

    def test_lost(self):
        """a device that has lost its certificate, or the key of it, is noticed"""
        def lost(device):
            return list(invariant_checks.lost(device, self.tpm.tcti))
        self.assertEqual(lost(self.device.folder), [])
        copy = self.copied_device("lost")
        shutil.copy(copy / "ca.pem", copy / "certificate.pem")
        self.assertNotEqual(lost(copy), [])
        (copy / "certificate.pem").unlink()
        self.assertNotEqual(lost(copy), [])

    def test_lost_list(self):
        """a number that was revoked after the last list is noticed"""
        copy = self.folder / "list"
        shutil.copytree(self.ca.folder, copy)
        with contextlib.closing(sqlite3.connect(copy / "store" / "genuine.db")) as database:
            database.execute("INSERT INTO revocation SELECT number, 1, 0, 0, NULL FROM certificate"
                             " LIMIT 1")
            database.commit()
        self.assertNotEqual(self.found(copy, "s7_nothing_unknown"), [])

    def test_mark_ahead(self):
        """a mark that is ahead of the chain is noticed"""
        copy = self.folder / "mark"
        shutil.copytree(self.ca.folder, copy)
        (copy / "store" / "genuine.db.mark").write_bytes((1000).to_bytes(8, "big") + bytes(32))
        self.assertNotEqual(self.found(copy, "s8_audit"), [])

    def test_untidy_tpm(self):
        """a transient object, a second identity key and another key at its handle are noticed"""
        tool, context = self.tpm.tool, self.tpm.folder / "primary.ctx"
        tool("tpm2_createprimary", "-C", "owner", "-G", "ecc256", "-c", context)
        self.assertNotEqual(self.found(self.ca.folder, "tpm_tidy"), [])
        tool("tpm2_evictcontrol", "-C", "owner", "-c", context, "0x810200ff")
        self.tpm.flush()
        self.assertNotEqual(self.found(self.ca.folder, "tpm_tidy"), [])
        tool("tpm2_evictcontrol", "-C", "owner", "-c", "0x81020002")
        self.assertNotEqual(self.found(self.ca.folder, "tpm_tidy"), [])


if __name__ == "__main__":
    tap.main()
