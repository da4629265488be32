/*
 * Target: expected_read, expected_has (src/store/expected.h): the file of expected serials.
 * Holds: a file that is read has no serial but well-formed ones; a refusal names a line.
 */
#include "fuzz.h"

#include "expected.h"
#include "message.h"

#include <sys/mman.h>
#include <unistd.h>

static int file = -1;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	file = memfd_create("expected", MFD_CLOEXEC);
	must_hold(file >= 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct expected *expected = NULL;
	size_t line = 0;

	must_hold(ftruncate(file, 0) == 0 && pwrite(file, data, len, 0) == (ssize_t)len);
	if (expected_read(file, &expected, &line) != FAULT_NONE) {
		must_hold(line > 0);
		return 0;
	}
	must_hold(!expected_has(expected, bytes_of(data, len)) ||
		serial_is_well_formed(bytes_of(data, len)));
	expected_close(expected);
	return 0;
}
