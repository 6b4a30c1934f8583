/*
 * The hash that reader and writer of a policy share: one pass over a canonical
 * name from the root label leftwards, so that the hash of every suffix falls
 * out on the way. Not keyed: the table is immutable and its probe lengths are
 * known when it is written, so that the names of attackers cannot lengthen
 * them. Part of the file format: a change here is a new format version.
 */
#ifndef DP_POLICY_HASH_H
#define DP_POLICY_HASH_H

#include <stdint.h>
#include <string.h>

#define DP_HASH_ROOT 0x9e3779b97f4a7c15u
#define DP_HASH_EXACT 0xbf58476d1ce4e5b9u
#define DP_HASH_WILDCARD 0x94d049bb133111ebu

static inline uint64_t dp_hash_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide m = (wide)(a ^ 0xa0761d6478bd642fu) * (b ^ 0xe7037ed1a0b428dbu);

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* The suffix hash h, prolonged to the left by one label. label points to its
 * length octet. */
static inline uint64_t dp_hash_label(uint64_t h, const uint8_t *label)
{
	unsigned n = label[0];
	const uint8_t *p = label + 1;

	h = dp_hash_mix(h, n + 1u);
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t w;

		memcpy(&w, p, 8);
		h = dp_hash_mix(h, w);
	}
	if (n > 0) {
		uint64_t w = 0;

		memcpy(&w, p, n);
		h = dp_hash_mix(h, w);
	}
	return h;
}

/* The table's key for a base name with suffix hash h; kind is DP_HASH_EXACT or
 * DP_HASH_WILDCARD. The low bits choose the place, the upper half is kept. */
static inline uint64_t dp_hash_key(uint64_t h, uint64_t kind)
{
	return dp_hash_mix(h, kind);
}

#endif
