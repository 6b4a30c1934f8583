#include <stdatomic.h>

#include "module/core/map_private.h"

#define SLOTS_AHEAD 16384 /* 9 MiB, */
#define SLOTS_AHEAD_MOST 131072 /* 72 MiB where so many are new */

/* Where the slots begin, in octets. */
static size_t slots_at(const struct dp_map *map)
{
	return (size_t)((uint8_t *)map->slots - map->file.bytes);
}

/* What is recorded goes anywhere in the index. */
void dp_map_populate(struct dp_map *map)
{
	dp_file_page_by_page(&map->file);
	dp_file_populate(&map->file, 0, slots_at(map));
	map->ahead_of = atomic_load_explicit(&map->head->slots_given,
	    memory_order_relaxed);
	dp_map_run_ahead(map);
}

void dp_map_run_ahead(struct dp_map *map)
{
	uint64_t given = atomic_load_explicit(&map->head->slots_given,
	    memory_order_relaxed);
	uint64_t from = map->ahead > given ? map->ahead : given;
	uint64_t to, want = 0;

	/* Where many are new, twice as many as since the last time. */
	if (given > map->ahead_of)
		want = 2 * (given - map->ahead_of);
	if (want < SLOTS_AHEAD)
		want = SLOTS_AHEAD;
	if (want > SLOTS_AHEAD_MOST)
		want = SLOTS_AHEAD_MOST;
	map->ahead_of = given;
	to = given + want < map->slot_count ? given + want : map->slot_count;
	if (to <= from || (from > given && to - from < want / 4))
		return;
	dp_file_populate(&map->file,
	    slots_at(map) + (size_t)from * sizeof(struct dp_slot_d),
	    (size_t)(to - from) * sizeof(struct dp_slot_d));
	map->ahead = to;
}
