#ifndef DEVICE_IDENTITY_KEY_CHOICE_H
#define DEVICE_IDENTITY_KEY_CHOICE_H

#include "identity_key.h"

/*
 * identity_key_choice: which of the keys on disk a run goes on with, the installed one or one that
 * waits in key.made for its certificate.
 *
 * The one that waits, as a rule: a run that was cut short is continued. The installed one, and the
 * other is removed, where the TPM has the installed one and
 *
 *  - that is asked for (--keep-key), or
 *  - the other was made since a bus said that the TPM no longer knows the installed one, or for a
 *    --new-key after which the TPM has not kept it.
 *
 * But unasked never once the CA has seen the other with a ticket and has not said no: it may have
 * certified it, and knows the installed one no longer. Nor where state was lost. One that the TPM
 * does not take was made in another TPM, and is removed all the same.
 */

/* FAULT_NOT_FOUND where there is neither. Keeps state up to date, its parent too, and taken. */
enum fault identity_key_choose(struct tpm *, const struct directory *,
	const struct identity_key_wish *, struct tpm_handles *taken, struct state *,
	struct key_file *out, bool *is_waiting);

/* --keep-key, and there is nothing to keep. EXIT_TPM_REFUSED. */
enum fault identity_key_not_kept(struct failure *);

#endif
