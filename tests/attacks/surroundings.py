"""What surrounds the CA: its files, its configuration, its operator's words."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from attacker import der
from attacker.certificates import Authority, tpm_name
from attacker.csr import COMMON_NAME, utf8
from attacker.evidence import SoftwareDevice
from catalogue import ACCEPTED, Try, row
from genuine_test.ca import Ca
from genuine_test.process import GENUINE_CA, attempt
from stage import pem
from tickets import expect

NOBODY = 65534
LINE_MAX = 2048
POISON = "x\x1b[31m\r\nnotice: forged\x07\x9b\u202e\"',;"
SQL = ("' OR '1'='1", "'; DROP TABLE certificate; --", '" OR 1=1', "%", "_", "*", "\\", "`", "x'00'",
       "1); DELETE FROM ban; --", "NULL", "9223372036854775808", "-1", "\x01", "é")


@row(117, "SQL's own characters in every text, from the network and from the operator")
def metacharacters(stage, verdict):
    target = stage.target("sql")
    device = stage.device(target)
    expect(verdict, target, "a certificate", device.evidence(), ACCEPTED)
    texts = SQL
    tries = [Try(f"serial {text!r}", device.evidence(serial=text), "SERIAL_FORM")
             for text in texts if text.isascii() and text not in ("NULL", "-1", "9223372036854775808")]
    tries += [Try(f"profile {text!r}", device.evidence(profile=text), "PROFILE_KNOWN")
              for text in texts if len(text) <= 32 and text not in ("\x01", "é")]
    verdict.evidence(target, tries)
    for text in texts:
        for command in (["device", "show", text], ["certificate", "list", text],
                        ["certificate", "show", text], ["certificate", "revoke", text],
                        ["device", "release", text], ["device", "rekey", text],
                        ["ban", "remove", "serial", text], ["ban", "add", "ek", text],
                        ["trust", "remove", text], ["explain", text], ["audit", "list", text],
                        ["audit", "verify", text, text]):
            if text.startswith("-"):
                command.insert(-1, "--")
            result = target.ca.tries(*command)
            is_list = command[:2] == ["certificate", "list"] and result.output.count("\n") <= 1
            verdict.note(f"{command}", result.status in (1, 2) or is_list
                         or command[:2] == ["audit", "list"] and result.status == 0, False, result)
    for text in texts:
        for field in range(4):
            words = ["SQL-1", "ab" * 32, "device", "line"]
            words[field] = text
            manifest = target.folder.parent / "sql.csv"
            manifest.write_text("serial,ek_id,profile,group\n" + ",".join(words[:3]) + ","
                                + f"{words[3]}\n")
            if field < 3:
                result = target.ca.tries("device", "import", manifest)
                verdict.note(f"manifest field {field}: {text!r}", result.status == 1
                             or text == "NULL" or text == "9223372036854775808" and field != 1,
                             False, result)
    reason = "'; DROP TABLE ban; --\""
    target.ca.does("ban", "add", "--reason", reason, "serial", "SQL-9")
    found = [one["reason"] for one in target.ca.tells("ban", "list") if one["value"] == "SQL-9"]
    verdict.hold("a ban's reason comes back as it went", found == [reason], found)
    target.ca.does("ban", "remove", "serial", "SQL-9")
    verdict.hold("the record is whole", target.ca.tries("audit", "verify").status == 0)
    expect(verdict, target, "still served", device.with_ik(device.ik).evidence(), ACCEPTED)


def is_plain(text):
    return not re.search("[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e]", text)


@row(135, "control characters and long texts in all that is logged or shown to the operator")
def injection(stage, verdict):
    target = stage.target("injection")
    device = stage.device(target)
    log = target.folder.parent / "genuine-ca.log"
    before = len(log.read_bytes())
    poisoned = Authority("", subject=der.name([(COMMON_NAME, utf8(POISON))]))
    forms = {
        "EK certificate's issuer": {"ek_certificate": poisoned.certify(device.ek)},
        "EK certificate's subject": {"ek_certificate": poisoned.certify(
            device.ek, subject=der.name([(COMMON_NAME, utf8(POISON * 30))]))},
        "manufacturer": {"ek_certificate": stage.vendor.certify(
            device.ek, changes={"name": tpm_name(POISON, POISON, POISON)})},
        "serial": {"serial": "X" + POISON},
        "profile": {"profile": "x\x1b\r\n"},
        "an attribute's object identifier": {"csr": device.csr(device.serial)[:-4] + b"\x1b\r\n\x07"},
    }
    for what, changes in forms.items():
        try:
            evidence = device.evidence(**changes)
        except UnicodeEncodeError:
            evidence = replace(device.evidence(), **changes)
        answer = target.line.post("/v1/getChallenge", evidence.json())
        verdict.note(what, answer.status in (400, 403) and is_plain(answer.body.decode()),
                     answer.status == 200, answer)
        for options in ((), ("--json",)):
            told = target.ca.does(*options, "explain", answer.reference)
            verdict.note(f"{what}: explain", is_plain(told) and all(
                len(line) <= LINE_MAX for line in told.split("\n")), False, told)
    path = target.folder.parent / "poisoned.pem"
    path.write_bytes(pem(poisoned.certificate))
    target.ca.does("trust", "import", path)
    for text in (POISON, POISON * 1000):
        for command in (("ban", "add", "--reason", text, "serial", "SN-1"), ("device", "show", text),
                        ("explain", text), ("trust", "import", text), ("device", "import", text)):
            result = target.ca.tries(*command)
            verdict.note(f"{command[:2]}", is_plain(result.output + result.errors), False, result)
        target.ca.tries("ban", "remove", "serial", "SN-1")
        result = attempt(GENUINE_CA, "-C", target.folder, "device", "suspend", device.serial,
                         env={"SUDO_USER": text[:4000]})
        verdict.note("the operator's name", is_plain(result.output + result.errors), False, result)
        target.ca.tries("device", "restore", device.serial)
    for command in (("trust", "list"), ("ban", "list"), ("audit", "list"), ("device", "list")):
        told = target.ca.does(*command)
        verdict.note(f"{command}", is_plain(told), False, told[-600:])
        json.loads(target.ca.does("--json", *command))
    lines = log.read_bytes()[before:].decode().split("\n")
    verdict.note("the log", all(is_plain(line) and len(line) <= LINE_MAX for line in lines)
                 and not any(line.startswith("notice: forged") for line in lines), False,
                 [line for line in lines if not is_plain(line) or len(line) > LINE_MAX])


def line_of(octets, words):
    """The number of the last line that begins with these words, as an editor counts."""
    lines = octets.decode().split("\n")
    return max(number for number, line in enumerate(lines, 1) if line.startswith(words))


@dataclass
class Broken:
    """A file of the folder as it must not be: what it holds instead, and what reload says of it. {line}
    is the number of the last line that begins with words, in what stands there then."""

    file: Path
    change: object
    sentence: str
    words: str = ""

    def said(self, octets):
        line = line_of(octets, self.words) if self.words else 0
        return self.sentence.format(file=self.file, line=line)


def broken_configurations(conf):
    line = "{file}: line {line}: "
    return {
        "an unknown key": Broken(conf, lambda t: t.replace(b"[front]\n", b"[front]\nx = 1\n"),
                                 line + "[front] has no such key", "x = 1"),
        "a section twice": Broken(conf, lambda t: t + b"\n[front]\nrate_all = 1\n",
                                  line + "[front] a second time", "[front]"),
        "a section that is not closed": Broken(conf, lambda t: t + b"\n[profile x\n",
                                               line + "a section is written [NAME]", "[profile x"),
        "half of it": Broken(
            conf, lambda t: t[:t.index(b"binding = ") + 12],
            line + "[identity] binding: not manifest, endorsement or first", "binding = "),
        "octets": Broken(conf, lambda t: t + b"\x00", line + "holds a control character", "\x00"),
        "a value twice": Broken(conf, lambda t: t.replace(b"trust = ", b"trust = both\ntrust = ", 1),
                                line + "[endorsement] trust: a second time", "trust = "),
        "nothing": Broken(conf, lambda t: b"", "{file}: [ca] name is missing"),
        "an expected file that is not there": Broken(conf, lambda t: t.replace(
            b"binding = manifest", b"binding = first\nexpected = /nowhere", 1),
            "/nowhere: No such file or directory")}


def broken_files(anchor, ticket_keys):
    no_certificate = "{file} does not hold one certificate in PEM"
    # The authority alone reads them, and tells the log.
    no_keys = "the authority cannot read what it was given; its log says which"
    return {
        "half an anchor": Broken(anchor, lambda t: t[:len(t) // 2], no_certificate),
        "an empty anchor": Broken(anchor, lambda t: b"", no_certificate),
        "an anchor of octets": Broken(anchor, lambda t: os.urandom(len(t)), no_certificate),
        "half of the tickets' keys": Broken(ticket_keys, lambda t: t[:len(t) // 2], no_keys),
        "no tickets' keys": Broken(ticket_keys, lambda t: b"", no_keys)}


class Reload:
    """A CA that is told to reload what it must not take: it says one sentence, and goes on as before."""

    def __init__(self, verdict, target):
        self.verdict, self.target = verdict, target
        self.fingerprint = target.ca.tells("status")["fingerprint"]

    def refused(self, what, sentence):
        result = self.target.ca.tries("reload")
        now = self.target.ca.tells("status")["fingerprint"]
        self.verdict.note(what, result.status == 1 and now == self.fingerprint
                          and result.errors == f"genuine-ca: {sentence}\n", False,
                          f"{result} {now}, not {sentence}")

    def of(self, what, broken):
        good, mode = broken.file.read_bytes(), broken.file.stat().st_mode
        octets = broken.change(good)
        broken.file.write_bytes(octets)
        self.refused(what, broken.said(octets))
        broken.file.write_bytes(good)
        broken.file.chmod(mode)

    def of_mode(self, file, mode, remedy):
        good = file.stat().st_mode
        file.chmod(mode)
        self.refused(f"{file.name} with mode {mode:o}",
                     f"{file} has mode {mode:04o}: chmod {remedy} it")
        file.chmod(good)

    def without(self, file):
        file.rename(file.with_suffix(".away"))
        self.refused(f"no {file.name}", f"{file}: No such file or directory")
        file.with_suffix(".away").rename(file)


@row(132, "a reload of a broken configuration, of a half-written trust, of a key that cannot be read")
def reloads(stage, verdict):
    target = stage.target("reload")
    device = stage.device(target)
    stranger = SoftwareDevice(device.serial, Authority("Nobody's"))
    stranger.ek = device.ek
    conf = target.folder / "genuine.conf"
    anchor = sorted((target.folder / "trust").iterdir())[0]
    secret = target.folder / "secret"
    reload = Reload(verdict, target)
    for what, broken in (broken_configurations(conf)
                         | broken_files(anchor, secret / "ticket.keys")).items():
        reload.of(what, broken)
    reload.of_mode(conf, 0o666, "go-w")
    reload.of_mode(anchor, 0o666, "go-w")
    reload.of_mode(secret / "ticket.keys", 0o644, "0600")
    reload.without(secret / "tls.key")
    verdict.evidence(target, [Try("a stranger", stranger.evidence(), "EK_CERTIFICATE_CHAIN")])
    target.ca.does("reload")
    expect(verdict, target, "as it was", device.evidence(), ACCEPTED)


def unsafe(stage, what, change):
    """A CA's folder of its own with something changed in it; how serve ends there."""
    folder = stage.folder / "unsafe" / re.sub(r"\W+", "-", what)
    folder.parent.mkdir(exist_ok=True)
    if not hasattr(stage, "safe"):
        stage.safe = Ca(stage.folder / "safe")
    attempt("cp", "-a", stage.safe.folder, folder)
    change(folder)
    return serve(folder)


def serve(folder, **how):
    """(how serve has ended, or None where it serves)"""
    process = subprocess.Popen([GENUINE_CA, "-C", folder, "serve", "--listen", "127.0.0.1:0"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, **how)
    try:
        _, errors = process.communicate(timeout=1.5)
        return process.returncode, errors.decode()
    except subprocess.TimeoutExpired:
        process.terminate()
        process.communicate()
        return None, ""


@row(137, "secrets' files that others can read or replace: modes, owners, links, pipes, folders",
     is_slow=True)
def files(stage, verdict):
    def replaced(name, make):
        def change(folder):
            file = folder / name
            file.rename(folder / "away")
            make(file, folder / "away")
        return change

    def copied(name, make):
        def change(folder):
            shutil.copy2(folder / name, folder / "copy")
            replaced(name, make)(folder)
        return change

    forms = {}
    for name in ("secret/ca.key", "secret/tls.key", "secret/ticket.keys"):
        for mode in (0o604, 0o640, 0o620, 0o644, 0o660, 0o666, 0o777):
            forms[f"{name}: mode {mode:o}"] = lambda f, n=name, m=mode: (f / n).chmod(m)
        forms[f"{name}: a symbolic link"] = replaced(name, lambda file, away: file.symlink_to(away))
        forms[f"{name}: a second name"] = lambda f, n=name: os.link(f / n, f / "second")
        forms[f"{name}: a pipe"] = replaced(name, lambda file, away: os.mkfifo(file, 0o600))
        forms[f"{name}: a folder"] = replaced(name, lambda file, away: file.mkdir())
        if name != "secret/tls.key":  # The CA makes it anew, and a certificate for it.
            forms[f"{name}: empty"] = lambda f, n=name: (f / n).write_bytes(b"")
            forms[f"{name}: half"] = lambda f, n=name: os.truncate(f / n, 50)
        forms[f"{name}: not there"] = lambda f, n=name: (f / n).unlink()
        if os.geteuid() == 0:
            forms[f"{name}: another's"] = lambda f, n=name: os.chown(f / n, NOBODY, -1)
    for mode in (0o755, 0o770, 0o777):
        forms[f"secret: mode {mode:o}"] = lambda f, m=mode: (f / "secret").chmod(m)
    for name in ("genuine.conf", "ca.pem", "tls.pem"):
        for mode in (0o664, 0o666):
            forms[f"{name}: mode {mode:o}"] = lambda f, n=name, m=mode: (f / n).chmod(m)
        forms[f"{name}: a symbolic link"] = replaced(name, lambda file, away: file.symlink_to(away))
    for mode in (0o775, 0o777, 0o1777):
        forms[f"the folder: mode {mode:o}"] = lambda f, m=mode: f.chmod(m)
    if os.geteuid() == 0:
        forms["the folder: another's"] = lambda f: os.chown(f, NOBODY, NOBODY)
        forms["secret: another's"] = lambda f: os.chown(f / "secret", NOBODY, NOBODY)
    forms["secret: a symbolic link"] = replaced("secret", lambda file, away: file.symlink_to(away))
    forms["another CA's key"] = lambda f: (f / "secret" / "ca.key").write_bytes(
        (f / "secret" / "tls.key").read_bytes())
    for what, change in forms.items():
        status, errors = unsafe(stage, what, change)
        verdict.note(what, status == 1 and errors.count("\n") >= 1, status is None,
                     f"{status} {errors}")
    if os.geteuid() == 0:
        safe = stage.safe.folder
        status, errors = serve(safe, user=NOBODY, group=NOBODY, extra_groups=[])
        verdict.note("started by another user", status == 1, status is None, f"{status} {errors}")
    status, errors = unsafe(stage, "as it was", lambda f: None)
    verdict.note("as it was", status is None, True, f"{status} {errors}")
