"""A vendor of software TPMs and a CA that trusts it: where most tests of the whole begin."""

from . import tap
from .ca import Ca
from .tpm import Tpm
from .vendor import Vendor


class OneVendor(tap.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = Vendor(cls.folder / "vendor")
        Tpm(cls.folder / "first-tpm", cls.vendor).stop()
        cls.ca = Ca(cls.folder / "ca")
        cls.ca.trusts(cls.vendor)
        cls.on_stage(cls.ca.start())
