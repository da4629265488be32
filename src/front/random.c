#include "random.h"

#include "log.h"

#include <openssl/rand.h>
#include <stdlib.h>

void random_octets(uint8_t *out, size_t len)
{
	if (RAND_bytes(out, (int)len) == 1)
		return;
	log_error("no random numbers can be had");
	exit(EXIT_FAILURE);
}

uint64_t random_u64(void)
{
	uint64_t number;

	random_octets((uint8_t *)&number, sizeof(number));
	return number;
}

uint32_t random_below(uint32_t limit)
{
	return (uint32_t)(random_u64() % limit);
}
