#ifndef TESTS_ATTACKS_IN_PROCESS_H
#define TESTS_ATTACKS_IN_PROCESS_H

#include "tally.h"

#include <stdbool.h>

/*
 * in_process: rows of docs/ATTACKS.md that want more inputs than a socket carries, tried inside one
 * process on the product's own libraries: the same functions that the roles call, without the roles
 * around them. `make attacks` sends inputs of the same rows over the socket besides.
 *
 * Each row is a function: it tries its inputs, few of them where is_small, and leaves the tally.
 */
void area_types(bool is_small, struct tally *);           /* 3 */
void area_name_algorithms(bool is_small, struct tally *); /* 6 */
void area_curves(bool is_small, struct tally *);          /* 9 */
void flipped_areas(bool is_small, struct tally *);        /* 15 */
void attribute_words(bool is_small, struct tally *);      /* 30 */
void fresh_challenges(bool is_small, struct tally *);     /* 86 */
void foreign_tickets(bool is_small, struct tally *);      /* 87 */
void many_prefixes(bool is_small, struct tally *);        /* 108 */
void drawn_numbers(bool is_small, struct tally *);        /* 116 */

#endif
