#include "fault.h"

#include <assert.h>
#include <stddef.h>

static const char *const texts[FAULT_COUNT] = {
	[FAULT_NONE] = "no fault",
	[FAULT_TRUNCATED] = "input ended inside a field",
	[FAULT_TRAILING] = "octets are left over",
	[FAULT_TOO_LONG] = "over the size limit",
	[FAULT_INVALID] = "not what the format allows",
	[FAULT_UNSUPPORTED] = "a type or algorithm that is not supported",
	[FAULT_NOT_FOUND] = "not found",
	[FAULT_EXISTS] = "exists already",
	[FAULT_DENIED] = "denied",
	[FAULT_BUSY] = "busy",
	[FAULT_CLOSED] = "the other side has gone",
	[FAULT_TIMEOUT] = "timed out",
	[FAULT_SYSTEM] = "a system call failed",
	[FAULT_NO_MEMORY] = "out of memory",
	[FAULT_CRYPTO] = "the cryptographic library failed",
};

const char *fault_text(enum fault fault)
{
	assert(fault < FAULT_COUNT && texts[fault] != NULL);
	return texts[fault];
}
