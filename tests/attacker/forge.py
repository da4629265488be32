"""Keys in software, dressed as keys of a TPM."""

import base64
import re
import subprocess

TPM_ALG_RSA, TPM_ALG_SHA256, TPM_ALG_NULL, TPM_ALG_ECC = 0x0001, 0x000B, 0x0010, 0x0023
TPM_ECC_NIST_P256 = 0x0003

# TPMA_OBJECT (TPM 2.0 Part 2, 8.3).
HONEST_SOFTWARE = 0x00040040  # userWithAuth, sign: what a TPM says of a key that came from outside
FORGED_TPM = 0x00040472  # and fixedTPM, fixedParent, sensitiveDataOrigin, noDA


def openssl(*command, stdin=b""):
    return subprocess.run(["openssl", *map(str, command)], input=stdin, capture_output=True,
                          check=True).stdout


def u16(number):
    return number.to_bytes(2, "big")


def u32(number):
    return number.to_bytes(4, "big")


def tpm2b(octets):
    return u16(len(octets)) + octets


def b64(octets):
    return base64.b64encode(octets).decode()


def public_area(algorithm, attributes, parameters, unique, name_alg=TPM_ALG_SHA256, policy=b""):
    """TPM2B_PUBLIC (Part 2, 12.2.5), field by field as the attacker wants them."""
    return tpm2b(u16(algorithm) + u16(name_alg) + u32(attributes) + tpm2b(policy)
                 + parameters + unique)


class SoftwareKey:
    """A private key in a file, which anybody can copy."""

    def __init__(self, folder, kind="p256"):
        self.kind = kind
        self.file = folder / f"software-{kind}.pem"
        options = {"p256": ("EC", "ec_paramgen_curve:P-256"),
                   "rsa2048": ("RSA", "rsa_keygen_bits:2048")}[kind]
        openssl("genpkey", "-algorithm", options[0], "-pkeyopt", options[1], "-out", self.file)

    def unique(self):
        """The key's number as TPMU_PUBLIC_ID spells it."""
        if self.kind == "rsa2048":
            modulus = openssl("rsa", "-in", self.file, "-noout", "-modulus")
            return tpm2b(bytes.fromhex(modulus.decode().strip().partition("=")[2]))
        point = openssl("pkey", "-in", self.file, "-pubout", "-outform", "der")[-64:]
        return tpm2b(point[:32]) + tpm2b(point[32:])

    def public(self, attributes):
        """Its TPM2B_PUBLIC with attributes of the attacker's choice, otherwise an accepted IK's."""
        null = u16(TPM_ALG_NULL)
        if self.kind == "rsa2048":
            return public_area(TPM_ALG_RSA, attributes, null + null + u16(2048) + u32(0),
                               self.unique())
        return public_area(TPM_ALG_ECC, attributes,
                           null + null + u16(TPM_ECC_NIST_P256) + null, self.unique())

    def csr(self, serial, *options):
        return openssl("req", "-new", "-key", self.file, "-subj", f"/serialNumber={serial}",
                       "-outform", "der", *options)


def endorsement(tpm):
    """(TPM2B_PUBLIC, certificate) of the RSA-2048 EK (L-1) of a genuine TPM."""
    public, certificate = tpm.folder / "attacker-ek.pub", tpm.folder / "attacker-ek.der"
    public.unlink(missing_ok=True)
    certificate.unlink(missing_ok=True)
    tpm.tool("tpm2_createek", "-G", "rsa", "-c", tpm.folder / "attacker-ek.ctx", "-u", public)
    tpm.flush()
    tpm.tool("tpm2_nvread", "0x1c00002", "-o", certificate)
    return public.read_bytes(), certificate.read_bytes()


def evidence(csr, ik_public, ek_public, ek_certificate):
    """The members of getChallenge."""
    return {"csr": b64(csr), "ikPublic": b64(ik_public), "ekPublic": b64(ek_public),
            "ekCertificate": b64(ek_certificate)}


class Accomplice:
    """A genuine TPM in the attacker's hands, asked to open a credential for a key that is not its.

    Each way returns None where the TPM was deceived, else what it answered.
    """

    def __init__(self, tpm, folder):
        self.tpm = tpm
        self.folder = folder

    def refusal(self, *command):
        result = self.tpm.tries(*command)
        said = re.search(r"- (tpm:.*)", result.errors)
        return None if result.status == 0 else (said[1] if said else result.errors).strip()

    def load_private(self, key):
        """Loads the software key with its private part, claiming that it was born here."""
        algorithm = "rsa" if key.kind == "rsa2048" else "ecc"
        answer = self.refusal(
            "tpm2_loadexternal", "-C", "n", "-G", algorithm, "-r", key.file, "-a",
            "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign",
            "-c", self.folder / "forged.ctx")
        self.tpm.flush()
        return answer

    def load_wrapped(self, parent, public, private):
        """Loads what a storage key of some TPM has wrapped."""
        answer = self.refusal("tpm2_load", "-C", parent, "-u", public, "-r", private, "-c",
                              self.folder / "wrapped.ctx")
        self.tpm.flush()
        return answer

    def activate_public(self, ik_public, credential):
        """Loads the forged public area alone and lets the TPM activate the credential for it."""
        public, blob = self.folder / "forged.pub", self.folder / "forged.credential"
        public.write_bytes(ik_public)
        blob.write_bytes(credential)
        session, ticket = self.folder / "forged-session.ctx", self.folder / "forged.ticket"
        ek = self.tpm.folder / "attacker-ek.ctx"
        self.tpm.tool("tpm2_loadexternal", "-C", "o", "-u", public, "-c",
                      self.folder / "forged.ctx")
        self.tpm.tool("tpm2_flushcontext", "--transient-object")
        self.tpm.tool("tpm2_startauthsession", "--policy-session", "-S", session)
        self.tpm.tool("tpm2_policysecret", "-S", session, "-c", "endorsement")
        answer = self.refusal("tpm2_activatecredential", "-c", self.folder / "forged.ctx", "-C", ek,
                              "-P", f"session:{session}", "-i", blob, "-o", ticket)
        self.tpm.tries("tpm2_flushcontext", session)
        self.tpm.flush()
        return answer
