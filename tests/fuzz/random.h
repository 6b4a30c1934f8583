/* Numbers that are the same in each run. */
#ifndef DP_FUZZ_RANDOM_H
#define DP_FUZZ_RANDOM_H

#include <stdint.h>

/* splitmix64, from the seed in *state. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* From 0 up to, not including, n. */
static inline unsigned below(uint64_t *state, unsigned n)
{
	return (unsigned)(next_random(state) % n);
}

#endif
