#include "chance.h"

uint64_t chance_u64(struct chance *chance)
{
	uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t chance_below(struct chance *chance, uint32_t limit)
{
	return (uint32_t)((chance_u64(chance) >> 32) * limit >> 32);
}

void chance_octets(struct chance *chance, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)chance_u64(chance);
}
