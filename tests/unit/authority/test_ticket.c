#include "ticket.h"

#include "encoding.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* docs/PROTOCOL.md, "The ticket", known answer. */
#define MESSAGE_DIGEST "887159e96c378ce3f65b731ee1af5ce33ce16763c48998074985209273a58248"
#define KEY "0ae8ff5b4d4e42d52b553ff8f0fdb3cb1c440666002569353397c527d1651c3a"
#define TICKET "76bc02de8111c29154a62b9034e58d2909f052f03f7b661fb6a4129cc60ce579"
#define TICKET_WITHOUT_CERTIFICATE "2cb74abfe73cf58b2f9140cb391e68afb987b0d45bc989dee814ca32f5dd0695"

static uint8_t certificate_digest[32];

static void count_up(uint8_t *out, size_t len, uint8_t first)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(first + i);
}

static void sha256(const char *text, uint8_t out[32])
{
	assert_int_equal(EVP_Digest(text, strlen(text), out, NULL, EVP_sha256(), NULL), 1);
}

static struct secret known_master(void)
{
	struct secret master = { .len = 32 };

	count_up(master.data, 32, 0x00);
	return master;
}

static struct ticket_fields known_fields(void)
{
	struct ticket_fields fields = {
		.header = { .version = 1, .epoch = 20833, .issued_at_ms = 1800000000000 },
		.profile = BYTES_OF_LITERAL("device"),
		.serial = BYTES_OF_LITERAL("SN-0001"),
		.ik_public = BYTES_OF_LITERAL("ikPublic"),
		.ek_public = BYTES_OF_LITERAL("ekPublic"),
		.ek_certificate_digest = BYTES_OF_ARRAY(certificate_digest),
		.ek_trust = 3,
		.binding = 1,
	};

	count_up(fields.header.ca_id, sizeof(fields.header.ca_id), 0x20);
	count_up(fields.header.nonce, sizeof(fields.header.nonce), 0x30);
	sha256("fingerprint", fields.fingerprint);
	memcpy(fields.header.fingerprint_prefix, fields.fingerprint, FINGERPRINT_PREFIX_SIZE);
	sha256("csr", fields.csr_digest);
	sha256("ekCertificate", certificate_digest);
	return fields;
}

static void assert_hex(struct bytes octets, const char *wanted)
{
	char text[HEX_CAPACITY(64)];

	hex_encode(octets, text, sizeof(text));
	assert_string_equal(text, wanted);
}

static void test_message(void **state)
{
	struct ticket_fields fields = known_fields();
	uint8_t buffer[TICKET_MESSAGE_MAX], digest[32];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct bytes message;

	(void)state;
	ticket_message_write(&w, &fields);
	assert_int_equal(writer_end(&w, &message), FAULT_NONE);
	assert_int_equal(message.len, 243);
	assert_int_equal(EVP_Digest(message.data, message.len, digest, NULL, EVP_sha256(), NULL), 1);
	assert_hex(BYTES_OF_ARRAY(digest), MESSAGE_DIGEST);

	fields.ek_certificate_digest.len = 0;
	fields.ek_trust = 2;
	w = WRITER_OF_ARRAY(buffer);
	ticket_message_write(&w, &fields);
	assert_int_equal(writer_end(&w, &message), FAULT_NONE);
	assert_int_equal(message.len, 211);
}

static void test_key(void **state)
{
	struct ticket_fields fields = known_fields();
	struct secret master = known_master(), key;

	(void)state;
	assert_int_equal(ticket_key_derive(&master, BYTES_OF_ARRAY(fields.header.ca_id), 20833, &key), FAULT_NONE);
	assert_hex(secret_bytes(&key), KEY);
}

static void test_known_answers(void **state)
{
	struct ticket_fields fields = known_fields();
	struct secret master = known_master(), ticket;

	(void)state;
	assert_int_equal(ticket_make(&master, &fields, &ticket), FAULT_NONE);
	assert_hex(secret_bytes(&ticket), TICKET);
	fields.ek_certificate_digest.len = 0;
	fields.ek_trust = 2;
	assert_int_equal(ticket_make(&master, &fields, &ticket), FAULT_NONE);
	assert_hex(secret_bytes(&ticket), TICKET_WITHOUT_CERTIFICATE);
}

/* ---- every field is bound ---- */

static void assert_other_ticket(const struct secret *master, const struct ticket_fields *fields, const char *what)
{
	struct secret ticket;
	char text[HEX_CAPACITY(32)];

	assert_int_equal(ticket_make(master, fields, &ticket), FAULT_NONE);
	hex_encode(secret_bytes(&ticket), text, sizeof(text));
	if (strcmp(text, TICKET) == 0)
		fail_msg("%s is not bound", what);
}

/* Each bit of each field of fixed size. */
static void test_fixed_fields(void **state)
{
	struct ticket_fields fields = known_fields();
	struct secret master = known_master();
	const struct {
		const char *what;
		void *field;
		size_t size;
	} rows[] = {
		{ "version", &fields.header.version, 1 },
		{ "ca_id", fields.header.ca_id, CA_ID_SIZE },
		{ "epoch", &fields.header.epoch, sizeof(fields.header.epoch) },
		{ "issued_at", &fields.header.issued_at_ms, sizeof(fields.header.issued_at_ms) },
		{ "nonce", fields.header.nonce, NONCE_SIZE },
		{ "the header's fingerprint", fields.header.fingerprint_prefix, FINGERPRINT_PREFIX_SIZE },
		{ "fingerprint", fields.fingerprint, 32 },
		{ "the CSR's digest", fields.csr_digest, 32 },
		{ "the EK certificate's digest", certificate_digest, 32 },
		{ "trust", &fields.ek_trust, 1 },
		{ "binding", &fields.binding, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *octets = rows[i].field;

		for (size_t bit = 0; bit < rows[i].size * 8; bit++) {
			octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_other_ticket(&master, &fields, rows[i].what);
			octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	for (size_t bit = 0; bit < 32 * 8; bit++) {
		master.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_other_ticket(&master, &fields, "the master");
		master.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* Fields of any length: another octet, one less, one more, none. */
static void test_sized_fields(void **state)
{
	struct ticket_fields fields = known_fields();
	struct secret master = known_master();
	const struct {
		const char *what;
		struct bytes *field;
	} rows[] = {
		{ "profile", &fields.profile }, { "serial", &fields.serial }, { "ikPublic", &fields.ik_public },
		{ "ekPublic", &fields.ek_public }, { "the EK certificate's digest", &fields.ek_certificate_digest },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes kept = *rows[i].field;
		uint8_t other[64] = { 0 };

		memcpy(other, kept.data, kept.len);
		*rows[i].field = bytes_of(other, kept.len - 1);
		assert_other_ticket(&master, &fields, rows[i].what);
		*rows[i].field = bytes_of(other, kept.len + 1);
		assert_other_ticket(&master, &fields, rows[i].what);
		*rows[i].field = bytes_of(NULL, 0);
		assert_other_ticket(&master, &fields, rows[i].what);
		for (size_t bit = 0; bit < kept.len * 8; bit++) {
			other[bit / 8] ^= (uint8_t)(1 << bit % 8);
			*rows[i].field = bytes_of(other, kept.len);
			assert_other_ticket(&master, &fields, rows[i].what);
			other[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		*rows[i].field = kept;
	}
}

/* An octet that moves from one field to the next, and two fields that change places. */
static void test_framing(void **state)
{
	struct ticket_fields fields = known_fields(), moved = fields, swapped = fields;
	struct secret master = known_master(), a, b;

	(void)state;
	fields.ik_public = BYTES_OF_LITERAL("ikPublice");
	fields.ek_public = BYTES_OF_LITERAL("kPublic");
	assert_other_ticket(&master, &fields, "where ikPublic ends");
	moved.profile = BYTES_OF_LITERAL("devic");
	moved.serial = BYTES_OF_LITERAL("eSN-0001");
	assert_other_ticket(&master, &moved, "where profile ends");
	swapped.ik_public = swapped.ek_public;
	swapped.ek_public = BYTES_OF_LITERAL("ikPublic");
	assert_int_equal(ticket_make(&master, &swapped, &a), FAULT_NONE);
	assert_other_ticket(&master, &swapped, "which key is which");
	swapped = known_fields();
	assert_int_equal(ticket_make(&master, &swapped, &b), FAULT_NONE);
	assert_false(secret_equal(secret_bytes(&a), secret_bytes(&b)));
}

/* What does not fit is no ticket rather than one over less. */
static void test_too_long(void **state)
{
	static const uint8_t large[TICKET_MESSAGE_MAX] = { 0 };
	struct ticket_fields fields = known_fields();
	struct secret master = known_master(), ticket = { .len = 7 };

	(void)state;
	fields.ik_public = fields.ek_public = bytes_of(large, TPM2B_PUBLIC_MAX);
	assert_int_equal(ticket_make(&master, &fields, &ticket), FAULT_NONE);
	ticket.len = 7;
	fields.ik_public = BYTES_OF_ARRAY(large);
	assert_int_equal(ticket_make(&master, &fields, &ticket), FAULT_TOO_LONG);
	assert_int_equal(ticket.len, 7);
}

/* ---- header ---- */

static void test_header(void **state)
{
	struct ticket_header header = known_fields().header, out;
	uint8_t buffer[CHALLENGE_HEADER_SIZE + 1] = { 0 };
	struct writer w = WRITER_OF_ARRAY(buffer);
	static const char wanted[] = "01" "202122232425262728292a2b2c2d2e2f" "00005161" "000001a3185c5000"
		"303132333435363738393a3b3c3d3e3f";
	char text[HEX_CAPACITY(CHALLENGE_HEADER_SIZE)];

	(void)state;
	ticket_header_write(&w, &header);
	assert_int_equal(w.len, CHALLENGE_HEADER_SIZE);
	hex_encode(writer_written(&w), text, sizeof(text));
	assert_memory_equal(text, wanted, sizeof(wanted) - 1);
	memset(&out, 0, sizeof(out));
	assert_int_equal(ticket_header_read(bytes_of(buffer, CHALLENGE_HEADER_SIZE), &out), FAULT_NONE);
	assert_int_equal(out.version, 1);
	assert_int_equal(out.epoch, 20833);
	assert_true(out.issued_at_ms == 1800000000000);
	assert_memory_equal(out.ca_id, header.ca_id, CA_ID_SIZE);
	assert_memory_equal(out.nonce, header.nonce, NONCE_SIZE);
	assert_memory_equal(out.fingerprint_prefix, header.fingerprint_prefix, FINGERPRINT_PREFIX_SIZE);

	out.version = 77;
	for (size_t len = 0; len < CHALLENGE_HEADER_SIZE; len++)
		assert_int_equal(ticket_header_read(bytes_of(buffer, len), &out), FAULT_TRUNCATED);
	assert_int_equal(ticket_header_read(bytes_of(buffer, CHALLENGE_HEADER_SIZE + 1), &out), FAULT_TRAILING);
	assert_int_equal(out.version, 77);
	buffer[0] = 2; /* any version is read: header_check judges it */
	assert_int_equal(ticket_header_read(bytes_of(buffer, CHALLENGE_HEADER_SIZE), &out), FAULT_NONE);
	assert_int_equal(out.version, 2);
}

static void test_epoch(void **state)
{
	(void)state;
	assert_int_equal(ticket_epoch(0), 0);
	assert_int_equal(ticket_epoch(86399999), 0);
	assert_int_equal(ticket_epoch(86400000), 1);
	assert_int_equal(ticket_epoch(1800000000000), 20833);
	assert_true(ticket_epoch(UINT64_C(86400000) * UINT32_MAX) == UINT32_MAX);
	assert_true(ticket_epoch(UINT64_C(86400000) * (UINT64_C(1) + UINT32_MAX)) == UINT32_MAX); /* not 0 */
	assert_true(ticket_epoch(UINT64_MAX) == UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_message), cmocka_unit_test(test_key),
		cmocka_unit_test(test_known_answers), cmocka_unit_test(test_fixed_fields),
		cmocka_unit_test(test_sized_fields), cmocka_unit_test(test_framing), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_header), cmocka_unit_test(test_epoch) };

	return cmocka_run_group_tests_name("ticket", tests, NULL, NULL);
}
