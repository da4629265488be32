#ifndef TESTS_FUZZ_LINT_SAMPLE_H
#define TESTS_FUZZ_LINT_SAMPLE_H

#include "lint.h"

/*
 * lint_sample: what a certificate is meant to say: everything that can be configured, or the least.
 * Lives until the next one is asked for.
 */
const struct lint_context *lint_sample(bool has_everything);

#endif
