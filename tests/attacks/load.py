"""Group H: more of everything than there is room for."""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from attacker import der
from attacker.keys import ecc_spki
from attacker.wire import Connection, Ended
from catalogue import ACCEPTED, BATCH, row
from genuine_test.process import BUILD
from in_process import further
from inside import Rigged
from resident import hold_no_growth, resident
from stage import Target

PREFIXES, PREFIXES_SAMPLE = 20480, 128
NO_TIME = (503, "BACK_END")
RECOVERS_S, ANSWER_S = 30, 3


def from_address(target, source, timeout=30):
    """A connection from an address of 127/8, each /24 of which is a prefix of its own."""
    plain = socket.create_connection(target.line.address, timeout=timeout, source_address=(source, 0))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = object.__new__(Connection)
    connection.socket = target.line.context.wrap_socket(plain, server_hostname="localhost")
    connection.rest = b""
    return connection


def post(body, act="getChallenge"):
    return (b"POST /v1/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (act.encode(), len(body), body))


class Botnet:
    """Devices without number, each with an EK of its own that the vendor has certified. Points and
    nonces follow one another by an addition each, which no vendor should do: it has to be quick."""

    def __init__(self, device):
        self.device, self.key = device, device.vendor.key
        self.curve = self.key.curve
        self.point = self.nonce_point = (*self.curve.base, 1)
        self.nonce = 1

    def affine(self, point):
        x, y, z = point
        inverse = pow(z, -1, self.curve.p)
        return x * inverse ** 2 % self.curve.p, y * inverse ** 3 % self.curve.p

    def sign(self, message):
        self.nonce, self.nonce_point = self.nonce + 1, self.following(self.nonce_point)
        n = self.curve.n
        e = int.from_bytes(hashlib.sha256(message).digest(), "big")
        r = self.affine(self.nonce_point)[0] % n
        return der.sequence(der.integer(r), der.integer(
            pow(self.nonce, -1, n) * (e + r * self.key.private) % n))

    def following(self, point):
        return self.curve.add(point, (*self.curve.base, 1))

    def evidence(self, csr):
        self.point = self.following(self.point)
        x, y = map(self.curve.octets, self.affine(self.point))
        return self.device.evidence(
            csr=csr, ek_public=self.device.ek_area.but(unique=[x, y]).tpm2b(),
            ek_certificate=self.device.vendor.certify(
                ecc_spki(self.curve, b"\x04" + x + y), sign=self.sign))


def prefixes(target, device, count, after):
    """(whether a certificate was asked for, answer) of so many prefixes, each with the next EK. Every
    second one asks for a certificate at once, by the test's own ticket: the store does not list its
    EK. after is called with the number of each."""
    csr, bots = device.csr(), Botnet(device)
    for number in range(count):
        evidence, is_second = bots.evidence(csr), number % 2 == 1
        members = target.ticket_members(evidence) if is_second else {}
        connection = from_address(target, f"127.{number >> 8}.{number & 255}.1")
        connection.send(post(evidence.json(**members),
                             "getCertificate" if is_second else "getChallenge"))
        yield is_second, connection.answer()
        connection.close()
        after(number)


def judge_prefixes(verdict, target, asked):
    """What each of them was told, and why; how many were told that there is no time (503)."""
    saw = target.reasons(answer.reference for _, answer in asked if answer.reference)
    for is_second, answer in asked:
        check = ACCEPTED if answer.status == 200 else saw.get(answer.reference)
        right = {(403, "EK_LISTED")} if is_second else {(200, ACCEPTED)}
        verdict.note("a prefix", (answer.status, check) in right | {NO_TIME}, answer.status == 200,
                     f"{answer} {check}")
    return sum(answer.status == 503 for _, answer in asked)


@row(108, "more source prefixes than the table has room for, each with an EK of its own")
def botnet(stage, verdict):
    """20,480 over the socket, five times the table's places: each EK is certified and judged, which
    takes milliseconds. Ten million, without EKs, are asked of the table in one process."""
    target = stage.target("botnet", front={"rate_per_prefix": 120})
    device = stage.device(target)
    good = device.evidence().json()
    count = PREFIXES if stage.is_full else PREFIXES_SAMPLE
    sizes, asked, no_time = {}, [], 0

    def note_sizes(number):
        if number == count // 8:  # By then each process has had its share of everything.
            sizes.update(resident(target))

    def all_of_them():
        nonlocal no_time, asked
        for one in prefixes(target, device, count, note_sizes):
            asked.append(one)
            if len(asked) == BATCH:
                no_time += judge_prefixes(verdict, target, asked)
                asked = []
        no_time += judge_prefixes(verdict, target, asked)
    verdict.unchanged(target, all_of_them)
    verdict.hold("as good as nobody is told that there is no time", no_time <= count // 100, no_time)
    verdict.figures.append(f"{count} prefixes and EKs over the socket, {no_time} of them told 503")
    hold_no_growth(target, verdict, sizes, f"{count} prefixes and EKs")
    answer = target.line.post("/v1/getChallenge", good)
    verdict.note("a good client", answer.status == 200, True, answer)
    has_its_quota(verdict, target)
    further(stage, verdict, 108)


def has_its_quota(verdict, target):
    """One prefix is refused at last, and was answered until then."""
    for _ in range(1000):
        answer = target.line.post("/v1/getChallenge", b"{}")
        if answer.status == 429:
            break
        verdict.hold("one prefix before its quota is used up", answer.status == 400, answer)
    verdict.note("one prefix has its quota still", answer.status == 429, False, answer)


def serves(target, body, act="getChallenge"):
    """The status of one request on a connection of its own; 0 where there is no answer in time."""
    with contextlib.suppress(OSError, Ended):
        connection = from_address(target, "127.0.0.1", ANSWER_S)
        with connection.socket:
            connection.send(post(body, act))
            return connection.answer().status
    return 0


def recovers(target, body):
    deadline = time.monotonic() + RECOVERS_S
    while time.monotonic() < deadline:
        if serves(target, body) == 200:
            return True
        time.sleep(0.2)
    return False


# ---- row 110 ----

OPTIONS = {"descriptors": ("Max open files", "--nofile"), "memory": ("Max address space", "--as"),
           "processes": ("Max processes", "--nproc")}
ROOM_FOR_NO_PROGRAM = 1 << 20  # octets of address space
LINES_A_WORKER = 40  # that are logged in a shortage; what tries again without a pause logs thousands
SERVER_USER = 61990  # for whom the limit of processes counts, which it does not for root
ROLES = ("front", "verifier", "authority", "store")
# An authority is given a descriptor when the CA is loaded; the other two need none that they have not.
AT_A_RELOAD = {("authority", "descriptors")}
NEVER = {("verifier", "descriptors"), ("store", "descriptors")}
SERVED, NOT_NOW, NO_ANSWER = {200}, {503}, {0}
# What three challenges and a certificate are told meanwhile, if not what everybody is.
TOLD = {
    "front": [NO_ANSWER] * 4,  # It can neither take a connection nor begin a TLS session.
    "verifier": [NOT_NOW] * 4, "authority": [NOT_NOW] * 4,
    "store": [SERVED] * 3 + [NOT_NOW],  # No challenge asks it.
    "supervisor": [NO_ANSWER | NOT_NOW] * 4}  # It starts no verifier; a front waits for one for 5 s.


def soft_limit(pid, kind):
    """As /proc has it."""
    line = re.search(rf"(?m)^{OPTIONS[kind][0]} +(\w+)", Path(f"/proc/{pid}/limits").read_text())
    return line[1]


def set_limit(pid, kind, soft):
    """prlimit(2) by the role's own user: root needs a capability for it that not every root has."""
    with contextlib.suppress(FileNotFoundError):  # It has ended.
        status = Path(f"/proc/{pid}/status").read_text()
        uid, gid = (int(re.search(rf"{name}:\s+(\d+)", status)[1]) for name in ("Uid", "Gid"))
        subprocess.run(["prlimit", "--pid", str(pid), f"{OPTIONS[kind][1]}={soft}:"], check=False,
                       capture_output=True, **({"user": uid, "group": gid, "extra_groups": []}
                                               if os.geteuid() == 0 else {}))


def nothing_more(pid, kind):
    """The limit with which a process gets no more of kind: no descriptor beyond those that it has,
    no room for a program that it starts, no process beside its own."""
    if kind == "descriptors":
        used = set(map(int, os.listdir(f"/proc/{pid}/fd")))
        return next(number for number in range(len(used) + 1) if number not in used)
    return ROOM_FOR_NO_PROGRAM if kind == "memory" else 1


@contextlib.contextmanager
def short_of(target, role, kind):
    """Meanwhile every allocation of the role fails (by the rig: what is free in its heap is not to be
    had either), or its limit is what it uses already."""
    if kind == "memory" and role != "supervisor":
        target.pages[role].set(fails_on=1, fail_in=1)
        yield
        target.pages[role].set(fails_on=0, fail_in=0)
        return
    pids = [target.ca.daemon.process.pid] if role == "supervisor" else target.ca.roles()[role]
    before = {pid: soft_limit(pid, kind) for pid in pids}
    for pid in pids:
        set_limit(pid, kind, nothing_more(pid, kind))
    yield
    for pid, was in before.items():
        set_limit(pid, kind, was)


def kill_verifiers(target):
    """The supervisor has to start others then."""
    for pid in target.ca.roles()["verifier"]:
        os.kill(pid, signal.SIGKILL)
    time.sleep(1)


def asked_for(target, device):
    """The statuses of three challenges and a certificate."""
    evidence = device.evidence()
    certificate = evidence.json(**target.ticket_members(evidence))
    return [*(serves(target, evidence.json()) for _ in range(3)),
            serves(target, certificate, "getCertificate")]


def lines_logged(target):
    return target.ca.daemon.told().count("\n")


def exhaust(verdict, target, device, role, kind):
    """One shortage: it must be felt, and be over when it is over. The log is not flooded meanwhile."""
    what, reload = f"{role}: no {kind}", None
    logged, lines_max = lines_logged(target), LINES_A_WORKER * target.ca.tells("status")["workers"]
    with short_of(target, role, kind):
        if role == "supervisor":
            kill_verifiers(target)
        statuses = asked_for(target, device)
        if (role, kind) in AT_A_RELOAD:
            reload = target.ca.tries("reload")
        logged = lines_logged(target) - logged
    works_on = (role, kind) in AT_A_RELOAD | NEVER
    for number, (status, right) in enumerate(zip(statuses, [SERVED] * 4 if works_on else TOLD[role])):
        verdict.note(f"{what}, request {number}", status in right, right == SERVED, status)
    is_felt = any(status != 200 for status in statuses) or reload and reload.status != 0
    verdict.hold(f"{what} is felt", is_felt or (role, kind) in NEVER, reload or statuses)
    verdict.hold(f"{what}: the log", logged <= lines_max, f"{logged} lines")
    verdict.hold(f"{what}, then there are", recovers(target, device.evidence().json()),
                 target.ca.daemon.told()[-500:])
    if reload:
        again = target.ca.tries("reload")
        verdict.hold(f"{what}, then a reload", again.status == 0, again)
    verdict.hold(f"{what}: the supervisor", target.ca.daemon.is_running(), "has ended")
    verdict.figures.append(f"{what:<25} answers {statuses}, {logged} lines"
                           + (f", reload ended with {reload.status}" if reload else ""))


def without_shortage(verdict, target, device):
    """The control: verifiers that are killed are started again, where nothing is short."""
    kill_verifiers(target)
    statuses = asked_for(target, device)
    verdict.hold("verifiers killed, nothing short", 200 in statuses, statuses)


def unprivileged(stage):
    """A CA whose server is nobody's but SERVER_USER's, roles and all."""
    place = stage.folder / "unprivileged"
    programs = place / "programs"
    programs.mkdir(parents=True)
    for program in ("genuine-ca", *(f"genuine-ca-{role}" for role in ROLES)):
        shutil.copy2(BUILD / program, programs)
    target = Target(place / "ca", program=programs / "genuine-ca")
    target.trusts(stage.root.certificate, stage.vendor.certificate)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{SERVER_USER}:{SERVER_USER}", place], check=True)
        as_user = programs / "as-user"
        as_user.write_text(f"#!/bin/sh\nexec setpriv --reuid={SERVER_USER} --regid={SERVER_USER}"
                           f" --clear-groups {programs}/genuine-ca \"$@\"\n")
        as_user.chmod(0o755)
        target.ca.program = as_user
    stage.callback(target.stop)
    return target.start()


@row(110, "no descriptors, no memory in one role after the other, no processes for the supervisor",
     is_slow=True, is_rigged=True)
def exhausted(stage, verdict):
    target = Rigged(stage, "exhausted")
    device = stage.device(target)
    for role in (*ROLES, "supervisor"):
        for kind in ("descriptors", "memory"):
            exhaust(verdict, target, device, role, kind)
    target = unprivileged(stage)
    device = stage.device(target)
    without_shortage(verdict, target, device)  # First: after a shortage it tries more seldom.
    exhaust(verdict, target, device, "supervisor", "processes")
