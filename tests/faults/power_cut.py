"""The device's power fails: what was written and not synced may be lost, and the TPM starts anew.

The device dies at a call as in kills.py, under an strace that records what it did to its folder.
The folder is then put together again as the disk may have it: with nothing but what was synced
(fsync(2): octets by a sync of their file, names by one of their folder), or with some of the rest
as well. The TPM, which has kept what it was told to keep, is switched off and on.
"""

import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from injection import Injection, Outcome
from traced import has_fired

CALLS = ("mkdir", "openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat",
         "renameat2", "unlink", "unlinkat", "symlink", "symlinkat", "link", "linkat", "mkdirat",
         "ftruncate", "rmdir")
# Where the device begins to make one of these in its folder, this has to learn what it does.
UNKNOWN = ("pwrite64", "rename", "renameat2", "unlink", "symlink", "symlinkat", "link", "linkat",
           "mkdirat", "ftruncate", "rmdir")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (\d+)(?:<.*>)?$")
DIGITS = re.compile(r"(?:\\x[0-9a-f]{2})+")


@dataclass(eq=False)
class File:
    mode: int
    was: bytes = b""     # before all steps
    octets: bytes = b""


@dataclass
class Step:
    """One change; it lasts for certain when the thing it changed was synced after it."""

    changed: object  # a File, or the path of the folder
    apply: object    # what it does to {path: File}
    lasts: bool = False


def decoded(text):
    """What strace -xx wrote in digits, an octet a character."""
    def octets(found):
        return bytes.fromhex(found[0].replace("\\x", "")).decode("latin-1")
    return DIGITS.sub(octets, text)


def words_of(arguments):
    """The arguments of a call; the path of a descriptor in its place."""
    words = []
    for word in arguments.split(", "):
        of_descriptor = re.fullmatch(r"(?:\d+|AT_FDCWD)<(.*)>", word)
        words.append(decoded(of_descriptor[1] if of_descriptor else word.strip('"')))
    return words


class Disk:
    """A device's folder as it was before, and each change of it since."""

    def __init__(self, folder):
        self.folder, self.was_there, self.before = folder, folder.exists(), {}
        for path in folder.iterdir() if self.was_there else ():
            octets = path.read_bytes()
            self.before[path] = File(path.stat().st_mode & 0o777, octets, octets)
        self.names, self.steps = dict(self.before), []

    def step(self, changed, apply):
        apply(self.names)
        self.steps.append(Step(changed, apply))

    def rename(self, old, new):
        file = self.names[old]

        def apply(names):
            names.pop(old, None)
            names[new] = file
        self.step(self.folder, apply)

    def write(self, path, octets):
        file = self.names[path]

        def apply(_):
            file.octets += octets
        self.step(file, apply)

    def sync(self, path):
        for step in self.steps:
            step.lasts = step.lasts or step.changed in (path, self.names.get(path))

    def take(self, log):
        for line in Path(log).read_text().splitlines():
            found = CALL.match(line)
            if found:
                self.take_call(found[1], words_of(found[2]), int(found[3]))

    def take_call(self, call, words, result):
        """Calls that are over; where they are at a folder and a name in it, both are words."""
        by_name = call.endswith("at")
        path = Path(words[0], words[1]) if by_name else Path(words[0])
        if call == "mkdir" and path == self.folder:
            self.step(self.folder.parent, lambda _: None)
        elif call in ("fsync", "fdatasync"):
            self.sync(path)
        elif path.parent == self.folder:
            self.take_inside(call, path, words, result)

    def take_inside(self, call, path, words, result):
        if call in UNKNOWN:
            raise ValueError(f"power_cut.py does not know what {call} of {path} does")
        if call == "openat" and "O_CREAT" in words[2]:
            file = File(int(words[3], 8))
            self.step(self.folder, lambda names: names.update({path: file}))
        elif call == "write":
            self.write(path, words[1].encode("latin-1")[:result])
        elif call == "renameat":
            self.rename(path, Path(words[2], words[3]))
        elif call == "unlinkat":
            self.step(self.folder, lambda names: names.pop(path, None))

    def after(self, keeps):
        """{path: (octets, mode)} with the steps that last and those of the others that keeps()
        says; None where the folder itself is lost."""
        for step in self.steps:
            if isinstance(step.changed, File):
                step.changed.octets = step.changed.was
        names, is_there = dict(self.before), self.was_there
        for step in self.steps:
            if step.lasts or keeps(step):
                step.apply(names)
                is_there = is_there or step.changed == self.folder.parent
        if not is_there:
            return None
        return {path: (file.octets, file.mode) for path, file in names.items()}

    def is_as(self, files):
        """Whether this is what lies there."""
        if not self.folder.exists():
            return files is None
        return files == {path: (path.read_bytes(), path.stat().st_mode & 0o777)
                         for path in self.folder.iterdir()}

    def put(self, files):
        shutil.rmtree(self.folder, ignore_errors=True)
        if files is None:
            return
        self.folder.mkdir(mode=0o700)
        for path, (octets, mode) in files.items():
            path.write_bytes(octets)
            path.chmod(mode)


def recorded(log, call, n):
    """The words that run a program until its n-th call, and record what it does to files."""
    return ["strace", "-f", "-y", "-xx", "-s", "1000000", "-o", log, "-e",
            "trace=" + ",".join({*CALLS, call}), "-e", f"inject={call}:signal=KILL:when={n}"]


def some(n):
    """Half of what was not synced, in whatever order the disk has written it."""
    generator = random.Random(n)
    return lambda _: generator.random() < 0.5


def cut(call, n, what):
    def act(world):
        log, disk = world.folder / "trace", Disk(world.device_folder)
        world.device(*recorded(log, call, n))
        disk.take(log)
        if not has_fired(log):
            return Outcome(False, None)
        if not disk.is_as(disk.after(lambda _: True)):
            raise ValueError("what was recorded is not what lies in the folder")
        certain, rest = disk.after(lambda _: False), disk.after(some(n))
        if what == "some of the rest" and rest == certain:
            return Outcome(False, None)
        disk.put(rest if what == "some of the rest" else certain)
        world.tpm.power_cycle()
        return Outcome(True, None)
    return act


def injections(call, n, journey):
    for what in ("what was synced", "some of the rest"):
        yield Injection("device", f"power cut at {call}, {what}", n, cut(call, n, what), journey)
