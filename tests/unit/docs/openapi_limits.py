#!/usr/bin/env python3
"""openapi-limits: the limits in docs/openapi.yaml are those of src/lib/base/limits.h.

A line such as "maxLength: 10924 # limits.h: base64 of CSR_MAX" is compared with the constant, or
with the length of its base64. A limit on length or number without such a remark is an error too,
but for the least ones: an empty string and the smallest base64.
"""

import re
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
OPENAPI = SOURCE / "docs" / "openapi.yaml"
LIMITS = SOURCE / "src" / "lib" / "base" / "limits.h"

LIMIT = re.compile(r"\b(?P<kind>minLength|maxLength|maxItems): (?P<number>\d+)")
SAID = re.compile(r"# limits\.h: (?P<base64>base64 of )?(?P<name>[A-Z0-9_]+)")
SMALLEST = {"1", "4"}


def constants():
    """NAME = expression of numbers, in limits.h."""
    text = re.sub(r"/\*.*?\*/", "", LIMITS.read_text(encoding="utf-8"), flags=re.S)
    found = {}
    for name, expression in re.findall(r"\b([A-Z0-9_]+) = ([0-9 *]+),", text):
        product = 1
        for factor in expression.split("*"):
            product *= int(factor)
        found[name] = product
    return found


def wrong(line, known):
    """What is wrong with the limit in a line; None where nothing is."""
    limit, said = LIMIT.search(line), SAID.search(line)
    if not limit or (not said and limit["kind"] == "minLength" and limit["number"] in SMALLEST):
        return None
    if not said:
        return "does not say which constant of limits.h it is"
    if said["name"] not in known:
        return f"limits.h has no {said['name']}"
    octets = known[said["name"]]
    expected = (octets + 2) // 3 * 4 if said["base64"] else octets
    return None if int(limit["number"]) == expected else f"limits.h makes it {expected}"


def main():
    known, count, is_right = constants(), 0, True
    for number, line in enumerate(OPENAPI.read_text(encoding="utf-8").splitlines(), 1):
        count += SAID.search(line) is not None
        if said := wrong(line, known):
            print(f"docs/openapi.yaml:{number}: {line.strip()}: {said}")
            is_right = False
    print(f"{count} limits compared")
    return 0 if is_right and count else 1


if __name__ == "__main__":
    sys.exit(main())
