"""A listener on the TPM's bus that answers in the TPM's stead, or lets it vanish."""

import contextlib
import socket
import struct
import threading

from genuine_test.recorder import Recorder

HEADER = 10  # tag u16, size u32, code u32 (TPM 2.0 Part 1, 18)
TPM_ST_NO_SESSIONS, TPM_RC_FAILED_1_2 = 0x8001, 0x0000001E


def receive(source, size):
    octets = b""
    while len(octets) < size:
        more = source.recv(size - len(octets))
        if not more:
            return None
        octets += more
    return octets


def receive_message(source):
    """One command or response, by the size in its header."""
    head = receive(source, HEADER)
    if head is None:
        return None
    rest = receive(source, struct.unpack(">I", head[2:6])[0] - HEADER)
    return None if rest is None else head + rest


def code_of(message):
    return struct.unpack(">I", message[6:10])[0]


def response(code):
    return struct.pack(">HII", TPM_ST_NO_SESSIONS, HEADER, code)


class Bus(Recorder):
    """Counts commands; on_command(n, command) says what happens to the n-th, counted from 1.

    It returns None: the TPM has it. Octets: they are the answer, and the TPM sees nothing.
    GONE: the connection ends, the TPM sees nothing, and nobody is reached any more. ANSWER_LOST:
    the same, after the TPM has done it.
    """

    GONE, ANSWER_LOST = object(), object()

    def __init__(self, tpm, on_command):
        self.on_command, self.commands = on_command, []
        super().__init__(tpm)

    def accept(self, listener, offset):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                if offset == 0:
                    threading.Thread(target=self.answer, args=(near,), daemon=True).start()
                    continue
                far = socket.create_connection(("127.0.0.1", self.tpm.port + offset))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self.carry, args=(source, sink, offset),
                                     daemon=True).start()

    def answer(self, near):
        with contextlib.suppress(OSError), near:
            far, port = None, None
            while command := receive_message(near):
                self.commands.append(code_of(command))
                said = self.on_command(len(self.commands), command)
                if said is self.GONE:
                    return self.stop()
                if isinstance(said, bytes):
                    near.sendall(said)
                    continue
                if port != self.tpm.port:  # it was switched off and on
                    far, port = socket.create_connection(("127.0.0.1", self.tpm.port)), self.tpm.port
                far.sendall(command)
                octets = receive_message(far)
                if said is self.ANSWER_LOST or octets is None:
                    return self.stop()
                near.sendall(octets)
