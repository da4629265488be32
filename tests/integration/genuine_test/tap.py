"""unittest, told in the Test Anything Protocol, so that Meson counts each test by itself."""

import sys
import tempfile
import unittest
from pathlib import Path


class TapResult(unittest.TestResult):
    """Prints one line for each test as it ends; what went wrong follows as a comment."""

    def __init__(self):
        super().__init__()
        self.number = 0

    def tell(self, test, is_ok, remark="", why=""):
        self.number += 1
        words = test.shortDescription() or str(test)
        print("ok" if is_ok else "not ok", self.number, "-", words.replace("#", ""), remark)
        for line in why.splitlines():
            print("#", line)
        sys.stdout.flush()

    def addSuccess(self, test):
        self.tell(test, True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.tell(test, True, f"# SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.tell(test, False, why=self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.tell(test, False, why=self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.tell(subtest, False, why=self._exc_info_to_string(err, test))


class Case(unittest.TestCase):
    """A test case with a folder for the whole class, and stages that take themselves down."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="genuine-test-", ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.folder.chmod(0o755)  # The roles of a CA started as root are other users.

    @classmethod
    def on_stage(cls, component):
        """Has a component stopped when the class is done; returns it."""
        cls.addClassCleanup(component.stop)
        return component


def main():
    """Runs the tests of the calling script; those whose names hold an argument, if any is given."""
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{word}*" for word in sys.argv[1:]] or None
    result = TapResult()
    loader.loadTestsFromModule(sys.modules["__main__"]).run(result)
    print(f"1..{result.number}")
    sys.exit(0 if result.wasSuccessful() else 1)
