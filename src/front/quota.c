#include "quota.h"

#include <string.h>

enum { REQUEST = 60000, RATE_MIN = 1 };

void quota_open(struct quota *quota, const uint64_t key[2])
{
	memset(quota, 0, sizeof(*quota));
	quota->key[0] = key[0];
	quota->key[1] = key[1] | 1; /* odd: multiplication by it loses nothing */
	quota_set_rates(quota, RATE_MIN, RATE_MIN);
}

void quota_set_rates(struct quota *quota, uint32_t rate_per_prefix, uint32_t rate_all)
{
	quota->rate_per_prefix = rate_per_prefix > RATE_MIN ? rate_per_prefix : RATE_MIN;
	quota->rate_all = rate_all > RATE_MIN ? rate_all : RATE_MIN;
}

/* What a bucket holds now: full where it was never used. */
static uint64_t level_at(const struct bucket *bucket, uint32_t rate, uint64_t now_ms)
{
	uint64_t full = (uint64_t)rate * REQUEST;
	uint64_t elapsed_ms = now_ms - bucket->at_ms;

	/* After a minute every bucket is full; this also keeps the product small. */
	if (bucket->at_ms == 0 || elapsed_ms >= REQUEST)
		return full;
	uint64_t level = bucket->level + elapsed_ms * rate;
	return level < full ? level : full;
}

static void refill(struct bucket *bucket, uint32_t rate, uint64_t now_ms)
{
	bucket->level = level_at(bucket, rate, now_ms);
	bucket->at_ms = now_ms;
}

/*
 * Multiply-shift (Dietzfelbinger): no choice of prefixes makes collisions without the key. It takes
 * the product's highest bits, which alone hang on all bits of the prefix.
 */
static struct bucket *set_of(struct quota *quota, uint64_t prefix)
{
	uint64_t mixed = (prefix ^ quota->key[0]) * quota->key[1];

	return quota->sets[(mixed >> 32) * QUOTA_SETS >> 32];
}

/* The prefix's bucket, or the fullest of its set, made over to the prefix. */
static struct bucket *bucket_of(struct quota *quota, uint64_t prefix, uint64_t now_ms)
{
	struct bucket *set = set_of(quota, prefix), *fullest = set;

	for (size_t i = 0; i < QUOTA_WAYS; i++) {
		if (set[i].at_ms != 0 && set[i].prefix == prefix)
			return &set[i];
		if (level_at(&set[i], quota->rate_per_prefix, now_ms) >
				level_at(fullest, quota->rate_per_prefix, now_ms))
			fullest = &set[i];
	}
	*fullest = (struct bucket){ .prefix = prefix };
	return fullest;
}

/* How long until the bucket holds one request; 0 where it does. */
static uint64_t wait_of(const struct bucket *bucket, uint32_t rate)
{
	return bucket->level >= REQUEST ? 0 : (REQUEST - bucket->level + rate - 1) / rate;
}

bool quota_take(struct quota *quota, uint64_t prefix, uint64_t now_ms, uint64_t *wait_ms)
{
	struct bucket *bucket = bucket_of(quota, prefix, now_ms);

	refill(bucket, quota->rate_per_prefix, now_ms);
	refill(&quota->all, quota->rate_all, now_ms);
	uint64_t wait_prefix = wait_of(bucket, quota->rate_per_prefix);
	uint64_t wait_all = wait_of(&quota->all, quota->rate_all);

	if (wait_prefix > 0 || wait_all > 0) {
		*wait_ms = wait_prefix > wait_all ? wait_prefix : wait_all;
		return false;
	}
	bucket->level -= REQUEST;
	quota->all.level -= REQUEST;
	return true;
}
