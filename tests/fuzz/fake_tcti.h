#ifndef TESTS_FUZZ_FAKE_TCTI_H
#define TESTS_FUZZ_FAKE_TCTI_H

/* templates.h, in tpm_session.h, before the TSS. */
#include "bytes.h"
#include "tpm_session.h"

#include <tss2/tss2_tcti.h>

/*
 * fake_tcti: a TPM that answers each command with the next response of the input, each with a u16
 * size before it, and is gone when there are none left. Or, where it is told of a real TPM's TCTI, a
 * recorder: it passes everything on and keeps the responses in that form, for seeds.
 *
 * RAND_bytes_ex is replaced by a count that begins anew with each input, so that a session that is
 * salted to an RSA key replays as it was recorded, response HMACs included. One that is salted to an
 * ECC key does not: its ephemeral key is drawn inside OpenSSL.
 */
enum { RECORD_MAX = 65536 };

struct fake_tcti {
	TSS2_TCTI_CONTEXT_COMMON_V1 common; /* first, so that ESYS takes us for a TCTI */
	struct bytes rest;                  /* responses still to be given */
	TSS2_TCTI_CONTEXT *inner;           /* recording: the real one */
	uint8_t record[RECORD_MAX];
	size_t record_len;
};

/* A TPM that answers with responses; the struct must not move while it is in use. */
void fake_tcti_open(struct fake_tcti *, struct bytes responses, TSS2_TCTI_CONTEXT *inner);

/* A struct tpm on it, as tpm_open would make it. */
void fake_tpm_open(struct tpm *, struct fake_tcti *, struct failure *);
void fake_tpm_close(struct tpm *);

#endif
