"""Row 132: what a CA is told to reload, and must not take."""

import os
from dataclasses import dataclass
from pathlib import Path

from attacker.certificates import Authority
from attacker.evidence import SoftwareDevice
from catalogue import ACCEPTED, Try, row
from tickets import expect

# Said where the authority alone reads it, whose log has the item.
NOT_READ = "the authority cannot read what it was given; its log says which"


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
    return {
        "half an anchor": Broken(anchor, lambda t: t[:len(t) // 2], no_certificate),
        "an empty anchor": Broken(anchor, lambda t: b"", no_certificate),
        "an anchor of octets": Broken(anchor, lambda t: os.urandom(len(t)), no_certificate),
        "half of the tickets' keys": Broken(ticket_keys, lambda t: t[:len(t) // 2], NOT_READ),
        "no tickets' keys": Broken(ticket_keys, lambda t: b"", NOT_READ)}


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


@row(132, "a reload of a broken configuration, of a half-written trust, of a key that cannot be read,"
     " without anchors")
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
    anchors = {file: file.read_bytes() for file in (target.folder / "trust").iterdir()}
    for file in anchors:
        file.unlink()
    target.ca.does("reload")
    verdict.evidence(target, [
        Try("no anchors", device.evidence(), "EK_CERTIFICATE_CHAIN"),
        Try("no anchors, a stranger", stranger.evidence(), "EK_CERTIFICATE_CHAIN")])
    for file, octets in anchors.items():
        file.write_bytes(octets)
    target.ca.does("reload")
    expect(verdict, target, "as it was", device.evidence(), ACCEPTED)
