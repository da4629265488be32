#include "tcti_clock.h"

#include "tpm_watch.h"

static struct tcti_clock *clock_of(TSS2_TCTI_CONTEXT *context)
{
	return (struct tcti_clock *)(void *)context;
}

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
	struct tcti_clock *clock = clock_of(context);

	(void)clock_gettime(CLOCK_MONOTONIC, &clock->sent);
	tpm_watch_begin();
	return Tss2_Tcti_Transmit(clock->inner, size, command);
}

/* Called for the response's size and again for its octets: each call adds its own part. */
static TSS2_RC receive(
	TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
	struct tcti_clock *clock = clock_of(context);
	struct timespec now;

	TSS2_RC rc = Tss2_Tcti_Receive(clock->inner, size, response, timeout);
	if (response != NULL || rc != TSS2_RC_SUCCESS)
		tpm_watch_end();
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t us = (now.tv_sec - clock->sent.tv_sec) * INT64_C(1000000) +
		(now.tv_nsec - clock->sent.tv_nsec) / 1000;
	clock->spent_us += (uint64_t)us;
	clock->sent = now;
	return rc;
}

static TSS2_RC cancel(TSS2_TCTI_CONTEXT *context)
{
	return Tss2_Tcti_Cancel(clock_of(context)->inner);
}

static TSS2_RC get_poll_handles(
	TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles, size_t *count)
{
	return Tss2_Tcti_GetPollHandles(clock_of(context)->inner, handles, count);
}

static TSS2_RC set_locality(TSS2_TCTI_CONTEXT *context, uint8_t locality)
{
	return Tss2_Tcti_SetLocality(clock_of(context)->inner, locality);
}

/* The inner TCTI has an owner of its own. */
static void finalize(TSS2_TCTI_CONTEXT *context)
{
	(void)context;
}

void tcti_clock_open(struct tcti_clock *clock, TSS2_TCTI_CONTEXT *inner)
{
	*clock = (struct tcti_clock){
		.common = {
			.magic = UINT64_C(0x67656e75696e6531),
			.version = 1,
			.transmit = transmit,
			.receive = receive,
			.finalize = finalize,
			.cancel = cancel,
			.getPollHandles = get_poll_handles,
			.setLocality = set_locality,
		},
		.inner = inner,
	};
}

TSS2_TCTI_CONTEXT *tcti_clock_context(struct tcti_clock *clock)
{
	return (TSS2_TCTI_CONTEXT *)(void *)clock;
}
