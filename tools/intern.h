/*
 * Byte strings of which each is kept once and has a number, from 0 in order of
 * arrival. They lie one behind the other in one block, so that a million short
 * ones cost little more than their bytes. Single-threaded.
 */
#ifndef DP_INTERN_H
#define DP_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"

struct dp_intern_item {
	uint32_t off;
	uint32_t len;
	uint32_t hash;
};

/* All zero: empty and ready. */
struct dp_intern {
	uint8_t *bytes;
	size_t used_b, room_b;
	struct dp_intern_item *items;
	size_t count, item_room;
	uint32_t *table; /* number + 1; 0: empty */
	size_t table_count; /* a power of two */
};

/* The number of bytes, which are copied when they are new. DP_ERR_LIMIT: over
 * 4 GiB of them. */
enum dp_err dp_intern_add(struct dp_intern *in, const void *bytes, size_t len,
    uint32_t *number) DP_MUST_CHECK;

/* The number of bytes that were added; false: they were not. */
bool dp_intern_find(const struct dp_intern *in, const void *bytes, size_t len,
    uint32_t *number);

/* Borrowed until the next add. */
static inline const uint8_t *dp_intern_get(const struct dp_intern *in,
    uint32_t number, size_t *len)
{
	*len = in->items[number].len;
	return in->bytes + in->items[number].off;
}

#define DP_INTERN_AHEAD 16 /* steps */
/*
 * For a walk in another order than that of arrival, which a million strings
 * make wait for the memory at each step: later is the number that is wanted in
 * DP_INTERN_AHEAD steps, soon the one in half as many.
 */
static inline void dp_intern_fetch(const struct dp_intern *in, uint32_t soon,
    uint32_t later)
{
	__builtin_prefetch(&in->items[later]);
	__builtin_prefetch(in->bytes + in->items[soon].off);
}

/* Empty again, all memory freed. */
void dp_intern_free(struct dp_intern *in);

#endif
