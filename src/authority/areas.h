#ifndef AUTHORITY_AREAS_H
#define AUTHORITY_AREAS_H

#include "bytes.h"
#include "fault.h"
#include "limits.h"
#include "message.h"
#include "name.h"

/*
 * areas: what the authority writes itself from the keys' numbers, and the one source from which
 * Name, ids, ticket, credential blob and the certificate's key are taken. The template's constants
 * are ours, so no error or treason of the verifier makes an identity key that can leave its TPM.
 */
struct areas {
	uint8_t ik_buffer[TPM2B_PUBLIC_MAX], ek_buffer[TPM2B_PUBLIC_MAX], spki_buffer[SPKI_MAX];
	struct bytes ik_public, ek_public; /* TPM2B_PUBLIC */
	struct bytes ik_spki;              /* DER SubjectPublicKeyInfo */
	struct tpm_name ik_name;
	uint8_t ik_id[32], ek_id[32];
};

/* Writes them all; the views in out point into out, which must not be copied. FAULT_INVALID. */
enum fault areas_write(const struct facts *, struct areas *out);

#endif
