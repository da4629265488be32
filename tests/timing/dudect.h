#ifndef TESTS_TIMING_DUDECT_H
#define TESTS_TIMING_DUDECT_H

#include <stdint.h>

/*
 * dudect: whether the time of an act tells which of two classes its input is of (O. Reparaz and
 * others, "Dude, is my code constant time?", 2017). The two are interleaved at random and their
 * times compared by Welch's t, over all samples and over those below each of some percentiles, for
 * interrupts lie over them.
 *
 * The harness itself must not tell: prepare does the same work for both classes and leaves the
 * input at one address. dudect never says that there is no difference; it says that none was seen
 * with so many samples.
 */
struct timed {
	const char *name;
	void (*renew)(void);            /* once a batch: another secret */
	void (*prepare)(unsigned class); /* puts an input of class 0 or 1 in its place */
	void (*act)(void);              /* is timed */
};

struct dudect_result {
	double t;            /* of the percentile where |t| is largest */
	unsigned percentile; /* 100: all samples */
	double mean[2];      /* of that percentile, in the clock's ticks */
};

/* Takes so many samples, rounded up to whole batches. */
struct dudect_result dudect(const struct timed *, uint64_t samples);

#endif
