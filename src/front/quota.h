#ifndef FRONT_QUOTA_H
#define FRONT_QUOTA_H

#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * quota: how often a source prefix, and all together, may ask. Token buckets: a bucket holds the
 * requests of one minute at most and fills evenly. Before a device has proved anything there is
 * nothing else to count by; the store counts by EK and serial, after the proof, so that nobody can
 * lock out another's device.
 *
 * The table of prefixes is of fixed size (CVE-2026-49835: a counter per attacker's string). Where
 * a set is full, the prefix that has asked least of late is forgotten: it loses least by it, and
 * the bucket of all holds whatever many prefixes together gain. Which prefixes share a set depends
 * on a random key.
 *
 * Each front counts for itself: N fronts let pass up to N times the rate.
 */
struct bucket {
	uint64_t prefix;
	uint64_t level; /* in 1/60,000 of a request, so that the refill of a millisecond is whole */
	uint64_t at_ms; /* when level was true; 0: never used */
};

struct quota {
	uint64_t key[2];
	uint32_t rate_per_prefix; /* requests a minute */
	uint32_t rate_all;
	struct bucket all;
	struct bucket sets[QUOTA_SETS][QUOTA_WAYS];
};

/* Starts with full buckets. The key is random and secret. */
void quota_open(struct quota *, const uint64_t key[2]);

/* Sets the rates; what the buckets hold is cut to them. */
void quota_set_rates(struct quota *, uint32_t rate_per_prefix, uint32_t rate_all);

/*
 * Counts one request at now_ms, which never goes back and is not 0. False where a quota is used
 * up: then nothing is counted, and wait_ms is how long until there is room for one.
 */
bool quota_take(struct quota *, uint64_t prefix, uint64_t now_ms, uint64_t *wait_ms);

#endif
