"""TPMs: swtpm, each in its own folder, and what tpm2-tools see in it."""

import contextlib
import random
import re
import socket

from .process import Daemon, Failed, attempt, run

# Below Linux's ephemeral ports, so that no outgoing connection sits on them.
PORT_FIRST, PORT_LAST = 20000, 32000
PORT_ATTEMPTS = 20


def neighbouring_listeners():
    """Two sockets that listen on neighbouring ports, as tcti-swtpm wants them: found by trying."""
    for _ in range(PORT_ATTEMPTS):
        port = random.randrange(PORT_FIRST, PORT_LAST, 2)
        listeners = []
        with contextlib.suppress(OSError):
            for number in (port, port + 1):
                listeners.append(socket.create_server(("127.0.0.1", number)))
            return listeners
        for listener in listeners:
            listener.close()
    raise Failed("no two neighbouring ports")


# Where EK certificates lie (EKP, 2.2.2.4 and 2.2.2.5).
EK_CERTIFICATE_L1, EK_CERTIFICATE_L2, EK_CERTIFICATE_H3 = 0x01C00002, 0x01C0000A, 0x01C00016


class Tpm:
    """A TPM that a vendor has manufactured, with EK certificates at L-1 and H-3, running."""

    def __init__(self, folder, vendor):
        self.folder = folder
        self.daemon = None
        self.port = 0
        folder.mkdir(parents=True)
        self.manufacture(vendor)
        self.start()

    def manufacture(self, vendor):
        certificates = ["--create-ek-cert", "--config", vendor.setup] if vendor else ["--createek"]
        run("swtpm_setup", "--tpm2", "--tpm-state", self.folder, *certificates, "--lock-nvram")

    def start(self):
        """Powers it on. tcti-swtpm wants two neighbouring ports, so they are found by trying."""
        for _ in range(PORT_ATTEMPTS):
            self.port = random.randrange(PORT_FIRST, PORT_LAST, 2)
            self.daemon = Daemon(
                self.folder, "swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}",
                "--server", f"type=tcp,port={self.port}",
                "--ctrl", f"type=tcp,port={self.port + 1}",
                "--flags", "not-need-init,startup-clear")
            with contextlib.suppress(Failed):
                for port in (self.port, self.port + 1):
                    self.daemon.wait_for(lambda: self.daemon.listens(port), "listening")
                return
        raise Failed(f"swtpm found no ports\n{self.daemon.told()}")

    def stop(self):
        self.daemon.stop()

    def power_cycle(self):
        self.stop()
        self.start()

    @property
    def tcti(self):
        return f"swtpm:host=127.0.0.1,port={self.port}"

    @property
    def env(self):
        return {"TPM2TOOLS_TCTI": self.tcti, "TPM2OPENSSL_TCTI": self.tcti}

    def tool(self, *command, **how):
        """Runs one of tpm2-tools on this TPM."""
        return run(*command, env=self.env, **how)

    def tries(self, *command, **how):
        return attempt(*command, env=self.env, **how)

    def handles(self, kind):
        """The handles of a kind: transient, persistent, loaded-session, nv-index, …"""
        listed = self.tool("tpm2_getcap", f"handles-{kind}")
        return [int(handle, 16) for handle in re.findall(r"0x[0-9A-Fa-f]+", listed)]

    def leftovers(self):
        """What no program may leave behind in a TPM: transient objects and sessions."""
        kinds = ("transient", "loaded-session", "saved-session")
        return {kind: found for kind in kinds if (found := self.handles(kind))}

    def flush(self):
        self.tool("tpm2_flushcontext", "--transient-object")
        self.tool("tpm2_flushcontext", "--loaded-session")

    def endorsement_key(self, algorithm, pem):
        """Makes the low-template EK of an algorithm (rsa, ecc) and writes its public key in PEM."""
        context = self.folder / "ek.ctx"
        self.tool("tpm2_createek", "-G", algorithm, "-c", context)
        self.tool("tpm2_readpublic", "-c", context, "-f", "pem", "-o", pem)
        self.flush()

    def write_certificate(self, index, der):
        """Stores a certificate at an NV index as a manufacturer does: anyone reads, none writes."""
        self.tool("tpm2_nvdefine", f"0x{index:x}", "-C", "platform", "-s", der.stat().st_size, "-a",
                  "ppwrite|ppread|ownerread|authread|no_da|platformcreate")
        self.tool("tpm2_nvwrite", f"0x{index:x}", "-C", "platform", "-i", der)

    def certify_l2(self, small_vendor):
        """Gives it what swtpm 0.7 does not: a P-256 EK certificate at 0x01C0000A."""
        pem, der = self.folder / "ek-l2.pem", self.folder / "ek-l2.der"
        self.endorsement_key("ecc", pem)
        small_vendor.certify(pem, der)
        self.write_certificate(EK_CERTIFICATE_L2, der)

    def ek_id(self, index):
        """PROTOCOL: SHA-256 of the SubjectPublicKeyInfo, out of the certificate there."""
        nv = self.folder / "ek.nv"
        nv.unlink(missing_ok=True)
        self.tool("tpm2_nvread", f"0x{index:x}", "-o", nv)
        return run("sh", "-c", f"openssl x509 -inform der -in {nv} -noout -pubkey | "
                   "openssl pkey -pubin -outform der | sha256sum").split()[0]
