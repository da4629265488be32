#ifndef TESTS_ATTACKS_TALLY_H
#define TESTS_ATTACKS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * tally: what came of one row's inputs inside this process. Each input is refused or accepted, and
 * that is right or wrong; the first few that are wrong are told, all are counted.
 */
struct tally {
	uint64_t inputs, refused, accepted, wrong;
};

/* One input. what and the arguments behind it name it where it is wrong, as printf would. */
void tally_note(struct tally *, bool is_accepted, bool is_right, const char *what, ...)
	__attribute__((format(printf, 4, 5)));

/* Something that is wrong of the inputs together. */
void tally_wrong(struct tally *, const char *what, ...) __attribute__((format(printf, 2, 3)));

#endif
