"""The main job: a genuine device gets its certificate and talks mutual TLS with it.

Every kind of endorsement key that can be had here, every kind of identity key, both clients; each
with a TPM fresh from its vendor.
"""

import contextlib
import sqlite3

from genuine_test import second_reader, tap
from genuine_test.backend import Backend
from genuine_test.ca import Ca
from genuine_test.device import BY_HAND_HANDLE, Device
from genuine_test.process import Failed, run
from genuine_test.tpm import EK_CERTIFICATE_H3, EK_CERTIFICATE_L1, EK_CERTIFICATE_L2, Tpm
from genuine_test.vendor import SmallVendor, Vendor

# Where the EK's certificate lies, and what a client is told of it.
ENDORSEMENT_KEYS = {
    "L-1": (EK_CERTIFICATE_L1, "rsa"),
    "L-2": (EK_CERTIFICATE_L2, "ecc"),
    "H-3": (EK_CERTIFICATE_H3, "ecc"),
}


class MainJob(tap.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = Vendor(cls.folder / "vendor")
        cls.small_vendor = SmallVendor(cls.folder / "small-vendor")
        first = Tpm(cls.folder / "first-tpm", cls.vendor)
        first.stop()
        cls.ca = Ca(cls.folder / "ca")
        cls.ca.trusts(cls.vendor)
        cls.ca.trusts(cls.small_vendor)
        cls.on_stage(cls.ca.start())
        cls.backend = cls.on_stage(Backend(cls.folder / "backend", cls.ca.certificate))

    def device(self, serial, ek):
        """A device fresh from the line; the manifest has its EK of that template."""
        tpm = Tpm(self.folder / f"tpm-{serial}", self.vendor)
        self.addCleanup(tpm.stop)
        if ek == "L-2":
            tpm.certify_l2(self.small_vendor)
        self.ca.lists(f"{serial},{tpm.ek_id(ENDORSEMENT_KEYS[ek][0])},,line-1\n")
        return Device(self.folder / serial, tpm, serial)

    def check_identity(self, device, handle):
        """The certificate says who it is, nginx accepts it, and the TPM is as tidy as before."""
        self.assertEqual(device.tpm.leftovers(), {})
        self.assertEqual(device.subject(), f"CN={device.serial},serialNumber={device.serial},"
                                           "O=Laboratory")
        self.check_with_second_reader(device)
        version, subject = self.backend.subject_seen(device.tpm, device.folder, handle)
        self.assertEqual(version, "TLSv1.3")
        self.assertIn(f"serialNumber={device.serial}", subject)

    def check_with_second_reader(self, device):
        """GnuTLS reads from the certificate just what our CA says that it issued, and no more."""
        shown = self.ca.tells("device", "show", device.serial)
        seen = second_reader.read(device.certificate)
        ca = second_reader.read(self.ca.certificate)
        self.assertEqual(seen["Version"], ["3"])
        self.assertEqual(seen["Issuer"], ca["Subject"])
        self.assertEqual(seen["Subject"],
                         [f"CN={device.serial},serialNumber={device.serial},O=Laboratory"])
        self.assertEqual(seen["Serial Number (hex)"],
                         [one["number"] for one in shown["certificates"]])
        self.assertEqual([key for key in seen["Other Information/Public Key ID"]
                          if key.startswith("sha256:")],
                         ["sha256:" + one["ik_id"] for one in shown["iks"]])
        extensions = {path.removeprefix("Extensions/"): value for path, value in seen.items()
                      if path.startswith("Extensions/") and "Policies" not in path}
        self.assertEqual(extensions, {
            "Basic Constraints (critical)": [],
            "Basic Constraints (critical)/Certificate Authority (CA)": ["FALSE"],
            "Key Usage (critical)": ["Digital signature."],
            "Key Purpose (not critical)": ["TLS WWW Client."],
            "Subject Key Identifier (not critical)": [
                second_reader.key_identifier(device.certificate)],
            "Authority Key Identifier (not critical)":
                ca["Extensions/Subject Key Identifier (not critical)"]})

    def by_genuine_device(self, ek, key):
        serial = f"D-{ek}-{key.upper()}"
        device = self.device(serial, ek)
        result = device.provision(self.ca, "--ek", ENDORSEMENT_KEYS[ek][1], "--key", key)
        self.assertEqual(result.status, 0, result)
        self.check_identity(device, device.handle)

    def by_provision_sh(self, ek, key):
        serial = f"H-{ek}-{key.upper()}"
        device = self.device(serial, ek)
        result = device.provision_by_hand(self.ca, "--ek", ENDORSEMENT_KEYS[ek][1], "--key", key)
        self.assertEqual(result.status, 0, result)
        self.check_identity(device, BY_HAND_HANDLE)

    def test_by_default(self):
        """told nothing about keys, the device takes the P-256 EK (L-2) and makes a P-256 key"""
        device = self.device("DEFAULT", "L-2")
        result = device.provision(self.ca)
        self.assertEqual(result.status, 0, result)
        self.check_identity(device, device.handle)
        self.assertIn("id-ecPublicKey", run(
            "openssl", "x509", "-in", device.certificate, "-noout", "-text"))

    def test_step_lines(self):
        """each of the six steps has a line on standard error with its time"""
        device = self.device("STEPS", "L-1")
        errors = device.provision(self.ca, "--ek", "rsa").errors
        for step in range(1, 7):
            self.assertRegex(errors, rf"(?m)^{step}/6 .* [0-9.]+ ms$")

    def test_certificate_of_the_device(self):
        """the certificate has the profile's extensions and no others"""
        device = self.device("PROFILE", "L-1")
        self.assertEqual(device.provision(self.ca, "--ek", "rsa").status, 0)
        text = run("openssl", "x509", "-in", device.certificate, "-noout", "-text")
        for line in ("Version: 3 (0x2)", "X509v3 Basic Constraints: critical", "CA:FALSE",
                     "X509v3 Key Usage: critical", "Digital Signature",
                     "TLS Web Client Authentication", "X509v3 Subject Key Identifier",
                     "X509v3 Authority Key Identifier", "2.23.133.11.1.2",
                     "2.25.303619253884221164867571385486340110917.1.3",
                     "2.25.303619253884221164867571385486340110917.2.1"):
            self.assertIn(line, text)
        self.assertNotIn("2.23.133.8.3", text, "tcg-kp-AIKCertificate is not for such a key")
        run("openssl", "verify", "-x509_strict", "-purpose", "sslclient",
            "-CAfile", self.ca.certificate, device.certificate)

    def test_second_reader(self):
        """the second reader's control: it misses a recorded certificate that is none"""
        device = self.device("SECOND", "H-3")
        self.assertEqual(device.provision(self.ca, "--ek", "ecc").status, 0)
        own = self.ca.folder / "store" / "genuine.db"
        self.assertGreater(second_reader.read_all(own), 0)
        copy = self.folder / "copy.db"
        with contextlib.closing(sqlite3.connect(own)) as source, \
                contextlib.closing(sqlite3.connect(copy)) as spoilt, spoilt:
            source.backup(spoilt)
            self.assertEqual(spoilt.execute(
                "UPDATE certificate SET certificate = substr(certificate, 2) WHERE serial = 'SECOND'"
            ).rowcount, 1)
        with self.assertRaises(Failed):
            second_reader.read_all(copy)

    def test_without_persistent_endorsement_key(self):
        """where no EK is persistent, it is made from its template; none is left behind"""
        device = self.device("NO-EK", "H-3")
        for handle in device.tpm.handles("persistent"):
            device.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", hex(handle))
        result = device.provision(self.ca, "--ek", "ecc")
        self.assertEqual(result.status, 0, result)
        self.check_identity(device, device.handle)
        self.assertEqual([hex(h) for h in device.tpm.handles("persistent")], [device.handle])


def add_combinations():
    """One test for each endorsement key, identity key and client."""
    clients = {"genuine-device": (MainJob.by_genuine_device, ["rsa2048", "p256"]),
               "provision.sh": (MainJob.by_provision_sh, ["rsa2048", "p256"])}
    combinations = [(ek, key, client) for ek in ENDORSEMENT_KEYS
                    for client, (_, keys) in clients.items() for key in keys]
    combinations += [("L-1", key, "genuine-device") for key in ("p384", "rsa3072")]
    for ek, key, client in combinations:
        def test(self, act=clients[client][0], ek=ek, key=key):
            act(self, ek, key)
        test.__doc__ = f"{client}: EK {ek}, identity key {key}, mutual TLS"
        setattr(MainJob, f"test_{client}_{ek}_{key}", test)


add_combinations()

if __name__ == "__main__":
    tap.main()
