#include "descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum fault descriptor_read(int descriptor, uint8_t *out, size_t capacity, size_t *len)
{
	size_t have = 0;
	uint8_t more;

	while (have < capacity) {
		ssize_t got = pread(descriptor, out + have, capacity - have, (off_t)have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return FAULT_SYSTEM;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	if (have == capacity && pread(descriptor, &more, 1, (off_t)have) > 0)
		return FAULT_TOO_LONG;
	*len = have;
	return FAULT_NONE;
}

enum fault descriptor_seal(int descriptor)
{
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

	return fcntl(descriptor, F_ADD_SEALS, seals) == 0 ? FAULT_NONE : FAULT_SYSTEM;
}
