"""Groups M and N: what goes wrong around the device's program: no TPM, a busy or a failing one, two
runs at once, a configuration that is none, a CA with another root."""

import json
import os
import subprocess

from attacker.lying_ca import Said
from attacker.lying_tpm import TPM_CC_CREATE, LyingTpm, response_code
from catalogue import row
from devices import NO_TPM, NOT_REACHED, TPM_REFUSED
from genuine_test.process import GENUINE_DEVICE, attempt, environment
from genuine_test.tpm import EK_CERTIFICATE_H3, EK_CERTIFICATE_L1
from tpm_states import Fresh

USAGE, LOCAL_FILES = 2, 7
NOBODY = 65534
TPM_CC_EVICT_CONTROL = 0x120


@row(174, "no TPM, no right to it, something else in its place; a slot taken by somebody else",
     is_slow=True)
def transports(stage, verdict):
    f = Fresh(stage, "SN-TCTI")
    file = stage.folder / "no-tpm"
    file.write_bytes(b"")
    for tcti in ("device:/dev/null", "device:/dev/full", "device:/nowhere", f"device:{file}",
                 f"device:{stage.folder}", "swtpm:host=127.0.0.1,port=1", "mssim:port=1", "tabrmd:",
                 "nothing:", "", "cmd:true", "cmd:cat /dev/zero"):
        for options in ((), ("--json",)):
            result = f.provisions(*options, tcti=tcti or ":")
            verdict.note(f"{tcti or 'empty'} {options}", result.status in (
                NO_TPM, USAGE, TPM_REFUSED) and not f.device.certificate.exists(), False, result)
    if os.geteuid() == 0:
        file.chmod(0)
        done = subprocess.run([GENUINE_DEVICE, "status", "--tcti", f"device:{file}"], user=NOBODY,
                              group=NOBODY, extra_groups=[], capture_output=True, check=False,
                              env=environment({}))
        verdict.note("no right to it", done.returncode == NO_TPM, False, done)
    f.tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "ecc256", "-c", f.tpm.folder / "busy.ctx")
    busy = f.tpm.handles("transient")
    result = f.provisions()
    verdict.note("a slot is taken", result.status == 0 and f.tpm.handles("transient") == busy, True,
                 result)


BUSY = {"RETRY": 0x922, "YIELDED": 0x908, "NV_RATE": 0x920, "CANCELED": 0x909, "TESTING": 0x90A}


def denied(stage, verdict, f, bus, codes, is_lasting):
    """Each command of a renewal, and those that make a key, answered with each code: once, or from
    then on. The liar has the certificate at hand, as in devices.py, for the quota's sake."""
    def says(command, code):
        bus.begin(bus.honest)
        bus.deny = lambda c, n: response_code(code) if c == command and (
            is_lasting or n == 1) else None

    def judge(what, result, command):
        asked = bus.seen.get(command, 0)
        bus.begin(bus.honest)
        f.tpm.flush()
        f.tpm.tries("tpm2_flushcontext", "--saved-session")
        verdict.note(f"{what} for {command:x}{', always' if is_lasting else ''}", result.status in
                     (0, 1, NO_TPM, TPM_REFUSED) and asked < 64 and f.lockouts() == f.counter,
                     result.status == 0, f"{asked} times; {result}")

    f.works(verdict, "an honest bus", tcti=bus.tcti)
    certificate = f.device.certificate.read_bytes()
    f.v.ca.own["/v1/getCertificate"] = Said(200, json.dumps(
        {"certificate": certificate.decode(), "chain": ""}).encode())
    bus.begin(bus.honest)
    f.works(verdict, "a renewal", tcti=bus.tcti, url=f.v.ca.url)
    commands = sorted(bus.seen)
    for name, code in codes.items():
        for command in stage.some(commands, 3):
            says(command, code)
            judge(name, f.provisions(tcti=bus.tcti, url=f.v.ca.url), command)
            verdict.note("what it has stays", f.device.certificate.read_bytes() == certificate, False)
    f.v.ca.own.clear()
    for name, code in list(codes.items())[:3]:
        for command in (TPM_CC_CREATE, TPM_CC_EVICT_CONTROL):
            f.forget()
            says(command, code)
            judge(f"a new key, {name}", f.provisions(tcti=bus.tcti), command)
    f.works(verdict, "left alone", tcti=bus.tcti)


@row(175, "two runs at once; a TPM that is busy, once and for ever, at each command", is_slow=True)
def busy(stage, verdict):
    for is_lasting in (False, True):
        f = Fresh(stage, f"SN-BUSY-{is_lasting:d}")
        bus = LyingTpm(f.tpm.port)
        stage.callback(bus.stop)
        denied(stage, verdict, f, bus, BUSY, is_lasting)
    f = Fresh(stage, "SN-BUSY")
    command = [GENUINE_DEVICE, "provision", "--ca", f.ca.url, "--ca-cert", f.ca.certificate,
               "--serial", "SN-BUSY", "--tcti", f.tpm.tcti, "--dir", f.device.folder, "--ek", "ecc"]
    both = [subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, env=environment({})) for _ in range(2)]
    ended = [(process.communicate()[1].decode(), process.returncode) for process in both]
    statuses = sorted(status for _, status in ended)
    verdict.note("two at once", statuses in ([0, 0], [0, LOCAL_FILES]), True, ended)
    one_key = len(f.tpm.handles("persistent")) - len(f.persistent)
    verdict.note("one key", one_key == 1 and not f.tpm.leftovers(), True, one_key)


@row(176, "a TPM in failure mode, that was reset or switched off in the middle, that lost a session",
     is_slow=True)
def failing(stage, verdict):
    f = Fresh(stage, "SN-FAIL")
    bus = LyingTpm(f.tpm.port)
    stage.callback(bus.stop)
    denied(stage, verdict, f, bus, {"FAILURE": 0x101, "NEEDS_TEST": 0x153, "INITIALIZE": 0x100,
                                    "REFERENCE_S0": 0x918, "REFERENCE_H0": 0x910}, True)
    f.forget()

    def switched_off(said):
        f.tpm.power_cycle()
        return said

    f.v.ca.lie = lambda path, said: switched_off(said) if path == "/v1/getChallenge" else said
    try:
        result = attempt(GENUINE_DEVICE, "provision", "--ca", f.v.ca.url, "--ca-cert",
                         f.ca.certificate, "--serial", "SN-FAIL", "--tcti", f.tpm.tcti, "--dir",
                         f.device.folder, "--ek", "ecc", timeout=90)
    finally:
        f.v.ca.lie = f.v.ca.honest
    verdict.note("switched off between challenge and activation", result.status in (
        NO_TPM, TPM_REFUSED) and not f.device.certificate.exists(), False, result)
    f.works(verdict, "run again")
    one_key = len(f.tpm.handles("persistent")) - len(f.persistent)
    verdict.note("one key", one_key == 1, True, one_key)


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
    result = attempt(GENUINE_DEVICE, "provision", "--ca", new.ca.url, "--tcti", f.tpm.tcti, "--dir",
                     f.device.folder)
    verdict.note("the new one, nothing installed", result.status == NOT_REACHED
                 and f.device.certificate.read_bytes() == before, False, result)
    asked = [path for path in f.v.ca.asked if "/v1/ca" in path]
    verdict.note("nobody asked for /v1/ca", not asked, False, asked)
    both = stage.folder / "both.pem"
    both.write_bytes(f.ca.certificate.read_bytes() + new.ca.certificate.read_bytes())
    for url, anchors in ((f.ca.url, both), (new.ca.url, both), (new.ca.url, new.ca.certificate)):
        result = attempt(GENUINE_DEVICE, "provision", "--ca", url, "--ca-cert", anchors, "--tcti",
                         f.tpm.tcti, "--dir", f.device.folder)
        verdict.note(f"{url}, {anchors.name} installed", result.status == 0, True, result)
    result = attempt(GENUINE_DEVICE, "provision", "--ca", f.ca.url, "--tcti", f.tpm.tcti, "--dir",
                     f.device.folder)
    verdict.note("the former one, no longer installed", result.status == NOT_REACHED, False, result)
