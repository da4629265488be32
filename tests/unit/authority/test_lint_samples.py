#!/usr/bin/env python3
"""lint_samples: the lints against certificates of the attacker's kit (tests/attacker/lint_*.py).

    test_lint_samples.py LINTER

None of the authority's code has written them: the kit does so from docs/PROTOCOL.md and RFC 5280.
Each lint that the authority has must have samples, and be the one that refuses them: it, and none
before it, for the authority stops at the first. The sound certificates, of which each sample is one
with one change, must pass.

Where the lint is left out, at least one of its samples must pass: no other lint refuses that one.
For the lints of COVERED and LEANT_ON there is no such sample, and it stands there why.
"""

import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from attacker import der
from attacker.device_certificate import identifier
from attacker.lint_samples import SAMPLES

LINTER = sys.argv[1]

# Whatever these refuse a later one would refuse as well: they tell the operator more exactly what
# is wrong.
COVERED = {
    "extensions_once": "extensions_order wants each after the one before, so none twice",
    "extensions_none_of_a_ca": "extensions_known refuses all that the profile has not",
    "ext_key_usage_frame": "ext_key_usage_client_auth wants clientAuth and nothing else",
    "ext_key_usage_not_any": "ext_key_usage_client_auth wants clientAuth and nothing else",
    "ext_key_usage_not_tcg": "ext_key_usage_client_auth wants clientAuth and nothing else",
    "subject_alt_name_presence": "the lints of each name want it, or want it not to be there",
    "policies_frame": "policies_exact reads the same list to its end",
}
# Without these later ones cannot be asked at all.
LEANT_ON = {
    "spki_algorithm": "spki_point and others take from it how long a key is",
    "extensions_known": "critical_exact looks each up in the table of those that are known",
    "extensions_required": "basic_constraints and others look into what must be there",
}


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


def contents(kind):
    """An identifier without tag and length; empty for none."""
    return field(der.take(identifier(kind))[1] if kind else b"")


def wire(sample):
    meant = sample.meant
    return b"".join([
        *map(field, (meant.number, meant.algorithm, meant.issuer, meant.authority_key,
                     meant.not_before, meant.not_after, meant.organization, meant.unit,
                     meant.serial, meant.spki)),
        contents(meant.module_type), field(meant.dns), field(meant.uri),
        field(len(meant.policies)), *map(contents, meant.policies),
        *map(field, (meant.crl_url, meant.issuer_url, meant.ca_not_before, meant.ca_not_after,
                     meant.ca_spki, meant.ek_spki, sample.tbs))])


def wrong_sound(judged):
    for sample, said in judged:
        if not sample.lint and said != "passed":
            yield f"sound, {sample.what}: {said}"


def ask(samples, *arguments):
    answers = linter(*arguments, stdin=b"".join(map(wire, samples)))
    assert len(answers) == len(samples), f"{len(samples)} samples, {len(answers)} answers"
    return answers


def refused_by_it_alone(lint):
    """How many of its samples pass where it is left out; none are asked where later ones lean."""
    if lint in LEANT_ON:
        return 0
    own = [sample for sample in SAMPLES if sample.lint == lint]
    return ask(own, "--without", lint).count("passed")


def wrong_samples(judged, lint, alone):
    """What is wrong with one lint's samples."""
    own = [(sample, said) for sample, said in judged if sample.lint == lint]
    if not own:
        yield f"{lint} has no sample"
    for sample, said in own:
        if said != lint:
            yield f"{lint}, {sample.what}: {said}"
    if not alone and lint not in COVERED and lint not in LEANT_ON:
        yield f"{lint}: each of its samples is refused by another lint as well"
    if alone and lint in COVERED:
        yield f"{lint} is not covered: {COVERED[lint]}"


def wrong_set(names):
    """What is wrong with the samples before anybody has judged them."""
    sound = {sample.meant: sample.tbs for sample in SAMPLES if not sample.lint}
    for sample in (sample for sample in SAMPLES if sample.lint):
        if sample.lint not in names:
            yield f"there is no lint {sample.lint}"
        if sample.sound not in sound or sample.tbs == sound[sample.sound]:
            yield f"{sample.lint}, {sample.what}: not a sound certificate with a change"
    for lint in {*COVERED, *LEANT_ON} - set(names):
        yield f"there is no lint {lint}"
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


def told(lint, count, alone):
    """The words of one lint's line."""
    why = COVERED.get(lint) or LEANT_ON.get(lint)
    return f"{lint} refuses {count}, " + (why or f"{alone} of them it alone")


def main():
    tap, names = Tap(), linter("--names")
    judged = list(zip(SAMPLES, ask(SAMPLES)))
    counts = Counter(sample.lint for sample in SAMPLES)
    alone = {name: refused_by_it_alone(name) for name in names}

    tap.tell("each sample is a sound certificate with a change", list(wrong_set(names)))
    tap.tell(f"{counts['']} sound certificates pass", list(wrong_sound(judged)))
    for name in names:
        tap.tell(told(name, counts[name], alone[name]),
                 list(wrong_samples(judged, name, alone[name])))
    print(f"1..{tap.count}")
    print(f"# {len(names)} lints, {len(SAMPLES) - counts['']} samples, {counts['']} sound"
          f" certificates; {sum(map(bool, alone.values()))} lints refuse what no other does")
    return 0 if tap.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
