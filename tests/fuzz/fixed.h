#ifndef TESTS_FUZZ_FIXED_H
#define TESTS_FUZZ_FIXED_H

#include "bytes.h"

/*
 * fixed: the octets of a file in fixed/, which make_seeds wrote: certificates of a vendor and a CA
 * that exist for these targets alone. They are never changed, so that what the fuzzer has found
 * stays meaningful.
 */
struct bytes fixed_file(const char *name);

#endif
