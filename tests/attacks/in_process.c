/*
 * in_process: see in_process.h.
 *
 *	in_process [--small] [ROW…]
 *
 * One line a row: its number, inputs, refused, accepted, wrong, title; what was wrong stands before
 * it. The exit status is 0 where nothing is wrong.
 */
#include "in_process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct row {
	int number;
	void (*tries)(bool is_small, struct tally *);
	const char *title;
} rows[] = {
	{ 3, area_types, "types of areas of every template" },
	{ 6, area_name_algorithms, "nameAlgs of areas of every template" },
	{ 9, area_curves, "curves of areas of every template" },
	{ 15, flipped_areas, "flipped bits and octets in areas of every template" },
	{ 30, attribute_words, "attributes within three flipped bits, and at random" },
	{ 86, fresh_challenges, "challenges for the same evidence" },
	{ 87, foreign_tickets, "tickets of an endorsement key, for another" },
	{ 108, many_prefixes, "source prefixes that ask" },
	{ 116, drawn_numbers, "certificates' numbers" },
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

/* Whether the row is named, or none is. */
static bool is_chosen(const struct row *row, int count, char *const *words)
{
	bool is_any_named = false;

	for (int i = 0; i < count; i++) {
		if (atoi(words[i]) == row->number)
			return true;
		is_any_named = is_any_named || strcmp(words[i], "--small") != 0;
	}
	return !is_any_named;
}

static bool is_small_wanted(int count, char *const *words)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], "--small") == 0)
			return true;
	}
	return false;
}

static bool try_row(const struct row *row, bool is_small)
{
	struct tally tally = { 0 };

	row->tries(is_small, &tally);
	if (tally.inputs == 0)
		tally_wrong(&tally, "tried nothing");
	(void)printf("%4d %9" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "  %s\n", row->number,
		tally.inputs, tally.refused, tally.accepted, tally.wrong, row->title);
	(void)fflush(stdout);
	return tally.wrong == 0;
}

int main(int argc, char **argv)
{
	bool is_small = is_small_wanted(argc - 1, argv + 1), is_right = true;
	size_t tried = 0;

	(void)printf(" row    inputs  refused accepted    wrong\n");
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!is_chosen(&rows[i], argc - 1, argv + 1))
			continue;
		tried++;
		if (!try_row(&rows[i], is_small))
			is_right = false;
	}
	return is_right && tried > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
