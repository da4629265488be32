/* The authority's first act, and the areas that it writes itself. */
#include "challenge.h"

#include "areas.h"
#include "credential.h"
#include "header_check.h"
#include "public_key.h"
#include "sample_ca.h"
#include "sample_materials.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint64_t now_ms = UINT64_C(1000) * SAMPLE_NOW;
static struct materials materials; /* large */
static EVP_PKEY *ca_key;

static int open_materials(void **state)
{
	(void)state;
	ca_key = sample_key_make("P-256", 0);
	sample_materials_open(&materials, "[ca]\nname = Example\n", ca_key);
	return 0;
}

static int close_materials(void **state)
{
	(void)state;
	materials_close(&materials);
	EVP_PKEY_free(ca_key);
	return 0;
}

static struct secret ticket_of(const struct facts *facts, const struct ticket_header *header)
{
	struct areas areas;
	struct secret ticket;

	assert_int_equal(areas_write(facts, &areas), FAULT_NONE);
	assert_int_equal(challenge_ticket(&materials, facts, &areas, header, &ticket), FAULT_NONE);
	return ticket;
}

static struct ticket_header header_of(const struct challenge *challenge)
{
	struct ticket_header header;

	assert_int_equal(ticket_header_read(challenge->header, &header), FAULT_NONE);
	return header;
}

/* All of them from the same numbers: areas, Name, ids and the certificate's key. */
static void test_areas(void **state)
{
	struct facts facts = sample_facts();
	struct areas areas;
	struct tpmt_public ik, ek;
	struct tpm_name name;
	uint8_t digest[32];

	(void)state;
	assert_int_equal(areas_write(&facts, &areas), FAULT_NONE);
	assert_int_equal(tpm2b_public_read(areas.ik_public, &ik), FAULT_NONE);
	assert_int_equal(tpm2b_public_read(areas.ek_public, &ek), FAULT_NONE);
	assert_int_equal(template_of(&ik, false)->template, TEMPLATE_IK_P256_NODA);
	assert_int_equal(template_of(&ek, true)->template, TEMPLATE_EK_L2);
	assert_true(bytes_equal(ik.ecc.x, bytes_of(facts.ik.a, facts.ik.a_len)));
	assert_true(bytes_equal(ek.ecc.y, bytes_of(facts.ek.b, facts.ek.b_len)));
	assert_int_equal(name_of_area(bytes_of(areas.ik_public.data + 2, areas.ik_public.len - 2), TPM_ALG_SHA256, &name),
		FAULT_NONE);
	assert_true(bytes_equal(bytes_of(name.data, name.len), bytes_of(areas.ik_name.data, areas.ik_name.len)));
	assert_int_equal(EVP_Digest(areas.ik_spki.data, areas.ik_spki.len, digest, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(areas.ik_id, digest, 32);
	assert_int_equal(key_id(&facts.ek, digest), FAULT_NONE);
	assert_memory_equal(areas.ek_id, digest, 32);
	facts.ek.template = 99;
	assert_int_equal(areas_write(&facts, &areas), FAULT_INVALID);
}

static void test_header(void **state)
{
	struct facts facts = sample_facts();
	struct challenge challenge;
	struct refusal refusal;

	(void)state;
	assert_int_equal(challenge_make(&materials, &facts, now_ms, &challenge), FAULT_NONE);
	struct ticket_header header = header_of(&challenge);
	assert_int_equal(header.version, TICKET_VERSION);
	assert_true(header.issued_at_ms == now_ms);
	assert_int_equal(header.epoch, 20833);
	assert_memory_equal(header.ca_id, materials.ticket_keys.current.ca_id, CA_ID_SIZE);
	assert_memory_equal(header.fingerprint_prefix, materials.fingerprint, FINGERPRINT_PREFIX_SIZE);
	assert_true(header_check(&materials, &header, now_ms, &refusal));
	assert_int_equal(challenge.credential.len, 8 + 2 + 68 + 2 + 68);
}

/* Two for the same facts at the same time share nothing that the device could replay. */
static void test_fresh(void **state)
{
	struct facts facts = sample_facts();
	struct challenge first, second;

	(void)state;
	assert_int_equal(challenge_make(&materials, &facts, now_ms, &first), FAULT_NONE);
	assert_int_equal(challenge_make(&materials, &facts, now_ms, &second), FAULT_NONE);
	struct ticket_header a = header_of(&first), b = header_of(&second);
	struct secret ticket_a = ticket_of(&facts, &a), ticket_b = ticket_of(&facts, &b), again = ticket_of(&facts, &a);
	assert_memory_not_equal(a.nonce, b.nonce, NONCE_SIZE);
	assert_false(secret_equal(secret_bytes(&ticket_a), secret_bytes(&ticket_b)));
	assert_true(secret_equal(secret_bytes(&ticket_a), secret_bytes(&again)));
	assert_false(bytes_equal(first.credential, second.credential));
}

/* The ticket in the blob is the one for header and facts: opened here with the EK's private key. */
static void test_sealed(void **state)
{
	EVP_PKEY *ek = sample_key_make("P-256", 0);
	struct facts facts = sample_facts();
	struct challenge challenge;
	struct areas areas;
	struct bytes id_object, encrypted;
	struct secret seed;
	uint8_t point[65] = { 4 }, z[32], buffer[CREDENTIAL_MAX];
	size_t z_len = sizeof(z);
	struct writer w = WRITER_OF_ARRAY(buffer);

	(void)state;
	facts.ek = sample_numbers_of(ek, TEMPLATE_EK_L2);
	assert_int_equal(areas_write(&facts, &areas), FAULT_NONE);
	assert_int_equal(challenge_make(&materials, &facts, now_ms, &challenge), FAULT_NONE);
	assert_int_equal(credential_file_read(challenge.credential, &id_object, &encrypted), FAULT_NONE);
	struct reader r = reader_of(bytes_of(encrypted.data + 2, encrypted.len - 2));
	struct bytes x = reader_tpm2b(&r, 32), y = reader_tpm2b(&r, 32);
	memcpy(point + 1, x.data, 32);
	memcpy(point + 33, y.data, 32);
	EVP_PKEY *ephemeral = EVP_PKEY_new();
	assert_int_equal(EVP_PKEY_copy_parameters(ephemeral, ek), 1);
	assert_int_equal(EVP_PKEY_set1_encoded_public_key(ephemeral, point, sizeof(point)), 1);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, ek, NULL);
	assert_int_equal(EVP_PKEY_derive_init(context), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(context, ephemeral), 1);
	assert_int_equal(EVP_PKEY_derive(context, z, &z_len), 1);
	assert_int_equal(kdfe(EVP_sha256(), BYTES_OF_ARRAY(z), BYTES_OF_LITERAL("IDENTITY"), x,
		bytes_of(facts.ek.a, facts.ek.a_len), 32, &seed), FAULT_NONE);
	/* Sealed again with that seed, for the Name that the authority computes: the same octets. */
	struct ticket_header header = header_of(&challenge);
	struct secret ticket = ticket_of(&facts, &header);
	assert_int_equal(credential_seal(template_row(TEMPLATE_EK_L2), &seed, &areas.ik_name, secret_bytes(&ticket), &w),
		FAULT_NONE);
	assert_true(bytes_equal(writer_written(&w), id_object));
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(ephemeral);
	EVP_PKEY_free(ek);
}

static void assert_other(const struct secret *ticket, const struct facts *facts, const struct ticket_header *header,
	const char *what)
{
	struct secret other = ticket_of(facts, header);

	if (secret_equal(secret_bytes(ticket), secret_bytes(&other)))
		fail_msg("%s is not bound", what);
}

/* Every fact is bound, and so is the authority's own configuration, never the verifier's word. */
static void test_bound(void **state)
{
	struct facts facts = sample_facts(), other = facts;
	struct challenge challenge;

	(void)state;
	assert_int_equal(challenge_make(&materials, &facts, now_ms, &challenge), FAULT_NONE);
	struct ticket_header header = header_of(&challenge);
	struct secret ticket = ticket_of(&facts, &header);

	other.ik.template = TEMPLATE_IK_P256;
	assert_other(&ticket, &other, &header, "the IK's attributes");
	other = facts;
	other.ek.template = TEMPLATE_EK_H2;
	assert_other(&ticket, &other, &header, "the EK's template");
	other = facts;
	other.ik.b[0] ^= 1;
	assert_other(&ticket, &other, &header, "the IK");
	other = facts;
	other.ek.b[0] ^= 1;
	assert_other(&ticket, &other, &header, "the EK");
	other = facts;
	other.serial[6] = '2';
	assert_other(&ticket, &other, &header, "the serial");
	other = facts;
	other.profile[0] = 'D';
	assert_other(&ticket, &other, &header, "the profile");
	other = facts;
	other.csr_digest[31] ^= 1;
	assert_other(&ticket, &other, &header, "the CSR");
	other = facts;
	other.ek_certificate_digest[31] ^= 1;
	assert_other(&ticket, &other, &header, "the EK certificate");
	other = facts;
	other.has_ek_certificate = false;
	assert_other(&ticket, &other, &header, "that there is an EK certificate");
	materials.configuration.trust = TRUST_VENDOR;
	assert_other(&ticket, &facts, &header, "trust");
	materials.configuration.trust = TRUST_BOTH;
	materials.configuration.binding = BINDING_FIRST;
	assert_other(&ticket, &facts, &header, "binding");
	materials.configuration.binding = BINDING_MANIFEST;
	materials.fingerprint[31] ^= 1; /* beyond the eight octets that the header has */
	assert_other(&ticket, &facts, &header, "the policy");
	materials.fingerprint[31] ^= 1;
}

/* A ticket from before a rotation or a reload is made again with what was in force then. */
static void test_former(void **state)
{
	struct facts facts = sample_facts();
	struct challenge challenge;

	(void)state;
	assert_int_equal(challenge_make(&materials, &facts, now_ms, &challenge), FAULT_NONE);
	struct ticket_header header = header_of(&challenge);
	struct secret before = ticket_of(&facts, &header);

	materials.ticket_keys.former = materials.ticket_keys.current;
	materials.ticket_keys.has_former = true;
	materials.ticket_keys.former_until_ms = now_ms + 1000;
	assert_int_equal(ticket_key_generate(&materials.ticket_keys.current), FAULT_NONE);
	memcpy(materials.former_fingerprint, materials.fingerprint, 32);
	materials.has_former_fingerprint = true;
	materials.former_fingerprint_until_ms = now_ms + 1000;
	memset(materials.fingerprint, 0xf2, 32);
	struct secret after = ticket_of(&facts, &header);
	assert_true(secret_equal(secret_bytes(&before), secret_bytes(&after)));

	assert_int_equal(challenge_make(&materials, &facts, now_ms, &challenge), FAULT_NONE);
	header = header_of(&challenge);
	assert_true(header_ca_id_is_current(&materials, &header));
	assert_true(header_fingerprint_is_current(&materials, &header));
}

int main(void)
{
#define WITH_MATERIALS(test) cmocka_unit_test_setup_teardown(test, open_materials, close_materials)
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_areas), WITH_MATERIALS(test_header),
		WITH_MATERIALS(test_fresh), WITH_MATERIALS(test_sealed), WITH_MATERIALS(test_bound),
		WITH_MATERIALS(test_former) };

	return cmocka_run_group_tests_name("challenge", tests, NULL, NULL);
}
