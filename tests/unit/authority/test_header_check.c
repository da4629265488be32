#include "header_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ELEVEN_MINUTES_MS = 660000 };
static const uint64_t now_ms = 1800000000000;
static const uint64_t day_ms = 86400000;

/* Static: it has the whole configuration in it. */
static struct materials materials;

static void make_materials(void)
{
	memset(&materials, 0, sizeof(materials));
	memset(materials.ticket_keys.current.ca_id, 0x20, CA_ID_SIZE);
	memset(materials.fingerprint, 0xf1, sizeof(materials.fingerprint));
}

static struct ticket_header good_header(void)
{
	struct ticket_header header = { .version = TICKET_VERSION, .issued_at_ms = now_ms, .epoch = ticket_epoch(now_ms) };

	memset(header.ca_id, 0x20, sizeof(header.ca_id));
	memset(header.nonce, 0x30, sizeof(header.nonce));
	memset(header.fingerprint_prefix, 0xf1, sizeof(header.fingerprint_prefix));
	return header;
}

/* wanted 0: accepted. */
static void assert_check(const struct ticket_header *header, uint64_t at_ms, uint16_t wanted)
{
	struct refusal refusal = { 0 };
	bool is_accepted = header_check(&materials, header, at_ms, &refusal);

	assert_int_equal(refusal.check, wanted);
	assert_int_equal(is_accepted, wanted == 0);
}

static void test_good(void **state)
{
	struct ticket_header header = good_header();

	(void)state;
	make_materials();
	assert_check(&header, now_ms, 0);
	assert_true(header_ca_id_is_current(&materials, &header));
	assert_true(header_fingerprint_is_current(&materials, &header));
	/* Whatever the nonce: it is the ticket that vouches for it. */
	memset(header.nonce, 0xff, sizeof(header.nonce));
	assert_check(&header, now_ms, 0);
}

static void test_version(void **state)
{
	(void)state;
	make_materials();
	for (unsigned version = 0; version < 256; version++) {
		struct ticket_header header = good_header();

		header.version = (uint8_t)version;
		assert_check(&header, now_ms, version == 1 ? 0 : CHECK_HEADER_FORM);
	}
}

/* now - 600 s < issued_at <= now + 60 s, to the millisecond; the epoch fits each time. */
static void test_life(void **state)
{
	static const struct {
		int64_t issued_after_ms;
		uint16_t wanted;
	} rows[] = {
		{ 0, 0 }, { -599999, 0 }, { -600000, CHECK_HEADER_LIFE }, { -600001, CHECK_HEADER_LIFE },
		{ 60000, 0 }, { 60001, CHECK_HEADER_LIFE }, { -86400000, CHECK_HEADER_LIFE }, { 86400000, CHECK_HEADER_LIFE },
	};

	(void)state;
	make_materials();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ticket_header header = good_header();

		header.issued_at_ms = now_ms + (uint64_t)rows[i].issued_after_ms;
		header.epoch = ticket_epoch(header.issued_at_ms);
		assert_check(&header, now_ms, rows[i].wanted);
	}
}

/* At the ends of what 64 bits can say, nothing wraps around into the window. */
static void test_life_at_the_ends(void **state)
{
	struct ticket_header header = good_header();

	(void)state;
	make_materials();
	header.issued_at_ms = UINT64_MAX;
	header.epoch = ticket_epoch(UINT64_MAX);
	assert_check(&header, now_ms, CHECK_HEADER_LIFE);
	assert_check(&header, 0, CHECK_HEADER_LIFE);
	header.issued_at_ms = UINT64_MAX - 599999;
	header.epoch = ticket_epoch(header.issued_at_ms);
	assert_check(&header, 0, CHECK_HEADER_LIFE);
	header.issued_at_ms = 0;
	header.epoch = 0;
	assert_check(&header, now_ms, CHECK_HEADER_LIFE);
	assert_check(&header, 599999, 0);
	assert_check(&header, 600000, CHECK_HEADER_LIFE);
	assert_check(&header, 0, 0);
}

/* The day of issued_at, of no other time: also just after midnight, when now is another day. */
static void test_epoch(void **state)
{
	const uint64_t midnight = (now_ms / day_ms + 1) * day_ms;
	struct ticket_header header = good_header();

	(void)state;
	make_materials();
	header.epoch++;
	assert_check(&header, now_ms, CHECK_HEADER_EPOCH);
	header.epoch -= 2;
	assert_check(&header, now_ms, CHECK_HEADER_EPOCH);
	header.issued_at_ms = midnight - 1;
	header.epoch = ticket_epoch(midnight - 1);
	assert_check(&header, midnight + 1, 0);
	header.epoch++;
	assert_check(&header, midnight + 1, CHECK_HEADER_EPOCH);
}

static void test_ca_id(void **state)
{
	(void)state;
	make_materials();
	for (size_t bit = 0; bit < CA_ID_SIZE * 8; bit++) {
		struct ticket_header header = good_header();

		header.ca_id[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_check(&header, now_ms, CHECK_HEADER_CA_ID);
		assert_false(header_ca_id_is_current(&materials, &header));
	}
}

/* The pair before a rotation, until its end and not a millisecond longer. */
static void test_former_ca_id(void **state)
{
	struct ticket_header header = good_header();

	(void)state;
	make_materials();
	memset(header.ca_id, 0x21, sizeof(header.ca_id));
	memset(materials.ticket_keys.former.ca_id, 0x21, CA_ID_SIZE);
	materials.ticket_keys.former_until_ms = now_ms + ELEVEN_MINUTES_MS;
	assert_check(&header, now_ms, CHECK_HEADER_CA_ID); /* there is none */
	materials.ticket_keys.has_former = true;
	assert_check(&header, now_ms, 0);
	assert_false(header_ca_id_is_current(&materials, &header));
	materials.ticket_keys.former_until_ms = now_ms + 1;
	assert_check(&header, now_ms, 0);
	materials.ticket_keys.former_until_ms = now_ms;
	assert_check(&header, now_ms, CHECK_HEADER_CA_ID);
	materials.ticket_keys.former_until_ms = now_ms + ELEVEN_MINUTES_MS;
	header.ca_id[15] ^= 1;
	assert_check(&header, now_ms, CHECK_HEADER_CA_ID);
}

static void test_fingerprint(void **state)
{
	(void)state;
	make_materials();
	for (size_t bit = 0; bit < FINGERPRINT_PREFIX_SIZE * 8; bit++) {
		struct ticket_header header = good_header();

		header.fingerprint_prefix[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_check(&header, now_ms, CHECK_HEADER_FINGERPRINT);
		assert_false(header_fingerprint_is_current(&materials, &header));
	}
	/* Of the fingerprint the header has eight octets; the ticket has the others. */
	struct ticket_header header = good_header();
	materials.fingerprint[8] ^= 1;
	assert_check(&header, now_ms, 0);
}

static void test_former_fingerprint(void **state)
{
	struct ticket_header header = good_header();

	(void)state;
	make_materials();
	memset(header.fingerprint_prefix, 0xf2, sizeof(header.fingerprint_prefix));
	memset(materials.former_fingerprint, 0xf2, sizeof(materials.former_fingerprint));
	materials.former_fingerprint_until_ms = now_ms + ELEVEN_MINUTES_MS;
	assert_check(&header, now_ms, CHECK_HEADER_FINGERPRINT);
	materials.has_former_fingerprint = true;
	assert_check(&header, now_ms, 0);
	assert_false(header_fingerprint_is_current(&materials, &header));
	materials.former_fingerprint_until_ms = now_ms + 1;
	assert_check(&header, now_ms, 0);
	materials.former_fingerprint_until_ms = now_ms;
	assert_check(&header, now_ms, CHECK_HEADER_FINGERPRINT);
	materials.former_fingerprint_until_ms = now_ms + ELEVEN_MINUTES_MS;
	header.fingerprint_prefix[7] ^= 1;
	assert_check(&header, now_ms, CHECK_HEADER_FINGERPRINT);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_good), cmocka_unit_test(test_version),
		cmocka_unit_test(test_life), cmocka_unit_test(test_life_at_the_ends), cmocka_unit_test(test_epoch),
		cmocka_unit_test(test_ca_id), cmocka_unit_test(test_former_ca_id), cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_former_fingerprint) };

	return cmocka_run_group_tests_name("header_check", tests, NULL, NULL);
}
