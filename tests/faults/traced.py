"""strace: which calls a process makes, and what one of them is to meet with."""

import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

from genuine_test.process import Failed

WRITES = ("write", "pwrite64", "writev", "sendmsg", "sendto", "fsync", "fdatasync", "rename",
          "renameat", "renameat2", "ftruncate", "unlink", "unlinkat", "memfd_create", "mkdir",
          "mkdirat", "symlinkat", "linkat")
ATTACH_S = 10


def counted(log):
    """{call: how often} of a log of strace."""
    return Counter(re.findall(r"^(?:\[?(?:pid +)?\d+\]? +)?(\w+)\(", Path(log).read_text(), re.M))


def has_fired(log):
    """Whether what was to be injected was; a call that was entered last was the end of all."""
    text = Path(log).read_text() if Path(log).exists() else ""
    return "INJECTED" in text or "killed by SIGKILL" in text or "stopped by SIGSTOP" in text


def watch(log, calls=WRITES):
    """The words that run a program under strace, to count its calls."""
    return ["strace", "-f", "-qq", "-o", log, "-e", "trace=" + ",".join(calls), "-e", "signal=none"]


def inject(log, call, fault, n):
    """The words that run a program whose n-th call meets with a fault, as strace spells it."""
    return ["strace", "-f", "-o", log, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={n}"]


class Attached:
    """strace on a process that runs already, from when this returns until it is left."""

    def __init__(self, words, pid):
        self.process = subprocess.Popen([*map(str, words), "-p", str(pid)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + ATTACH_S
        status = Path(f"/proc/{pid}/status")
        while f"TracerPid:\t{self.process.pid}\n" not in status.read_text():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.process.kill()
                raise Failed(f"strace does not attach to {pid}")
            time.sleep(0.005)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait()
