"""Groups B, F and N on real TPMs (swtpm): what a TPM itself refuses, and what is on its bus."""

from catalogue import row
from shown import shown_by


@row(33, "a key in software, honest about it or not: no TPM opens its challenge", is_slow=True)
def software_keys(_, verdict):
    shown_by(verdict, "test_refusals.py", "honest_software_key", "forged_software_key")


@row(165, "who records the TPM's bus looks for the ticket", is_slow=True)
def recorded(_, verdict):
    shown_by(verdict, "test_tpm.py", "traffic")


@row(169, "the handle is another's: taken by chance, asked for, come to since", is_slow=True)
def handles(_, verdict):
    shown_by(verdict, "test_device_keys.py", "handle_of_another", "handle_asked_for", "spares_others")
