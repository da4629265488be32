#include "mutant.h"

#include "issuer_algorithm.h"
#include "key.h"
#include "message.h"

/*
 * STORE_ANSWER: an authority that gives the certificate out, whatever the store has answered. The
 * linker calls this (--wrap).
 */
enum fault __real_record_answer_read(struct bytes, struct record_answer *);
enum fault __wrap_record_answer_read(struct bytes, struct record_answer *);

enum fault __wrap_record_answer_read(struct bytes body, struct record_answer *out)
{
	enum fault fault = __real_record_answer_read(body, out);

	if (mutant_spares(CHECK_STORE_ANSWER))
		out->is_recorded = true;
	return fault;
}

/* CERTIFICATE_SIGNATURE: the signature is used as it was made. */
enum fault __real_issuer_sign(EVP_PKEY *, const struct issuer_algorithm *, struct bytes, uint8_t *,
	struct bytes *);
enum fault __wrap_issuer_sign(EVP_PKEY *, const struct issuer_algorithm *, struct bytes, uint8_t *,
	struct bytes *);
enum fault __real_key_sign(struct key *, struct bytes, uint8_t *, struct bytes *);
enum fault __wrap_key_sign(struct key *, struct bytes, uint8_t *, struct bytes *);

static struct bytes last_signature;

enum fault __wrap_issuer_sign(EVP_PKEY *key, const struct issuer_algorithm *algorithm, struct bytes tbs,
	uint8_t *buffer, struct bytes *out)
{
	enum fault fault = __real_issuer_sign(key, algorithm, tbs, buffer, out);

	if (fault == FAULT_NONE)
		last_signature = *out;
	return fault;
}

enum fault __wrap_key_sign(struct key *key, struct bytes tbs, uint8_t *buffer, struct bytes *out)
{
	enum fault fault = __real_key_sign(key, tbs, buffer, out);

	if (fault != FAULT_INVALID || !mutant_spares(CHECK_CERTIFICATE_SIGNATURE))
		return fault;
	*out = last_signature;
	return FAULT_NONE;
}
