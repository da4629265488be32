#ifndef TESTS_TIMING_EARLY_COMPARE_H
#define TESTS_TIMING_EARLY_COMPARE_H

#include "bytes.h"

#include <stdbool.h>

/*
 * early_compare: what a ticket must not be compared with, as the control of the tests of timing:
 * memcmp as it is most often written, which ends at the first octet that differs.
 */
bool early_compare(struct bytes a, struct bytes b);

#endif
