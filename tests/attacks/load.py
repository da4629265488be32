"""Group H: more of everything than there is room for."""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from attacker.wire import Connection
from catalogue import row

GROWTH_MAX_KB = 1024
PREFIXES, PREFIXES_SAMPLE = 20480, 128
RECOVERS_S, ANSWER_S = 30, 2
LIMITS = {"descriptors": "Max open files", "memory": "Max address space"}


def resident(target):
    """{role and number: VmRSS in kB}"""
    found = {}
    for role, pids in target.ca.roles().items():
        for number, pid in enumerate(sorted(pids)):
            status = Path(f"/proc/{pid}/status").read_text()
            found[f"{role} {number}"] = int(re.search(r"VmRSS:\s+(\d+)", status)[1])
    return found


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


@row(108, "more source prefixes than the table has room for, each with an EK of its own")
def botnet(stage, verdict):
    target = stage.target("botnet", front={"rate_per_prefix": 120})
    device = stage.device(target, template="L-1")
    generator = random.Random(108)
    good = device.evidence().json()
    count = PREFIXES if stage.is_full else PREFIXES_SAMPLE
    sizes = None
    for number in range(count):
        if number == count // 8:  # By then each process has had its share of everything.
            sizes = resident(target)
        modulus = generator.getrandbits(2048) | 1 << 2047 | 1
        area = device.ek_area.but(unique=[modulus.to_bytes(256, "big")])
        body = device.evidence(ek_public=area.tpm2b()).json() if number % 16 == 0 else good[:-1]
        connection = from_address(target, f"127.{number >> 8}.{number & 255}.1")
        connection.send(post(body))
        answer = connection.answer()
        connection.close()
        verdict.note("a prefix", answer.status in (400, 403), answer.status == 200, answer)
    for role, size in resident(target).items():
        grown = size - sizes[role]
        verdict.note(f"{role}: {grown} kB more", grown < GROWTH_MAX_KB, True,
                     f"{sizes[role]} kB before")
    answer = target.line.post("/v1/getChallenge", good)
    verdict.note("a good client", answer.status == 200, True, answer)
    statuses = []
    for _ in range(1000):
        statuses.append(target.line.post("/v1/getChallenge", b"{}").status)
        if statuses[-1] == 429:
            break
    verdict.note("one prefix has its quota still", 429 in statuses, False, len(statuses))


def serves(target, body, act="getChallenge"):
    """The status of one request on a connection of its own; 0 where there is no answer."""
    with contextlib.suppress(Exception):
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


def soft_limit(pid, name):
    """As /proc has it."""
    line = re.search(rf"(?m)^{name} +(\w+)", Path(f"/proc/{pid}/limits").read_text())
    return line[1]


def set_limit(pid, kind, soft):
    """prlimit(2) by the role's own user: root needs a capability for it that not every root has."""
    with contextlib.suppress(FileNotFoundError):  # It has ended.
        status = Path(f"/proc/{pid}/status").read_text()
        uid, gid = (int(re.search(rf"{name}:\s+(\d+)", status)[1]) for name in ("Uid", "Gid"))
        option = {"descriptors": "--nofile", "memory": "--as"}[kind]
        subprocess.run(["prlimit", "--pid", str(pid), f"{option}={soft}:"], check=False,
                       capture_output=True, **({"user": uid, "group": gid, "extra_groups": []}
                                               if os.geteuid() == 0 else {}))


def virtual(pid):
    return int(re.search(r"VmSize:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


@row(110, "no descriptors, no memory, no processes left in one role after the other; then there are",
     is_slow=True)
def exhausted(stage, verdict):
    target = stage.target("exhausted")
    device = stage.device(target)
    body = device.evidence().json()
    supervisor = target.ca.daemon.process.pid
    for role in ("front", "verifier", "authority", "store", "supervisor"):
        for kind in LIMITS:
            pids = [supervisor] if role == "supervisor" else target.ca.roles()[role]
            before = {pid: soft_limit(pid, LIMITS[kind]) for pid in pids}
            for pid in pids:
                set_limit(pid, kind, len(os.listdir(f"/proc/{pid}/fd")) if kind == "descriptors"
                          else virtual(pid))
            statuses = exhaust(target, device, body, role)
            for pid, was in before.items():
                set_limit(pid, kind, was)
            what = f"{role}: no {kind}"
            for status in statuses:
                verdict.note(what, status in (0, 200, 503), status == 200, status)
            verdict.note(f"{what}, then there are", recovers(target, body), True,
                         target.ca.daemon.told()[-500:])
            if not target.ca.daemon.is_running():
                verdict.wrong.append(f"{what}: the supervisor ended")
                return


def exhaust(target, device, body, role):
    """What is answered meanwhile (0: nothing); new processes are asked for, too."""
    statuses = [serves(target, body) for _ in range(3)]
    evidence = device.evidence()
    request = evidence.json(**target.ticket_members(evidence))
    statuses.append(serves(target, request, "getCertificate"))
    if role == "supervisor":  # It would have to start another one.
        for pid in target.ca.roles()["verifier"]:
            os.kill(pid, signal.SIGKILL)
        time.sleep(1)
        statuses += [serves(target, body) for _ in range(3)]
    return statuses
