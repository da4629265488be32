"""The supervisor: its disk and its memory, while serve starts and in commands without a server.

The start renews the TLS certificate, for genuine.conf names a host more. The commands are those that
write: trust import, with marks, rotate and device import. What an injection meets is told by a failing
status and a sentence, or does no harm; what was in force is whole afterwards, or the new is; and the
next try succeeds. A command that says that nothing was done has done nothing, also where it is a sync of
its store's that failed: that one ends unheard, with what was done perhaps on the disk.
"""

import re
from dataclasses import dataclass
from errno import EAGAIN, EIO, errorcode
from typing import Callable

from errors import CHANNEL, DISK, SERVED, SYNCS
from genuine_test.process import Failed, attempt, run
from injection import DONE, Injection, Outcome
from memory import places
from stage import supervisor_rig

FAILED = 1
TOLD = ("write", "fsync", "renameat")  # whose errors nothing can make up for
HOST = "another.example"


# ---- what is spoilt ----

@dataclass(frozen=True)
class Fault:
    """One call that fails, or one allocation."""

    what: str
    n: int
    put: Callable  # into a page
    is_told: bool = False
    role: str = "supervisor"  # whose page

    def take_out(self, page):
        page.set(spoil_in=0, fail_in=0)
        return page.spoilt + page.failed > 0


def disk_faults(calls):
    for call, errors in {**DISK, **CHANNEL}.items():
        for n in range(1, calls[call] + 1):
            for error in errors:
                what = errorcode.get(error, "half")
                is_told = call in TOLD and error in errorcode
                for word, goes_on in (("at", 0), ("from", 1)):
                    if goes_on and error == EAGAIN:
                        continue  # A channel that stays full is a role that hangs: row 110.
                    yield Fault(f"{what} {word} {call}", n,
                                lambda page, told=(call, n, error, goes_on): page.spoil(*told), is_told)


def memory_faults(sites, known):
    for n in places(sites, known):
        yield Fault("malloc", n, lambda page, n=n: page.set(fail_in=n))
    known.update(sites)


def sync_faults(calls):
    """Of a command's store."""
    for call in SYNCS:
        for n in range(1, calls[call] + 1):
            yield Fault(f"EIO at {call} of the store", n,
                        lambda page, told=(call, n, EIO, 0): page.spoil(*told), role="store")


def faults(page, count, known):
    """Those of what count() does, which is done once without any; of memory, at places not known yet."""
    page.set(is_counting=1)
    count()
    page.set(is_counting=0)
    return [*disk_faults(page.calls()), *memory_faults(page.sites(), known)]


def is_told(text):
    """Whether a plain sentence says what failed; what each start says is none."""
    return re.search(r"^genuine-ca: (?!\[ca\])\S.*", text, re.M) is not None


# ---- commands ----

def trust_listed(world):
    return {row["id"]: row for row in world.ca.tells("trust", "list")}


def ticket_keys(world):
    return (world.ca.folder / "secret" / "ticket.keys").read_bytes()


def rows_listed(world):
    with world.ca.database() as database:
        return database.execute("SELECT serial FROM manifest_row ORDER BY serial").fetchall()


def is_trust_whole(before, now, after):
    return before.items() <= now.items() <= after.items()


def is_either(before, now, after):
    return now in (before, after)


@dataclass(frozen=True)
class Command:
    """One that changes something, which state(world) tells."""

    name: str
    words: Callable
    state: Callable
    is_whole: Callable  # of what was before, is now and is to be
    is_same: bool = True  # each time that it is done


def manifest(world):
    path = world.folder / "more.csv"
    path.write_text("serial,ek_id,profile,group\n" + "".join(
        f"SN-000{n},{n:064x},,\n" for n in (2, 3)))
    return path


COMMANDS = (
    Command("trust import", lambda world: ("trust", "import", "--mark", "ek-only", world.vendors),
            trust_listed, is_trust_whole),
    # Whether they are whole the next rotate says, which reads them.
    Command("rotate", lambda _: ("rotate",), ticket_keys, lambda *_: True, False),
    Command("device import", lambda world: ("device", "import", "--add", manifest(world)),
            rows_listed, is_either),
)


def give(world, command):
    """The command by the program with the rig. The operator's name is not looked up: without memory
    glibc's look-up of it (NSS) ends the process by an assertion of its own."""
    env = {**supervisor_rig(world.folder / "build"), "SUDO_USER": "operator"}
    return attempt(world.folder / "build" / "genuine-ca", "-C", world.ca.folder,
                   *command.words(world), env=env)


def is_done(command, before, now, after):
    return now == after if command.is_same else now != before


def ended_badly(result, fault, has_state):
    if result.status not in (DONE, FAILED):
        yield f"exit status {result.status}\n{result}"
    elif result.status == FAILED and not is_told(result.errors):
        yield f"no sentence says why\n{result}"
    elif result.status == DONE and (fault.is_told or not has_state):
        yield f"it says that it is done\n{result}"


def try_again(world, command, after):
    before, result = command.state(world), world.ca.tries(*command.words(world))
    if result.status != DONE or not is_done(command, before, command.state(world), after):
        yield f"the next {command.name} does not succeed\n{result}"


def in_command(command, fault, after):
    def act(world):
        world.ca.stop()
        before = command.state(world)
        fault.put(world.pages[fault.role])
        result = give(world, command)
        has_fired = fault.take_out(world.pages[fault.role])
        now = command.state(world)
        complaints = list(ended_badly(result, fault, is_done(command, before, now, after)))
        if not command.is_whole(before, now, after):
            complaints.append(f"neither old nor new: {now}\n{result}")
        if "nothing was" in result.errors and now != before:
            complaints.append(f"it says that nothing was done, and it was: {now}\n{result}")
        return Outcome(has_fired, None, complaints=[*complaints, *try_again(world, command, after)])
    return act


def of_command(new_world, command, known):
    with new_world() as world:
        world.ca.stop()
        found = faults(world.pages["supervisor"], lambda: give(world, command), known)
        found += sync_faults(world.pages["store"].calls())
        after = command.state(world)
    for fault in found:
        yield Injection(command.name, fault.what, fault.n, in_command(command, fault, after))


# ---- the start ----

def name_another_host(world):
    """So that the next start makes a TLS certificate."""
    path = world.ca.folder / "genuine.conf"
    path.write_text(re.sub(r"^hosts = ", f"hosts = {HOST}, ", path.read_text(), flags=re.M))


def start_rigged(world):
    name_another_host(world)
    world.ca.stop()
    world.ca.build = world.folder / "build"
    world.ca.start()


def not_started(world):
    """Of a serve that did not come to the point of serving."""
    daemon = world.ca.daemon
    if daemon.is_running():
        daemon.kill()
        yield f"it neither serves nor ends\n{daemon.told()}"
    elif daemon.process.returncode != FAILED or not is_told(daemon.told()):
        yield f"it ended with status {daemon.process.returncode} and no sentence\n{daemon.told()}"


def not_renewed(world):
    """The next start has made up for it."""
    world.ca.stop()
    world.ca.start()
    if "does match certificate" not in run("openssl", "x509", "-in", world.ca.tls_certificate,
                                            "-noout", "-checkhost", HOST):
        yield f"the next start does not renew the TLS certificate\n{world.ca.daemon.told()}"


def at_start(fault):
    def act(world):
        fault.put(world.pages["supervisor"])
        result, complaints = None, []
        try:
            start_rigged(world)
        except Failed:
            complaints.extend(not_started(world))
        has_fired = fault.take_out(world.pages["supervisor"])
        if world.ca.daemon.is_running():
            if fault.is_told and "not renewed" not in world.ca.daemon.told():
                complaints.append(f"nobody is told\n{world.ca.daemon.told()}")
            result = world.device()
        return Outcome(has_fired, result, SERVED, complaints=[*complaints, *not_renewed(world)])
    return act


def injections(new_world):
    known = set()
    with new_world() as world:
        found = faults(world.pages["supervisor"], lambda: start_rigged(world), known)
    for fault in found:
        yield Injection("serve", f"{fault.what} at start", fault.n, at_start(fault))
    for command in COMMANDS:
        yield from of_command(new_world, command, known)
