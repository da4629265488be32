"""Rows that a test of tests/integration shows on the shipped programs: it is run for them here."""

import re
import sys

from genuine_test.process import SOURCE, attempt

TEST_TIMEOUT_S = 600
SUBTEST = re.compile(r"(?m)^(ok|not ok) \d+ - (.*?)(?: # SKIP (.*))?$")


def shown_by(verdict, test, *words):
    """Runs the tests of a program whose names hold one of the words. They are counted, though not as
    inputs."""
    result = attempt(sys.executable, SOURCE / "tests" / "integration" / test, *words,
                     timeout=TEST_TIMEOUT_S)
    found = SUBTEST.findall(result.output)
    for ended, what, skipped in found:
        if skipped:
            verdict.skipped = f"{what}: {skipped}"
        else:
            verdict.shown += 1
            verdict.hold(what, ended == "ok", result)
    if result.status != 0 or len(found) < len(words):
        verdict.wrong.append(f"{test} {' '.join(words)}: {result}")
