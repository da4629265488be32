#include "install.h"

#include "certificate_check.h"
#include "certificate_file.h"
#include "how_to_use.h"
#include "installed_set.h"
#include "key_pem.h"
#include "limits.h"
#include "signature.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

enum { PROOF_LEN = 32, CHAIN_COUNT_MAX = 4 };

OWNED_TYPE(BIO, BIO_free_all)
OWNED_TYPE(X509, X509_free)
OWNED_TYPE(X509_STORE, X509_STORE_free)

typedef STACK_OF(X509) x509_stack;
OWNED_TYPE(x509_stack, x509_stack_free)

/* What the CA sent and what it is measured against. */
struct candidate {
	STACK_OF(X509) *certificates; /* one */
	STACK_OF(X509) *chain;
	X509_STORE *anchors;
	X509 *installed;
};

static void candidate_close(struct candidate *candidate)
{
	x509_stack_free(candidate->certificates);
	x509_stack_free(candidate->chain);
	X509_STORE_free(candidate->anchors);
	X509_free(candidate->installed);
}

static enum fault not_installed(const struct installation *installation, const char *why)
{
	return failure_set(installation->directory->failure, EXIT_CA_REFUSED,
		"tell whoever runs the CA",
		"the CA's certificate was not installed: it breaks the rule "
		"that %s",
		why);
}

enum fault installed_read(const struct directory *directory, X509 **out)
{
	/* In lines of 64 characters, in which it may not have come. */
	uint8_t buffer[2 * PEM_MAX];
	struct bytes pem;
	owned(x509_stack) *stack = NULL;
	enum fault fault =
		installed_set_read(directory, "certificate.pem", buffer, sizeof(buffer), &pem);

	if (fault == FAULT_DENIED)
		return fault;
	if (fault != FAULT_NONE || certificates_read(pem, 1, 1, &stack) != FAULT_NONE)
		return FAULT_NOT_FOUND;
	*out = sk_X509_pop(stack);
	return FAULT_NONE;
}

static enum fault candidate_read(const struct installation *installation,
	const struct issued *issued, struct candidate *out)
{
	enum fault fault =
		certificates_read(bytes_of_string(issued->certificate), 1, 1, &out->certificates);

	if (fault == FAULT_NONE)
		fault = certificates_read(
			bytes_of_string(issued->chain), 0, CHAIN_COUNT_MAX, &out->chain);
	if (fault != FAULT_NONE)
		return not_installed(installation, "certificate and chain are PEM");
	if (anchors_read(installation->anchors, &out->anchors) != FAULT_NONE)
		return failure_set(installation->directory->failure, EXIT_LOCAL_FILES,
			"give the CA's certificate in PEM", "--ca-cert holds no certificate");
	fault = installed_read(installation->directory, &out->installed);
	return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* Asks the TPM for a signature over fresh octets, and the rules for their verdict. */
static enum fault candidate_check(
	const struct installation *installation, const struct candidate *candidate)
{
	uint8_t proof[PROOF_LEN];
	struct signature signature;
	const struct tpm_key *ik = &installation->ik->file.key;
	bool is_usable = candidate->installed != NULL &&
		certificate_is_usable(candidate->installed, ik, installation->now);

	if (RAND_bytes(proof, sizeof(proof)) != 1)
		return FAULT_CRYPTO;
	enum fault fault = identity_key_sign(
		installation->tpm, installation->ik, BYTES_OF_ARRAY(proof), &signature);
	if (fault != FAULT_NONE)
		return fault;
	const char *broken = certificate_check(sk_X509_value(candidate->certificates, 0),
		&(struct certificate_expectation){
			.ik = ik,
			.serial = installation->serial,
			.anchors = candidate->anchors,
			.chain = candidate->chain,
			.installed = is_usable ? candidate->installed : NULL,
			.proof = BYTES_OF_ARRAY(proof),
			.proof_signature = &signature,
			.proof_hash = signature_hash(installation->ik->file.template),
			.now = installation->now,
		});
	return broken == NULL ? FAULT_NONE : not_installed(installation, broken);
}

static enum fault write_bio(const struct directory *directory, const char *name, BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	return directory_write(directory, name, bytes_of(data, (size_t)len), 0644);
}

/* The leaf; with the chain, what a TLS peer is shown: leaf, then issuers, without the root. */
static enum fault write_certificates(const struct directory *directory, const char *name,
	X509 *certificate, STACK_OF(X509) *chain)
{
	owned(BIO) *bio = BIO_new(BIO_s_mem());

	if (bio == NULL)
		return FAULT_NO_MEMORY;
	enum fault fault = certificate_append(bio, certificate);
	for (int i = 0; fault == FAULT_NONE && chain != NULL && i < sk_X509_num(chain); i++) {
		X509 *issuer = sk_X509_value(chain, i);
		if (X509_self_signed(issuer, 0) != 1)
			fault = certificate_append(bio, issuer);
	}
	return fault == FAULT_NONE ? write_bio(directory, name, bio) : fault;
}

/* All that belongs to one certificate. */
static enum fault write_files(const struct directory *files,
	const struct installation *installation, const struct candidate *candidate)
{
	X509 *certificate = sk_X509_value(candidate->certificates, 0);
	const struct identity_key *ik = installation->ik;

	enum fault fault = directory_write(files, "ca.pem", installation->anchors, 0644);
	if (fault == FAULT_NONE)
		fault = write_certificates(files, "chain.pem", certificate, candidate->chain);
	if (fault == FAULT_NONE)
		fault = key_pem_write(files, &ik->file, installation->parent);
	if (fault == FAULT_NONE)
		fault = key_file_write(files, &ik->file);
	if (fault == FAULT_NONE)
		fault = how_to_use_write(files, ik->handle, installation->tcti);
	if (fault == FAULT_NONE)
		fault = write_certificates(files, "certificate.pem", certificate, NULL);
	return fault;
}

static enum fault candidate_write(
	const struct installation *installation, const struct candidate *candidate)
{
	owned_installed_set set = { .files.descriptor = -1 };

	enum fault fault = installed_set_begin(installation->directory, &set);
	if (fault == FAULT_NONE)
		fault = write_files(&set.files, installation, candidate);
	if (fault == FAULT_NONE)
		fault = installed_set_switch(installation->directory, &set);
	return fault;
}

enum fault issued_install(const struct installation *installation, const struct issued *issued,
	bool *is_same, time_t *not_after)
{
	__attribute__((cleanup(candidate_close))) struct candidate candidate = { 0 };

	enum fault fault = candidate_read(installation, issued, &candidate);
	if (fault == FAULT_NONE)
		fault = candidate_check(installation, &candidate);
	if (fault != FAULT_NONE)
		return fault;
	X509 *certificate = sk_X509_value(candidate.certificates, 0);
	*is_same = candidate.installed != NULL && X509_cmp(certificate, candidate.installed) == 0;
	*not_after = certificate_time(X509_get0_notAfter(certificate));
	return candidate_write(installation, &candidate);
}
