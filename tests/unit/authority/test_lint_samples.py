#!/usr/bin/env python3
"""lint_samples: the lints against certificates of the attacker's kit (tests/attacker/lint_*.py).

    test_lint_samples.py LINTER

None of the authority's code has written them: the kit does so from docs/PROTOCOL.md and RFC 5280.
Each lint that the authority has must have samples, and be the one that refuses them: it, and none
before it, for the authority stops at the first, and later ones lean on those before. The sound
certificates, of which each sample is one with one change, must pass.
"""

import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from attacker import der
from attacker.lint_samples import SAMPLES

LINTER = sys.argv[1]


def linter(*arguments, stdin=b""):
    """The lines of the C program that asks the lints."""
    return subprocess.run([LINTER, *arguments], input=stdin, stdout=subprocess.PIPE,
                          check=True).stdout.decode().splitlines()


def field(value):
    """As linter.c reads it."""
    if isinstance(value, int):
        return value.to_bytes(8, "big")
    if isinstance(value, str):
        value = value.encode()
    return len(value).to_bytes(4, "big") + value


def identifier(dotted):
    return field(der.take(der.oid(dotted))[1] if dotted else b"")


def wire(sample):
    meant = sample.meant
    return b"".join([
        *map(field, (meant.number, meant.algorithm, meant.issuer, meant.authority_key,
                     meant.not_before, meant.not_after, meant.organization, meant.unit,
                     meant.serial, meant.spki)),
        identifier(meant.module_type), field(meant.dns), field(meant.uri),
        field(len(meant.policies)), *map(identifier, meant.policies),
        *map(field, (meant.crl_url, meant.issuer_url, meant.ca_not_before, meant.ca_not_after,
                     meant.ca_spki, meant.ek_spki, sample.tbs))])


def wrong_sound(judged):
    for sample, said in judged:
        if not sample.lint and said != "passed":
            yield f"sound, {sample.what}: {said}"


def wrong_samples(judged, lint):
    """What is wrong with one lint's samples."""
    own = [(sample, said) for sample, said in judged if sample.lint == lint]
    if not own:
        yield f"{lint} has no sample"
    for sample, said in own:
        if said != lint:
            yield f"{lint}, {sample.what}: {said}"


def wrong_set(names):
    """What is wrong with the samples before anybody has judged them."""
    sound = {sample.meant: sample.tbs for sample in SAMPLES if not sample.lint}
    for sample in (sample for sample in SAMPLES if sample.lint):
        if sample.lint not in names:
            yield f"there is no lint {sample.lint}"
        if sample.sound not in sound or sample.tbs == sound[sample.sound]:
            yield f"{sample.lint}, {sample.what}: not a sound certificate with a change"
    for (lint, what), count in Counter((sample.lint, sample.what) for sample in SAMPLES).items():
        if count > 1:
            yield f"{lint}, {what}: {count} samples of that name"
    for tbs, count in Counter((sample.meant, sample.tbs) for sample in SAMPLES).items():
        if count > 1:
            yield f"{count} samples are {tbs[1].hex()}"


class Tap:
    """One line a test, what is wrong below it, and the plan at the end."""

    def __init__(self):
        self.count = 0
        self.is_good = True

    def tell(self, words, wrong):
        self.count += 1
        self.is_good = self.is_good and not wrong
        print("not ok" if wrong else "ok", self.count, "-", words)
        for line in wrong:
            print("#", line)


def main():
    tap, names = Tap(), linter("--names")
    answers = linter(stdin=b"".join(map(wire, SAMPLES)))
    judged = list(zip(SAMPLES, answers))
    counts = Counter(sample.lint for sample in SAMPLES)
    failing = len(SAMPLES) - counts[""]

    unlike = [] if len(answers) == len(SAMPLES) else [f"{len(answers)} answers"]
    tap.tell(f"{len(SAMPLES)} certificates are judged", unlike)
    tap.tell("each sample is a sound certificate with a change", list(wrong_set(names)))
    tap.tell(f"{counts['']} sound certificates pass", list(wrong_sound(judged)))
    for name in names:
        tap.tell(f"{name} refuses {counts[name]}", list(wrong_samples(judged, name)))
    print(f"1..{tap.count}")
    print(f"# {len(names)} lints, {failing} samples, {counts['']} sound certificates")
    return 0 if tap.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
