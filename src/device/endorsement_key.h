#ifndef DEVICE_ENDORSEMENT_KEY_H
#define DEVICE_ENDORSEMENT_KEY_H

#include "ek_template.h"
#include "limits.h"
#include "options.h"
#include "templates.h"
#include "tpm_session.h"

/*
 * endorsement_key: the key that its maker put into the TPM and, most often, certified. It is loaded
 * while the struct lives: the persistent one where the TPM has it, else made anew from its
 * template. With a certificate, it is the certificate's key, compared number by number.
 */
struct endorsement_key {
	const struct template_row *template;
	struct tpm_area area;
	uint8_t id[32]; /* EK id (docs/PROTOCOL.md) */
	uint8_t certificate[EK_CERTIFICATE_MAX];
	size_t certificate_len; /* 0: the TPM holds none for this key */
	struct tpm_object object;
};

void endorsement_key_close(struct endorsement_key *);
#define owned_endorsement_key __attribute__((cleanup(endorsement_key_close))) struct endorsement_key

/*
 * Opens the EK whose certificate lies at the NV index of row. The key's template may be row's twin.
 * FAULT_NOT_FOUND where there is no certificate, or it fits no key of this TPM.
 */
enum fault endorsement_key_certified(
	struct tpm *, const struct template_row *row, struct endorsement_key *out);

/*
 * Opens the EK of row without asking for a certificate. FAULT_UNSUPPORTED where the TPM does not
 * know the curve or the size.
 */
enum fault endorsement_key_bare(
	struct tpm *, const struct template_row *row, struct endorsement_key *out);

/* The first certified one of the order; where no template has one, the first bare one. */
enum fault endorsement_key_choose(
	struct tpm *, const struct ek_order *, struct endorsement_key *out);

/*
 * The certificates that the TPM carries for its EK's chain, NV 01C00100 to 01C001FF: one after
 * another in buffer, at most EK_CHAIN_COUNT_MAX. What is not a certificate is left out: hints.
 */
struct ek_chain {
	struct bytes certificate[EK_CHAIN_COUNT_MAX];
	size_t count;
	uint8_t buffer[EK_CHAIN_MAX];
};
enum fault ek_chain_read(struct tpm *, struct ek_chain *out);

#endif
