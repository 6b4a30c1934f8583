#include <stdatomic.h>
#include <string.h>

#include "module/core/map_private.h"

/*
 * Nearly all sightings are of bindings that live long enough already. Whoever
 * remembers where one stands need not hash its name, nor compare it: a slot that
 * is filled anew gets another seq, and no slot goes from one place to another.
 */

/* NULL: not in this map. */
static struct dp_slot_d *slot_at(const struct dp_map *map,
    const struct dp_map_spot *spot)
{
	if (spot->seq == 0 || spot->place >= map->slot_count ||
	    spot->slot >= map->slot_count)
		return NULL;
	return &map->slots[spot->slot];
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

/* Does the binding of s stand at its spot, live long enough, and know the feed
 * of it? Loads in the order of map_record.c: the acquire of fed_end_s pairs with
 * the release of who fed it, those of the slot with the stores of who fills it
 * after he made seq odd. */
static bool stands(const struct dp_map *map, const struct dp_sighting *s,
    uint32_t now_s)
{
	struct dp_slot_d *slot = slot_at(map, s->spot);
	uint32_t end_s = dp_map_end_of(s, now_s);
	uint32_t lives_s;

	if (!slot ||
	    atomic_load_explicit(&slot->seq, memory_order_acquire) !=
		s->spot->seq ||
	    !has_addr(slot, &s->addr))
		return false;
	lives_s = dp_map_end(atomic_load_explicit(&map->index[s->spot->place],
	    memory_order_acquire));
	if (lives_s < end_s || lives_s == DP_MAP_CLAIMED ||
	    atomic_load_explicit(&slot->fed_end_s, memory_order_acquire) <
		end_s)
		return false;
	return atomic_load_explicit(&slot->seq, memory_order_relaxed) ==
	    s->spot->seq;
}

bool dp_map_record_again(struct dp_map *map, const struct dp_sighting *seen,
    size_t count, uint32_t now_s)
{
	for (size_t i = 0; i < count; i++)
		if (!stands(map, &seen[i], now_s))
			return false;
	for (size_t i = 0; i < count; i++) {
		struct dp_slot_d *slot = slot_at(map, seen[i].spot);

		dp_map_raise(&slot->ttl_end_s,
		    dp_map_later(now_s, seen[i].ttl_s));
		dp_map_raise(&slot->last_seen_s, now_s);
		atomic_fetch_add_explicit(&slot->hits, 1,
		    memory_order_relaxed);
	}
	return true;
}
