"""Groups M and N: what goes wrong around the device's program: no TPM, a busy or a failing one, two
runs at once, a configuration that is none, a CA with another root."""

import errno
import fcntl
import json
import os
import pty
import subprocess
import termios
import threading
import time

from attacker.lying_ca import LyingCa, Said
from attacker.lying_tpm import (TPM_CC_ACTIVATE_CREDENTIAL, TPM_CC_CREATE, TPM_CC_EVICT_CONTROL,
                                TPM_CC_FLUSH_CONTEXT, TPM_CC_GET_CAPABILITY, TPM_CC_GET_RANDOM, LyingTpm,
                                response_code)
from catalogue import row
from devices import (CERTIFICATE, CHALLENGE, DONE, NO_TPM, NOT_REACHED, PATIENCE_S, TPM_REFUSED,
                     asked_nothing)
from genuine_test.process import GENUINE_DEVICE, attempt, environment
from genuine_test.tpm import EK_CERTIFICATE_H3, EK_CERTIFICATE_L1
from tpm_states import Fresh

USAGE, LOCAL_FILES = 2, 7
NOBODY = 65534
NOT_OPEN, NO_CONNECTION = "does not open", "the connection to the TPM failed"


@row(174, "no TPM, no right to it, something else in its place; a slot taken by somebody else",
     is_slow=True)
def transports(stage, verdict):
    f = Fresh(stage, "SN-TCTI")
    file = stage.folder / "no-tpm"
    file.write_bytes(b"")
    words = {"cmd:true": NO_CONNECTION, "cmd:cat /dev/zero": NO_CONNECTION}
    for tcti in ("device:/dev/null", "device:/dev/full", "device:/nowhere", f"device:{file}",
                 f"device:{stage.folder}", "swtpm:host=127.0.0.1,port=1", "mssim:port=1", "tabrmd:",
                 "nothing:", "", *words):
        for options in ((), ("--json",)):
            result = f.provisions(*options, tcti=tcti or ":")
            verdict.note(f"{tcti or 'empty'} {options}", result.status == NO_TPM
                         and words.get(tcti, NOT_OPEN) in result.errors
                         and not f.device.certificate.exists(), False, result)
    file.chmod(0)
    not_opened(verdict, "no right to it", file, errno.EACCES)
    taken(verdict)
    f.tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "ecc256", "-c", f.tpm.folder / "busy.ctx")
    busy = f.tpm.handles("transient")
    result = f.provisions()
    verdict.note("a slot is taken", result.status == 0 and f.tpm.handles("transient") == busy, True,
                 result)


def not_opened(verdict, what, path, number):
    """As a user who may not do everything, and who is told by the kernel why not."""
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    how = {"capture_output": True, "check": False, "text": True, "env": environment({}), **who}
    opens = subprocess.run(["sh", "-c", ': <>"$0"', path], **how)
    verdict.hold(f"{what}: the kernel says so", os.strerror(number) in opens.stderr, opens)
    done = subprocess.run([GENUINE_DEVICE, "status", "--tcti", f"device:{path}"], **how)
    verdict.note(what, done.returncode == NO_TPM and NOT_OPEN in done.stderr, False, done)


def taken(verdict):
    """A device node that another has and shares with nobody, as a TPM's without a resource manager:
    here a terminal's (ioctl_tty(2), TIOCEXCL)."""
    far, near = pty.openpty()
    try:
        os.chmod(os.ttyname(near), 0o666)
        fcntl.ioctl(near, termios.TIOCEXCL)
        not_opened(verdict, "another has it", os.ttyname(near), errno.EBUSY)
    finally:
        os.close(far)
        os.close(near)


BUSY = {"RETRY": 0x922, "YIELDED": 0x908, "NV_RATE": 0x920, "CANCELED": 0x909, "TESTING": 0x90A}


FAILING = {"FAILURE": 0x101, "NEEDS_TEST": 0x153, "INITIALIZE": 0x100, "REFERENCE_S0": 0x918,
           "REFERENCE_H0": 0x910}
# After these ESYS gives a command again, four times at most (TSS 2.0 ESAPI, 3.1).
AGAIN, ATTEMPTS = ("RETRY", "YIELDED", "TESTING"), 5
MEANINGS = {"RETRY": "it is busy", "YIELDED": "it is busy", "TESTING": "it is testing itself",
            "NV_RATE": "it slows down writes", "CANCELED": "the command was cancelled",
            "FAILURE": "it is in failure mode", "INITIALIZE": "it has not been started up",
            "NEEDS_TEST": "it gave a code that is not expected here",
            "REFERENCE_S0": "a session is gone", "REFERENCE_H0": "a key that was loaded is gone"}


def ends_in(name, command, is_lasting):
    """What a run must end in: a status and words."""
    if command == TPM_CC_FLUSH_CONTEXT or name in AGAIN and not is_lasting:
        return DONE, ""  # A flush that is refused cannot be mended, and nothing depends on it.
    if (name, command) == ("FAILURE", TPM_CC_ACTIVATE_CREDENTIAL):
        return TPM_REFUSED, "it was not sealed for these two keys"  # libtpms says so by this code.
    return TPM_REFUSED, MEANINGS[name]


def is_asked(times, name, is_lasting):
    """No code is an occasion to go on for ever."""
    if name not in AGAIN:
        return times == 1
    return times == ATTEMPTS if is_lasting else times > 1


class Denied:
    """A device whose TPM answers one command with one code: once, or from then on. The liar has a
    certificate at hand that is not yet installed, as in devices.py, for the quota's sake."""

    def __init__(self, stage, verdict, f, is_lasting):
        self.f, self.verdict, self.is_lasting = f, verdict, is_lasting
        self.bus = LyingTpm(f.tpm.port)
        stage.callback(self.bus.stop)
        f.works(verdict, "an honest bus", tcti=self.bus.tcti)
        self.before = f.device.certificate.read_bytes()
        f.works(verdict, "another certificate", tcti=self.bus.tcti)
        self.after = f.device.certificate.read_bytes()
        verdict.hold("they differ", self.before != self.after)

    def tells(self, name, code, command, how, **where):
        """One run; how it ended."""
        self.bus.begin(self.bus.honest)
        self.bus.deny = lambda c, n: response_code(code) if c == command and (
            self.is_lasting or n == 1) else None
        result = self.f.provisions(tcti=self.bus.tcti, **where)
        asked = self.bus.seen.get(command, 0)
        self.bus.begin(self.bus.honest)
        status, words = ends_in(name, command, self.is_lasting)
        is_flush = command == TPM_CC_FLUSH_CONTEXT
        is_bounded = asked > 0 if is_flush else is_asked(asked, name, self.is_lasting)
        self.f.tpm.flush()
        self.f.tpm.tries("tpm2_flushcontext", "--saved-session")
        self.verdict.note(f"{how}{name} for {command:x}{', always' if self.is_lasting else ''}",
                          result.status == status and words in result.errors and is_bounded
                          and self.f.lockouts() == self.f.counter, result.status == DONE,
                          f"{asked} times; {result}")
        return result

    def renewals(self, stage, codes):
        """Each command of a renewal with each code."""
        liar, file = self.f.v.ca, self.f.device.certificate
        liar.own[CERTIFICATE] = Said(200, json.dumps(
            {"certificate": self.after.decode(), "chain": ""}).encode())
        self.bus.begin(self.bus.honest)
        file.write_bytes(self.before)
        self.f.works(self.verdict, "a renewal", tcti=self.bus.tcti, url=liar.url)
        commands = sorted(self.bus.seen)
        for name, code in codes.items():
            for command in stage.some(commands, 3):
                file.write_bytes(self.before)
                result = self.tells(name, code, command, "", url=liar.url)
                self.verdict.hold("what it has stays, or is replaced", file.read_bytes() == (
                    self.after if result.status == DONE else self.before), result)
        liar.own.clear()

    def new_keys(self, codes):
        """What only a first run asks."""
        for name, code in codes.items():
            for command in (TPM_CC_CREATE, TPM_CC_EVICT_CONTROL):
                self.f.forget()
                result = self.tells(name, code, command, "a new key, ")
                self.verdict.hold("installed, or nothing is", self.f.device.certificate.exists() == (
                    result.status == DONE), result)
        self.f.works(self.verdict, "left alone", tcti=self.bus.tcti)


def denied(stage, verdict, f, codes, is_lasting):
    device = Denied(stage, verdict, f, is_lasting)
    device.renewals(stage, codes)
    device.new_keys(codes)


@row(175, "two runs at once; a TPM that is busy, once and for ever, at each command; that others use",
     is_slow=True)
def busy(stage, verdict):
    for is_lasting in (False, True):
        denied(stage, verdict, Fresh(stage, f"SN-BUSY-{is_lasting:d}"), BUSY, is_lasting)
    f = Fresh(stage, "SN-BUSY")
    command = [GENUINE_DEVICE, "provision", "--ca", f.ca.url, "--ca-cert", f.ca.certificate,
               "--serial", "SN-BUSY", "--tcti", f.tpm.tcti, "--dir", f.device.folder, "--ek", "ecc"]
    both = [subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, env=environment({})) for _ in range(2)]
    ended = [(process.communicate()[1].decode(), process.returncode) for process in both]
    statuses = sorted(status for _, status in ended)
    verdict.note("two at once", statuses in ([0, 0], [0, LOCAL_FILES]), True, ended)
    one_key = len(f.tpm.handles("persistent")) - len(f.persistent)
    verdict.hold("one key", one_key == 1 and not f.tpm.leftovers(), one_key)
    hammered(stage, verdict, f)


class Others:
    """Programs that use the same TPM, again and again."""

    COMMANDS = (("tpm2_getrandom", "--hex", "8"), ("tpm2_getcap", "handles-persistent"))

    def __init__(self, tcti):
        self.env = {"TPM2TOOLS_TCTI": tcti}
        self.done, self.failed, self.is_over = 0, [], False
        self.threads = [threading.Thread(target=self.use, args=command) for command in self.COMMANDS]
        for thread in self.threads:
            thread.start()

    def use(self, *command):
        while not self.is_over:
            result = attempt(*command, env=self.env)
            self.done += 1
            if result.status != 0:
                self.failed.append(str(result))

    def stop(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()


def waits(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)


def hammered(stage, verdict, f):
    """Between each two commands of the run another program has its turn; then at swtpm itself, where
    a whole run has one."""
    bus = LyingTpm(f.tpm.port, is_shared=True)
    stage.callback(bus.stop)
    turns = []

    def after_another(code, count, response):
        if code not in (TPM_CC_GET_RANDOM, TPM_CC_GET_CAPABILITY):  # What the others use as well.
            before = bus.seen.get(TPM_CC_GET_RANDOM, 0)
            waits(lambda: bus.seen.get(TPM_CC_GET_RANDOM, 0) > before)
            turns.append(bus.seen.get(TPM_CC_GET_RANDOM, 0) > before)
        return response

    f.forget()
    bus.begin(after_another)
    others = Others(bus.tcti)
    try:
        for what in ("a new key", "a renewal"):
            result = f.provisions(tcti=bus.tcti)
            verdict.note(f"others between the commands, {what}", result.status == DONE, True, result)
    finally:
        others.stop()
    bus.stop()
    verdict.hold("others had their turns", turns and all(turns) and not others.failed,
                 f"{turns} {others.failed}")
    others = Others(f.tpm.tcti)
    try:
        waits(lambda: others.done)
        result = f.provisions()
        verdict.note("others before and after", result.status == DONE, True, result)
    finally:
        others.stop()
    verdict.hold("they had theirs", not others.failed, others.failed)
    f.works(verdict, "left alone")


@row(176, "a TPM in failure mode, that was reset or switched off in the middle, that lost a session",
     is_slow=True)
def failing(stage, verdict):
    f = Fresh(stage, "SN-FAIL")
    denied(stage, verdict, f, FAILING, True)
    f.forget()

    def switched_off(said):
        f.tpm.power_cycle()
        return said

    f.v.ca.lie = lambda path, said: switched_off(said) if path == CHALLENGE else said
    try:
        result = attempt(GENUINE_DEVICE, "provision", "--ca", f.v.ca.url, "--ca-cert",
                         f.ca.certificate, "--serial", "SN-FAIL", "--tcti", f.tpm.tcti, "--dir",
                         f.device.folder, "--ek", "ecc", timeout=90)
    finally:
        f.v.ca.lie = f.v.ca.honest
    verdict.note("switched off between challenge and activation", result.status == NO_TPM
                 and NO_CONNECTION in result.errors and not f.device.certificate.exists(), False, result)
    f.works(verdict, "run again")
    one_key = len(f.tpm.handles("persistent")) - len(f.persistent)
    verdict.hold("one key", one_key == 1, one_key)


@row(178, "a CA's URL without https, anchors that are none, serials of placeholders", is_slow=True)
def configuration(stage, verdict):
    f = Fresh(stage, "SN-CONF")
    anchor, serial = f.ca.certificate, "SN-CONF"
    empty = stage.folder / "empty.pem"
    empty.write_bytes(b"")
    words = stage.folder / "words.pem"
    words.write_text("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
    forms = [(url, anchor, serial, [USAGE]) for url in (
        "http://localhost:8443", "ftp://localhost", "localhost", "", "https://", "HTTPS://localhost",
        "https://user:word@localhost", "https://localhost/path", "https://localhost?x=y",
        "https://local host", "file:///etc/passwd", "https://localhost:99999")]
    forms += [(f.ca.url, path, serial, [LOCAL_FILES]) for path in (
        empty, words, "/nowhere", "/dev/null", stage.folder, f.ca.tls_certificate)]
    forms += [(f.ca.url, anchor, text, [USAGE]) for text in (
        "To be filled by O.E.M.", "Default string", "System Serial Number", "", "-", "sn", "SÜ", "A_B",
        "A B", "-A", "A-", "A" * 64, "A\nB", "\u0391")]
    for url, path, text, statuses in forms:
        result = attempt(GENUINE_DEVICE, "provision", "--ca", url, "--ca-cert", path, "--serial", text,
                         "--tcti", f.tpm.tcti, "--dir", f.device.folder)
        is_untouched = f.tpm.handles("persistent") == f.persistent
        verdict.note(f"{url} {path} {text!r}", result.status in statuses and is_untouched
                     and not f.device.certificate.exists(), False, result)
    f.works(verdict, "as it should be")


@row(163, "a CA with a new root: only the anchors that the operator has installed count", is_slow=True)
def rolled_over(stage, verdict):
    f = Fresh(stage, "SN-ROOT")
    f.works(verdict, "under the first root")
    before = f.device.certificate.read_bytes()
    new = stage.target("rolled")
    new.ca.trusts(f.v.vendor)
    new.reconnect()
    new.ca.lists("".join(f"SN-ROOT,{f.tpm.ek_id(index)},,\n"
                         for index in (EK_CERTIFICATE_L1, EK_CERTIFICATE_H3)))
    front = LyingCa(new.line.address[1], new.ca.certificate, new.folder / "tls.pem",
                    new.folder / "secret" / "tls.key")
    stage.callback(front.stop)
    result = attempt(GENUINE_DEVICE, "provision", "--ca", front.url, "--tcti", f.tpm.tcti, "--dir",
                     f.device.folder)
    verdict.note("the new one, nothing installed", result.status == NOT_REACHED
                 and f.device.certificate.read_bytes() == before, False, result)
    asked_nothing(verdict, "the new one", front)
    both = stage.folder / "both.pem"
    both.write_bytes(f.ca.certificate.read_bytes() + new.ca.certificate.read_bytes())
    for url, anchors in ((f.ca.url, both), (front.url, both), (front.url, new.ca.certificate)):
        result = attempt(GENUINE_DEVICE, "provision", "--ca", url, "--ca-cert", anchors, "--tcti",
                         f.tpm.tcti, "--dir", f.device.folder)
        verdict.note(f"{url}, {anchors.name} installed", result.status == DONE, True, result)
    verdict.hold("nothing but certificates is asked for", front.asked == 2 * [CHALLENGE, CERTIFICATE],
                 front.asked)
    result = attempt(GENUINE_DEVICE, "provision", "--ca", f.ca.url, "--tcti", f.tpm.tcti, "--dir",
                     f.device.folder)
    verdict.note("the former one, no longer installed", result.status == NOT_REACHED, False, result)
