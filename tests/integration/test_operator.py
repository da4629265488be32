"""The operator's commands, with a running server and without one."""

import contextlib
import fcntl
import json
import os
import pwd
import signal
import socket
import sqlite3
import stat
import threading

from genuine_test import tap
from genuine_test.ca import Ca
from genuine_test.process import GENUINE_CA, Daemon, attempt, run
from genuine_test.tpm import Tpm
from genuine_test.vendor import SmallVendor, Vendor

EK_IDS = [f"{number:064x}" for number in range(1, 9)]


class Folder(tap.Case):
    """init: what it writes, and that it overwrites nothing."""

    def test_init(self):
        """init writes configuration, certificates, keys and database; secrets are its owner's"""
        ca = Ca(self.folder / "init")
        for name in ("genuine.conf", "ca.pem", "tls.pem"):
            self.assertTrue((ca.folder / name).is_file(), name)
        secret = ca.folder / "secret"
        self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o700)
        for file in secret.iterdir():
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600, file)
        run("openssl", "verify", "-x509_strict", "-CAfile", ca.certificate, ca.tls_certificate)
        text = run("openssl", "x509", "-in", ca.tls_certificate, "-noout", "-text")
        self.assertIn("DNS:localhost", text)
        self.assertIn("IP Address:127.0.0.1", text)

    def test_init_refuses_to_overwrite(self):
        """init in a folder that has a CA is refused and changes nothing"""
        ca = Ca(self.folder / "twice")
        before = {file.name: file.read_bytes() for file in ca.folder.rglob("*") if file.is_file()}
        result = ca.tries("init", "--laboratory")
        self.assertNotEqual(result.status, 0)
        self.assertNotEqual(result.errors, "")
        after = {file.name: file.read_bytes() for file in ca.folder.rglob("*") if file.is_file()}
        self.assertEqual(after, before)

    def test_keys(self):
        """--ca-key chooses the CA's key"""
        for key, words in (("p384", "secp384r1"), ("rsa3072", "3072 bit")):
            with self.subTest(key):
                ca = Ca(self.folder / key, "--ca-key", key)
                self.assertIn(words, run("openssl", "x509", "-in", ca.certificate, "-noout",
                                         "-text"))
                ca.start()
                self.addCleanup(ca.stop)
                self.assertEqual(ca.client.get("/healthz").status, 200)

    def test_laboratory(self):
        """without --laboratory a software TPM's vendor is not imported"""
        vendor = Vendor(self.folder / "vendor")
        Tpm(self.folder / "tpm", vendor).stop()
        folder = self.folder / "production"
        run(GENUINE_CA, "-C", folder, "init", "--name", "Production")
        result = attempt(GENUINE_CA, "-C", folder, "trust", "import", *vendor.certificates)
        self.assertNotEqual(result.status, 0, result)

    def test_usage(self):
        """a command that there is not, and one without what it needs: a sentence, status 2"""
        ca = Ca(self.folder / "usage")
        for command in (["nothing"], ["device"], ["device", "show"], ["--nothing"]):
            with self.subTest(command):
                result = ca.tries(*command)
                self.assertEqual(result.status, 2, result)
                self.assertNotEqual(result.errors, "")

    def test_unsafe_folder(self):
        """a secret that others could read or replace is not used"""
        ca = Ca(self.folder / "unsafe")
        key = next((ca.folder / "secret").glob("ca*"))
        key.chmod(0o644)
        result = ca.tries("serve", "--listen", "127.0.0.1:0")
        self.assertNotEqual(result.status, 0, result)
        self.assertIn(key.name, result.errors)


class WithoutServer(tap.Case):
    """Every command works on the folder itself. Each test has a CA of its own."""

    is_serving = False

    def setUp(self):
        self.ca = Ca(self.folder / self.id().rpartition(".")[2])
        if self.is_serving:
            self.ca.start()
            self.addCleanup(self.ca.stop)

    def serials(self):
        return {row["serial"]: row["state"] for row in self.ca.tells("device", "list")}

    def test_devices(self):
        """devices are imported, listed, shown, suspended, restored and released"""
        self.ca.lists(f"SN-0001,{EK_IDS[0]},,line-1\nSN-0002,{EK_IDS[1]},,\n"
                      f"SN-0002,{EK_IDS[2]},,\n# a comment\n")
        self.assertEqual(self.serials(), {"SN-0001": "listed", "SN-0002": "listed"})
        self.assertIn(EK_IDS[0], self.ca.does("device", "show", "SN-0001"))
        self.assertIn("line-1", self.ca.does("device", "list"))
        self.ca.does("device", "suspend", "SN-0001")
        self.assertEqual(self.serials()["SN-0001"], "suspended")
        self.ca.does("device", "restore", "SN-0001")
        self.ca.does("device", "release", "SN-0002")
        self.assertEqual(self.serials()["SN-0001"], "listed")
        self.assertNotEqual(self.ca.tries("device", "show", "SN-9999").status, 0)

    def test_import_is_all_or_nothing(self):
        """a manifest with one bad row is refused as a whole, and the sentence says which line"""
        for bad in ("SN-0003,nohex,,", "sn lower,{},,", "SN-0003", "SN-0001,{},,"):
            manifest = self.ca.folder.parent / "bad.csv"
            manifest.write_text("serial,ek_id,profile,group\n"
                                f"SN-0001,{EK_IDS[0]},,\nSN-0002,{EK_IDS[0]},,\n"
                                + bad.format(EK_IDS[1]) + "\n")
            with self.subTest(bad):
                result = self.ca.tries("device", "import", manifest)
                self.assertNotEqual(result.status, 0, result)
                self.assertEqual(self.ca.tells("device", "list"), [])

    def test_import_of_json_lines(self):
        """JSON Lines serve as well as CSV"""
        manifest = self.ca.folder.parent / "manifest.jsonl"
        manifest.write_text(json.dumps({"serial": "SN-0001", "ek_id": EK_IDS[0]}) + "\n")
        self.ca.does("device", "import", manifest)
        self.assertEqual(self.serials(), {"SN-0001": "listed"})

    def test_bans(self):
        """bans are added, listed and removed"""
        self.ca.does("ban", "add", "serial", "SN-0001")
        self.ca.does("ban", "add", "ek", EK_IDS[0])
        listed = {(row["kind"], row["value"]) for row in self.ca.tells("ban", "list")}
        self.assertEqual(listed, {("serial", "SN-0001"), ("ek", EK_IDS[0])})
        self.assertNotEqual(self.ca.tries("ban", "add", "serial", "SN-0001").status, 0)
        self.ca.does("ban", "remove", "serial", "SN-0001")
        self.assertEqual(len(self.ca.tells("ban", "list")), 1)

    def test_trust(self):
        """vendors' CAs are imported (PEM, DER, a folder), listed and removed"""
        small = SmallVendor(self.folder / f"small-{self.is_serving}")
        der = small.folder / "der"
        der.mkdir()
        run("openssl", "x509", "-in", small.root, "-outform", "der", "-out", der / "root.der")
        self.ca.does("trust", "import", der)
        self.ca.does("trust", "import", small.root)
        listed = self.ca.tells("trust", "list")
        self.assertEqual(len(listed), 1, "the same certificate twice is one anchor")
        self.assertIn("Small TPM Vendor Root", self.ca.does("trust", "list"))
        self.ca.does("trust", "remove", listed[0]["id"])
        self.assertEqual(self.ca.tells("trust", "list"), [])

    def test_trust_names_the_file(self):
        """trust import says which file of a folder it is that cannot be an anchor"""
        folder = self.folder / "anchors"
        folder.mkdir()
        for number, usage in enumerate(("keyCertSign", "cRLSign", "keyCertSign")):
            run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Vendor",
                "-keyout", self.folder / "anchor.key", "-out", folder / f"{number}.pem", "-addext",
                f"keyUsage=critical,{usage}")
        result = self.ca.tries("trust", "import", folder)
        self.assertEqual(result.status, 1)
        self.assertIn("anchors/1.pem: it may not issue EK certificates", result.errors)
        self.assertEqual(self.ca.tells("trust", "list"), [])

    def test_too_many_words(self):
        """a command line that is too long is told what to do instead"""
        result = self.ca.tries("trust", "import", *["/nowhere.pem"] * 70)
        self.assertEqual(result.status, 2)
        self.assertIn("trust import takes a folder as well", result.errors)

    def test_listings_are_arrays(self):
        """with --json a listing is one array, empty where there is nothing"""
        for listing in ("trust", "device", "ban", "certificate"):
            self.assertEqual(self.ca.tells(listing, "list"), [])

    def test_long_listing(self):
        """a listing of more than two pages has each device once, in their order"""
        self.ca.lists("".join(f"SN-{n:04},{n:064x},,\n" for n in range(1, 1204)))
        listed = self.ca.tells("device", "list")
        self.assertEqual([row["serial"] for row in listed],
                         [f"SN-{n:04}" for n in range(1, 1204)])

    def test_audit(self):
        """every act has a record in the chain, and the chain verifies"""
        before = self.ca.tells("audit", "verify")
        self.ca.does("ban", "add", "serial", "SN-0001")
        self.ca.lists(f"SN-0002,{EK_IDS[0]},,\n")
        after = self.ca.tells("audit", "verify")
        self.assertTrue(after["whole"])
        self.assertGreater(after["entries"], before["entries"] + 1)
        self.assertNotEqual(after["head"], before["head"])

    def records(self):
        return [(row["act"], json.loads(row["detail"])) for row in self.ca.tells("audit", "list")]

    def test_supervisors_acts_are_audited(self):
        """what the supervisor itself does is in the chain: init, trust, rotation, each reload"""
        vendor = SmallVendor(self.folder / f"audited-{self.is_serving}")
        user = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
        self.assertEqual(self.records()[0][0], "init")
        self.ca.does("trust", "import", "--mark", "ek-only", vendor.root)
        self.ca.does("trust", "import", "--mark", "sha1", vendor.root)
        anchor = self.ca.tells("trust", "list")[0]["id"]
        fingerprint = self.records()[-1][1]["fingerprint"]
        self.ca.does("rotate", "--now")
        ca_id = (self.ca.folder / "secret" / "ticket.keys").read_text().split()[1]
        self.ca.does("trust", "remove", anchor)
        trust = [(act, detail["sha256"], detail["marks"]) for act, detail in self.records()
                 if act.startswith("trust")]
        self.assertEqual(trust, [("trust import", anchor, "ek-only"),
                                 ("trust remove", anchor, "ek-only"),
                                 ("trust import", anchor, "sha1"),
                                 ("trust remove", anchor, "sha1")])
        rotated = [detail for act, detail in self.records() if act == "rotate"]
        self.assertEqual([(one["ca_id"], one["excused"]) for one in rotated], [(ca_id, "no")])
        reloads = [detail for act, detail in self.records() if act == "reload"]
        self.assertEqual(reloads[-1]["former"], fingerprint)
        self.assertNotEqual(reloads[-1]["fingerprint"], fingerprint)
        actors = {row["actor"] for row in self.ca.tells("audit", "list")
                  if row["act"] in ("init", "rotate", "reload", "trust import", "trust remove")}
        self.assertEqual(actors, {user})
        self.assertTrue(self.ca.tells("audit", "verify")["whole"])

    def test_crl(self):
        """crl gives a revocation list that our CA signed"""
        file = self.folder / "crl"
        file.write_text(self.ca.does("crl"))
        run("openssl", "crl", "-in", file, "-CAfile", self.ca.certificate, "-noout")

    def test_unknown_reference(self):
        """explain of a reference that there is not: a sentence and status 1"""
        result = self.ca.tries("explain", "0000000000000000")
        self.assertEqual(result.status, 1, result)
        self.assertNotEqual(result.errors, "")


class WithServer(WithoutServer):
    """The same, through a running server."""

    is_serving = True


class Serving(tap.Case):
    """What the server itself must do: one at a time, reload all or nothing, end in order."""

    def setUp(self):
        self.ca = Ca(self.folder / self.id().rpartition(".")[2])
        self.ca.start()
        self.addCleanup(self.ca.stop)

    def test_ends_on_sigterm(self):
        """SIGTERM ends it with status 0, and all its roles with it"""
        roles = [pid for pids in self.ca.roles().values() for pid in pids]
        self.assertEqual(self.ca.stop(), 0)
        for pid in roles:
            self.assertFalse(os.path.exists(f"/proc/{pid}"), pid)

    def test_one_server(self):
        """a second server on the same folder is refused"""
        result = self.ca.tries("serve", "--listen", "127.0.0.1:0")
        self.assertNotEqual(result.status, 0, result)
        self.assertEqual(self.ca.client.get("/healthz").status, 200)

    def test_status(self):
        """status has the supervisor's row and the store's in one, and no warning"""
        told = json.loads(self.ca.does("--json", "status"))
        self.assertEqual((told["running"], told["roles_working"]), (True, told["roles"]))
        self.assertEqual((told["clock_ahead_s"], told["revoked"], told["warning"]), (0, 0, None))
        self.assertIn("revoked_max", self.ca.does("status"))

    def test_reload_is_all_or_nothing(self):
        """a reload of a broken configuration is refused with the line; the old one goes on"""
        file = self.ca.folder / "genuine.conf"
        good = file.read_text()
        file.write_text(good + "\n[nothing]\nknown = no\n")
        result = self.ca.tries("reload")
        self.assertNotEqual(result.status, 0, result)
        self.assertIn("line", result.errors)
        self.assertEqual(self.ca.client.get("/healthz").status, 200)
        file.write_text(good)
        self.ca.does("reload")
        self.ca.daemon.signal(signal.SIGHUP)
        self.assertEqual(self.ca.client.get("/healthz").status, 200)

    def test_reload_beside_a_start(self):
        """a reload is not said to be needless where a server starts, which may have read all before"""
        self.ca.stop()
        with open(self.ca.folder / "lock", "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            result = self.ca.tries("reload")
        self.assertEqual(result.status, 1, result)
        self.assertIn("a server is starting or ending", result.errors)
        result = self.ca.tries("reload")
        self.assertEqual(result.status, 1, result)
        self.assertIn("no server is running", result.errors)
        self.ca.start()
        self.ca.does("reload")

    def test_reload_of_hosts(self):
        """with another host the TLS certificate is another one soon, by command as by SIGHUP"""
        file = self.ca.folder / "genuine.conf"
        for host, reload in (("one.example", lambda: self.ca.does("reload")),
                             ("two.example", lambda: self.ca.daemon.signal(signal.SIGHUP))):
            with self.subTest(host):
                self.assertFalse(self.ca.serves_as(host))
                file.write_text(file.read_text().replace("hosts = ", f"hosts = {host}, "))
                reload()
                self.ca.daemon.wait_for(lambda: self.ca.serves_as(host), f"certificate for {host}")

    def test_start_and_stop_are_audited(self):
        """start, SIGHUP and end of a server are in the chain, with the version"""
        self.ca.daemon.signal(signal.SIGHUP)
        self.ca.daemon.wait_for(lambda: "reloaded" in self.ca.daemon.told(), "reload")
        self.ca.stop()
        rows = [(row["act"], row["actor"]) for row in self.ca.tells("audit", "list")
                if row["act"] != "crl"]
        self.assertEqual([act for act, _ in rows], ["init", "server start", "reload", "server stop"])
        self.assertEqual({actor for _, actor in rows[1:]}, {"supervisor"})
        stop = json.loads(self.ca.tells("audit", "list")[-1]["detail"])
        self.assertIn(stop["version"], run(GENUINE_CA, "--version"))

    def test_locked_database(self):
        """a second in which another program has the database locked is waited for"""
        path = self.ca.folder / "store" / "genuine.db"
        with contextlib.closing(sqlite3.connect(path, check_same_thread=False)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            free = threading.Timer(1, connection.rollback)
            free.start()
            self.ca.does("ban", "add", "serial", "SN-0001")
            free.join()
        self.assertNotIn("was ended", self.ca.daemon.told())

    def test_more_revoked_than_a_list_holds(self):
        """a server with more revoked than a list holds starts without one: /v1/crl is 503"""
        self.ca.stop()
        path = self.ca.folder / "store" / "genuine.db"
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute("DELETE FROM crl")
            database.executemany("INSERT INTO revocation VALUES (?, 1, 0, 0, NULL)",
                                 ((number.to_bytes(16, "big"),) for number in range(1, 320002)))
        self.ca.start()
        self.assertIn("more than 320000 certificates are revoked; the last one, if there is one, is "
                      "served on", self.ca.daemon.told())
        self.assertEqual(self.ca.client.get("/v1/crl").status, 503)
        self.assertEqual(self.ca.client.get("/healthz").status, 200)
        self.assertEqual(self.ca.tells("status")["revoked"], 320001)

    def test_sd_notify(self):
        """readiness goes to the socket that NOTIFY_SOCKET names as well"""
        self.ca.stop()
        path = self.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(path))
            listener.settimeout(20)
            daemon = Daemon(self.folder, GENUINE_CA, "-C", self.ca.folder, "serve",
                            "--listen", "127.0.0.1:0", env={"NOTIFY_SOCKET": path})
            self.addCleanup(daemon.stop)
            self.assertIn("READY=1", listener.recv(4096).decode())


class Tampered(tap.Case):
    """The chain of records is what shows that the database was changed behind the program."""

    def test_tampering_shows(self):
        """a record changed in the database breaks the chain"""
        ca = Ca(self.folder / "ca")
        ca.does("ban", "add", "serial", "SN-0001")
        ca.does("ban", "add", "serial", "SN-0002")
        database = next((ca.folder / "store").glob("*.db*"))
        with sqlite3.connect(database) as connection:
            changed = connection.execute(
                "UPDATE audit SET detail = replace(detail, 'SN-0001', 'SN-0003')").rowcount
        connection.close()
        self.assertGreater(changed, 0)
        result = ca.tries("audit", "verify")
        self.assertNotEqual(result.status, 0, result)


if __name__ == "__main__":
    tap.main()
