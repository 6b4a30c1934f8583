#include <stdatomic.h>

#include "module/core/map_private.h"

#define SLOTS_AHEAD 16384 /* 9 MiB with their names, */
#define SLOTS_AHEAD_MOST 131072 /* 72 MiB where so many are new */

static void populate(const struct dp_map *map, const void *from, const void *to)
{
	const uint8_t *first = from, *end = to;

	dp_file_populate(&map->file, (size_t)(first - map->file.bytes),
	    (size_t)(end - first));
}

/* What is recorded goes anywhere in the index. */
void dp_map_populate(struct dp_map *map)
{
	dp_file_page_by_page(&map->file);
	populate(map, map->file.bytes, map->slots);
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
	populate(map, &map->slots[from], &map->slots[to]);
	populate(map, &map->names[from], &map->names[to]);
	map->ahead = to;
}
