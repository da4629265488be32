#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "bytes.h"
#include "must_hold.h"

#include <stdint.h>
#include <stdlib.h>

/*
 * fuzz: what a fuzz target is. Each .c in this folder that its meson.build lists is one: it hands
 * foreign octets to the functions that its first lines name, and says what must hold whatever the
 * octets are. `make fuzz` links it to libFuzzer, with ASan and UBSan; `make test` links it to
 * replay.c, which hands it every file of corpus/TARGET.
 *
 * The octets lie in memory of exactly their length, so that ASan sees one read too many.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Before the first input; optional. Always returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
