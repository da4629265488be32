"""A front in the attacker's hands: it sends its verifier whatever it is told, as fast as it can.

Started by the supervisor in the front's place. Whoever connects to the CA's port, without TLS, sends
it frames, each with its length before it (u32), and gets the verifier's frames back in the same form.
"""

import contextlib
import os
import select
import socket
import struct

CONTROL, VERIFIER = 3, 4
LOAD, LOAD_END, LOADED, COMMIT, STOP, COMMITTED = 32, 33, 34, 36, 39, 40
LOAD_LISTEN = 13
EVIDENCE = 1
WAIT_S = 5


def frame(kind, request=0, body=b""):
    return struct.pack(">HQ", kind, request) + body


def sized(octets):
    return len(octets).to_bytes(4, "big") + octets


def evidence_frame(request, act, evidence, challenge=b"", ticket=b""):
    """MESSAGE_EVIDENCE of what evidence.Evidence has."""
    certificate = evidence.ek_certificate
    return frame(EVIDENCE, request, bytes([act]) + sized(evidence.csr) + sized(evidence.ik_public)
                 + sized(evidence.ek_public) + bytes([certificate is not None])
                 + sized(certificate or b"") + bytes([len(evidence.chain)])
                 + b"".join(map(sized, evidence.chain)) + sized(b"device") + sized(challenge)
                 + sized(ticket))


class Front:
    def __init__(self):
        self.control = socket.socket(fileno=CONTROL)
        self.verifier = socket.socket(fileno=VERIFIER)
        self.listening = self.client = None

    def take_control(self):
        message, descriptors, _, _ = socket.recv_fds(self.control, 65536, 1)
        kind = int.from_bytes(message[:2], "big")
        if not message or kind == STOP:
            os._exit(0)
        if kind == LOAD and message[10] == LOAD_LISTEN:
            self.listening = socket.socket(fileno=descriptors[0])
        elif kind == LOAD_END:
            self.control.send(frame(LOADED))
        elif kind == COMMIT:
            self.control.send(frame(COMMITTED))

    def take_client(self):
        """One frame for the verifier; the client waits while the verifier does."""
        head = self.client.recv(4, socket.MSG_WAITALL)
        if len(head) < 4:
            self.client = None
            return
        octets = self.client.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
        while select.select([], [self.verifier], [], WAIT_S)[1]:
            with contextlib.suppress(BlockingIOError):
                self.verifier.send(octets)
                return
            self.take_verifier()

    def take_verifier(self):
        with contextlib.suppress(OSError):
            octets = self.verifier.recv(65536)
            if self.client:
                self.client.sendall(sized(octets))

    def run(self):
        while True:
            waiting = [self.control, self.verifier, self.client or self.listening]
            ready = select.select([part for part in waiting if part], [], [])[0]
            if self.control in ready:
                self.take_control()
            if self.verifier in ready:
                self.take_verifier()
            if self.client and self.client in ready:
                self.take_client()
            elif self.listening and self.listening in ready:
                with contextlib.suppress(BlockingIOError):
                    self.client = self.listening.accept()[0]
                    self.client.setblocking(True)


if __name__ == "__main__":
    Front().run()
