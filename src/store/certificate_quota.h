#ifndef STORE_CERTIFICATE_QUOTA_H
#define STORE_CERTIFICATE_QUOTA_H

#include "store_sqlite.h"

/*
 * certificate_quota: how many certificates an EK or a binding may have in a time (PROTOCOL, "Quotas").
 *
 * A certificate can be revoked until it ends, so whoever has many can fill the revocation list. With
 * certificates of a year, the day's quota leaves that to 36 devices that ask for a year. Counted is the
 * binding, not the serial: what a device that was released had does not count against its successor.
 */

/* Whether one more is within it; else out says CHECK_QUOTA, and when. binding 0: there is none yet. */
bool certificate_quota_holds(struct store *, int64_t binding, const struct intent *,
	struct refusal *out);

#endif
