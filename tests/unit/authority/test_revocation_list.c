/* The making of revocation lists, with this test as the store and as the supervisor. */
#include "revocation_list.h"

#include "channel.h"
#include "sample_ca.h"
#include "sample_materials.h"
#include "store_clock.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static const uint64_t now_ms = UINT64_C(1000) * SAMPLE_NOW;
static struct materials materials; /* large */
static struct revocation_list list;
static EVP_PKEY *ca_key;
static int store, supervisor;      /* our ends */
static uint64_t next_request;

static int open_all(void **state)
{
	int store_pair[2], supervisor_pair[2];

	(void)state;
	ca_key = sample_key_make("P-256", 0);
	sample_materials_open(&materials, "[ca]\nname = Example\n", ca_key);
	assert_int_equal(channel_pair(store_pair), FAULT_NONE);
	assert_int_equal(channel_pair(supervisor_pair), FAULT_NONE);
	revocation_list_open(&list, store_pair[0], supervisor_pair[0]);
	store = store_pair[1];
	supervisor = supervisor_pair[1];
	next_request = 100;
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	revocation_list_abandon(&list);
	(void)close(list.store);
	(void)close(list.control);
	(void)close(store);
	(void)close(supervisor);
	materials_close(&materials);
	EVP_PKEY_free(ca_key);
	return 0;
}

/* What the store says each second; the list's next end is a week away unless it is told. */
static void say_tidy(uint64_t crl_number, bool is_due)
{
	const struct tidy_answer answer = { .state = { .now_ms = now_ms, .crl_is_due = is_due },
		.crl_number = crl_number, .crl_next_update_s = SAMPLE_NOW + 7 * 86400 };

	revocation_list_tidy_answer(&list, &materials, &answer, next_request++);
}

/* The same four days later: more than half of the list's life is over, and none is due. */
static void say_ageing(uint64_t crl_number)
{
	const struct tidy_answer answer = { .state = { .now_ms = now_ms + UINT64_C(86400000) * 4 },
		.crl_number = crl_number, .crl_next_update_s = SAMPLE_NOW + 7 * 86400 };

	revocation_list_tidy_answer(&list, &materials, &answer, next_request++);
}

static void assert_silent(int channel)
{
	uint8_t buffer[FRAME_MAX];
	struct bytes frame;

	assert_int_equal(channel_receive(channel, buffer, sizeof(buffer), &frame, NULL), FAULT_BUSY);
}

/* The number of the question that the list asks for a page. */
static uint64_t take_question(void)
{
	uint8_t buffer[FRAME_MAX];
	struct bytes frame;
	struct message message;

	assert_int_equal(channel_receive(store, buffer, sizeof(buffer), &frame, NULL), FAULT_NONE);
	assert_int_equal(message_read(frame, &message), FAULT_NONE);
	assert_int_equal(message.type, MESSAGE_REVOKED);
	return message.request;
}

static void give_page(uint64_t answered)
{
	struct revoked_page page = { .state = { .now_ms = now_ms }, .is_last = true, .count = 1 };

	memset(page.revoked[0].number, 0x42, CERTIFICATE_NUMBER_SIZE);
	page.revoked[0].revoked_at_s = SAMPLE_NOW;
	revocation_list_page(&list, &materials, answered, &page, next_request++);
}

/* Takes a list and looks at its signature and number; the number of the question. */
static uint64_t take_list(int channel, uint64_t number)
{
	uint8_t buffer[FRAME_MAX], der[4096];
	struct bytes frame;
	struct message message;
	struct crl_notice notice;
	int file = -1;

	assert_int_equal(channel_receive(channel, buffer, sizeof(buffer), &frame, &file), FAULT_NONE);
	assert_int_equal(message_read(frame, &message), FAULT_NONE);
	assert_int_equal(message.type, MESSAGE_CRL);
	assert_int_equal(crl_notice_read(message.body, &notice), FAULT_NONE);
	assert_int_equal(notice.number, number);
	assert_true(file >= 0);
	assert_int_equal(pread(file, der, sizeof(der), 0), notice.size);
	assert_int_equal(pwrite(file, "x", 1, 0), -1); /* nobody changes it for the others */
	assert_int_equal(ftruncate(file, 0), -1);
	(void)close(file);

	const unsigned char *cursor = der;
	X509_CRL *crl = d2i_X509_CRL(NULL, &cursor, (long)notice.size);
	assert_non_null(crl);
	assert_int_equal(X509_CRL_verify(crl, ca_key), 1);
	assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 1);
	X509_CRL_free(crl);
	return message.request;
}

/* From the page to the store's keeping and the fronts' having. */
static void make_list(uint64_t number)
{
	give_page(take_question());
	uint64_t kept = take_list(store, number);

	assert_silent(supervisor); /* not before it is kept */
	revocation_list_kept(&list, kept);
	(void)take_list(supervisor, number);
	assert_true(list.read_until_ms <= monotonic_now_ms() + 10); /* it is small: next time it is read */
	list.read_until_ms = 0;
}

static void test_made_once(void **state)
{
	(void)state;
	say_tidy(0, true);
	make_list(1);
	say_tidy(1, false);
	assert_silent(store);
	say_tidy(1, true);
	make_list(2);
}

/* A start finds a list at the store that its fronts have never seen. */
static void test_made_at_start(void **state)
{
	(void)state;
	say_tidy(7, false);
	make_list(8);
	say_tidy(8, false);
	assert_silent(store);
}

/*
 * A reload comes while the store keeps a list: the store has it, nothing is due any more, and yet
 * the fronts would go on with the former one until that is old.
 */
static void test_lost_at_reload(void **state)
{
	(void)state;
	say_tidy(0, true);
	make_list(1);
	say_tidy(1, true);
	give_page(take_question());
	uint64_t kept = take_list(store, 2);

	revocation_list_abandon(&list);
	revocation_list_kept(&list, kept); /* the answer comes all the same */
	assert_silent(supervisor);
	say_tidy(2, false);
	make_list(3);
}

/* The supervisor does not take it: it is made again. */
static void test_not_taken(void **state)
{
	uint8_t filler[FRAME_MAX] = { 0 };

	(void)state;
	say_tidy(0, true);
	make_list(1);
	say_tidy(1, true);
	give_page(take_question());
	uint64_t kept = take_list(store, 2);

	while (channel_send(list.control, BYTES_OF_ARRAY(filler)) == FAULT_NONE)
		;
	revocation_list_kept(&list, kept);
	for (struct bytes frame; channel_receive(supervisor, filler, sizeof(filler), &frame, NULL) == FAULT_NONE;)
		;
	say_tidy(2, false);
	make_list(3);
}

/* Answers to what was asked before are nobody's. */
static void test_stale_answers(void **state)
{
	(void)state;
	say_tidy(0, true);
	uint64_t asked = take_question();

	give_page(asked + 1000);
	revocation_list_kept(&list, asked);
	assert_silent(store);
	assert_silent(supervisor);
	give_page(asked);
	(void)take_list(store, 1);
	revocation_list_kept(&list, asked);
	assert_silent(supervisor);
}

/* While one is being made no other begins; half of its life over, one is made though none is due. */
static void test_one_at_a_time(void **state)
{
	(void)state;
	say_tidy(0, true);
	say_tidy(0, true);
	make_list(1);
	assert_silent(store);
	say_ageing(1);
	make_list(2);
}

/* So many revoked ones, with the longest entries that there are; false where it ends before. */
static bool give_many(size_t count)
{
	static struct revoked_page page;

	for (size_t given = 0; given < count; given += page.count) {
		size_t left = count - given;

		page = (struct revoked_page){ .state = { .now_ms = now_ms },
			.count = left < REVOKED_PAGE_MAX ? left : REVOKED_PAGE_MAX,
			.is_last = left <= REVOKED_PAGE_MAX };
		for (size_t i = 0; i < page.count; i++) {
			memset(page.revoked[i].number, 0x7f, CERTIFICATE_NUMBER_SIZE);
			page.revoked[i].revoked_at_s = UINT64_C(2600000000); /* 2052: four digits */
			page.revoked[i].reason = 4;
		}
		if (list.stage != LIST_COLLECTING)
			return false;
		revocation_list_page(&list, &materials, take_question(), &page, next_request++);
	}
	return true;
}

/* The first list, of so many; its size. */
static uint32_t make_large_list(size_t count)
{
	uint8_t buffer[FRAME_MAX];
	struct bytes frame;
	struct message message;
	struct crl_notice notice;
	int file = -1;

	say_tidy(0, true);
	assert_true(give_many(count));
	assert_int_equal(channel_receive(store, buffer, sizeof(buffer), &frame, &file), FAULT_NONE);
	assert_int_equal(message_read(frame, &message), FAULT_NONE);
	assert_int_equal(crl_notice_read(message.body, &notice), FAULT_NONE);
	(void)close(file);
	revocation_list_kept(&list, message.request);
	assert_int_equal(channel_receive(supervisor, buffer, sizeof(buffer), &frame, &file), FAULT_NONE);
	(void)close(file);
	return notice.size;
}

/* Who fetches the list at 128 KiB a second gets it whole, though certificates are revoked all the time. */
static void test_large_list_is_read_before_the_next(void **state)
{
	(void)state;
	uint64_t size = make_large_list(26000), before_ms = monotonic_now_ms();

	assert_true(size > 10 * 131072);
	assert_in_range(list.read_until_ms, before_ms + 5000, before_ms + size * 1000 / 131072);
	say_tidy(1, true);
	assert_silent(store);
	list.read_until_ms = monotonic_now_ms(); /* ten seconds later */
	say_tidy(1, true);
	make_list(2);
}

/* What is needed for another reason than new revocations does not wait for readers. */
static void test_needed_before_it_is_read(void **state)
{
	(void)state;
	(void)make_large_list(26000);
	say_ageing(1);
	give_page(take_question());
	(void)take_list(store, 2);
	revocation_list_abandon(&list); /* the fronts do not have it */
	say_tidy(2, true);
	make_list(3);
}

/* A list of as many entries as there may be fits; of one more, none is made, and not at once again. */
static void test_full(void **state)
{
	(void)state;
	uint32_t size = make_large_list(CRL_ENTRY_COUNT_MAX);

	assert_true(size > 51 * CRL_ENTRY_COUNT_MAX && size <= CRL_MAX);
	list.read_until_ms = 0; /* two minutes later */
	say_tidy(1, true);
	assert_true(give_many(CRL_ENTRY_COUNT_MAX + 1));
	assert_silent(store);
	assert_silent(supervisor);
	say_tidy(1, true);
	assert_silent(store);
	list.full_until_ms = 0; /* ten minutes later */
	say_tidy(1, true);
	make_list(2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_made_once), TEST(test_made_at_start),
		TEST(test_lost_at_reload), TEST(test_not_taken), TEST(test_stale_answers),
		TEST(test_one_at_a_time), TEST(test_large_list_is_read_before_the_next),
		TEST(test_needed_before_it_is_read), TEST(test_full) };

	return cmocka_run_group_tests_name("revocation list", tests, NULL, NULL);
}
