#include "sealed_copy.h"

#include "owned.h"

#include <fcntl.h>
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
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	owned_descriptor sealed = memfd_create("copy", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (sealed < 0)
		return FAULT_SYSTEM;
	enum fault fault = copy(file, sealed, max);
	if (fault != FAULT_NONE)
		return fault;
	if (fcntl(sealed, F_ADD_SEALS, seals) != 0)
		return FAULT_SYSTEM;
	*out = sealed;
	sealed = -1;
	return FAULT_NONE;
}
