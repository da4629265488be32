"""A row's further inputs, tried by in_process.c inside one process: too many for a socket."""

import os
import re
import subprocess
from pathlib import Path

PROGRAM = Path(os.environ.get("GENUINE_BUILD", "build")) / "tests" / "attacks" / "in_process"
LINE = re.compile(r"^ *(\d+) +(\d+) +(\d+) +(\d+) +(\d+)  ", re.MULTILINE)


def further(stage, verdict, number):
    """Adds what came of the row's inputs in one process to the verdict."""
    if "GENUINE_INSTRUMENTS" in os.environ:  # Such builds have no such program.
        return
    ran = subprocess.run([PROGRAM, *([] if stage.is_full else ["--small"]), str(number)],
                         capture_output=True, text=True, check=False)
    told = LINE.search(ran.stdout)
    if told is None or int(told[1]) != number:
        verdict.wrong.append(f"in one process: no line of row {number}: {ran.stdout}{ran.stderr}")
        return
    inputs, refused, accepted, wrong = map(int, told.groups()[1:])
    verdict.inputs += inputs
    verdict.in_process += inputs
    verdict.refused += refused
    verdict.accepted += accepted
    lines = [line for line in ran.stdout.splitlines() if line.startswith("wrong: ")]
    verdict.wrong += [f"in one process: {line.removeprefix('wrong: ')}" for line in lines]
    if wrong > len(lines) or bool(wrong) != (ran.returncode != 0):
        verdict.wrong.append(f"in one process: {wrong} wrong, exit status {ran.returncode}")
