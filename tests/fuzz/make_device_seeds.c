/*
 * make_device_seeds: the seeds for what the device reads: certificates of a CA of the program's own,
 * and the responses of a real TPM, that of TPM2TOOLS_TCTI.
 *
 *	make_device_seeds FOLDER certificates
 *	make_device_seeds FOLDER endorsement_key|identity_key|activation NAME
 */

/* templates.h, in tpm_session.h, before the TSS. */
#include "tpm_drive.h"

#include "credential.h"
#include "fake_tcti.h"
#include "key_file.h"
#include "must_hold.h"
#include "name.h"
#include "seeds.h"
#include "signature.h"
#include "software_ca.h"
#include "software_key.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <tss2/tss2_tctildr.h>

/* ---- certificates ---- */

enum { NOW_S = 1795392000, DAY_S = 86400 };

/* Certificates in PEM; out views what the caller frees. */
static BIO *pem_of(X509 *first, X509 *second, struct bytes *out)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text;
	int result = PEM_write_bio_X509(memory, first);

	if (second != NULL)
		result &= PEM_write_bio_X509(memory, second);
	must_hold(result == 1);
	long len = BIO_get_mem_data(memory, &text);
	*out = bytes_of(text, (size_t)len);
	return memory;
}

static void seed_pem(const char *name, X509 *first, X509 *second)
{
	struct bytes pem;
	BIO *memory = pem_of(first, second, &pem);

	seed_write("issued_certificate", pem, "%s", name);
	BIO_free(memory);
}

static void fixed_pem(const char *name, X509 *certificate)
{
	struct bytes pem;
	BIO *memory = pem_of(certificate, NULL, &pem);

	fixed_write(name, pem);
	BIO_free(memory);
}

/* key.made (key_file.h): its parent, the area, and a private half, which only a TPM could read. */
static void seed_made(struct bytes area, size_t private_len)
{
	static const uint8_t private_half[TPM2B_PRIVATE_MAX + 1] = { 0, 4 };
	static uint8_t buffer[4 + TPM2B_PUBLIC_MAX + sizeof(private_half)];
	struct writer w = WRITER_OF_ARRAY(buffer);

	writer_u32(&w, DRIVE_EK_HANDLE);
	writer_bytes(&w, area);
	writer_bytes(&w, bytes_of(private_half, private_len));
	seed_write("key_made", writer_written(&w), "private-%zu", private_len);
}

static void write_ik(const struct software_key *ik)
{
	static const size_t lens[] = { 0, 1, 6, TPM2B_PRIVATE_MAX, TPM2B_PRIVATE_MAX + 1 };
	uint8_t buffer[TPM2B_PUBLIC_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct signature proof = software_key_sign(ik, BYTES_OF_LITERAL("octets to be signed"));

	tpm2b_public_write(&w, &ik->key);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		seed_made(writer_written(&w), lens[i]);
	fixed_write("device-ik.pub", writer_written(&w));
	fixed_write("device-proof.sig", bytes_of(proof.data, proof.len));
}

static void make_certificates(void)
{
	const struct certificate_wish ca_wish = { .basic_constraints = "critical,CA:TRUE",
		.key_usage = "critical,keyCertSign,cRLSign", .not_before = NOW_S - DAY_S,
		.not_after = NOW_S + 1000 * DAY_S };
	struct certificate_wish wish = { .serial = "SN-0001", .basic_constraints = "critical,CA:FALSE",
		.key_usage = "critical,digitalSignature", .extended_key_usage = "clientAuth",
		.not_before = NOW_S - DAY_S, .not_after = NOW_S + 300 * DAY_S };
	struct software_key ik = software_key_make(TEMPLATE_IK_P256_NODA);
	struct software_key ca_key = software_key_make(TEMPLATE_IK_P256_NODA);
	struct software_key sub_key = software_key_make(TEMPLATE_IK_P256_NODA);
	X509 *ca = software_ca_issue(&ca_wish, ca_key.pkey, NULL, ca_key.pkey);
	X509 *sub = software_ca_issue(&ca_wish, sub_key.pkey, ca, ca_key.pkey);

	write_ik(&ik);
	fixed_pem("device-ca.pem", ca);
	seed_pem("direct", software_ca_issue(&wish, ik.pkey, ca, ca_key.pkey), NULL);
	seed_pem("through-sub", software_ca_issue(&wish, ik.pkey, sub, sub_key.pkey), sub);
	seed_pem("another-key", software_ca_issue(&wish, ca_key.pkey, ca, ca_key.pkey), ca);
	seed_pem("a-ca", sub, ca);
	wish.second_serial = "SN-0002";
	seed_pem("two-serials", software_ca_issue(&wish, ik.pkey, ca, ca_key.pkey), ca);
	wish.second_serial = NULL;
	wish.key_usage = wish.extended_key_usage = NULL;
	seed_pem("no-usage", software_ca_issue(&wish, ik.pkey, ca, ca_key.pkey), NULL);
}

/* ---- a TPM's responses ---- */

static struct fake_tcti recorder;
static TSS2_TCTI_CONTEXT *real;
static struct failure failure;

static void begin(struct tpm *tpm)
{
	fake_tcti_open(&recorder, bytes_of(NULL, 0), real);
	fake_tpm_open(tpm, &recorder, &failure);
}

static void end(struct tpm *tpm, const char *what, const char *name, struct bytes before)
{
	static uint8_t buffer[RECORD_MAX + CREDENTIAL_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	char target[32];

	fake_tpm_close(tpm);
	if (failure.what[0] != '\0')
		(void)fprintf(stderr, "%s %s: %s\n", what, name, failure.what);
	if (before.len > 0)
		writer_tpm2b(&w, before);
	writer_bytes(&w, bytes_of(recorder.record, recorder.record_len));
	(void)snprintf(target, sizeof(target), "tpm_%s", what);
	seed_write(target, writer_written(&w), "%s", name);
}

static struct tpm_key key_at(uint32_t handle, bool is_ek)
{
	owned_tpm_object object = { 0 };
	struct tpm_area area;
	struct tpmt_public public;
	struct tpm tpm;

	begin(&tpm);
	enum fault fault = tpm_persistent_open(&tpm, handle, &object, &area);
	if (fault == FAULT_NONE)
		fault = tpm2b_public_read(tpm_area_bytes(&area), &public);
	must_hold(fault == FAULT_NONE);
	tpm_object_release(&object);
	fake_tpm_close(&tpm);
	return tpm_key_of(template_of(&public, is_ek), &public);
}

static void record_activation(const char *name)
{
	static const uint8_t ticket[TICKET_SIZE] = { 0x77 };
	struct tpm_key ek = key_at(DRIVE_EK_HANDLE, true), ik = key_at(DRIVE_IK_HANDLE, false);
	uint8_t buffer[CREDENTIAL_MAX];
	struct tpm_name ik_name;
	struct bytes credential;
	struct tpm tpm;
	enum fault fault = name_of_key(&ik, &ik_name);

	if (fault == FAULT_NONE)
		fault = credential_make(&ek, &ik_name, BYTES_OF_ARRAY(ticket), buffer, sizeof(buffer),
			&credential);
	must_hold(fault == FAULT_NONE);
	begin(&tpm);
	drive_activation(&tpm, credential);
	end(&tpm, "activation", name, credential);
}

static void record(const char *what, const char *name)
{
	struct tpm tpm;
	TSS2_RC rc = Tss2_TctiLdr_Initialize(getenv("TPM2TOOLS_TCTI"), &real);

	must_hold(rc == TSS2_RC_SUCCESS);
	if (strcmp(what, "activation") == 0) {
		record_activation(name);
	} else {
		begin(&tpm);
		if (strcmp(what, "endorsement_key") == 0)
			drive_endorsement_key(&tpm);
		else
			drive_identity_key(&tpm);
		end(&tpm, what, name, bytes_of(NULL, 0));
	}
	Tss2_TctiLdr_Finalize(&real);
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 4) {
		(void)fprintf(stderr, "usage: make_device_seeds FOLDER certificates|WHAT NAME\n");
		return 2;
	}
	seeds_open(argv[1]);
	if (argc == 3)
		make_certificates();
	else
		record(argv[2], argv[3]);
	return 0;
}
