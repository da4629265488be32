"""What surrounds the CA: its files, its configuration, its operator's words."""

import contextlib
import itertools
import json
import os
import re
import sqlite3
import subprocess

from attacker import der
from attacker.certificates import Authority, tpm_name
from attacker.csr import COMMON_NAME, utf8
from catalogue import ACCEPTED, Try, row
from genuine_test.ca import Ca
from genuine_test.process import GENUINE_CA, attempt
from reloads import NOT_READ
from stage import pem
from tickets import expect

NOBODY = 65534
SERVE_S = 1.5
LINE_MAX = 2048
POISON = "x\x1b[31m\r\nnotice: forged\x07\x9b\u202e\"',;"
POISONED_SERIAL, GROUP = "SN-POISON", "x\x9b31m\u202e\u2066"  # What a manifest's text may have.
SQL = ("' OR '1'='1", "'; DROP TABLE certificate; --", '" OR 1=1', "%", "_", "*", "\\", "`", "x'00'",
       "1); DELETE FROM ban; --", "NULL", "9223372036854775808", "-1", "\x01", "é")


def is_refused(text, result):
    """In one line; what looks like an option is a usage error."""
    if text.startswith("-"):
        return result.status == 2 and result.errors.startswith("usage: ")
    return result.status == 1 and result.errors.count("\n") == 1


def is_empty_list(command, text, result):
    """A serial that nobody has, and a number that no entry has, have a list of nothing."""
    permitted = {"certificate": {"NULL", "9223372036854775808"}, "audit": set()}
    return command[1] == "list" and text in permitted[command[0]] and (
        result.status == 0 and result.output.count("\n") <= 1)


# Of the texts, those that may stand in a manifest's serial, EK and profiles.
PERMITTED = {"NULL", "9223372036854775808"}, set(), {"-1", "9223372036854775808"}
NOT_PERMITTED = ("a serial is 1 to 63 of", "ek_id is not 64 hexadecimal digits", "the profile is not a",
                 "the group is not a text")


def is_permitted(text, field):
    """A group is any text that can be printed. A manifest's fields have no quotation marks."""
    if field < len(PERMITTED):
        return text in PERMITTED[field]
    return '"' not in text and text.isprintable()


def operators_rows(verdict, target):
    """Each text in each field of a manifest's row, of a serial and an EK of its own: refused, or stored
    as it is."""
    manifest = target.folder.parent / "sql.csv"
    for number, (text, field) in enumerate(itertools.product(SQL, range(4))):
        words = [f"SQL-{number}", f"{number:064x}", "device", "line"]
        words[field] = text
        manifest.write_text("serial,ek_id,profile,group\n" + ",".join(words) + "\n")
        result, is_right = target.ca.tries("device", "import", manifest), is_permitted(text, field)
        sentence = "holds a quotation mark" if '"' in text else NOT_PERMITTED[field]
        stored = listed_row(target, f"{number:064x}")
        verdict.note(f"manifest field {field}: {text!r}", (result.status, stored) == (
            (0, words) if is_right else (1, None)) and (is_right or sentence in result.errors),
            is_right, f"{result} {stored}")


def listed_row(target, ek_id):
    """What the database has of that EK: a list of serial, EK, profiles and group, or None."""
    path = target.folder / "store" / "genuine.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT serial, lower(hex(ek_id)), profiles, line_group"
                                 " FROM manifest_row WHERE ek_id = ?",
                                 (bytes.fromhex(ek_id),)).fetchone()
    return list(found) if found else None


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
            result = target.ca.tries(*command)
            verdict.note(f"{command}", is_refused(text, result)
                         or is_empty_list(command, text, result), False, result)
    operators_rows(verdict, target)
    reason = "'; DROP TABLE ban; --\""
    target.ca.does("ban", "add", "--reason", reason, "serial", "SQL-9")
    found = [one["reason"] for one in target.ca.tells("ban", "list") if one["value"] == "SQL-9"]
    verdict.hold("a ban's reason comes back as it went", found == [reason], found)
    target.ca.does("ban", "remove", "serial", "SQL-9")
    verdict.hold("the record is whole", target.ca.tries("audit", "verify").status == 0)
    expect(verdict, target, "still served", device.with_ik(device.ik).evidence(), ACCEPTED)


def is_plain(text):
    return not re.search("[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]", text)


@row(135, "control characters and long texts in all that is logged or shown to the operator")
def injection(stage, verdict):
    target = stage.target("injection")
    device = stage.device(target)
    log = target.folder.parent / "genuine-ca.log"
    before = len(log.read_bytes())
    poisoned = Authority("", subject=der.name([(COMMON_NAME, utf8(POISON))]))
    subject = der.name([(COMMON_NAME, utf8(POISON * 30))])
    unknown = der.sequence(der.tlv(der.OID, b"\x1b\r\n\x07"), der.set_of(der.null()))
    forms = {
        "EK certificate's issuer": (
            {"ek_certificate": poisoned.certify(device.ek)}, "EK_CERTIFICATE_CHAIN"),
        "EK certificate's subject": (
            {"ek_certificate": stage.vendor.certify(device.ek, subject=subject)}, ACCEPTED),
        "manufacturer": ({"ek_certificate": stage.vendor.certify(
            device.ek, changes={"name": tpm_name(POISON, POISON, POISON)})},
            "EK_CERTIFICATE_MANUFACTURER"),
        "serial": ({"serial": "X" + POISON}, "SERIAL_FORM"),
        "profile": ({"profile": "x\x1b\r\n"}, "PROFILE_KNOWN"),
        "an attribute's object identifier": (
            {"csr": device.csr(attributes=[unknown])}, "CSR_ATTRIBUTES"),
    }
    for what, (changes, check) in forms.items():
        answer = target.line.post("/v1/getChallenge", device.evidence(**changes).json())
        saw = ACCEPTED if answer.status == 200 else target.reasons([answer.reference]).get(
            answer.reference)
        verdict.note(what, saw == check and is_plain(answer.body.decode()), saw == ACCEPTED,
                     f"{answer} {saw}")
        if saw == ACCEPTED:
            continue
        for options in ((), ("--json",)):
            told = target.ca.does(*options, "explain", answer.reference)
            verdict.hold(f"{what}: explain", is_plain(told) and all(
                len(line) <= LINE_MAX for line in told.split("\n")), told)
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
    target.ca.lists(f"{POISONED_SERIAL},{0:064x},,{GROUP}\n")
    for command in (("trust", "list"), ("ban", "list"), ("audit", "list"), ("device", "list"),
                    ("device", "show", POISONED_SERIAL)):
        told = target.ca.does(*command)
        verdict.hold(f"{command}", is_plain(told), told[-600:])
        told = target.ca.does("--json", *command)
        verdict.hold(f"--json {command}", is_plain(told), told[-600:])
        json.loads(told)
    groups = [one["group"] for one in target.ca.tells("device", "list")]
    verdict.hold("a group comes back as it went", GROUP in groups, groups)
    lines = log.read_bytes()[before:].decode().split("\n")
    verdict.hold("the log", all(is_plain(line) and len(line) <= LINE_MAX for line in lines)
                 and not any(line.startswith("notice: forged") for line in lines),
                 [line for line in lines if not is_plain(line) or len(line) > LINE_MAX])


def unsafe(stage, what, change):
    """A CA's folder of its own with something changed in it; how serve ends there."""
    folder = stage.folder / "unsafe" / re.sub(r"\W+", "-", what)
    folder.parent.mkdir(exist_ok=True)
    if not hasattr(stage, "safe"):
        stage.safe = Ca(stage.folder / "safe")
    attempt("cp", "-a", stage.safe.folder, folder)
    change(folder)
    return folder, *serve(folder)


def serve(folder, **how):
    """(how serve has ended, or None where it did not; what it said in either way)"""
    process = subprocess.Popen([GENUINE_CA, "-C", folder, "serve", "--listen", "127.0.0.1:0"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, **how)
    try:
        output, errors = process.communicate(timeout=SERVE_S)
        return process.returncode, output + errors
    except subprocess.TimeoutExpired:
        process.terminate()
        output, errors = process.communicate()
        return None, output + errors


def replaced(name, make):
    def change(folder):
        file = folder / name
        file.rename(folder / "away")
        make(file, folder / "away")
    return change


def with_mode(name, mode):
    return lambda folder: (folder / name).chmod(mode)


def with_owner(name):
    return lambda folder: os.chown(folder / name, NOBODY, NOBODY)


def linked(name):
    return replaced(name, lambda file, away: file.symlink_to(away))


def unsafe_secrets():
    """{what: (change, what is said of it)}; {} is the folder."""
    forms = {}
    for name in ("secret/ca.key", "secret/tls.key", "secret/ticket.keys"):
        said, no_file = f"{{}}/{name} ", "is not an ordinary file"
        for mode in (0o604, 0o640, 0o620, 0o644, 0o660, 0o666, 0o777):
            forms[f"{name}: mode {mode:o}"] = (with_mode(name, mode),
                                               f"{said}has mode {mode:04o}: chmod 0600 it")
        forms[f"{name}: a symbolic link"] = linked(name), f"{said}is a symbolic link"
        forms[f"{name}: a second name"] = (
            lambda f, n=name: os.link(f / n, f / "second"),
            f"{said}has a second name (a hard link) somewhere: copy it and remove both")
        forms[f"{name}: a pipe"] = replaced(
            name, lambda file, away: os.mkfifo(file, 0o600)), said + no_file
        forms[f"{name}: a folder"] = replaced(name, lambda file, away: file.mkdir()), said + no_file
        if name != "secret/tls.key":  # The CA makes it anew, and a certificate for it.
            forms[f"{name}: empty"] = lambda f, n=name: (f / n).write_bytes(b""), NOT_READ
            forms[f"{name}: half"] = lambda f, n=name: os.truncate(f / n, 50), NOT_READ
        forms[f"{name}: not there"] = (lambda f, n=name: (f / n).unlink(),
                                       f"{{}}/{name}: No such file or directory")
        if os.geteuid() == 0:
            forms[f"{name}: another's"] = (with_owner(name),
                                           f"{said}belongs to user {NOBODY}, not to user 0")
    return forms


def unsafe_folders():
    own = f"{{}}/secret must be a directory of mode 0700 and belong to user {os.geteuid()}"
    others = "{} can be written by others than its owner: chmod go-w it, and look what it holds"
    forms = {f"secret: mode {mode:o}": (with_mode("secret", mode), own)
             for mode in (0o755, 0o770, 0o777)}
    forms["secret: a symbolic link"] = linked("secret"), own
    for name in ("genuine.conf", "ca.pem", "tls.pem"):
        for mode in (0o664, 0o666):
            forms[f"{name}: mode {mode:o}"] = (with_mode(name, mode),
                                               f"{{}}/{name} has mode {mode:04o}: chmod go-w it")
        forms[f"{name}: a symbolic link"] = linked(name), f"{{}}/{name} is a symbolic link"
    for mode in (0o775, 0o777, 0o1777):
        forms[f"the folder: mode {mode:o}"] = with_mode(".", mode), others
    if os.geteuid() == 0:
        forms["the folder: another's"] = with_owner("."), (
            f"{{}} belongs to user {NOBODY} and this runs as user 0: run it as the owner")
        forms["secret: another's"] = with_owner("secret"), own
    return forms


@row(137, "secrets' files that others can read or replace: modes, owners, links, pipes, folders",
     is_slow=True)
def files(stage, verdict):
    other = (Ca(stage.folder / "another-safe").folder / "secret" / "ca.key").read_bytes()
    forms = unsafe_secrets() | unsafe_folders()
    forms["another CA's key"] = lambda f: (f / "secret" / "ca.key").write_bytes(other), NOT_READ
    for what, (change, sentence) in forms.items():
        folder, status, told = unsafe(stage, what, change)
        last = f"genuine-ca: {sentence.format(folder)}\n"
        verdict.note(what, status == 1 and told.endswith(last), status is None,
                     f"{status} {told}, not {last}")
    if os.geteuid() == 0:
        safe = stage.safe.folder
        status, told = serve(safe, user=NOBODY, group=NOBODY, extra_groups=[])
        verdict.note("started by another user", status == 1 and
                     f"genuine-ca: {safe}: Permission denied" in told, status is None,
                     f"{status} {told}")
    _, status, told = unsafe(stage, "as it was", lambda f: None)
    verdict.note("as it was", status is None and "127.0.0.1:" in told, True, f"{status} {told}")
