#ifndef AUTHORITY_CERTIFICATE_H
#define AUTHORITY_CERTIFICATE_H

#include "areas.h"
#include "device_certificate.h"
#include "materials.h"
#include "message.h"

/*
 * certificate: from facts to the certificate's to-be-signed octets, and from those to the
 * certificate. What is signed was written here a moment before, from the authority's own areas and
 * the configured profile, and has passed the lints.
 */
struct certificate_draft {
	uint8_t number[CERTIFICATE_NUMBER_SIZE];
	uint64_t not_before_s, not_after_s;
	uint8_t tbs_buffer[TBS_MAX];
	size_t tbs_len;
	uint8_t tbs_digest[32];
};

/* PROTOCOL, The certificate: 16 random octets, the first one & 7F | 40: positive, never short. */
bool certificate_number_draw(uint8_t number[CERTIFICATE_NUMBER_SIZE]);

/*
 * Draws a number and writes the octets. now_s: the store's clock. False where the certificate may
 * not be made (out: CHECK_CERTIFICATE_LINT, CHECK_CA_VALIDITY, CHECK_CLOCK); nothing is kept then.
 */
bool certificate_draft_write(const struct materials *, const struct facts *, const struct areas *,
	uint64_t now_s, struct certificate_draft *draft, struct refusal *out);

/*
 * Signs a draft and verifies the signature: the DER certificate, in buffer. False where it could
 * not be signed or did not verify (out: CHECK_CERTIFICATE_SIGNATURE).
 */
bool certificate_sign(const struct materials *, const struct certificate_draft *, uint8_t *buffer,
	size_t capacity, struct bytes *certificate, struct refusal *out);

/* The certificate in PEM (RFC 7468) with LF, NUL-terminated; text has CERTIFICATE_PEM_MAX
 * octets. */
enum fault certificate_pem_write(struct bytes der, char *text, size_t capacity);

#endif
