#include "sealed_copy.h"

#include "descriptor.h"
#include "owned.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 65536 };

static enum fault copy(int from, int to, size_t max)
{
	uint8_t piece[PIECE];
	size_t len = 0;

	for (;;) {
		ssize_t got = pread(from, piece, sizeof(piece), (off_t)len);

		if (got < 0)
			return FAULT_SYSTEM;
		if (got == 0)
			return FAULT_NONE;
		len += (size_t)got;
		if (len > max)
			return FAULT_TOO_LONG;
		if (write(to, piece, (size_t)got) != got)
			return FAULT_SYSTEM;
	}
}

enum fault sealed_copy(int file, size_t max, int *out)
{
	owned_descriptor sealed = memfd_create("copy", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (sealed < 0)
		return FAULT_SYSTEM;
	enum fault fault = copy(file, sealed, max);
	if (fault == FAULT_NONE)
		fault = descriptor_seal(sealed);
	if (fault != FAULT_NONE)
		return fault;
	*out = sealed;
	sealed = -1;
	return FAULT_NONE;
}
