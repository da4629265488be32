#ifndef DEVICE_CA_CLIENT_H
#define DEVICE_CA_CLIENT_H

#include "answer.h"
#include "https.h"
#include "request.h"

/*
 * ca_client: the two endpoints as the device sees them, with what it does when the answer is not
 * the one it hoped for (docs/PROTOCOL.md, HTTP): waits and asks again where that may help, a few
 * times; else says why not.
 */

/* What an HTTP status asks of the device. */
enum ca_reaction { CA_TAKE, CA_START_AGAIN, CA_WAIT, CA_STOP };
enum ca_reaction ca_reaction_of(long status);

/* How long to wait before the attempt after this one: as the CA said, or twice the last, a minute at most. */
uint32_t ca_wait_s(uint32_t retry_after_s, unsigned attempt);

/*
 * Waits, and says so. FAULT_DENIED where the program is told to stop, or where the run's time with
 * the CA (https.h) would be over before that.
 */
enum fault ca_wait(struct https *, uint32_t wait_s, const char *why);

/* FAULT_DENIED with a failure; FAULT_BUSY where the CA wants the whole started again (409). */
enum fault ca_get_challenge(struct https *, const struct evidence *, struct challenge *out);

/*
 * The same question may be asked again where the answer was lost: the same ticket gives the same
 * certificate. The same faults.
 */
enum fault ca_get_certificate(struct https *, const struct evidence *,
	const struct challenge *, const struct secret *ticket, struct issued *out);

#endif
