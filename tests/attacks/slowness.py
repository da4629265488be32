"""Row 100: peers that are slow in every stage of a connection."""

import contextlib
import resource
import socket
import statistics
import threading
import time
from pathlib import Path

from attacker.wire import Line
from catalogue import row
from http_forms import post

# A connection has 9 s of the front's clock; the rest is what a busy machine may take.
BUSY_S = 20
STEP_S = 0.5
ESTABLISHED = "01"  # in /proc/net/tcp
RECEIVED_MAX = 2048


def descriptors():
    """As many as we may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class SlowPeers:
    """Connections that have sent what comes before a stage, and then send an octet now and then;
    in the last stage many requests whose answers nobody takes."""

    def __init__(self, target, before, octets, is_tls=True):
        self.target, self.before, self.octets, self.is_tls = target, before, octets, is_tls
        self.begun, self.ended, self.open = {}, {}, {}

    def connect(self):
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_MAX)
        plain.settimeout(BUSY_S)
        begin = time.monotonic()
        plain.connect(self.target.line.address)
        port = plain.getsockname()[1]
        if self.is_tls:
            plain = self.target.line.context.wrap_socket(plain, server_hostname="localhost")
        plain.setblocking(False)
        with contextlib.suppress(OSError):
            plain.send(self.before)
        self.begun[port], self.open[port] = begin, plain

    def step(self, number):
        for port, plain in list(self.open.items()):
            with contextlib.suppress(OSError):
                if self.octets:
                    plain.send(self.octets[number % len(self.octets):][:1])
        now, alive = time.monotonic(), self.still_served()
        for port in [port for port in self.open if port not in alive]:
            self.ended[port] = now - self.begun[port]
            self.open.pop(port).close()

    def still_served(self):
        """Our ports of which the server has not closed its end."""
        own = f":{self.target.line.address[1]:04X}"
        found = set()
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(own) and fields[3] == ESTABLISHED:
                found.add(int(fields[2].rpartition(":")[2], 16))
        return found

    def run(self, count):
        """Seconds until the server had closed each of them."""
        number, deadline = 0, None
        while deadline is None or self.open and time.monotonic() < deadline:
            begin = time.monotonic()
            while len(self.begun) < count and time.monotonic() < begin + STEP_S:
                with contextlib.suppress(OSError):
                    self.connect()
            self.step(number)
            number += 1
            if len(self.begun) >= count and deadline is None:
                deadline = time.monotonic() + BUSY_S
            time.sleep(max(0, begin + STEP_S - time.monotonic()))
        left = [time.monotonic() - self.begun[port] for port in self.open]
        for plain in self.open.values():
            plain.close()
        return list(self.ended.values()), left


class GoodClient(threading.Thread):
    """Asks for challenges, each on a connection of its own, until it is told to stop."""

    def __init__(self, target, body):
        super().__init__(daemon=True)
        self.target, self.body = target, body
        self.took, self.failed, self.is_over = [], [], threading.Event()

    def run(self):
        while not self.is_over.wait(0.02):
            line = Line(self.target.line.address[1], self.target.ca.certificate)
            begin = time.monotonic()
            try:
                answer = line.post("/v1/getChallenge", self.body)
                if answer.status != 200:
                    self.failed.append(answer)
            except Exception as error:  # noqa: BLE001
                self.failed.append(error)
            self.took.append(time.monotonic() - begin)
            line.close()

    def stop(self):
        self.is_over.set()
        self.join()


def lengthen_list(stage, target):
    """Revokes so many certificates that 99 lists do not fit what the kernel keeps for a peer."""
    for device in stage.devices(20):
        for _ in range(10):
            evidence = device.evidence()
            target.line.post("/v1/getCertificate", evidence.json(**target.ticket_members(evidence)))
            time.sleep(0.002)
        target.ca.does("certificate", "revoke", device.serial)
    deadline = time.monotonic() + BUSY_S
    while len(target.ca.client.get("/v1/crl").body) < 200 * 20 and time.monotonic() < deadline:
        time.sleep(0.2)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@row(100, "octets that dribble, answers that nobody takes: closed, and others are served",
     is_slow=True)
def slow(stage, verdict):
    target, device = stage.target(), stage.device()
    whole = post(device.evidence().json())
    lengthen_list(stage, target)
    line_end, head_end = whole.index(b"\r\n"), whole.index(b"\r\n\r\n") + 4
    count = min(1000 if stage.is_full else 100, descriptors() - 500)
    stages = {
        "handshake": (b"\x16\x03\x01\x02\x00", bytes(64), False),
        "request line": (whole[:1], whole[1:line_end], True),
        "headers": (whole[:line_end + 2], whole[line_end + 2:head_end - 2], True),
        "body": (whole[:head_end], whole[head_end:], True),
        "response": (b"GET /v1/crl HTTP/1.1\r\nHost: localhost\r\n\r\n" * 99, b"", True)}
    for what, (before, octets, is_tls) in stages.items():
        good = GoodClient(target, device.evidence().json())
        good.start()
        ended, left = SlowPeers(target, before, octets, is_tls).run(count)
        good.stop()
        for seconds in ended:
            verdict.note(f"slow in the {what}", seconds < BUSY_S, False, f"{seconds:.1f} s")
        for seconds in left:
            verdict.note(f"slow in the {what}", False, False, f"open after {seconds:.1f} s")
        verdict.note(f"a good client beside the {what}", good.took and not good.failed, True,
                     good.failed[:3])
        verdict.figures.append(
            f"{what:>12}: {len(ended) + len(left)} connections, closed after"
            f" {statistics.median(ended or [0]):4.1f} s, the last {max(ended or [0]):4.1f} s;"
            f" {len(good.took)} requests of others, p99 {percentile(good.took, 0.99) * 1000:.0f} ms")
