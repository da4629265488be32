"""A listener on the bus between a program and its TPM, like an interposer on an SPI bus."""

import contextlib
import socket
import threading

from .tpm import neighbouring_listeners


class Recorder:
    """Two neighbouring ports that pass everything on to a TPM's, and keep what went by.

    Use its tcti and env where the TPM's would be used; traffic holds the octets of the command
    channel, both directions.
    """

    def __init__(self, tpm):
        self.tpm = tpm
        self.traffic = bytearray()
        self.listeners = neighbouring_listeners()
        self.port = self.listeners[0].getsockname()[1]
        for offset, listener in enumerate(self.listeners):
            threading.Thread(target=self.accept, args=(listener, offset), daemon=True).start()

    @property
    def tcti(self):
        return f"swtpm:host=127.0.0.1,port={self.port}"

    @property
    def env(self):
        return {"TPM2TOOLS_TCTI": self.tcti, "TPM2OPENSSL_TCTI": self.tcti}

    def accept(self, listener, offset):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self.tpm.port + offset))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self.carry, args=(source, sink, offset),
                                     daemon=True).start()

    def carry(self, source, sink, offset):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                if offset == 0:
                    self.traffic += octets
                sink.sendall(octets)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def stop(self):
        for listener in self.listeners:
            listener.close()
