#ifndef TESTS_TIMING_WELCH_H
#define TESTS_TIMING_WELCH_H

#include <stdint.h>

/*
 * welch: whether two classes of samples have the same mean (Welch's t-test). Over 4.5 either way
 * and with many samples, they do not.
 */
struct welch {
	double count[2], mean[2], squares[2]; /* squares: of the distances from the mean */
};

/* One sample of class 0 or 1. */
void welch_add(struct welch *, unsigned class, double sample);

/* 0 where a class has fewer than two samples, or none of them differ. */
double welch_t(const struct welch *);

#endif
