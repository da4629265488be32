"""Our identity CA in a folder of its own, and its operator."""

import contextlib
import json
import os
import re
import socket
import ssl
from pathlib import Path

from . import second_reader
from .http import Client
from .process import GENUINE_CA, Daemon, Failed, attempt, run
from .tpm import EK_CERTIFICATE_H3, EK_CERTIFICATE_L1


class Ca:
    """genuine-ca, initialised in its default with --laboratory; start() serves on a free port."""

    program = GENUINE_CA

    def __init__(self, folder, *options):
        self.folder = folder
        self.daemon = None
        self.url = None
        self.issued = 0  # as of the last stop
        run(self.program, "-C", folder, "init", "--laboratory", "--name", "Laboratory", *options)

    def start(self):
        self.daemon = Daemon(self.folder.parent, self.program, "-C", self.folder, "serve",
                             "--listen", "127.0.0.1:0")
        port = self.daemon.wait_for_output(r".*127\.0\.0\.1:([1-9][0-9]*)")[1]
        self.url = f"https://127.0.0.1:{port}"
        return self

    def stop(self):
        """Ends serve, if it was started; its exit status. What it has issued, GnuTLS must read."""
        daemon, self.daemon = self.daemon, None
        if not daemon:
            return 0
        status = daemon.stop()
        self.issued = second_reader.read_all(self.folder / "store" / "genuine.db")
        return status

    def restart(self):
        self.stop()
        return self.start()

    def serves_as(self, host):
        """Whether the certificate that the server has for its devices names that host."""
        context = ssl.create_default_context(cafile=self.certificate)
        with socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2]))) as plain:
            try:
                context.wrap_socket(plain, server_hostname=host).close()
            except ssl.SSLCertVerificationError:
                return False
        return True

    @property
    def certificate(self):
        return self.folder / "ca.pem"

    @property
    def tls_certificate(self):
        return self.folder / "tls.pem"

    @property
    def tls_key(self):
        return self.folder / "secret" / "tls.key"

    @property
    def client(self):
        return Client(self.url, self.certificate)

    def children(self):
        """The process ids of all that the running server has started."""
        pid = self.daemon.process.pid
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))

    def roles(self):
        """{role: process ids} of the running server's processes."""
        found = {}
        for child in sorted(self.children()):
            with contextlib.suppress(FileNotFoundError):  # It has ended in between.
                program = Path(os.readlink(f"/proc/{child}/exe")).name
                if program.startswith("genuine-ca-"):
                    found.setdefault(program.removeprefix("genuine-ca-"), []).append(child)
        return found

    def tries(self, *command):
        """Gives one of the operator's commands; how it ended."""
        return attempt(self.program, "-C", self.folder, *command)

    def does(self, *command):
        """Gives a command that must succeed; what it printed."""
        return run(self.program, "-C", self.folder, *command)

    def tells(self, *command):
        """Gives a command with --json; what it printed, read."""
        return json.loads(self.does("--json", *command))

    def trusts(self, vendor):
        self.does("trust", "import", *vendor.certificates)

    def lists(self, rows, *options):
        """Imports manifest rows: text with lines serial,ek_id,profile,group."""
        manifest = self.folder.parent / "manifest.csv"
        manifest.write_text("serial,ek_id,profile,group\n" + rows)
        self.does("device", "import", *options, manifest)

    def lists_both(self, serial, tpm, *options):
        """Imports rows for a TPM's RSA and ECC EKs."""
        self.lists("".join(f"{serial},{tpm.ek_id(index)},,\n"
                           for index in (EK_CERTIFICATE_L1, EK_CERTIFICATE_H3)), *options)

    def reference(self, text):
        """The reference that a refusal names, wherever it stands in what a client was told."""
        found = re.search(r"reference\W+([0-9a-f]{16})\b", text)
        if not found:
            raise Failed(f"no reference in what should be a refusal:\n{text}")
        return found[1]

    def explains(self, text):
        """What the operator is told about the refusal in text."""
        return self.does("explain", self.reference(text))

    def check_that_refused(self, text):
        """The name of the check (check_list.h) that made the refusal in text."""
        return self.tells("explain", self.reference(text))["check"]
