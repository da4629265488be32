"""What the CA's key is used for: the authority's signatures are counted by the rig while rows of
docs/ATTACKS.md are tried. Each is of a certificate or of a revocation list that is recorded, or of a
certificate whose intent an operator's act closed before the record; so what was refused, at either
endpoint, has had nothing signed, not even what was thrown away."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
# The attacks have a stage of their own, by the same name as ours.
sys.path[:0] = [str(TESTS / "attacks"), str(TESTS), str(TESTS / "integration")]

import catalogue  # noqa: E402
from genuine_test import tap  # noqa: E402
from inside import Rigged, wait_until  # noqa: E402
from stage import Stage  # noqa: E402

GROUPS = ("public_areas", "attributes", "endorsement", "ek_certificates", "key_strength", "requests",
          "tickets", "overtaken", "challenges", "identities")


class Counted(Rigged):
    """A CA of an attack, with the rig."""

    def __init__(self, stage, name, settings):
        self.wanted = settings
        super().__init__(stage, name)

    def configure(self, sections):
        """The stage's settings have no other way past Rigged."""
        super().configure(sections or self.wanted)

    @property
    def signatures(self):
        return self.pages["authority"].signatures

    @property
    def recorded(self):
        return self.count("SELECT (SELECT count(*) FROM certificate) +"
                          " (SELECT coalesce(max(number), 0) FROM crl)")

    @property
    def closed(self):
        """Intents of which nobody knows whether there was a signature: their numbers are revoked."""
        return self.count("SELECT count(*) FROM intent WHERE state = 3")

    def is_even(self):
        """A list is signed a moment before it is recorded."""
        return wait_until(lambda: 0 <= self.signatures - self.recorded <= self.closed)


class CountedStage(Stage):
    def target(self, name="main", program=None, **settings):
        if name not in self.targets:
            self.targets[name] = Counted(self, name, settings)
        return self.targets[name]


def rows():
    before = len(catalogue.ROWS)
    for group in GROUPS:
        __import__(group)
    return [row for row in catalogue.ROWS[before:] if not row.is_slow and not row.is_rigged]


class KeyUse(tap.Case):
    def test_rows(self):
        """rows of refused evidence, tickets and identities have nothing signed that is not recorded"""
        refused = 0
        with CountedStage(is_full=False) as stage:
            for row in rows():
                with self.subTest(f"row {row.number}"):
                    verdict = catalogue.Verdict()
                    row.tries(stage, verdict)
                    self.assertEqual(verdict.wrong, [])
                    for name, target in stage.targets.items():
                        self.assertTrue(target.is_even(), f"{name}: {target.signatures} signatures,"
                                        f" {target.recorded} recorded, {target.closed} closed")
                    refused += verdict.refused
            self.assertGreater(stage.target().count("SELECT count(*) FROM certificate"), 0)
        print(f"# {refused} refused")
        self.assertGreater(refused, 0)


if __name__ == "__main__":
    tap.main()
