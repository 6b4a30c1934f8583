#include <stdatomic.h>
#include <stdlib.h>

#include "module/core/map_private.h"

/*
 * A power cut may have kept a page of the feed and lost feed_next, or the other
 * way round. Then number on so that all readers have fallen behind.
 */
static void feed_mend(struct dp_map *map)
{
	uint64_t next = atomic_load_explicit(&map->head->feed_next,
	    memory_order_relaxed);
	uint64_t count = map->feed_count;
	bool sound = next != 0;

	for (uint64_t i = 0; sound && i < count; i++) {
		uint64_t at = (next + i) & (count - 1);
		uint32_t number = dp_map_tag(atomic_load_explicit(
		    &map->feed[at], memory_order_relaxed));
		uint64_t last = next + i - count;

		if (next + i < count)
			last = 0; /* never used */
		/* The next one may be there already: its writer died. */
		sound = number == (uint32_t)last ||
		    (i == 0 && number == (uint32_t)next);
	}
	if (sound)
		return;
	next += 2 * count;
	for (uint64_t s = next - count; s != next; s++)
		atomic_store_explicit(&map->feed[s & (count - 1)],
		    dp_map_entry((uint32_t)s, DP_MAP_NO_PLACE),
		    memory_order_relaxed);
	atomic_store_explicit(&map->head->feed_next, next,
	    memory_order_relaxed);
}

/*
 * No two places may have the same slot, nor one that is none; a slot that no
 * place has goes to one that has none. owned: a zero for each slot.
 */
static void slots_mend(struct dp_map *map, uint8_t *owned)
{
	uint32_t given = 0, spare = 0;

	for (uint32_t i = 0; i < map->slot_count; i++) {
		uint32_t number = atomic_load_explicit(&map->slot_of[i],
		    memory_order_relaxed);

		if (number == 0)
			continue;
		if (number > map->slot_count || owned[number - 1]++) {
			atomic_store_explicit(&map->slot_of[i], 0,
			    memory_order_relaxed);
			continue;
		}
		given = number > given ? number : given;
	}
	for (uint32_t i = 0; i < map->slot_count; i++) {
		while (spare < given && owned[spare])
			spare++;
		if (spare == given)
			break;
		if (atomic_load_explicit(&map->slot_of[i],
			memory_order_relaxed) == 0)
			atomic_store_explicit(&map->slot_of[i], ++spare,
			    memory_order_relaxed);
	}
	atomic_store_explicit(&map->head->slots_given, given,
	    memory_order_relaxed);
}

enum dp_err dp_map_mend(struct dp_map *map)
{
	uint8_t *owned = calloc(map->slot_count, 1);
	struct dp_binding b;
	uint64_t dropped = 0;

	if (!owned)
		return DP_ERR_NOMEM;
	slots_mend(map, owned);
	free(owned);
	for (uint32_t i = 0; i < map->slot_count; i++) {
		if (atomic_load_explicit(&map->index[i],
			memory_order_relaxed) == 0 ||
		    dp_map_place_read(map, i, &b))
			continue;
		atomic_store_explicit(&map->index[i], 0, memory_order_relaxed);
		dropped++;
	}
	atomic_fetch_add_explicit(&map->head->dropped_torn, dropped,
	    memory_order_relaxed);
	feed_mend(map);
	dp_map_feed_unfed(map);
	return DP_OK;
}
