/*
 * Row 116. As the authority draws them (src/authority/certificate.h), a million numbers: chi-square of
 * each bit that is free and of the octets that are, none twice. The bounds are exceeded once in a
 * million runs, with 126 and with 255 degrees of freedom.
 */
#include "in_process.h"

#include "certificate.h"

#include <assert.h>
#include <stdlib.h>

enum { INPUTS = 1000000, INPUTS_SMALL = 20000, FREE_BITS = 126, OCTET_VALUES = 256,
	BITS_MAX = 215, OCTETS_MAX = 380 };

struct drawn {
	uint8_t number[CERTIFICATE_NUMBER_SIZE];
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct drawn));
}

static double square(double x)
{
	return x * x;
}

/* Of each bit: how often it is set, where half is expected. */
static double spread_of_bits(const struct drawn *all, size_t count)
{
	double sum = 0;

	for (unsigned bit = 0; bit < FREE_BITS; bit++) {
		size_t ones = 0;

		for (size_t i = 0; i < count; i++)
			ones += all[i].number[CERTIFICATE_NUMBER_SIZE - 1 - bit / 8] >> bit % 8 & 1;
		sum += square(2.0 * (double)ones - (double)count) / (double)count;
	}
	return sum;
}

/* Of all octets but the first, two bits of which are not free. */
static double spread_of_octets(const struct drawn *all, size_t count)
{
	size_t seen[OCTET_VALUES] = { 0 };
	double mean = (double)count * (CERTIFICATE_NUMBER_SIZE - 1) / OCTET_VALUES, sum = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t at = 1; at < CERTIFICATE_NUMBER_SIZE; at++)
			seen[all[i].number[at]]++;
	}
	for (size_t value = 0; value < OCTET_VALUES; value++)
		sum += square((double)seen[value] - mean) / mean;
	return sum;
}

static void judge_together(struct drawn *all, size_t count, struct tally *tally)
{
	double bits = spread_of_bits(all, count), octets = spread_of_octets(all, count);

	if (bits >= BITS_MAX)
		tally_wrong(tally, "chi-square of the bits is %.0f", bits);
	if (octets >= OCTETS_MAX)
		tally_wrong(tally, "chi-square of the octets is %.0f", octets);
	qsort(all, count, sizeof(*all), compare);
	for (size_t i = 1; i < count; i++) {
		if (compare(&all[i - 1], &all[i]) == 0)
			tally_wrong(tally, "a number stands twice");
	}
}

void drawn_numbers(bool is_small, struct tally *tally)
{
	size_t count = is_small ? INPUTS_SMALL : INPUTS;
	struct drawn *all = calloc(count, sizeof(*all));

	assert(all != NULL);
	for (size_t i = 0; i < count; i++) {
		bool is_drawn = certificate_number_draw(all[i].number);

		tally_note(tally, is_drawn, is_drawn && all[i].number[0] >> 6 == 1,
			"a number that begins with %02x", all[i].number[0]);
	}
	judge_together(all, count, tally);
	free(all);
}
