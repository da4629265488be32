"""One injection, and what is looked at after each of them."""

import json
import re
from dataclasses import dataclass, field
from typing import Callable

from genuine_test.process import Failed
from invariant_checks import broken, is_cut_off, lost
from stage import FIRST, NEW_KEY, RENEWAL, Journey

DONE, OTHER, NO_TPM, TPM_REFUSED, CA_NOT_REACHED, CA_REFUSED, LOCAL_FILES = 0, 1, 3, 4, 5, 6, 7
DOCUMENTED = {DONE, OTHER, NO_TPM, TPM_REFUSED, CA_NOT_REACHED, CA_REFUSED, LOCAL_FILES}
SIGKILL = 9


@dataclass
class Outcome:
    """How an injection went: whether it happened at all, and how genuine-device then ended."""

    has_fired: bool
    result: object  # process.Result; None where no device ran
    statuses: set = None  # that are right; the documented ones
    is_left: bool = False  # what is loaded in the TPM cannot have been flushed
    is_over: bool = False  # the store has believed a time after the CA's end
    complaints: list = field(default_factory=list)  # what the injection itself saw to be wrong


@dataclass
class Injection:
    """What is spoilt: distinct by its key. act injects it into a World: an Outcome."""

    role: str
    site: str
    n: int
    act: Callable
    journey: Journey = FIRST

    @property
    def key(self):
        return (self.journey.name, self.role, self.site, self.n)

    def __str__(self):
        return f"{self.journey.name}: {self.role} {self.site} {self.n}"


def told_badly(result):
    """A failure is one plain sentence, the same for machines, with the documented exit status."""
    lines = [line for line in result.errors.splitlines() if line.startswith("genuine-device: ")]
    if len(lines) != 1 or not re.fullmatch(r"genuine-device: .+; .+; .+\.", lines[0]):
        return f"it did not end with one plain sentence\n{result}"
    try:
        told = json.loads(result.output)
    except ValueError:
        return f"its JSON does not read\n{result}"
    if told.get("exit_code") != result.status or not told.get("error"):
        return f"its JSON does not say what its exit status does\n{result}"
    return None


def device_ended(outcome):
    result = outcome.result
    right = outcome.statuses or DOCUMENTED
    if result.status not in right:
        yield f"exit status {result.status}, not one of {sorted(right)}\n{result}"
    elif result.status > 0:
        bad = told_badly(result)
        if bad:
            yield bad


def tpm_left(world, outcome):
    if outcome.is_left:
        # What the kernel's resource manager does when the device's file is closed.
        world.tpm.flush()
        return
    left = world.tpm.leftovers()
    if left:
        yield f"left in the TPM: {left}\n{outcome.result}"
        world.tpm.flush()


def completes(world):
    """The next run brings the certificate: at once, or when the lease of what broke off has ended."""
    world.serve_again()
    if world.ca.has_open_intent():
        world.let_leases_run_out()
    result = world.device(options=world.again())
    if result.status != DONE:
        yield f"the next run does not complete\n{result}\n{world.ca.daemon.told()}"
        return
    status = world.status()
    if status.status != DONE:
        yield f"status is not good\n{status}"
    if world.journey == RENEWAL and world.has_changed_key():
        yield "a renewal has another key"
    if world.journey == NEW_KEY and not world.has_changed_key():
        yield "--new-key left the key that was"


def stands_still(world):
    """Nothing is signed any more, and the operator is told for how long (genuine-ca(1), CLOCK)."""
    world.serve_again()
    result = world.device(options=world.again())
    if result.status != CA_NOT_REACHED:
        yield f"a store that is far ahead was asked\n{result}"
    told = world.ca.tells("status")
    if told["clock_ahead_s"] <= 0 or "nothing is signed" not in told["warning"]:
        yield f"status does not say that the clock is wrong\n{told}"


def roles_ended(world):
    """No role may end by another signal than the one that was injected (SIGKILL)."""
    for log in world.folder.glob("*.log"):
        for line in log.read_text(errors="replace").splitlines():
            found = re.search(r"was ended by signal (\d+)", line)
            if found and int(found[1]) != SIGKILL:
                yield line


def aftermath(world, outcome):
    """All that is broken after an injection."""
    world.bus = world.tpm
    world.look()
    yield from outcome.complaints
    if outcome.result is not None:
        yield from device_ended(outcome)
    yield from tpm_left(world, outcome)
    if world.journey.is_provisioned:
        yield from lost(world.device_folder, world.tpm.tcti)
    if is_cut_off(world.device_folder):
        yield "chain.pem is not of the key in key.pem"
    yield from stands_still(world) if outcome.is_over else completes(world)
    world.settle_list()
    status = world.ca.stop()
    if status != 0:
        yield f"serve ended with status {status}"
    yield from roles_ended(world)
    yield from broken(world.ca.folder, world.device_folder, world.tpm.tcti, held=world.held)
    if not world.ca.has_others_barred():
        yield "a ban or a suspension of before is gone"
    audit = world.ca.tries("audit", "verify")
    if audit.status != 0:
        yield str(audit)


def tried(injection, world):
    """(whether it happened, what is broken)."""
    try:
        outcome = injection.act(world)
        return outcome.has_fired, list(aftermath(world, outcome)) if outcome.has_fired else []
    except (Failed, OSError, ValueError) as failed:
        return True, [f"{type(failed).__name__}: {failed}"]
