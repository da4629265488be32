#ifndef DEVICE_TCTI_CLOCK_H
#define DEVICE_TCTI_CLOCK_H

#include <stdint.h>
#include <time.h>
#include <tss2/tss2_tcti.h>

/*
 * tcti_clock: a TCTI that hands everything on to another one and adds up the time between a
 * command and its response: what the TPM cost, beside what we cost.
 */
struct tcti_clock {
	TSS2_TCTI_CONTEXT_COMMON_V1 common; /* first, so that ESYS takes us for a TCTI */
	TSS2_TCTI_CONTEXT *inner;
	struct timespec sent;
	uint64_t spent_us;
};

/* Fills in the clock. It must stay where it is, and inner open, as long as ESYS uses it. */
void tcti_clock_open(struct tcti_clock *, TSS2_TCTI_CONTEXT *inner);

/* What to give to ESYS. */
TSS2_TCTI_CONTEXT *tcti_clock_context(struct tcti_clock *);

#endif
