/*
 * repeating_numbers: preloaded into an authority, it has the generator of random numbers repeat
 * itself (row 115). The first 16 octets are the authority's own name; of those after it, which are
 * certificates' numbers where nobody asks for a challenge, the first REPEATS are the same.
 */
#include <openssl/rand.h>
#include <string.h>

enum { NUMBER_SIZE = 16, REPEATS = 4 };

int RAND_bytes(unsigned char *out, int len)
{
	static unsigned calls;

	if (RAND_bytes_ex(NULL, out, (size_t)len, 0) != 1)
		return 0;
	if (len == NUMBER_SIZE && calls++ > 0 && calls - 1 <= REPEATS)
		(void)memset(out, 0x55, NUMBER_SIZE);
	return 1;
}
