#!/usr/bin/env python3
"""references: what the documents point at is there.

    references.py BUILD

Checked: every test named by `make test TESTS=…` is one of Meson's; every path in backticks below
src/, tests/, dev/, docs/ or examples/ exists; every link to another page of ours leads to a file;
a file named by its name alone, such as `judge.c`, exists somewhere under src/. In docs/ATTACKS.md every
row names tests, every row that a test names ("row 89: ...") is there, and its rows are those of
tests/attacks; `integration-attacks` tries those that are not slow; every check of docs/CHECKS.md is
one that some row says must refuse. Every package that
dev/install-dependencies installs is in docs/DEPENDENCIES.md.
"""

import ast
import json
import re
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
PAGES = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md")),
         *sorted((SOURCE / "docs" / "man").glob("*.scd"))]

ATTACKS = SOURCE / "docs" / "ATTACKS.md"

TESTS = re.compile(r'\bTESTS="?([\w\- …]+)"?')
PATH = re.compile(r"`((?:src|tests|dev|docs|examples)/[\w./*-]+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
ROW = re.compile(r"^\| (\d+) \|.*\| (.+) \|$", re.M)
NAMED_ROWS = re.compile(r"\b[Rr]ows? (\d+(?:, \d+)*):")
NO_ROW = {"BACK_END"}  # a role that does not answer: no attack, and no mutant either
FILE = re.compile(r"`([a-z0-9_*]+\.[ch])`")


def test_names(build):
    tests = json.loads((build / "meson-info" / "intro-tests.json").read_text(encoding="utf-8"))
    return {test["name"] for test in tests}


def wrong(page, text, names):
    for match in TESTS.finditer(text):
        for name in match[1].split():
            if name not in names and not set(name) <= {"…"} and name != "NAME":
                yield match.start(), f"there is no test {name}"
    for match in PATH.finditer(text):
        if not list(SOURCE.glob(match[1].rstrip("/."))):
            yield match.start(), f"there is no {match[1]}"
    for match in LINK.finditer(text):
        if not (page.parent / match[1]).exists():
            yield match.start(), f"the link to {match[1]} leads nowhere"
    for match in FILE.finditer(text):
        if not list((SOURCE / "src").rglob(match[1])):
            yield match.start(), f"there is no {match[1]} under src/"


def tried_rows():
    """{number: is it in the sample} of tests/attacks; None where a row is tried elsewhere."""
    found = {}
    for file in sorted((SOURCE / "tests" / "attacks").glob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            if call.func.id in ("row", "elsewhere") and isinstance(call.args[0], ast.Constant):
                is_slow = any(word.arg == "is_slow" for word in call.keywords)
                found[call.args[0].value] = None if call.func.id == "elsewhere" else not is_slow
    return found


def wrong_rows(names):
    """What is wrong between the table of attacks and the tests; only numbers that could be rows."""
    rows = {int(number): by for number, by in ROW.findall(ATTACKS.read_text(encoding="utf-8"))}
    tried = tried_rows()
    for number in sorted(rows.keys() ^ tried.keys()):
        yield f"row {number} is in docs/ATTACKS.md or in tests/attacks, not in both"
    for number, shown_by in rows.items():
        tests = re.findall(r"`([\w-]+)`", shown_by)
        unknown = [test for test in tests if test not in names]
        if unknown or not tests and not re.search("`make (attacks|faults)|row [0-9]+", shown_by):
            yield f"docs/ATTACKS.md: row {number} is shown by no test {' '.join(unknown)}"
        if ("integration-attacks" in tests) != bool(tried.get(number)):
            yield f"docs/ATTACKS.md: row {number} and the sample, integration-attacks, differ"
    for file in sorted((SOURCE / "tests").rglob("*.[chp]*")):
        if file.suffix not in {".c", ".h", ".py"} or file == Path(__file__).resolve():
            continue
        for match in NAMED_ROWS.finditer(file.read_text(encoding="utf-8")):
            for number in match[1].split(", "):
                if int(number) > 9 and int(number) not in rows:
                    yield f"{file.relative_to(SOURCE)}: docs/ATTACKS.md has no row {number}"


def wrong_checks():
    """Checks that no row of docs/ATTACKS.md says must refuse: `make mutants` looks there."""
    checks = (SOURCE / "docs" / "CHECKS.md").read_text(encoding="utf-8")
    happens = re.findall(r"^\| \d+ \|[^|]*\|([^|]*)\|", ATTACKS.read_text(encoding="utf-8"), re.M)
    named = set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", " ".join(happens)))
    for check in re.findall(r"^\| \d+ \| `(\w+)` \|", checks, re.M):
        if check not in named | NO_ROW:
            yield f"docs/ATTACKS.md: no row says that {check} must refuse"


def wrong_packages():
    """Packages that are installed without a word why."""
    script = (SOURCE / "dev" / "install-dependencies").read_text(encoding="utf-8")
    said = (SOURCE / "docs" / "DEPENDENCIES.md").read_text(encoding="utf-8")
    for packages in re.findall(r'^(?:build|test|fuzz|instruments)="([^"]+)"', script, re.M):
        for package in packages.replace("$fuzz", "").split():
            if f"`{package}`" not in said:
                yield f"docs/DEPENDENCIES.md does not say why {package}"


def main():
    names, is_right = test_names(Path(sys.argv[1])), True
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for place, said in wrong(page, text, names):
            line = text.count("\n", 0, place) + 1
            print(f"{page.relative_to(SOURCE)}:{line}: {said}")
            is_right = False
    for said in [*wrong_rows(names), *wrong_checks(), *wrong_packages()]:
        print(said)
        is_right = False
    print(f"{len(PAGES)} pages")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
