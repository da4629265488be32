"""Devices on software TPMs of one vendor, with a CA that trusts it: what tests of them share."""

import re

from .device import QUICKLY, Device
from .one_vendor import OneVendor
from .process import GENUINE_DEVICE, attempt, run
from .tpm import Tpm

FIRST_HANDLE = 0x81020002
SET = ("certificate.pem", "chain.pem", "ca.pem", "key.pem", "key.pub", "key.priv", "openssl.cnf",
       "how-to-use.txt")  # what belongs together in a device's folder


class OnTheTpm(OneVendor):
    def device(self, serial):
        """A device whose RSA and ECC EKs are both listed."""
        tpm = Tpm(self.folder / f"tpm-{serial}", self.vendor)
        self.addCleanup(tpm.stop)
        self.ca.lists_both(serial, tpm)
        device = Device(self.folder / serial, tpm, serial)
        device.env = QUICKLY  # It does not wait as long as it says for a CA that is not there.
        return device

    def occupy(self, tpm, handle):
        """Somebody else's key at a persistent handle; its public area."""
        context = tpm.folder / "other.ctx"
        tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "ecc256", "-c", context)
        tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", context, hex(handle))
        tpm.flush()
        return tpm.tool("tpm2_readpublic", "-c", hex(handle))

    def check_key_pem(self, device):
        """The TPM loads key.pem, and it is the certificate's key."""
        provider = ("-provider", "tpm2", "-provider", "default")
        key = device.tpm.tool("openssl", "pkey", *provider, "-in", device.folder / "key.pem",
                              "-pubout")
        self.assertEqual(
            key, run("openssl", "x509", "-in", device.certificate, "-noout", "-pubkey"))

    def check_set(self, device):
        """What other programs were told of belongs together, and `status` says so."""
        self.check_key_pem(device)
        own = device.certificate.read_text()
        self.assertTrue((device.folder / "chain.pem").read_text().startswith(own))
        area = device.tpm.folder / "area"
        (handle,) = set(re.findall(r"handle:(0x[0-9a-f]{8})",
                                   (device.folder / "how-to-use.txt").read_text()))
        device.tpm.tool("tpm2_readpublic", "-c", handle, "-o", area)
        self.assertEqual((device.folder / "key.pub").read_bytes(), area.read_bytes())
        status = attempt(GENUINE_DEVICE, "status", "--dir", device.folder, "--tcti",
                         device.tpm.tcti)
        self.assertEqual(status.status, 0, status)

    def srk(self, tpm):
        """Gives a TPM a persistent SRK, as others do."""
        context = tpm.folder / "srk.ctx"
        tpm.tool("tpm2_createprimary", "-C", "owner", "-G", "rsa", "-c", context, "-a", "restricted|"
                 "decrypt|fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda")
        tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", context, "0x81000001")
        tpm.flush()
