"""A verifier in the attacker's hands: it finds everything sound and says what the attacker wants.

Started by the supervisor in the verifier's place. Whatever the areas in a request claim, the facts
are those of an identity key born in a TPM and of an endorsement key (P-256, L-2); the serial is
what the csr's octets say after SERIAL, and so are, where they stand before it, the mask of the checks
and the policy's fingerprint. A csr that begins with JUNK makes it send the authority what no honest
verifier sends, one that begins with EMPTY many frames of nothing, which look like the channel's end.
"""

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
MARK, MASK, FINGERPRINT, JUNK, EMPTY = b"SERIAL", b"MASK", b"FINGERPRINT", b"JUNK", b"EMPTY"
EMPTY_FRAMES = 100


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


def main():
    control, front, authority = (socket.socket(fileno=fd) for fd in (CONTROL, FRONT, AUTHORITY))
    fingerprint = bytes(32)
    while True:
        for channel in select.select([control, front, authority], [], [])[0]:
            # Room for a descriptor, which is closed with the process.
            message = channel.recvmsg(65536, 64)[0]
            kind, request, body = int.from_bytes(message[:2], "big"), message[2:10], message[10:]
            if not message or kind == STOP:
                os._exit(0)
            if channel is front and JUNK in body:
                authority.send(JUNK)
            elif channel is front and EMPTY in body:
                for _ in range(EMPTY_FRAMES):
                    authority.send(b"")
            elif channel is front:
                authority.send(frame(FACTS, request, facts(body, fingerprint)))
            elif channel is authority:
                front.send(message)
            elif kind == LOAD and body[0] == LOAD_FINGERPRINT:
                fingerprint = body[1:]
            elif kind == LOAD_END:
                control.send(frame(LOADED))
            elif kind == COMMIT:
                control.send(frame(COMMITTED))


if __name__ == "__main__":
    main()
