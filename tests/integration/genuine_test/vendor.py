"""TPM vendors: who signs the certificates of endorsement keys."""

from .process import run

# EKP 3.2: what an endorsement key's certificate says of itself; IBM's id is that of software TPMs.
# (The names are 2.23.133.2.x; OpenSSL takes off one number and dot before a field of a name.)
LEAF_EXTENSIONS = """\
basicConstraints = critical, CA:FALSE
keyUsage = critical, {usage}
extendedKeyUsage = 2.23.133.8.1
subjectAltName = critical, dirName:tpm
[tpm]
1.2.23.133.2.1 = id:49424D00
1.2.23.133.2.2 = laboratory
1.2.23.133.2.3 = id:00010000
"""

ROOT_EXTENSIONS = """\
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


class Vendor:
    """The vendor of swtpm: swtpm_localca with keys of its own, made with the first TPM."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        self.setup = folder / "swtpm_setup.conf"
        localca = folder / "localca.conf"
        options = folder / "localca.options"
        localca.write_text(f"statedir = {folder}\n"
                           f"signingkey = {folder}/signing-key.pem\n"
                           f"issuercert = {folder}/issuer.pem\n"
                           f"certserial = {folder}/certificate-serial\n")
        options.write_text("--platform-manufacturer Laboratory\n"
                           "--platform-version 1.0\n"
                           "--platform-model Laboratory\n")
        self.setup.write_text("create_certs_tool = /usr/bin/swtpm_localca\n"
                              f"create_certs_tool_config = {localca}\n"
                              f"create_certs_tool_options = {options}\n"
                              "active_pcr_banks = sha256\n")

    @property
    def certificates(self):
        """What an operator imports: the root and the intermediate."""
        return [self.folder / "swtpm-localca-rootca-cert.pem", self.folder / "issuer.pem"]


class SmallVendor:
    """A vendor of one root and no intermediates, that signs whatever key it is shown."""

    def __init__(self, folder, name="Small TPM Vendor Root"):
        self.folder = folder
        folder.mkdir(parents=True)
        self.key = folder / "root-key.pem"
        self.root = folder / "root.pem"
        configuration = folder / "root.conf"
        configuration.write_text(ROOT_EXTENSIONS)
        run("openssl", "req", "-x509", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-noenc", "-keyout", self.key, "-out", self.root,
            "-subj", f"/O=Laboratory/CN={name}", "-days", "3650", "-config", configuration,
            "-extensions", "ca")

    @property
    def certificates(self):
        return [self.root]

    def certify(self, public_pem, out_der, usage="keyAgreement"):
        """An EK certificate for a public key in PEM, with an empty subject as vendors do it."""
        extensions = self.folder / "leaf.conf"
        extensions.write_text(LEAF_EXTENSIONS.format(usage=usage))
        run("openssl", "x509", "-new", "-force_pubkey", public_pem, "-subj", "/",
            "-CA", self.root, "-CAkey", self.key, "-CAserial", self.folder / "serial",
            "-CAcreateserial", "-days", "3650", "-extfile", extensions,
            "-outform", "der", "-out", out_der)
