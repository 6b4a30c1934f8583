/*
 * How often what was seen lately, in bounded memory: keys with weights that
 * fade. When there are more keys than places, the lightest of some makes room
 * and the new one takes over its weight (Metwally, Agrawal and El Abbadi,
 * "Efficient computation of frequent and top-k elements in data streams",
 * 2005): a weight is never too small, and what is frequent stays.
 * Single-threaded.
 */
#ifndef DP_TALLY_H
#define DP_TALLY_H

#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"

#define DP_TALLY_KEY_MAX 255u /* octets */

struct dp_tally;

/* seed: by chance, so that nobody can choose keys that fall together. */
enum dp_err dp_tally_open(struct dp_tally **out, uint64_t seed) DP_MUST_CHECK;
void dp_tally_close(struct dp_tally **t);

/* Longer keys are cut. */
void dp_tally_add(struct dp_tally *t, const void *key, size_t key_b);

/* Multiply all weights; what becomes too light to count is forgotten. */
void dp_tally_fade(struct dp_tally *t, double factor);

struct dp_tally_row {
	const uint8_t *key; /* borrowed until the next add or fade */
	size_t key_b;
	double weight;
};

/* The heaviest, at most max; returns how many. */
size_t dp_tally_top(const struct dp_tally *t, struct dp_tally_row *rows,
    size_t max);

#endif
