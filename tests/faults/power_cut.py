"""The device's power fails: what was written and not synced may be lost, and the TPM starts anew.

The device dies at a call as in kills.py, under an strace that records what it did to its folder.
The folder is then put together again as the disk may have it: with nothing but what was synced
(fsync(2): octets by a sync of their file, names by one of their folder), or with some of the rest
as well. The TPM, which has kept what it was told to keep, is switched off and on.
"""

import os
import random
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from injection import Injection, Outcome
from traced import has_fired

CALLS = ("mkdir", "mkdirat", "openat", "write", "pwrite64", "fsync", "fdatasync", "rename",
         "renameat", "renameat2", "unlink", "unlinkat", "symlink", "symlinkat", "link", "linkat",
         "ftruncate", "rmdir")
# Where the device begins to make one of these in its folder, this has to learn what it does.
UNKNOWN = ("pwrite64", "rename", "renameat2", "unlink", "symlink", "link", "ftruncate", "rmdir")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (\d+)(?:<.*>)?$")
DIGITS = re.compile(r"(?:\\x[0-9a-f]{2})+")


@dataclass(eq=False)
class File:
    mode: int
    was: bytes = b""     # before all steps
    octets: bytes = b""

    def make(self, path):
        path.write_bytes(self.octets)
        path.chmod(self.mode)


@dataclass
class Link:
    target: str

    def make(self, path):
        path.symlink_to(self.target)


@dataclass
class Folder:
    mode: int

    def make(self, path):
        path.mkdir(self.mode)


@dataclass
class Step:
    """One change; it lasts for certain when the thing it changed was synced after it."""

    changed: object  # a File, or the path of the folder that has the name
    apply: object    # what it does to {path: File, Link or Folder}
    lasts: bool = False


def found_in(folder):
    """{path: File, Link or Folder}, the folder among them."""
    names = {}
    for path in (folder, *folder.rglob("*")) if folder.exists() else ():
        mode = path.lstat().st_mode & 0o777
        if path.is_symlink():
            names[path] = Link(os.readlink(path))
        elif path.is_dir():
            names[path] = Folder(mode)
        else:
            names[path] = File(mode, path.read_bytes(), path.read_bytes())
    return names


def plain(names):
    """{path: what it is}, to compare."""
    return {path: (node.octets, node.mode) if isinstance(node, File) else node
            for path, node in names.items()}


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
        self.folder, self.before = folder, found_in(folder)
        self.names, self.steps = dict(self.before), []

    def step(self, changed, apply):
        apply(self.names)
        self.steps.append(Step(changed, apply))

    def name(self, path, node):
        self.step(path.parent, lambda names: names.update({path: node}))

    def rename(self, old, new):
        node = self.names[old]

        def apply(names):
            names.pop(old, None)
            names[new] = node
        self.step(new.parent, apply)

    def write(self, path, octets):
        file = self.names[path]

        def apply(_):
            file.octets += octets
        self.step(file, apply)

    def sync(self, path):
        for step in self.steps:
            step.lasts = step.lasts or step.changed in (path, self.names.get(path))

    def take(self, log):
        """Of the calls that are over, those on what is in the folder."""
        for line in Path(log).read_text().splitlines():
            found = CALL.match(line)
            if not found:
                continue
            call, words, result = found[1], words_of(found[2]), int(found[3])
            first = words.pop(0) if call == "symlinkat" else None
            path = Path(words[0], words[1]) if call.endswith("at") else Path(words[0])
            if call in ("fsync", "fdatasync"):
                self.sync(path)
            elif self.folder in (path, *path.parents):
                self.take_call(call, path, words, result, first)

    def take_call(self, call, path, words, result, target):
        if call in UNKNOWN:
            raise ValueError(f"power_cut.py does not know what {call} of {path} does")
        if call == "openat" and "O_CREAT" in words[2]:
            self.name(path, File(int(words[3], 8)))
        elif call in ("mkdir", "mkdirat"):
            self.name(path, Folder(int(words[-1], 8)))
        elif call == "symlinkat":
            self.name(path, Link(target))
        elif call == "linkat":
            self.name(Path(words[2], words[3]), self.names[path])
        elif call == "write":
            self.write(path, words[1].encode("latin-1")[:result])
        elif call == "renameat":
            self.rename(path, Path(words[2], words[3]))
        elif call == "unlinkat":
            self.step(path.parent, lambda names: names.pop(path, None))

    def after(self, keeps):
        """What there is with the steps that last, and those of the others that keeps() says. What
        lies in a folder that is lost is lost."""
        for step in self.steps:
            if isinstance(step.changed, File):
                step.changed.octets = step.changed.was
        names = dict(self.before)
        for step in self.steps:
            if step.lasts or keeps(step):
                step.apply(names)
        return {path: replace(node) for path, node in names.items() if self.is_in(names, path)}

    def is_in(self, names, path):
        """Whether all folders above it are there."""
        return path == self.folder or (isinstance(names.get(path.parent), Folder)
                                       and self.is_in(names, path.parent))

    def put(self, names):
        shutil.rmtree(self.folder, ignore_errors=True)
        for path in sorted(names):
            names[path].make(path)


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
        if plain(disk.after(lambda _: True)) != plain(found_in(world.device_folder)):
            raise ValueError("what was recorded is not what lies in the folder")
        certain, rest = disk.after(lambda _: False), disk.after(some(n))
        if what == "some of the rest" and plain(rest) == plain(certain):
            return Outcome(False, None)
        disk.put(rest if what == "some of the rest" else certain)
        world.tpm.power_cycle()
        return Outcome(True, None)
    return act


def injections(call, n, journey):
    for what in ("what was synced", "some of the rest"):
        yield Injection("device", f"power cut at {call}, {what}", n, cut(call, n, what), journey)
