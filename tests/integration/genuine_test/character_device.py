"""A TPM behind a character device, as the kernel gives one, and as slow as a chip."""

import contextlib
import os
import pty
import socket
import threading
import time
import tty

COMMAND_MAX = 4096
HEAD_LEN, CODE_AT = 10, 6  # tag, size, code (TPM 2.0 Part 1, 18)


class CharacterDevice:
    """While it is entered, tcti reaches a TPM that takes seconds[code] longer for a command, through
    the TCTI that devices use. The device is a terminal that passes every octet on. told is called
    with each command's code as it arrives."""

    def __init__(self, tpm, seconds, told=lambda code: None):
        self.tpm, self.seconds, self.told = tpm, seconds, told

    def __enter__(self):
        self.far = socket.create_connection(("127.0.0.1", self.tpm.port))
        self.near, self.device = pty.openpty()
        tty.setraw(self.device)
        self.tcti = f"device:{os.ttyname(self.device)}"
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.far.close()
        os.close(self.device)
        os.close(self.near)

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                command = os.read(self.near, COMMAND_MAX)
                code = int.from_bytes(command[CODE_AT:HEAD_LEN], "big")
                self.told(code)
                self.far.sendall(command)
                response = self.far.recv(COMMAND_MAX)
                time.sleep(self.seconds.get(code, 0))
                os.write(self.near, response)
