/*
 * Where events go: a ring for each thread that answers, and the key of the
 * pseudonyms in them. The keeper opens and replaces both; threads use them
 * inside the epoch.
 */
#ifndef DP_TRAILS_H
#define DP_TRAILS_H

#include <stdatomic.h>
#include <stdint.h>
#include "module/core/epoch.h"

struct dp_ring;

struct dp_trail_key {
	uint64_t day;
	uint8_t octets[16];
};

struct dp_trails {
	_Atomic(struct dp_ring *) rings[DP_EPOCH_SLOTS]; /* NULL: none */
	_Atomic(struct dp_trail_key *) key; /* NULL: none, or none is needed */
};

#endif
