"""The two clients, and what they leave in a device's folder."""

import json

from .process import BUILD, GENUINE_DEVICE, PROVISION_SH, attempt, run

# genuine-device's exit statuses.
OTHER, USAGE, NO_TPM, TPM_REFUSED, CA_NOT_REACHED, CA_REFUSED, LOCAL_FILES = range(1, 8)
# By which genuine-device sleeps a hundredth of what it says (quick_clock.c).
QUICKLY = {"LD_PRELOAD": BUILD / "tests" / "integration" / "libquick_clock.so",
           "ASAN_OPTIONS": "verify_asan_link_order=0"}
BY_HAND_HANDLE = "0x81020002"  # provision.sh's, unless it is told another


class Device:
    """A TPM and a serial number; provisions itself at a CA into a folder of its own."""

    def __init__(self, folder, tpm, serial):
        self.folder = folder
        self.tpm = tpm
        self.serial = serial
        self.env = None  # more of it for genuine-device
        folder.mkdir(parents=True, exist_ok=True)

    def provision(self, ca, *options, serial=None, ca_cert=None):
        """By genuine-device; how it ended."""
        return attempt(GENUINE_DEVICE, "provision", "--ca", ca.url,
                       "--ca-cert", ca_cert or ca.certificate, "--serial", serial or self.serial,
                       "--tcti", self.tpm.tcti, "--dir", self.folder, *options, env=self.env)

    def renew(self, *options):
        """By genuine-device, told nothing but where its folder and its TPM are."""
        return attempt(GENUINE_DEVICE, "provision", "--tcti", self.tpm.tcti, "--dir", self.folder,
                       *options, env=self.env)

    def provision_by_hand(self, ca, *options):
        """By provision.sh; how it ended."""
        return attempt(PROVISION_SH, "--ca", ca.url, "--ca-cert", ca.certificate,
                       "--serial", self.serial, "--tcti", self.tpm.tcti, "--dir", self.folder,
                       *options)

    def manifest_line(self):
        """The rows that a production line would take from this device."""
        return run(GENUINE_DEVICE, "manifest-line", "--serial", self.serial,
                   "--tcti", self.tpm.tcti)

    @property
    def certificate(self):
        return self.folder / "certificate.pem"

    @property
    def state(self):
        return json.loads((self.folder / "state.json").read_text())

    @property
    def handle(self):
        """Where genuine-device has put the identity key."""
        return self.state["handle"]

    def subject(self):
        return run("openssl", "x509", "-in", self.certificate, "-noout", "-subject",
                   "-nameopt", "RFC2253").strip().removeprefix("subject=")
