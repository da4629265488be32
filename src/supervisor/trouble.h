#ifndef SUPERVISOR_TROUBLE_H
#define SUPERVISOR_TROUBLE_H

#include "fault.h"

/*
 * trouble: one plain sentence for the operator: what could not be done, and where it helps, what to
 * do about it. Travels beside a fault from where it is known to where it is printed.
 */
struct trouble {
	char text[512];
};

/*
 * Writes the sentence and returns fault, so that a caller can say and return in one line. What the
 * arguments have of control characters becomes question marks: they may be another's words.
 */
__attribute__((format(printf, 3, 4)))
enum fault trouble_say(struct trouble *, enum fault, const char *format, ...);

#endif
