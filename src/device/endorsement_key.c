#include "endorsement_key.h"

#include "nv.h"
#include "nv_certificate.h"
#include "owned.h"
#include "public_key.h"
#include "report.h"
#include "tpm_response.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

enum { EK_CHAIN_FIRST = 0x01c00100, EK_CHAIN_LAST = 0x01c001ff };

/* TCG registry of reserved handles: endorsement keys that somebody has made persistent. */
enum { EK_HANDLE_FIRST = 0x010000, EK_HANDLE_LAST = 0x01ffff };

OWNED_TYPE(X509, X509_free)
OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)

void endorsement_key_close(struct endorsement_key *ek)
{
	tpm_object_release(&ek->object);
}

/* Whether key is the one that certificate names; a bare EK is measured against no certificate. */
static bool is_of_certificate(const struct tpm_key *key, struct bytes certificate)
{
	const unsigned char *der = certificate.data;
	owned(EVP_PKEY) *public = NULL;

	if (certificate.len == 0)
		return true;
	owned(X509) *x509 = d2i_X509(NULL, &der, (long)certificate.len);
	if (x509 == NULL || public_key_open(key, &public) != FAULT_NONE)
		return false;
	EVP_PKEY *certified = X509_get0_pubkey(x509);
	return certified != NULL && EVP_PKEY_eq(certified, public) == 1;
}

/*
 * Fills in template, area and id where the area is an EK template's and its key the certificate's;
 * else FAULT_NOT_FOUND.
 */
static enum fault recognise(
	const struct tpm_area *area, struct bytes certificate, struct endorsement_key *out)
{
	struct tpmt_public public;

	if (tpm2b_public_read(tpm_area_bytes(area), &public) != FAULT_NONE)
		return FAULT_NOT_FOUND;
	const struct template_row *row = template_of(&public, true);
	if (row == NULL || !template_area_fits(row, &public))
		return FAULT_NOT_FOUND;
	struct tpm_key key = tpm_key_of(row, &public);
	if (!is_of_certificate(&key, certificate) || key_id(&key, out->id) != FAULT_NONE)
		return FAULT_NOT_FOUND;
	out->template = row;
	out->area = *area;
	return FAULT_NONE;
}

/* A key of the certificate among those that somebody has made persistent. */
static enum fault find_persistent(
	struct tpm *tpm, struct bytes certificate, struct endorsement_key *out)
{
	struct tpm_handles handles;
	enum fault fault = tpm_handles_read(tpm, PERSISTENT_HANDLE(EK_HANDLE_FIRST),
		PERSISTENT_HANDLE(EK_HANDLE_LAST), &handles);

	for (size_t i = 0; fault == FAULT_NONE && i < handles.count; i++) {
		owned_tpm_object object = { 0 };
		struct tpm_area area;
		fault = tpm_persistent_open(tpm, handles.handle[i], &object, &area);
		if (fault == FAULT_NOT_FOUND)
			fault = FAULT_NONE;
		if (object.tpm == NULL || !tpm_object_has_area(&object, &area) ||
			recognise(&area, certificate, out) != FAULT_NONE)
			continue;
		out->object = object;
		object.tpm = NULL;
		return FAULT_NONE;
	}
	return fault == FAULT_NONE ? FAULT_NOT_FOUND : fault;
}

/* TPM2_CreatePrimary in the endorsement hierarchy, then the proof against the certificate. */
static enum fault make(struct tpm *tpm, const TPM2B_PUBLIC *in_public, struct bytes certificate,
	struct endorsement_key *out)
{
	static const TPM2B_DATA outside_info;
	static const TPML_PCR_SELECTION creation_pcr;
	owned_tpm_object object = { 0 };
	TPM2B_PUBLIC *public = NULL;
	struct tpm_area area;

	TSS2_RC rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, &tpm_sensitive_empty, in_public, &outside_info,
		&creation_pcr, &object.tr, &public, NULL, NULL, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		enum fault refused = tpm_refused(tpm, rc, "make the endorsement key");
		return tpm_response_is_unknown_type(rc) ? FAULT_UNSUPPORTED : refused;
	}
	object.tpm = tpm;
	enum fault fault = tpm_area_of(tpm, public, &area);
	Esys_Free(public);
	if (fault == FAULT_NONE && !tpm_object_has_area(&object, &area))
		fault = FAULT_NOT_FOUND;
	if (fault == FAULT_NONE)
		fault = recognise(&area, certificate, out);
	if (fault != FAULT_NONE)
		return fault;
	out->object = object;
	object.tpm = NULL;
	return FAULT_NONE;
}

static enum fault make_standard(struct tpm *tpm, const struct template_row *row,
	struct bytes certificate, struct endorsement_key *out)
{
	TPM2B_PUBLIC in_public;
	enum fault fault = ek_template_standard(tpm, row, &in_public);

	if (fault != FAULT_NONE)
		return fault;
	if (row->type == TPM_ALG_RSA)
		report_note("the TPM makes its RSA endorsement key; on a chip this takes seconds");
	return make(tpm, &in_public, certificate, out);
}

/*
 * Makes the certificate's key: from what its maker wrote into NV, from the template that belongs
 * to the index, and from that template's twin. Whoever knows the owner's password may have written
 * into NV as well: whatever comes of that, the TPM's refusal included, the template is tried.
 */
static enum fault make_certified(struct tpm *tpm, const struct template_row *row,
	struct bytes certificate, struct endorsement_key *out)
{
	const struct template_row *twin = ek_template_twin(row);
	TPM2B_PUBLIC in_public;

	enum fault fault = ek_template_of_nv(tpm, row, &in_public);
	if (fault == FAULT_NONE)
		fault = make(tpm, &in_public, certificate, out);
	if (fault != FAULT_NONE)
		fault = make_standard(tpm, row, certificate, out);
	if (fault == FAULT_NOT_FOUND && twin != NULL)
		fault = make_standard(tpm, twin, certificate, out);
	return fault == FAULT_UNSUPPORTED ? FAULT_NOT_FOUND : fault;
}

static enum fault certificate_read(
	struct tpm *tpm, const struct template_row *row, struct endorsement_key *ek)
{
	uint8_t buffer[NV_INDEX_MAX];
	struct bytes content, certificate;
	enum fault fault =
		nv_read(tpm, row->ek_certificate_nv, buffer, sizeof(buffer), &content);

	if (fault != FAULT_NONE)
		return fault;
	if (nv_certificate_unwrap(content, &certificate) != FAULT_NONE) {
		report_note("what is at NV 0x%08x is no certificate: passed over",
			row->ek_certificate_nv);
		return FAULT_NOT_FOUND;
	}
	memcpy(ek->certificate, certificate.data, certificate.len);
	ek->certificate_len = certificate.len;
	return FAULT_NONE;
}

enum fault endorsement_key_certified(
	struct tpm *tpm, const struct template_row *row, struct endorsement_key *out)
{
	struct endorsement_key ek = { 0 };
	enum fault fault = certificate_read(tpm, row, &ek);

	if (fault != FAULT_NONE)
		return fault;
	struct bytes certificate = bytes_of(ek.certificate, ek.certificate_len);
	fault = find_persistent(tpm, certificate, &ek);
	if (fault == FAULT_NOT_FOUND)
		fault = make_certified(tpm, row, certificate, &ek);
	if (fault == FAULT_NOT_FOUND)
		report_note(
			"the certificate at NV 0x%08x belongs to no endorsement key that this TPM "
			"can make: passed over",
			row->ek_certificate_nv);
	if (fault == FAULT_NONE)
		*out = ek;
	return fault;
}

enum fault endorsement_key_bare(
	struct tpm *tpm, const struct template_row *row, struct endorsement_key *out)
{
	struct endorsement_key ek = { 0 };
	enum fault fault = make_standard(tpm, row, (struct bytes){ 0 }, &ek);

	if (fault == FAULT_NONE)
		*out = ek;
	return fault;
}

/* A TPM without the curve or the key size says so: then the next template is asked for. */
static enum fault choose_bare(
	struct tpm *tpm, const struct ek_order *order, struct endorsement_key *out)
{
	enum fault fault = FAULT_UNSUPPORTED;

	report_note("this TPM has no endorsement key certificate that can be used: only the "
		    "manifest can vouch for it");
	for (size_t i = 0; i < order->count && fault == FAULT_UNSUPPORTED; i++)
		fault = endorsement_key_bare(tpm, order->row[i], out);
	return fault;
}

enum fault endorsement_key_choose(
	struct tpm *tpm, const struct ek_order *order, struct endorsement_key *out)
{
	for (size_t i = 0; i < order->count; i++) {
		enum fault fault = endorsement_key_certified(tpm, order->row[i], out);
		if (fault != FAULT_NOT_FOUND)
			return fault;
	}
	return choose_bare(tpm, order, out);
}

/* One index of the chain: as many whole certificates as it holds. */
static void chain_add(struct ek_chain *chain, struct bytes content)
{
	struct bytes certificate;

	while (chain->count < EK_CHAIN_COUNT_MAX &&
		nv_certificate_next(&content, &certificate) == FAULT_NONE)
		chain->certificate[chain->count++] = certificate;
}

enum fault ek_chain_read(struct tpm *tpm, struct ek_chain *out)
{
	struct tpm_handles indices;
	size_t used = 0;
	enum fault fault = tpm_handles_read(tpm, EK_CHAIN_FIRST, EK_CHAIN_LAST, &indices);

	out->count = 0;
	for (size_t i = 0; fault == FAULT_NONE && i < indices.count; i++) {
		struct bytes content;
		fault = nv_read(tpm, indices.handle[i], out->buffer + used,
			sizeof(out->buffer) - used, &content);
		if (fault == FAULT_NONE)
			used += content.len;
		/* Hints: what cannot be read, or not without a password, is done without. */
		if (fault == FAULT_NOT_FOUND || fault == FAULT_DENIED)
			fault = FAULT_NONE;
	}
	if (fault == FAULT_NONE)
		chain_add(out, bytes_of(out->buffer, used));
	return fault;
}
