#ifndef PROCESS_PATTERN_H
#define PROCESS_PATTERN_H

#include "fault.h"

#include <regex.h>
#include <stdbool.h>

/*
 * pattern: which POSIX extended regular expressions (XBD, 9.4) are handed to regcomp. It writes
 * repetitions out, x+ as two and x{9} as nine, so that nested ones multiply: forty octets are
 * enough to eat all memory there is. What may match nothing and is repeated, such as (a*)* or
 * (()*a**){12}, costs it time in the same way. And it knows back-references, which are no part of
 * such expressions and can take for ever on one serial.
 */

/* Characters that a pattern may stand for once its repetitions are written out. */
enum { PATTERN_WEIGHT_MAX = 1024 };

/*
 * Whether the pattern is within PATTERN_WEIGHT_MAX, repeats nothing that may match nothing, and has
 * no back-reference. Says nothing about its form otherwise: what is malformed regcomp refuses.
 */
bool pattern_is_bounded(const char *text);

/*
 * Compiles a bounded pattern so that it matches a whole text or not at all. It must be an expression
 * by itself: "a)|(b" would be one only between the anchors, and each of its halves would be free of
 * one of them. The caller frees out by regfree. FAULT_INVALID where it is none, or not bounded.
 */
enum fault pattern_compile(const char *text, regex_t *out);

#endif
