"""Rows 100 and 105: peers that are slow in every stage of a connection, and what a request costs
that is refused by each check."""

import contextlib
import resource
import socket
import statistics
import threading
import time
from pathlib import Path

from attacker import der
from attacker.areas import IK_ATTRIBUTES
from attacker.certificates import (SERVER_AUTH, Authority, at, basic_constraints,
                                   extended_key_usage)
from attacker.csr import EXTENSION_REQUEST, attribute, body, request, signed, subject
from attacker.evidence import b64
from attacker.keys import EccKey, ecc_spki
from attacker.wire import Line
from catalogue import row
from http_forms import post
from key_strength import close_key, key_with_factor, roca_key, with_key

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


# ---- cost ----

# Parts of what the accepted request costs, twice what was seen: others may compute beside us. The
# microseconds, and how many checks stay below an absolute figure, are printed and not tested, for
# machines differ.
BEFORE_MAX, BEHIND_MAX = 0.6, 2.0
BEFORE_US, BEHIND_US = 300, 1000
LARGEST = {"template": "H-7", "ik": 4096}


def cpu_ns(target):
    """What all roles have computed since their start."""
    return sum(int(path.read_text().split()[0]) for pids in target.ca.roles().values()
               for pid in pids for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def cost_us(target, path, body, count):
    """CPU of one request, handshakes not counted; the least of some batches, for others compute
    beside us."""
    batches = []
    for _ in range(4):
        target.line.close()
        target.line.posts([(path, body)] * 16)  # opens the connections
        before = cpu_ns(target)
        target.line.posts([(path, body)] * count)
        batches.append((cpu_ns(target) - before) / count / 1000)
    return min(batches)


def before_the_signature(stage, device, rsa):
    """{check: makes evidence that it refuses before the CSR's signature is looked at, as dear as it
    can be}."""
    ecc = device.evidence()
    large = rsa.evidence()
    small = stage.device(template="L-1", ik=2048)
    point = [device.ik_area.unique[0], device.ik_area.unique[1][:-1]
             + bytes([device.ik_area.unique[1][-1] ^ 1])]
    ek_point = [device.ek_area.unique[0], device.ek_area.unique[1][:-1]
                + bytes([device.ek_area.unique[1][-1] ^ 1])]
    deep = b""
    while len(deep) < 8000:
        deep = der.sequence(deep)
    wide = request(EccKey(), device.serial, attributes=[attribute(
        EXTENSION_REQUEST, der.sequence(*(der.null() for _ in range(3500))))])
    return {
        "PROFILE_KNOWN": lambda: large.but(profile="nobody"),
        "CSR_DER": lambda: ecc.but(csr=deep),
        "CSR_FORM": lambda: ecc.but(csr=ecc.ek_certificate),
        "EK_CHAIN_DER": lambda: ecc.but(
            chain=(ecc.ek_certificate,) * 7 + (ecc.ek_certificate + b"\x00",)),
        "IK_PUBLIC_READ": lambda: large.but(ik_public=large.ik_public + b"\x00"),
        "EK_PUBLIC_READ": lambda: large.but(ek_public=large.ek_public + b"\x00"),
        "IK_ATTRIBUTES": lambda: large.but(
            ik_public=rsa.ik_area.but(attributes=IK_ATTRIBUTES ^ 2).tpm2b()),
        "EK_TEMPLATE": lambda: large.but(ek_public=rsa.ek_area.but(attributes=0).tpm2b()),
        "CSR_KEY": lambda: ecc.but(csr=wide),
        "IK_IS_NOT_EK": lambda: device.with_ik(device.ek).evidence(),
        "IK_NUMBER": lambda: with_key(small, key_with_factor(997), True),
        "EK_NUMBER": lambda: with_key(small, key_with_factor(997), False),
        "IK_ROCA": lambda: with_key(small, roca_key(3), True),
        "EK_ROCA": lambda: with_key(small, roca_key(3), False),
        "IK_FERMAT": lambda: with_key(small, close_key(2), True),
        "EK_FERMAT": lambda: with_key(small, close_key(2), False),
        "IK_POINT": lambda: ecc.but(ik_public=device.ik_area.but(unique=point).tpm2b(),
                                    csr=point_csr(device, point)),
        "EK_POINT": lambda: ecc.but(ek_public=device.ek_area.but(unique=ek_point).tpm2b())}


def point_csr(device, point):
    """A CSR for a point that is none, so that nothing but the point is wrong."""
    info = body(device.ik, subject(device.serial),
                spki=ecc_spki(device.ik.curve, b"\x04" + b"".join(point)))
    return signed(info, device.ik.algorithm(), device.ik.sign(info))


def behind_the_signature(stage, device, rsa):
    ecc, large = device.evidence(), rsa.evidence()
    namesakes = tuple(Authority("", subject=stage.vendor.subject).certificate for _ in range(8))
    stranger = Authority("", subject=stage.vendor.subject)
    return {
        "CSR_SIGNATURE": lambda: large.but(csr=large.csr[:-1] + bytes([large.csr[-1] ^ 1])),
        "EK_CERTIFICATE_DER": lambda: large.but(ek_certificate=large.ek_certificate + b"\x00"),
        "EK_CERTIFICATE_KEY": lambda: large.but(ek_certificate=ecc.ek_certificate),
        "EK_CERTIFICATE_NOT_CA": lambda: rsa.evidence(ek_certificate=rsa.certify(
            changes={"constraints": basic_constraints(True)})),
        "EK_CERTIFICATE_CHAIN": lambda: rsa.evidence(
            ek_certificate=stranger.certify(rsa.ek), chain=namesakes),
        "EK_CERTIFICATE_EKU": lambda: rsa.evidence(ek_certificate=rsa.certify(
            changes={"purpose": extended_key_usage(SERVER_AUTH)})),
        "EK_CERTIFICATE_TIME": lambda: rsa.evidence(ek_certificate=rsa.certify(
            validity=(at(86400), at(2 * 86400))))}


@row(105, "what a request costs that is refused by each check, beside one that is accepted")
def cost(stage, verdict):
    target, device = stage.target(), stage.device()
    count = 240 if stage.is_full else 48
    yardstick = cost_us(target, "/v1/getChallenge",
                        stage.device(template="L-1", ik=2048).evidence().json(), count)
    verdict.figures.append(f"{'accepted, RSA 2048':24} {yardstick:6.0f} µs of CPU")
    rsa = stage.device(**(LARGEST if stage.is_full else {"template": "L-1", "ik": 2048}))
    groups = (("before", before_the_signature(stage, device, rsa), BEFORE_MAX, BEFORE_US),
              ("behind", behind_the_signature(stage, device, rsa), BEHIND_MAX, BEHIND_US))
    below = []
    for where, forms, share_max, absolute_us in groups:
        costs = [tell_cost(target, verdict, "/v1/getChallenge", check, make().json(),
                           (count, yardstick, share_max))
                 for check, make in stage.some(forms.items(), 3)]
        below.append(f"{sum(each <= absolute_us for each in costs)} of {len(costs)} checks {where} the"
                     f" CSR's signature cost at most {absolute_us} µs")
    evidence = device.evidence()
    wrong = evidence.json(challenge=b64(target.header().octets()), ticket=b64(bytes(32)))
    tell_cost(target, verdict, "/v1/getCertificate", "TICKET", wrong,
              (count, yardstick, BEHIND_MAX))
    verdict.figures.append("; ".join(below) + "; on this machine, and no limit")


def tell_cost(target, verdict, path, check, body, measure):
    """Judges it by the share, and returns the microseconds."""
    count, yardstick, share_max = measure
    answer = target.line.post(path, body)
    saw = target.reasons([answer.reference]).get(answer.reference) if answer.reference else "-"
    each = cost_us(target, path, body, count)
    verdict.figures.append(f"{check:24} {each:6.0f} µs, {each / yardstick:4.2f} of that")
    verdict.note(check, saw == check and each <= share_max * yardstick, False,
                 f"{answer.status} {saw}, {each:.0f} µs of {yardstick:.0f} µs")
    return each
