/*
 * Loaded into testbound ahead of libc: random numbers and a time of day that
 * are the same in every run. Which server the iterator asks first, when a timer
 * goes off and in which order records stand then depend on the scenario alone,
 * so that two runs can be compared line by line. (The time that a scenario
 * plays in is testbound's own; this is the one that runs beside it.)
 */
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#define NOON 1795348800 /* 2026-11-22 12:00 UTC */

uint32_t arc4random(void);
uint32_t arc4random_uniform(uint32_t bound);

static _Atomic uint64_t state;

/* SplitMix64. */
uint32_t arc4random(void)
{
	uint64_t step = 0x9e3779b97f4a7c15;
	uint64_t z = atomic_fetch_add(&state, step) + step;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ (z >> 31)) >> 32);
}

uint32_t arc4random_uniform(uint32_t bound)
{
	return bound > 1 ? arc4random() % bound : 0;
}

time_t time(time_t *out)
{
	if (out)
		*out = NOON;
	return NOON;
}
