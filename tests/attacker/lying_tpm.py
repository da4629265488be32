"""A man in the middle between a program and its TPM, like an interposer on the bus, who changes what
the TPM answers."""

import contextlib
import random
import socket
import threading

PORT_FIRST, PORT_LAST, PORT_ATTEMPTS = 20000, 32000, 20
RESPONSE_MIN = 10  # tag, size, code; what is shorter ends the connection

TPM_CC_CREATE_PRIMARY, TPM_CC_CREATE, TPM_CC_LOAD = 0x131, 0x153, 0x157
TPM_CC_READ_PUBLIC, TPM_CC_ACTIVATE_CREDENTIAL, TPM_CC_SIGN = 0x173, 0x147, 0x15D
TPM_CC_FLUSH_CONTEXT, TPM_CC_EVICT_CONTROL, TPM_CC_START_AUTH_SESSION = 0x165, 0x120, 0x176

# Part 3, 24.6: TPM2_Clear with the platform's empty password.
TPM2_CLEAR = bytes.fromhex("8002" "0000001b" "00000126" "4000000c" "00000009" "40000009" "0000"
                           "00" "0000")
TPM_CC_NV_READ, TPM_CC_NV_READ_PUBLIC, TPM_CC_GET_CAPABILITY = 0x14E, 0x169, 0x17A
TPM_CC_GET_RANDOM = 0x17B


def read(stream, count):
    octets = b""
    while len(octets) < count:
        more = stream.recv(count - len(octets))
        if not more:
            raise OSError("closed")
        octets += more
    return octets


def whole(stream):
    """One command or response: tag, size, and the rest (Part 1, 18)."""
    head = read(stream, 6)
    return head + read(stream, int.from_bytes(head[2:], "big") - 6)


def response_code(number):
    """A response that is nothing but its code."""
    return b"\x80\x01\x00\x00\x00\x0a" + number.to_bytes(4, "big")


class LyingTpm:
    """lie(command code, how often it has been seen, response) makes the response; command has the
    whole command meanwhile. seen counts. What deny(command code, how often) gives, if it gives
    anything, is answered in the TPM's place, which never sees the command; else it sees what
    rewrite(code, command) makes of it. exchanges has all commands with what was answered, as the
    program saw both; lies counts where that, or the command, was not the true one. ask(command)
    asks the TPM between two of the program's commands. Where it is shared, several programs have
    the TPM, command by command, as a resource manager's device: swtpm itself lets the next program
    in when the one before has gone."""

    def __init__(self, port, is_shared=False):
        self.far, self.is_shared = port, is_shared
        self.turn, self.one = threading.Lock(), None
        self.honest = lambda code, count, response: response
        self.begin(self.honest)
        for _ in range(PORT_ATTEMPTS):
            self.port = random.randrange(PORT_FIRST, PORT_LAST, 2)
            with contextlib.suppress(OSError):
                self.listeners = [socket.create_server(("127.0.0.1", self.port + i))
                                  for i in (0, 1)]
                break
        for offset, carry in ((0, self.commands), (1, self.control)):
            threading.Thread(target=self.accept, args=(offset, carry), daemon=True).start()

    @property
    def tcti(self):
        return f"swtpm:host=127.0.0.1,port={self.port}"

    def begin(self, lie):
        self.lie, self.seen, self.order = lie, {}, []
        self.exchanges, self.lies = [], 0
        self.deny = lambda code, count: None
        self.rewrite = lambda code, command: command

    def accept(self, offset, carry):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listeners[offset].accept()
                threading.Thread(target=carry, args=(near, self.reach(offset)), daemon=True).start()

    def reach(self, offset):
        if not self.is_shared or offset:
            return socket.create_connection(("127.0.0.1", self.far + offset))
        self.one = self.one or socket.create_connection(("127.0.0.1", self.far))
        return self.one.dup()

    def commands(self, near, far):
        def ask(command):
            with self.turn:
                far.sendall(command)
                return whole(far)

        self.ask = ask
        with contextlib.suppress(OSError), near, far:
            while True:
                command = whole(near)
                code = int.from_bytes(command[6:10], "big")
                self.seen[code] = self.seen.get(code, 0) + 1
                denied = self.deny(code, self.seen[code])
                told = denied or self.answered(ask, code, command)
                self.lies += bool(denied)
                self.exchanges.append((command, told))
                near.sendall(told)
                if len(told) < RESPONSE_MIN:
                    return

    def answered(self, ask, code, command):
        rewritten = self.rewrite(code, command)
        response = ask(rewritten)
        self.order.append(code)
        self.command = command
        told = self.lie(code, self.seen[code], response)
        self.lies += (rewritten, told) != (command, response)
        return told

    def control(self, near, far):
        def carry(source, sink):
            with contextlib.suppress(OSError):
                while octets := source.recv(65536):
                    sink.sendall(octets)
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)
        threading.Thread(target=carry, args=(far, near), daemon=True).start()
        carry(near, far)

    def stop(self):
        for each in (*self.listeners, *([self.one] if self.one else [])):
            each.close()
