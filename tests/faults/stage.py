"""A world for each injection: a CA, a TPM and a device, copied from a template that was made once."""

import contextlib
import http.client
import shutil
import sqlite3
import ssl
import time
from dataclasses import dataclass

from certificates_seen import certificates_at, installed_in, key_id
from genuine_test.ca import Ca
from genuine_test.process import BUILD, GENUINE_DEVICE, Daemon, Failed, attempt, run
from genuine_test.tpm import Tpm
from genuine_test.vendor import Vendor
from invariant_checks import IN_FORCE
from rig import Page

ROLES = ("front", "verifier", "authority", "store")
SERVER = ("supervisor", *ROLES)
SERIAL = "SN-0001"
RUN_TIMEOUT_S = 90
LEASE_MS = 61_000  # of an intent, and a moment more (PROTOCOL, "Who may be whom")
SETTLE_S = 15


@dataclass(frozen=True)
class Journey:
    """What a device is about to do while something is spoilt, and what the next run is told."""

    name: str
    is_provisioned: bool = False  # it has a certificate already
    options: tuple = ()
    again: tuple = ()


FIRST = Journey("first")
RENEWAL = Journey("renewal", True)
NEW_KEY = Journey("new key", True, ("--new-key",), ("--new-key",))
NEW_KEY_LEFT = Journey("new key, then a renewal", True, ("--new-key",))
LATER = (RENEWAL, NEW_KEY, NEW_KEY_LEFT)


class Template:
    """What all worlds are copied from: one TPM of one vendor, listed at a CA of one worker.

    provisioned/ beside it has the same CA and TPM later: with a device that has its certificate.
    """

    def __init__(self, folder, rig_folder):
        self.folder = folder
        vendor = Vendor(folder / "vendor")
        tpm = Tpm(folder / "tpm", vendor)
        self.ca = Ca(folder / "ca")
        self.ca.trusts(vendor)
        rows = run(GENUINE_DEVICE, "manifest-line", "--serial", SERIAL, "--tcti", tpm.tcti)
        tpm.stop()
        self.ca.lists(rows)
        self.bar_others()
        path = self.ca.folder / "genuine.conf"
        # All requests come from one address here, many a minute.
        path.write_text(path.read_text().replace("[front]\n", "[front]\nworkers = 1\n", 1))
        self.rig(rig_folder)
        self.provision()
        self.vendors = folder / "vendors.pem"
        self.vendors.write_text("".join(map(self.other_root, ("One", "Another"))))

    def bar_others(self):
        """One device that is suspended and one EK that is banned, and are to stay so."""
        self.ca.lists(f"SN-0002,{'02' * 32},,\n")
        self.ca.does("device", "suspend", "SN-0002")
        self.ca.does("ban", "add", "ek", "03" * 32)

    def other_root(self, name):
        """A vendor's certificate that may be imported besides."""
        root = self.folder / "root.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", "/dev/null", "-subj", f"/CN={name} TPM Vendor", "-addext",
            "keyUsage=critical,keyCertSign,cRLSign", "-days", "3650", "-out", root)
        return root.read_text()

    def provision(self):
        later = self.folder / "provisioned"
        later.mkdir()
        run("cp", "-a", self.folder / "ca", later)
        ca, tpm = CopiedCa(later / "ca", BUILD), CopiedTpm(self.folder / "tpm", later / "tpm")
        ca.start()
        run(GENUINE_DEVICE, "provision", "--ca", ca.url, "--ca-cert", ca.certificate, "--serial",
            SERIAL, "--tcti", tpm.tcti, "--dir", later / "device")
        ca.stop()
        tpm.stop()

    def rig(self, rig_folder):
        """A build folder whose roles are preloaded with the rig."""
        build = self.folder / "build"
        (build / "real").mkdir(parents=True)
        shutil.copy2(BUILD / "genuine-ca", build)
        shutil.copy2(rig_folder / "librig.so", build)
        for role in ROLES:
            shutil.copy2(BUILD / f"genuine-ca-{role}", build / "real")
            shutil.copy2(rig_folder / "rigged_role", build / f"genuine-ca-{role}")


class CopiedTpm(Tpm):
    def __init__(self, source, folder):
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.log", "*.out", ".lock"))
        self.folder, self.daemon, self.port = folder, None, 0
        self.start()

    def persistent_identity_keys(self):
        return [handle for handle in self.handles("persistent")
                if 0x81020002 <= handle <= 0x810200FF]


def supervisor_rig(build):
    return {"LD_PRELOAD": build / "librig.so", "RIG_PAGE": build / "genuine-ca.page"}


class CopiedCa(Ca):
    """A CA that was initialised before; serves by the programs of a build folder."""

    def __init__(self, folder, build):
        self.folder, self.build, self.daemon, self.url = folder, build, None, None

    def start(self, *tracer):
        self.daemon = Daemon(self.folder.parent, *tracer, self.build / "genuine-ca", "-C",
                             self.folder, "serve", "--listen", "127.0.0.1:0",
                             env=supervisor_rig(self.build) if self.is_rigged() else None)
        port = self.daemon.wait_for_output(r".*127\.0\.0\.1:([1-9][0-9]*)")[1]
        self.url = f"https://127.0.0.1:{port}"
        return self

    def is_rigged(self):
        return self.build != BUILD

    def pid(self, role):
        """The process that is this role now; None where there is none."""
        if role == "supervisor":
            return self.daemon.process.pid
        return self.roles().get(role, [None])[0]

    def database(self):
        """The store's, to read only; it may be in use."""
        path = self.folder / "store" / "genuine.db"
        return contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10))

    def count(self, query):
        with self.database() as database:
            return database.execute(query).fetchone()[0]

    def last_time(self):
        """The latest that the store has gone by, in seconds since 1970."""
        return self.count("SELECT max(at_ms) FROM audit") / 1000

    def has_open_intent(self):
        return self.count("SELECT count(*) FROM intent WHERE state = 1") > 0

    def has_others_barred(self):
        """Whether those of Template.bar_others still are."""
        return self.count("SELECT (SELECT count(*) FROM ban WHERE lifted_at_ms IS NULL)"
                          " + (SELECT count(*) FROM binding WHERE state = 2)") == 2

    def is_well(self):
        """Asked without looking at its certificate: its clock may be another than ours."""
        client = self.client
        client.context.check_hostname, client.context.verify_mode = False, ssl.CERT_NONE
        try:
            return client.get("/healthz").status == 200
        except (OSError, http.client.HTTPException):
            return False


class World:
    """One injection's own CA, TPM and device. The CA serves from the start on."""

    def __init__(self, template, folder, journey=FIRST):
        folder.mkdir()
        folder.chmod(0o755)
        self.folder, self.journey = folder, journey
        self.device_folder = folder / "device"
        source = template.folder / "provisioned" if journey.is_provisioned else template.folder
        parts = [source / "ca", template.folder / "build"]
        if journey.is_provisioned:
            parts.append(source / "device")
        for part in parts:
            run("cp", "-a", "--reflink=auto", part, folder)
        self.vendors = template.vendors  # two certificates that the CA does not trust yet
        self.held = set()  # every certificate that was ever seen at the device
        self.former = installed_in(self.device_folder)
        self.pages = {role: Page(folder / "build" / f"genuine-ca-{role}.page")
                      for role in (*ROLES, "device")}
        self.pages["supervisor"] = Page(folder / "build" / "genuine-ca.page")
        self.ca = self.tpm = None
        try:
            self.tpm = CopiedTpm(source / "tpm", folder / "tpm")
            self.bus = self.tpm
            self.ca = CopiedCa(folder / "ca", BUILD)
            self.ca.start()
        except BaseException:
            self.close()
            raise

    def use_rig(self):
        """From now on the CA's programs run with the rig."""
        self.ca.stop()
        self.ca.build = self.folder / "build"
        self.ca.start()

    def set_clock(self, ms, *roles):
        for role in roles or SERVER:
            self.pages[role].set(clock_ms=ms)

    def device(self, *before, rigged=False, options=None):
        """Runs genuine-device, perhaps under another program; how it ended."""
        told = self.journey.options if options is None else options
        try:
            return self.runs(*before, GENUINE_DEVICE, "provision", "--json", "--ca", self.ca.url,
                             "--ca-cert", self.ca.certificate, "--serial", SERIAL, "--tcti",
                             self.bus.tcti, "--dir", self.device_folder, *told, rigged=rigged)
        finally:
            self.look()

    def status(self):
        return self.runs(GENUINE_DEVICE, "status", "--tcti", self.bus.tcti, "--dir",
                         self.device_folder)

    def runs(self, *command, rigged=False):
        env = {"TSS2_LOG": "all+NONE"}
        if rigged or self.pages["device"].clock_ms != 0:
            env = {**env, "LD_PRELOAD": self.folder / "build" / "librig.so",
                   "RIG_PAGE": self.pages["device"].path}
        return attempt(*command, env=env, timeout=RUN_TIMEOUT_S)

    def look(self):
        """What the device holds now: a later run puts another in its place."""
        self.held |= certificates_at(self.device_folder, self.ca.folder)

    def has_changed_key(self):
        now = installed_in(self.device_folder)
        return now is not None and key_id(now) != key_id(self.former)

    def again(self):
        """What the next run is told; not once more --new-key, where that was all done."""
        state = self.device_folder / "state.json"
        is_done = "--new-key" in self.journey.options and self.has_changed_key() and \
            "former" not in state.read_text()
        return () if is_done else self.journey.again

    def wait_until(self, condition, what):
        deadline = time.monotonic() + SETTLE_S
        while not condition():
            if time.monotonic() > deadline:
                raise Failed(f"not within {SETTLE_S} s: {what}")
            time.sleep(0.02)

    def is_replaced(self, role, pid):
        """Whether another process is this role by now, or soon."""
        try:
            self.wait_until(lambda: self.ca.pid(role) not in (None, pid), f"another {role}")
        except Failed:
            return False
        return True

    def serve_again(self):
        """Whatever has happened to the server, one serves from now on."""
        if self.ca.daemon is not None and not self.ca.daemon.is_running():
            self.ca.daemon = None
        if self.ca.daemon is None:
            self.ca.start()
        self.wait_until(self.ca.is_well, "the server answers well")

    def let_leases_run_out(self):
        """A minute later, without waiting for it: the server's clock is put forward."""
        self.ca.stop()
        self.ca.build = self.folder / "build"
        self.set_clock(max(self.pages[role].clock_ms for role in SERVER) + LEASE_MS)
        self.ca.start()
        self.wait_until(lambda: not self.ca.has_open_intent(), "a run-out intent is closed")

    def settle_list(self):
        """What is revoked by now must be on a list that is served."""
        self.wait_until(lambda: self.ca.count(
            f"SELECT count(*) FROM revocation WHERE {IN_FORCE} AND made_at_ms >= "
            "(SELECT coalesce(max(complete_until_ms), 0) FROM crl)") == 0,
            "a list that has all that was revoked")

    def close(self):
        for part in (self.ca, self.tpm):
            daemon = part.daemon if part is not None else None
            if daemon is not None:
                with contextlib.suppress(Failed):
                    daemon.stop()
        for page in self.pages.values():
            page.close()
        shutil.rmtree(self.folder, ignore_errors=True)
