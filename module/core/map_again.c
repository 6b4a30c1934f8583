#include <stdatomic.h>
#include <string.h>

#include "module/core/map_private.h"

/*
 * Nearly all sightings are of bindings that are known. Whoever remembers where
 * one stands need not hash its name, nor compare it: a slot that is filled anew
 * gets another seq, and no slot goes from one place to another.
 */

static bool is_in(const struct dp_map *map, const struct dp_map_spot *spot)
{
	return spot->seq != 0 && spot->place < map->slot_count &&
	    spot->slot < map->slot_count;
}

static bool has_addr(struct dp_slot_d *slot, const struct dp_addr *addr)
{
	uint64_t words[2];

	memcpy(words, addr->bytes, sizeof(words));
	return atomic_load_explicit(&slot->addr[0], memory_order_acquire) ==
		words[0] &&
	    atomic_load_explicit(&slot->addr[1], memory_order_acquire) ==
		words[1] &&
	    atomic_load_explicit(&slot->shape, memory_order_acquire) >> 16 ==
		addr->family;
}

/*
 * Loads in the order of map_record.c: an index entry of a later binding is
 * stored after the slot was filled, so that another seq is seen here; those of
 * the slot pair with the stores of who fills it after he made seq odd.
 */
static bool note(struct dp_map *map, const struct dp_sighting *s,
    uint32_t now_s)
{
	const struct dp_map_spot *spot = s->spot;
	struct dp_map_life life = dp_map_life_of(s, now_s);
	struct dp_slot_d *slot;
	uint64_t seen;

	if (!is_in(map, spot))
		return false;
	slot = &map->slots[spot->slot];
	seen = atomic_load_explicit(&map->index[spot->place],
	    memory_order_acquire);
	if (dp_map_end(seen) <= life.now_s ||
	    dp_map_end(seen) == DP_MAP_CLAIMED ||
	    atomic_load_explicit(&slot->seq, memory_order_acquire) !=
		spot->seq ||
	    !has_addr(slot, &s->addr) ||
	    atomic_load_explicit(&slot->seq, memory_order_relaxed) !=
		spot->seq)
		return false;
	return dp_map_extend(map, spot->place, slot, seen, &life);
}

size_t dp_map_record_again(struct dp_map *map, const struct dp_sighting *seen,
    size_t count, uint32_t now_s)
{
	size_t i = 0;

	while (i < count && note(map, &seen[i], now_s))
		i++;
	return i;
}

void dp_map_expect(const struct dp_map *map, const struct dp_map_spot *spot)
{
	if (!is_in(map, spot))
		return;
	__builtin_prefetch(&map->slots[spot->slot], 1);
	__builtin_prefetch((const char *)&map->index[spot->place]);
}
