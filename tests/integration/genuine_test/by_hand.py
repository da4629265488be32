"""A genuine TPM driven step by step, so that a test can stop, wait or lie between two steps."""

import base64

from .process import run


def b64(octets):
    return base64.b64encode(octets).decode()


class ByHand:
    """An identity key in a TPM and its RSA-2048 EK (L-1): evidence, and opened credentials.

    The identity key is a P-256 child of a transient storage key and lives at a persistent handle.
    """

    def __init__(self, folder, tpm, handle):
        self.folder = folder
        self.tpm = tpm
        self.handle = handle
        folder.mkdir(parents=True)
        self.make_identity_key()
        tpm.tool("tpm2_createek", "-G", "rsa", "-c", folder / "ek.ctx", "-u", folder / "ek.pub")
        tpm.flush()
        tpm.tool("tpm2_nvread", "0x1c00002", "-o", folder / "ek.der")

    def make_identity_key(self):
        at = self.folder
        origin = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda"
        self.tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "rsa2048:aes128cfb",
                      "-a", origin + "|restricted|decrypt", "-c", at / "srk.ctx")
        self.tpm.tool("tpm2_create", "-C", at / "srk.ctx", "-G", "ecc256:null:null",
                      "-a", origin + "|sign", "-u", at / "ik.pub", "-r", at / "ik.priv")
        self.tpm.flush()
        self.tpm.tool("tpm2_load", "-C", at / "srk.ctx", "-u", at / "ik.pub", "-r", at / "ik.priv",
                      "-c", at / "ik.ctx")
        self.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", at / "ik.ctx", self.handle)
        self.tpm.flush()

    def csr(self, serial):
        out = self.folder / "csr.der"
        run("openssl", "req", "-new", "-provider", "default", "-provider", "tpm2", "-propquery",
            "?provider=tpm2,tpm2.digest!=yes,tpm2.cipher!=yes", "-key", f"handle:{self.handle}",
            "-subj", f"/serialNumber={serial}", "-outform", "der", "-out", out, env=self.tpm.env)
        return out.read_bytes()

    def evidence(self, serial):
        """The members of getChallenge, all of them honest."""
        parts = {"ikPublic": "ik.pub", "ekPublic": "ek.pub", "ekCertificate": "ek.der"}
        return {"csr": b64(self.csr(serial)),
                **{member: b64((self.folder / part).read_bytes())
                   for member, part in parts.items()}}

    def open(self, answer):
        """TPM2_ActivateCredential on an answer of getChallenge: what getCertificate wants."""
        credential, ticket = self.folder / "credential", self.folder / "ticket"
        session = self.folder / "session.ctx"
        credential.write_bytes(base64.b64decode(answer.json["credential"]))
        self.tpm.tool("tpm2_startauthsession", "--policy-session", "-S", session)
        self.tpm.tool("tpm2_policysecret", "-S", session, "-c", "endorsement")
        self.tpm.tool("tpm2_activatecredential", "-c", self.handle, "-C", self.folder / "ek.ctx",
                      "-P", f"session:{session}", "-i", credential, "-o", ticket)
        self.tpm.tool("tpm2_flushcontext", session)
        self.tpm.flush()
        return {"challenge": answer.json["challenge"], "ticket": b64(ticket.read_bytes())}

    def request(self, client, serial):
        """Challenged and opened: the members of getCertificate, ready to be sent."""
        evidence = self.evidence(serial)
        return {**evidence, **self.open(client.get_challenge(evidence))}
