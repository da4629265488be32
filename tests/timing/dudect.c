#include "dudect.h"

#include "chance.h"
#include "welch.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 10000, CROP_COUNT = 6 };

static const unsigned percentiles[CROP_COUNT] = { 50, 75, 90, 95, 99, 100 };

struct batch {
	uint64_t ticks[BATCH];
	uint8_t classes[BATCH];
};

/* Nothing before it is still under way, nothing after it has begun. */
static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
	__builtin_ia32_lfence();
	uint64_t ticks = __builtin_ia32_rdtsc();
	__builtin_ia32_lfence();
	return ticks;
#else
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}

static void take_batch(const struct timed *timed, struct chance *chance, struct batch *out)
{
	timed->renew();
	for (size_t i = 0; i < BATCH; i++)
		out->classes[i] = (uint8_t)(chance_u64(chance) >> 63);
	for (size_t i = 0; i < BATCH; i++) {
		timed->prepare(out->classes[i]);
		uint64_t begin = clock_ticks();
		timed->act();
		out->ticks[i] = clock_ticks() - begin;
	}
}

static int compare_ticks(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of the first batch, which is not counted itself: up to which time each percentile reaches. */
static void find_limits(struct batch *batch, uint64_t limits[CROP_COUNT])
{
	qsort(batch->ticks, BATCH, sizeof(batch->ticks[0]), compare_ticks);
	for (size_t i = 0; i < CROP_COUNT; i++)
		limits[i] = percentiles[i] == 100 ? UINT64_MAX : batch->ticks[BATCH / 100 * percentiles[i]];
}

static void add_batch(const struct batch *batch, const uint64_t limits[CROP_COUNT],
	struct welch crops[CROP_COUNT])
{
	for (size_t i = 0; i < BATCH; i++) {
		for (size_t crop = 0; crop < CROP_COUNT; crop++) {
			if (batch->ticks[i] <= limits[crop])
				welch_add(&crops[crop], batch->classes[i], (double)batch->ticks[i]);
		}
	}
}

static struct dudect_result worst_of(const struct welch crops[CROP_COUNT])
{
	struct dudect_result worst = { .percentile = 100 };

	for (size_t crop = 0; crop < CROP_COUNT; crop++) {
		double t = welch_t(&crops[crop]);

		if (fabs(t) >= fabs(worst.t))
			worst = (struct dudect_result){ .t = t, .percentile = percentiles[crop],
				.mean = { crops[crop].mean[0], crops[crop].mean[1] } };
	}
	return worst;
}

struct dudect_result dudect(const struct timed *timed, uint64_t samples)
{
	static struct batch batch;
	struct chance chance = { clock_ticks() };
	struct welch crops[CROP_COUNT] = { 0 };
	uint64_t limits[CROP_COUNT];

	take_batch(timed, &chance, &batch);
	find_limits(&batch, limits);
	for (uint64_t taken = 0; taken < samples; taken += BATCH) {
		take_batch(timed, &chance, &batch);
		add_batch(&batch, limits, crops);
	}
	return worst_of(crops);
}
