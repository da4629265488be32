#include "welch.h"

#include <math.h>

/* Welford's recurrence: exact enough for any number of samples. */
void welch_add(struct welch *w, unsigned class, double sample)
{
	double distance = sample - w->mean[class];

	w->count[class] += 1;
	w->mean[class] += distance / w->count[class];
	w->squares[class] += distance * (sample - w->mean[class]);
}

double welch_t(const struct welch *w)
{
	double variance = 0;

	for (unsigned class = 0; class < 2; class++) {
		if (w->count[class] < 2)
			return 0;
		variance += w->squares[class] / (w->count[class] - 1) / w->count[class];
	}
	return variance > 0 ? (w->mean[0] - w->mean[1]) / sqrt(variance) : 0;
}
