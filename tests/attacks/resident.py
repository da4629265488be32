"""How much memory the roles of a CA have, and that it stays so."""

import os
import re
from pathlib import Path

GROWTH_MAX_KB = 1024


def resident(target):
    """{role and number: VmRSS in kB}"""
    found = {}
    for role, pids in target.ca.roles().items():
        for number, pid in enumerate(sorted(pids)):
            status = Path(f"/proc/{pid}/status").read_text()
            found[f"{role} {number}"] = int(re.search(r"VmRSS:\s+(\d+)", status)[1])
    return found


def hold_no_growth(target, verdict, before, after_what):
    """No role has more than it had before, but for what any allocator keeps."""
    for role, size in resident(target).items():
        grown = size - before[role]
        if "GENUINE_INSTRUMENTS" not in os.environ:  # Sanitizers keep what was freed for a while.
            verdict.hold(f"{role}: {grown} kB more", grown < GROWTH_MAX_KB,
                         f"{before[role]} kB before")
        verdict.figures.append(f"{role}: {grown} kB more after {after_what}")
