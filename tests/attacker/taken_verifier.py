"""A verifier in the attacker's hands: it finds everything sound and says what the attacker wants.

Started by the supervisor in the verifier's place. Whatever the areas in a request claim, the facts
are those of an identity key born in a TPM and of an endorsement key (P-256, L-2); the serial is
what the csr's octets say after SERIAL, and so are, where they stand before it, the mask of the
checks and the policy's fingerprint. A csr that begins with SEND or FLOOD is an order (see order):
frames, of whatever kind, that it sends a neighbour as fast as they are taken; one that begins with
TELL asks what came of it. They are answered by what looks like a challenge, with a report for its
credential.
"""

import contextlib
import hashlib
import json
import os
import select
import socket

CONTROL, FRONT, AUTHORITY = 3, 4, 5
FACTS, LOAD, LOAD_END, LOADED, COMMIT, STOP, COMMITTED = 2, 32, 33, 34, 36, 39, 40
LOAD_FINGERPRINT = 2
TEMPLATE_EK_L2, TEMPLATE_IK_P256_NODA = 2, 39
ACT_CERTIFICATE = 2
EVERY_CHECK = (1 << 42) - 1
FIELD = 32  # octets of a coordinate
HEADER, TICKET = 53, 32
MARK, MASK, FINGERPRINT = b"SERIAL", b"MASK", b"FINGERPRINT"
SEND, FLOOD, TELL = b"SEND!", b"FLOOD", b"TELL!"
BURST = 100  # frames at a time, of which the kernel keeps more for a neighbour
ANSWER, CHALLENGE, REFUSED = 3, 1, 3  # a kind of message; kinds of an answer


class Reader:
    def __init__(self, octets):
        self.rest = octets

    def take(self, count):
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def sized(self):
        return self.take(self.number(4))


def sized(octets):
    return len(octets).to_bytes(4, "big") + octets


def numbers(area):
    """x and y at the end of a TPM2B_PUBLIC of P-256."""
    return sized(area[-2 * FIELD - 2:-FIELD - 2]) + sized(area[-FIELD:])


def said(csr, mark, otherwise):
    """What stands behind a mark, as long as what would be said without it."""
    found = csr.partition(mark)[2][:len(otherwise)]
    return found if len(found) == len(otherwise) else otherwise


def facts(evidence, fingerprint):
    r = Reader(evidence)
    act = r.number(1)
    csr, ik_public, ek_public = r.sized(), r.sized(), r.sized()
    r.number(1)
    r.sized()  # the EK certificate
    for _ in range(r.number(1)):
        r.sized()
    profile, challenge, ticket = r.sized(), r.sized(), r.sized()
    if act != ACT_CERTIFICATE:
        challenge, ticket = bytes(HEADER), bytes(TICKET)
    return (bytes([act]) + said(csr, MASK, EVERY_CHECK.to_bytes(8, "big"))
            + said(csr, FINGERPRINT, fingerprint)
            + bytes([TEMPLATE_IK_P256_NODA]) + numbers(ik_public)
            + bytes([TEMPLATE_EK_L2]) + numbers(ek_public)
            + sized(csr.partition(MARK)[2]) + sized(profile) + bytes(32)
            + b"\0" + bytes(32) + challenge + ticket)


def frame(kind, request=bytes(8), body=b""):
    return kind.to_bytes(2, "big") + request + body


def order(channel, times, *frames, does=SEND):
    """A csr that has these frames sent on a channel, all of them so many times; FLOOD goes on until
    the front asks for something."""
    return does + bytes([channel]) + times.to_bytes(4, "big") + b"".join(map(sized, frames))


def name_of_answer(body):
    """What two answers have in common that say the same."""
    if body[0] == CHALLENGE:
        return "challenge"
    if body[0] == REFUSED:
        return f"check {int.from_bytes(body[1:3], 'big')}"
    return hashlib.sha256(body).hexdigest()[:16]


def deliver(channel, octets):
    """Sends it, once the neighbour takes it."""
    while True:
        select.select([], [channel], [])
        with contextlib.suppress(BlockingIOError):
            channel.send(octets)
            return


class Verifier:
    def __init__(self):
        self.control, self.front, self.authority = (
            socket.socket(fileno=fd) for fd in (CONTROL, FRONT, AUTHORITY))
        self.fingerprint = bytes(32)
        self.sent, self.answers = 0, {}

    def take_control(self):
        # Room for a descriptor, which is closed with the process.
        message = self.control.recvmsg(65536, 64)[0]
        kind, body = int.from_bytes(message[:2], "big"), message[10:]
        if not message or kind == STOP:
            os._exit(0)
        if kind == LOAD and body[0] == LOAD_FINGERPRINT:
            self.fingerprint = body[1:]
        elif kind == LOAD_END:
            self.control.send(frame(LOADED))
        elif kind == COMMIT:
            self.control.send(frame(COMMITTED))

    def take_authority(self):
        """The front gets what there is, whether it has asked for it or not."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(BURST):
                message = self.authority.recv(65536)
                name = name_of_answer(message[10:])
                self.answers[name] = self.answers.get(name, 0) + 1
                with contextlib.suppress(BlockingIOError):
                    self.front.send(message)

    def take_front(self):
        message = self.front.recv(65536)
        request, body = message[2:10], message[10:]
        csr = Reader(body[1:]).sized()
        if not csr.startswith((SEND, FLOOD, TELL)):
            deliver(self.authority, frame(FACTS, request, facts(body, self.fingerprint)))
            return
        if not csr.startswith(TELL):
            self.sent, self.answers = 0, {}
        self.report(request)
        if not csr.startswith(TELL):
            self.obey(Reader(csr[len(SEND):]), csr.startswith(FLOOD))

    def report(self, request):
        told = json.dumps({"pid": os.getpid(), "sent": self.sent, "answers": self.answers}).encode()
        deliver(self.front, frame(ANSWER, request, bytes([CHALLENGE]) + sized(told)
                                  + sized(bytes(HEADER))))

    def obey(self, r, goes_on):
        channel = self.front if r.number(1) == FRONT else self.authority
        times, frames = r.number(4), []
        while r.rest:
            frames.append(r.sized())
        while self.sent < times * len(frames) or goes_on and not self.is_asked():
            ready, can_send, _ = select.select([self.control, self.authority], [channel], [])
            if self.control in ready:
                self.take_control()
            if self.authority in ready:
                self.take_authority()
            if can_send:
                left = BURST if goes_on else times * len(frames) - self.sent
                self.burst(channel, frames, min(BURST, left))

    def burst(self, channel, frames, count):
        with contextlib.suppress(BlockingIOError):
            for _ in range(count):
                channel.send(frames[self.sent % len(frames)])
                self.sent += 1

    def is_asked(self):
        return bool(select.select([self.front], [], [], 0)[0])

    def run(self):
        while True:
            ready = select.select([self.control, self.front, self.authority], [], [])[0]
            if self.control in ready:
                self.take_control()
            if self.authority in ready:
                self.take_authority()
            elif self.front in ready:
                self.take_front()


if __name__ == "__main__":
    Verifier().run()
