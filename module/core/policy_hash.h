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
#include "module/core/name.h"

#define DP_HASH_ROOT 0x9e3779b97f4a7c15u
#define DP_HASH_EXACT 0xbf58476d1ce4e5b9u
#define DP_HASH_WILDCARD 0x94d049bb133111ebu

static inline uint64_t dp_hash_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide m = (wide)(a ^ 0xa0761d6478bd642fu) * (b ^ 0xe7037ed1a0b428dbu);

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* The n octets at p, 1 to 7, as a word that ends in zeros; without a call, and
 * without a look at what stands behind them. */
static inline uint64_t dp_hash_rest(const uint8_t *p, unsigned n)
{
	uint32_t first, last;

	if (n < 4)
		return p[0] | (uint64_t)p[n / 2] << 8 * (n / 2) |
		    (uint64_t)p[n - 1] << 8 * (n - 1);
	memcpy(&first, p, 4);
	memcpy(&last, p + n - 4, 4);
	return first | (uint64_t)last << 8 * (n - 4);
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
	return n > 0 ? dp_hash_mix(h, dp_hash_rest(p, n)) : h;
}

/* The suffixes of a canonical name, the longest last. */
struct dp_suffixes {
	unsigned labels; /* without the root label */
	/* By number of labels without the root's: where the suffix begins, and
	 * its hash. */
	uint8_t start[DP_NAME_LABELS_MAX];
	uint64_t hash[DP_NAME_LABELS_MAX];
};

static inline void dp_hash_suffixes(struct dp_suffixes *out,
    const uint8_t *wire)
{
	uint8_t start[DP_NAME_LABELS_MAX];
	unsigned n = 0, at = 0;

	for (; wire[at]; at += 1u + wire[at])
		start[n++] = (uint8_t)at;
	out->labels = n;
	out->start[0] = (uint8_t)at;
	out->hash[0] = DP_HASH_ROOT;
	for (unsigned i = 1; i <= n; i++) {
		out->start[i] = start[n - i];
		out->hash[i] = dp_hash_label(out->hash[i - 1],
		    wire + start[n - i]);
	}
}

/* The table's key for a base name with suffix hash h; kind is DP_HASH_EXACT or
 * DP_HASH_WILDCARD. The low bits choose the place, the upper half is kept. */
static inline uint64_t dp_hash_key(uint64_t h, uint64_t kind)
{
	return dp_hash_mix(h, kind);
}

#endif
