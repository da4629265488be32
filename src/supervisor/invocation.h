#ifndef SUPERVISOR_INVOCATION_H
#define SUPERVISOR_INVOCATION_H

#include "rows.h"
#include "trouble.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * invocation: one call of genuine-ca: the folder, the form of the answer, and what stands on the
 * command line after the command's words. Options are taken out of it one by one; what is left are
 * the arguments.
 */
enum exit_status { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

struct invocation {
	const char *directory;
	bool is_json;
	const char *usage;  /* of the command: the words after "genuine-ca" */
	size_t count;
	const char **arguments;
	bool is_wrong;      /* an option that wants a value had none, or came twice */
};

/* Takes "--name" out; whether it was there. */
bool invocation_flag(struct invocation *, const char *name);

/* Takes "--name VALUE" or "--name=VALUE" out; NULL where it is not there. */
const char *invocation_value(struct invocation *, const char *name);

/* Whether between min and max arguments are left and no option; else prints the usage. */
bool invocation_is_good(const struct invocation *, size_t min, size_t max);

/* Prints "genuine-ca: " and the sentence on standard error; the exit status of the fault. */
int invocation_fail(enum fault, const struct trouble *);

/* Prints the rows on standard output; the exit status. */
int invocation_print(const struct invocation *, const struct rows *, enum rows_form);

#endif
