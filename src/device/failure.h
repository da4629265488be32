#ifndef DEVICE_FAILURE_H
#define DEVICE_FAILURE_H

#include "fault.h"

/* What genuine-device exits with; the numbers are part of its interface. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_OTHER = 1,
	EXIT_USAGE = 2,
	EXIT_NO_TPM = 3,
	EXIT_TPM_REFUSED = 4,
	EXIT_CA_NOT_REACHED = 5,
	EXIT_CA_REFUSED = 6,
	EXIT_LOCAL_FILES = 7,
};

/*
 * failure: why the program stops, in words for a person: what happened, and what to do about it.
 * What the state is now is added by whoever prints it (report.h), who alone knows how far the
 * whole has come. Where a fault means failure, the function that met it fills this in; callers
 * pass the fault up and add nothing. The last one written stands.
 */
struct failure {
	enum exit_code exit_code;
	char what[512];
	char advice[256];
};

/* Fills in the failure and returns FAULT_DENIED, so that it can be the value of a return. */
__attribute__((format(printf, 4, 5))) enum fault failure_set(
	struct failure *, enum exit_code, const char *advice, const char *what_format, ...);

#endif
