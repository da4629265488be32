"""What is around the device's program: its reader, its output, its environment, its command line."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attacker.lying_tpm import TPM_CC_CREATE, TPM_CC_CREATE_PRIMARY
from genuine_test import tap
from genuine_test.ca import Ca
from genuine_test.character_device import CharacterDevice
from genuine_test.device import CA_NOT_REACHED, LOCAL_FILES, NO_TPM, OTHER, USAGE, Device
from genuine_test.middle import Middle
from genuine_test.process import GENUINE_DEVICE, attempt, environment
from genuine_test.tpm import Tpm, neighbouring_listeners
from genuine_test.vendor import Vendor

GRACE_S = 20  # after a signal, for a command that is under way
# Longer than the watch's second, as a chip is.
SLOW_S = 1.5


class Surroundings(tap.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = Vendor(cls.folder / "vendor")
        cls.tpm = cls.on_stage(Tpm(cls.folder / "tpm", cls.vendor))
        cls.ca = Ca(cls.folder / "ca")
        cls.ca.trusts(cls.vendor)
        cls.ca.lists_both("SN-1", cls.tpm)
        cls.on_stage(cls.ca.start())
        # Without persistent EKs, what is not flushed is seen.
        for handle in cls.tpm.handles("persistent"):
            cls.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", hex(handle))
        cls.device = Device(cls.folder / "SN-1", cls.tpm, "SN-1")

    def setUp(self):
        self.persistent = self.tpm.handles("persistent")

    def changes_nothing(self, result, status, words):
        self.assertEqual(result.status, status, result)
        self.assertIn(words, result.errors)
        self.assertIn("nothing was changed", result.errors)
        self.assertEqual(self.tpm.handles("persistent"), self.persistent)

    def test_reader_gone(self):
        """whoever stops reading the steps does not end it in the middle"""
        command = [GENUINE_DEVICE, "provision", "--ca", self.ca.url, "--ca-cert",
                   self.ca.certificate, "--serial", "SN-1", "--tcti", self.tpm.tcti, "--dir",
                   self.device.folder]
        with subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, env=environment({})) as process:
            process.stderr.close()
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.tpm.leftovers(), {})

    def test_full_output(self):
        """manifest rows that did not reach their file are not taken for written"""
        result = attempt("sh", "-c", f"{GENUINE_DEVICE} manifest-line --serial SN-1 "
                                     f"--tcti {self.tpm.tcti} >/dev/full")
        self.assertEqual(result.status, LOCAL_FILES, result)
        self.assertIn("did not take the result", result.errors)

    def test_help_that_nobody_gets(self):
        """help and version that did not reach their file are told as such, too"""
        for word in ("help", "version"):
            result = attempt("sh", "-c", f"{GENUINE_DEVICE} {word} >/dev/full")
            self.assertEqual(result.status, LOCAL_FILES, result)

    def test_new_folder(self):
        """the entry of a folder that it makes is synced, so that a power cut does not take it"""
        log = self.folder / "log"
        attempt("strace", "-y", "-e", "trace=fsync", "-o", log, GENUINE_DEVICE, "provision", "--tcti",
                self.tpm.tcti, "--dir", self.folder / "synced")
        self.assertRegex(log.read_text(), f"<{self.folder}>\\) += 0")

    def test_closed_descriptors(self):
        """what is meant for a standard error that is closed does not reach the TPM instead"""
        result = attempt("sh", "-c", f"{GENUINE_DEVICE} manifest-line --serial SN-1 "
                                     "--tcti cmd:tpm2_send 0<&- 2>&-", env=self.tpm.env)
        self.assertEqual(result.status, 0, result)
        self.assertIn("SN-1,", result.output)

    def test_usage_in_json(self):
        """--json: a command line that is wrong is told in JSON as well"""
        result = attempt(GENUINE_DEVICE, "provision", "--key", "dsa", "--json")
        self.assertEqual(result.status, USAGE, result)
        self.assertEqual(json.loads(result.output)["exit_code"], USAGE)

    def test_json_of_any_path(self):
        """--json: a path that is no UTF-8 is told all the same"""
        result = attempt(GENUINE_DEVICE, "provision", "--json", "--tcti", self.tpm.tcti, "--dir",
                         os.fsdecode(b"/nowhere/\xff"))
        self.assertEqual(result.status, LOCAL_FILES, result)
        self.assertEqual(json.loads(result.output)["exit_code"], LOCAL_FILES)

    def test_empty_environment(self):
        """an empty TPM2TOOLS_TCTI is none: no TPM is looked for where nobody said"""
        result = attempt(GENUINE_DEVICE, "status", "--dir", self.device.folder,
                         env={"TPM2TOOLS_TCTI": ""})
        self.assertEqual(result.status, NO_TPM, result)
        self.assertIn("/dev/tpmrm0", result.errors)

    def test_nohup(self):
        """a signal that is ignored at the start, as by nohup, does not end it"""
        process = subprocess.Popen(
            ["sh", "-c", "trap '' HUP && exec \"$@\"", "sh", str(GENUINE_DEVICE), "provision", "--ca",
             "https://127.0.0.1:1", "--ca-cert", str(self.ca.certificate), "--serial", "SN-1",
             "--tcti", self.tpm.tcti, "--dir", str(self.folder / "nohup")],
            stderr=subprocess.PIPE, env=environment({}))
        self.addCleanup(process.kill)
        process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        self.assertIn(b"was not reached", process.communicate()[1])
        self.assertEqual(process.returncode, CA_NOT_REACHED)

    def test_silent_tcti(self):
        """where nobody answers as the TCTI is opened, a signal ends it all the same"""
        with contextlib.ExitStack() as stage:
            listeners = [stage.enter_context(one) for one in neighbouring_listeners()]
            port = listeners[0].getsockname()[1]
            process = stage.enter_context(subprocess.Popen(
                [str(GENUINE_DEVICE), "status", "--json", "--tcti",
                 f"swtpm:host=127.0.0.1,port={port}"], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env=environment({})))
            time.sleep(1)
            process.terminate()
            try:
                output, errors = process.communicate(timeout=GRACE_S + 10)
            finally:
                process.kill()
        self.assertEqual(process.returncode, NO_TPM)
        self.assertIn(b"the TPM does not answer", errors)
        self.assertEqual(json.loads(output)["exit_code"], NO_TPM)

    def test_no_thread(self):
        """where the system has no thread left, no TPM is used that nobody watches"""
        result = attempt("strace", "-f", "-o", self.folder / "log", "-e",
                         "inject=clone,clone3:error=EAGAIN", GENUINE_DEVICE, "manifest-line",
                         "--serial", "SN-1", "--tcti", self.tpm.tcti)
        self.changes_nothing(result, OTHER, "no memory left to watch the TPM")

    def test_slow_device(self):
        """a chip that takes its time, behind the kernel's device, is waited for, and left tidy"""
        slow = {TPM_CC_CREATE_PRIMARY: SLOW_S, TPM_CC_CREATE: SLOW_S}
        with CharacterDevice(self.tpm, slow) as device:
            result = attempt(GENUINE_DEVICE, "provision", "--ca", self.ca.url, "--ca-cert",
                             self.ca.certificate, "--serial", "SN-1", "--tcti", device.tcti, "--dir",
                             self.folder / "slow")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.tpm.leftovers(), {})

    def test_told_to_end_while_slow(self):
        """told to end while a chip is at work, it waits for the answer and leaves nothing loaded"""
        process = None

        def told(code):
            if code == TPM_CC_CREATE_PRIMARY:
                process.terminate()

        with CharacterDevice(self.tpm, {TPM_CC_CREATE_PRIMARY: SLOW_S}, told) as device:
            process = subprocess.Popen(
                [str(GENUINE_DEVICE), "provision", "--ca", self.ca.url, "--ca-cert",
                 str(self.ca.certificate), "--serial", "SN-1", "--tcti", device.tcti, "--dir",
                 str(self.folder / "ended")], stderr=subprocess.PIPE, env=environment({}))
            _, errors = process.communicate()
        self.assertIn(b"it was told to stop", errors)
        self.assertEqual(process.returncode, OTHER)
        self.assertEqual(self.tpm.leftovers(), {})

    def test_openssl_cnf(self):
        """the configuration of OpenSSL that it has written for others is none of its own"""
        self.assertEqual(self.device.provision(self.ca).status, 0)
        result = attempt(GENUINE_DEVICE, "provision", "--tcti", self.tpm.tcti, "--dir",
                         self.device.folder, env={"OPENSSL_CONF": self.device.folder / "openssl.cnf",
                                                  "TPM2OPENSSL_TCTI": self.tpm.tcti})
        self.assertEqual(result.status, 0, result)

    def test_ticket_in_no_file(self):
        """neither a core file nor a log of TLS keys has the ticket, whatever it was started with"""
        middle, files = Middle(self.ca), self.folder / "files"
        self.addCleanup(middle.stop)
        self.addCleanup(self.tpm.flush)
        files.mkdir()
        process = None
        # Whoever started the tests may have it ignored, as a shell does for what it runs by &.
        former = signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        self.addCleanup(signal.signal, signal.SIGQUIT, former)

        def abort(_):
            process.send_signal(signal.SIGQUIT)
            process.wait()
            return b""

        middle.lies = {"/v1/getCertificate": abort}
        with open(self.folder / "said", "w+", encoding="utf-8") as said:
            process = subprocess.Popen(
                ["sh", "-c", 'ulimit -c unlimited && exec "$@"', "sh", str(GENUINE_DEVICE), "provision",
                 "--ca", middle.url, "--ca-cert", str(self.ca.certificate), "--serial", "SN-1",
                 "--tcti", self.tpm.tcti, "--dir", str(self.device.folder)], cwd=files, stderr=said,
                env=environment({"SSLKEYLOGFILE": files / "keys"}))
            process.wait()
            said.seek(0)
            self.assertEqual(process.returncode, -signal.SIGQUIT, said.read())
        self.assertEqual(list(files.iterdir()), [])

    def test_path_for_a_tcti(self):
        """a device's path is no TCTI; the message says how to write it"""
        result = attempt(GENUINE_DEVICE, "status", "--tcti", "/dev/tpmrm0")
        self.changes_nothing(result, NO_TPM, "device:/dev/tpmrm0")

    def test_anchor_in_a_pipe(self):
        """a --ca-cert that is no regular file is not waited for: no signal would end that"""
        os.mkfifo(self.folder / "pipe")
        device = Device(self.folder / "pipes", self.tpm, "SN-1")
        result = device.provision(self.ca, ca_cert=self.folder / "pipe")
        self.changes_nothing(result, LOCAL_FILES, "pipe is no regular file")

    def test_proxies(self):
        """proxies in the environment are ignored"""
        nowhere = {name: "http://127.0.0.1:1" for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY")}
        result = attempt(GENUINE_DEVICE, "provision", "--ca", self.ca.url + "/", "--ca-cert",
                         self.ca.certificate, "--serial", "SN-1", "--tcti", self.tpm.tcti, "--dir",
                         self.device.folder, env=nowhere)
        self.assertEqual(result.status, 0, result)

    def test_no_url(self):
        """a URL that is none is found before a key is made"""
        for url in ("https://127.0.0.1:99999", "https://:::"):
            result = attempt(GENUINE_DEVICE, "provision", "--ca", url, "--ca-cert",
                             self.ca.certificate, "--serial", "SN-1", "--tcti", self.tpm.tcti,
                             "--dir", self.folder / "new")
            self.changes_nothing(result, USAGE, "is no URL")

    def test_no_anchor(self):
        """so is a --ca-cert that has issued nothing: the server's own certificate"""
        device = Device(self.folder / "other", self.tpm, "SN-1")
        result = device.provision(self.ca, ca_cert=self.ca.tls_certificate)
        self.changes_nothing(result, LOCAL_FILES, "does not hold CA certificates")


if __name__ == "__main__":
    tap.main()
