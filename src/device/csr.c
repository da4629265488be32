#include "csr.h"

#include "owned.h"
#include "public_key.h"

#include <openssl/evp.h>

OWNED_TYPE(X509_REQ, X509_REQ_free)
OWNED_TYPE(X509_ALGOR, X509_ALGOR_free)
OWNED_TYPE(ASN1_BIT_STRING, ASN1_BIT_STRING_free)
OWNED_TYPE(EVP_PKEY, EVP_PKEY_free)

enum fault csr_open(const char *serial, EVP_PKEY *key, X509_REQ **out)
{
	owned(X509_REQ) *request = X509_REQ_new();

	if (request == NULL)
		return FAULT_NO_MEMORY;
	X509_NAME *subject = X509_REQ_get_subject_name(request);
	if (X509_NAME_add_entry_by_NID(subject, NID_serialNumber, V_ASN1_PRINTABLESTRING,
		    (const unsigned char *)serial, -1, -1, 0) != 1 ||
		X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
		X509_REQ_set_pubkey(request, key) != 1)
		return FAULT_CRYPTO;
	*out = owned_take(request);
	return FAULT_NONE;
}

enum fault csr_to_be_signed(
	X509_REQ *request, uint8_t *buffer, size_t capacity, struct bytes *out)
{
	unsigned char *end = buffer;
	int len = i2d_re_X509_REQ_tbs(request, NULL);

	if (len <= 0 || (size_t)len > capacity)
		return FAULT_TOO_LONG;
	len = i2d_re_X509_REQ_tbs(request, &end);
	*out = bytes_of(buffer, (size_t)len);
	return FAULT_NONE;
}

/* RFC 5758, 3.2: no parameters for ECDSA. RFC 4055, 5: NULL for RSA. */
static enum fault set_algorithm(X509_REQ *request, EVP_PKEY *key, const EVP_MD *hash)
{
	owned(X509_ALGOR) *algorithm = X509_ALGOR_new();
	bool is_rsa = EVP_PKEY_is_a(key, "RSA") == 1;
	int nid;

	if (algorithm == NULL)
		return FAULT_NO_MEMORY;
	if (OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(hash),
		    is_rsa ? NID_rsaEncryption : NID_X9_62_id_ecPublicKey) != 1 ||
		X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), is_rsa ? V_ASN1_NULL : V_ASN1_UNDEF,
			NULL) != 1 ||
		X509_REQ_set1_signature_algo(request, algorithm) != 1)
		return FAULT_CRYPTO;
	return FAULT_NONE;
}

static enum fault set_signature(X509_REQ *request, const struct signature *signature)
{
	owned(ASN1_BIT_STRING) *bits = ASN1_BIT_STRING_new();

	if (bits == NULL || ASN1_STRING_set(bits, signature->data, (int)signature->len) != 1)
		return FAULT_NO_MEMORY;
	/* No unused bits: left to itself, OpenSSL would cut trailing zeros off. */
	bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
	bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	X509_REQ_set0_signature(request, owned_take(bits));
	return FAULT_NONE;
}

enum fault csr_close(
	X509_REQ *request, const EVP_MD *hash, const struct signature *signature, struct csr *out)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(request);

	if (key == NULL)
		return FAULT_CRYPTO;
	enum fault fault = set_algorithm(request, key, hash);
	if (fault == FAULT_NONE)
		fault = set_signature(request, signature);
	if (fault != FAULT_NONE)
		return fault;
	if (X509_REQ_verify(request, key) != 1)
		return FAULT_CRYPTO;
	unsigned char *end = out->data;
	int len = i2d_X509_REQ(request, NULL);
	if (len <= 0 || len > CSR_MAX)
		return FAULT_TOO_LONG;
	out->len = (size_t)i2d_X509_REQ(request, &end);
	return FAULT_NONE;
}

enum fault csr_make(
	struct tpm *tpm, const struct identity_key *ik, const char *serial, struct csr *out)
{
	owned(EVP_PKEY) *key = NULL;
	owned(X509_REQ) *request = NULL;
	uint8_t buffer[CSR_MAX];
	struct bytes to_be_signed;
	struct signature signature;

	enum fault fault = public_key_open(&ik->file.key, &key);
	if (fault == FAULT_NONE)
		fault = csr_open(serial, key, &request);
	if (fault == FAULT_NONE)
		fault = csr_to_be_signed(request, buffer, sizeof(buffer), &to_be_signed);
	if (fault == FAULT_NONE)
		fault = identity_key_sign(tpm, ik, to_be_signed, &signature);
	if (fault == FAULT_NONE)
		fault = csr_close(request, signature_hash(ik->file.template), &signature, out);
	if (fault == FAULT_NONE || fault == FAULT_DENIED)
		return fault;
	return failure_set(tpm->failure, EXIT_OTHER, "this is an error of ours: report it",
		"the certification request could not be made (%s)", fault_text(fault));
}
