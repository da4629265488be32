#include "refusal_ring.h"

#include "owned.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static struct ring_entry entry_of(uint8_t number)
{
	struct ring_entry entry = { .time_ms = 1000 + number, .reference = { number }, .act = 2,
		.source = "2001:db8::1", .refusal = { .serial = "SN-1", .has_ek_id = true } };

	refusal_set(&entry.refusal, CHECK_CSR_KEY, "number %u", number);
	return entry;
}

static void assert_entry(const struct ring_entry *entry, uint8_t number)
{
	char saw[32];

	(void)snprintf(saw, sizeof(saw), "number %u", number);
	assert_int_equal(entry->time_ms, 1000 + number);
	assert_int_equal(entry->reference[0], number);
	assert_int_equal(entry->act, 2);
	assert_string_equal(entry->source, "2001:db8::1");
	assert_int_equal(entry->refusal.check, CHECK_CSR_KEY);
	assert_string_equal(entry->refusal.saw, saw);
	assert_string_equal(entry->refusal.serial, "SN-1");
	assert_true(entry->refusal.has_ek_id);
}

static void fill(int ring, uint64_t index, uint8_t number)
{
	const struct ring_entry entry = entry_of(number);

	assert_int_equal(ring_slot_write(ring, index, &entry), FAULT_NONE);
}

static void test_write_and_find(void **state)
{
	owned_descriptor ring = memfd_create("ring", 0);
	const uint8_t seven[REFERENCE_SIZE] = { 7 }, absent[REFERENCE_SIZE] = { 7, 7 };
	struct ring_entry entry;

	(void)state;
	assert_int_equal(ring_find(ring, seven, &entry), FAULT_NOT_FOUND);
	for (uint8_t i = 0; i < 10; i++)
		fill(ring, i, i);
	assert_int_equal(ring_find(ring, seven, &entry), FAULT_NONE);
	assert_entry(&entry, 7);
	assert_int_equal(ring_find(ring, absent, &entry), FAULT_NOT_FOUND);
}

static void test_longest(void **state)
{
	owned_descriptor ring = memfd_create("ring", 0);
	struct ring_entry entry = entry_of(1), read;

	(void)state;
	memset(entry.source, 'f', SOURCE_TEXT_MAX);
	memset(entry.refusal.saw, 's', SAW_MAX);
	memset(entry.refusal.serial, 'S', SERIAL_MAX);
	assert_int_equal(ring_slot_write(ring, 0, &entry), FAULT_NONE);
	assert_int_equal(ring_slot_read(ring, 0, &read), FAULT_NONE);
	assert_string_equal(read.refusal.saw, entry.refusal.saw);
	assert_string_equal(read.source, entry.source);
}

/* The file never grows over its slots; the oldest entry gives way. */
static void test_wraps(void **state)
{
	owned_descriptor ring = memfd_create("ring", 0);
	struct ring_entry entry;

	(void)state;
	fill(ring, 0, 1);
	fill(ring, REFUSAL_SLOTS - 1, 2);
	fill(ring, REFUSAL_SLOTS, 3);
	assert_int_equal(lseek(ring, 0, SEEK_END), REFUSAL_SLOTS * REFUSAL_SLOT_SIZE);
	assert_int_equal(ring_slot_read(ring, 0, &entry), FAULT_NONE);
	assert_entry(&entry, 3);
}

static void test_next(void **state)
{
	owned_descriptor ring = memfd_create("ring", 0);

	(void)state;
	assert_int_equal(ring_next(ring), 0);
	fill(ring, 0, 20);
	fill(ring, 1, 21);
	fill(ring, 2, 10); /* of the round before */
	assert_int_equal(ring_next(ring), 2);
}

static void count(const struct ring_entry *entry, void *context)
{
	(void)entry;
	++*(unsigned *)context;
}

static unsigned entries_of(int ring)
{
	unsigned result = 0;

	ring_each(ring, count, &result);
	return result;
}

static void test_each(void **state)
{
	owned_descriptor ring = memfd_create("ring", 0);

	(void)state;
	fill(ring, 3, 1);
	fill(ring, 9, 2);
	assert_int_equal(entries_of(ring), 2);
}

/* Writes an octet into the slot, as a front that is taken may. */
static void poke(int ring, off_t offset, uint8_t octet)
{
	assert_int_equal(pwrite(ring, &octet, 1, offset), 1);
}

/* version 0, time 1, reference 9, act 17, source 18 (4 + 11), check 33, retry 35, saw 39 … */
static void test_hostile(void **state)
{
	static const struct {
		off_t offset;
		uint8_t octet;
	} rows[] = {
		{ 0, 0 }, { 0, 2 }, { 17, 3 }, { 18, 1 }, { 21, SOURCE_TEXT_MAX + 1 }, { 22,
			'\n' }, { 22, '\0' },
		{ 22, 'g' }, { 33, 0xff }, { 39, 0xff }, { 42, SAW_MAX + 1 }, { 43, 0x1b }, { 43,
		0x80 },
		{ 43, '\0' }, { REFUSAL_SLOT_SIZE - 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		owned_descriptor ring = memfd_create("ring", 0);

		fill(ring, 0, 1);
		assert_int_equal(entries_of(ring), 1);
		poke(ring, rows[i].offset, rows[i].octet);
		if (entries_of(ring) != 0)
			fail_msg("row %zu is taken for an entry", i);
		assert_int_equal(ring_next(ring), 0);
	}
}

/* Whatever octets a slot has, it is refused or well formed; nothing past it is read (ASan). */
static void test_random(void **state)
{
	owned_descriptor ring = memfd_create("ring", 0);
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct ring_entry entry;

		fill(ring, 0, 1);
		for (int i = 0; i < 3; i++) {
			seed = seed * 1664525 + 1013904223;
			poke(ring, (seed >> 8) % REFUSAL_SLOT_SIZE, (uint8_t)(seed >> 24));
		}
		if (ring_slot_read(ring, 0, &entry) == FAULT_NONE)
			assert_non_null(check_row(entry.refusal.check));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_write_and_find),
		cmocka_unit_test(test_longest), cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_each), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_random) };

	return cmocka_run_group_tests_name("refusal_ring", tests, NULL, NULL);
}
