#ifndef TESTS_ATTACKS_CHANCE_H
#define TESTS_ATTACKS_CHANCE_H

#include <stddef.h>
#include <stdint.h>

/*
 * chance: numbers that look random and are the same in each run, so that what was wrong once is
 * wrong again (splitmix64). For inputs; never for keys.
 */
struct chance {
	uint64_t state;
};

uint64_t chance_u64(struct chance *);

/* Below limit, which is not 0. */
uint32_t chance_below(struct chance *, uint32_t limit);
void chance_octets(struct chance *, uint8_t *out, size_t len);

#endif
