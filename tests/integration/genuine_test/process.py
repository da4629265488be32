"""Programs: where they lie, how one is run to its end, how one is kept running."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("GENUINE_BUILD", SOURCE / "build"))

GENUINE_CA = BUILD / "genuine-ca"
GENUINE_DEVICE = BUILD / "genuine-device"
PROVISION_SH = SOURCE / "examples" / "provision.sh"

RUN_TIMEOUT_S = 120
START_TIMEOUT_S = 120 if "GENUINE_INSTRUMENTS" in os.environ else 20  # valgrind on a busy machine
STOP_TIMEOUT_S = 10

TCP_LISTEN = "0A"  # in /proc/net/tcp


class Failed(Exception):
    """A program ended otherwise than it should have; the text has all that it said."""


class Result:
    """How a program ended: status, output (str) and errors (str)."""

    def __init__(self, command, status, output, errors):
        self.command = command
        self.status = status
        self.output = output
        self.errors = errors

    def __str__(self):
        words = " ".join(str(word) for word in self.command)
        return f"$ {words}\n{self.output}{self.errors}(exit status {self.status})"


def attempt(*command, stdin=None, env=None, timeout=RUN_TIMEOUT_S):
    """Runs a program to its end and says how it ended. stdin is str, or None for nothing."""
    done = subprocess.run(
        [str(word) for word in command], input=stdin if stdin is not None else "",
        capture_output=True, env=environment(env), timeout=timeout, encoding="utf-8",
        errors="backslashreplace", check=False)
    return Result(command, done.returncode, done.stdout, done.stderr)


def run(*command, **how):
    """Runs a program that must succeed; its standard output."""
    result = attempt(*command, **how)
    if result.status != 0:
        raise Failed(str(result))
    return result.output


def programs_but(folder, role, script):
    """Our programs in a new folder; in the role's place stands that script. Where genuine-ca is."""
    folder.mkdir()
    for program in BUILD.glob("genuine-ca*"):
        if program.is_file() and program.name != f"genuine-ca-{role}":
            shutil.copy2(program, folder)
    taken = folder / f"genuine-ca-{role}"
    taken.write_text(f"#!{sys.executable} -I\n{Path(script).read_text()}")
    taken.chmod(0o755)
    return folder / "genuine-ca"


def resident_kb(pid):
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])


def environment(extra):
    """Ours with what extra adds, in a language that tests can read."""
    return {**os.environ, "LC_ALL": "C.UTF-8", **{k: str(v) for k, v in (extra or {}).items()}}


class Daemon:
    """A program that runs until it is stopped. Output and errors go to files in its folder."""

    def __init__(self, folder, *command, env=None, fds=()):
        self.name = Path(command[0]).name
        self.log = Path(folder) / f"{self.name}.log"
        self.said = Path(folder) / f"{self.name}.out"
        with open(self.log, "ab") as errors, open(self.said, "wb") as output:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output,
                stderr=errors, env=environment(env), pass_fds=fds, start_new_session=True)

    def wait_for(self, condition, what):
        """Waits until condition() is true; its value. Fails at once where the program ends."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            value = condition()
            if value:
                return value
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended ({self.process.returncode}) before {what}\n"
                             + self.told())
            time.sleep(0.01)
        raise Failed(f"{self.name}: no {what} within {START_TIMEOUT_S} s\n{self.told()}")

    def wait_for_output(self, pattern):
        """Waits until a whole line of the program's output matches; the match."""
        expression = re.compile(f"(?:{pattern}).*\n")
        return self.wait_for(lambda: expression.search(self.said.read_text()), f"“{pattern}”")

    def listens(self, port):
        """Whether this very process, and no other that was there first, listens on a port."""
        own = set()
        with contextlib.suppress(FileNotFoundError):
            for fd in os.scandir(f"/proc/{self.process.pid}/fd"):
                own.add(os.readlink(fd.path))
        with open("/proc/net/tcp", encoding="ascii") as sockets:
            next(sockets)
            for fields in map(str.split, sockets):
                local, state, inode = fields[1], fields[3], fields[9]
                if state != TCP_LISTEN:
                    break  # Those that listen come first; of the others there may be thousands.
                if local.endswith(f":{port:04X}") and f"socket:[{inode}]" in own:
                    return True
        return False

    def told(self):
        return self.said.read_text(errors="replace") + self.log.read_text(errors="replace")

    def signal(self, number):
        self.process.send_signal(number)

    def is_running(self):
        return self.process.poll() is None

    def stop(self):
        """Asks the program to end, waits; kills it where it does not. Its exit status."""
        if self.is_running():
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"{self.name} did not end within {STOP_TIMEOUT_S} s of SIGTERM\n"
                         + self.told()) from None

    def kill(self):
        self.process.kill()
        return self.process.wait()
