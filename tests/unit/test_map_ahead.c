#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include <sys/mman.h>
#include <unistd.h>

#include "module/core/map_private.h"

static bool page_is_there(const void *byte)
{
	uintptr_t page_b = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)byte / page_b * page_b;
	unsigned char there = 0;

	CU_ASSERT_EQUAL_FATAL(mincore((void *)at, 1, &there), 0);
	return there & 1;
}

/* Is the memory of slot n and of its names there? Slots are so small that the
 * system may bring those of hundreds more. */
static bool is_there(const struct dp_map *map, uint32_t n)
{
	return page_is_there(&map->slots[n]) && page_is_there(&map->names[n]);
}

static void memory_runs_ahead_of_writers(void)
{
	struct dp_map *map = unit_map_new(65536);

	CU_ASSERT_TRUE(is_there(map, 0));
	CU_ASSERT_TRUE(is_there(map, 16383));
	CU_ASSERT_FALSE(is_there(map, 17000));
	map->head->slots_given = 5000;
	dp_map_run_ahead(map);
	CU_ASSERT_TRUE(is_there(map, 5000 + 16383));
	CU_ASSERT_FALSE(is_there(map, 22000));
	map->head->slots_given = 30000; /* 25,000 at once */
	dp_map_run_ahead(map);
	CU_ASSERT_TRUE(is_there(map, 30000));
	CU_ASSERT_TRUE(is_there(map, 30000 + 49999));
	CU_ASSERT_FALSE(is_there(map, 81000));
	map->head->slots_given = map->slot_count - 1;
	dp_map_run_ahead(map);
	CU_ASSERT_TRUE(is_there(map, map->slot_count - 1));
	map->head->slots_given = map->slot_count + 5; /* the last ones died */
	dp_map_run_ahead(map);
	CU_ASSERT_FALSE(is_there(map, 81000));
	dp_map_close(&map);
}

UNIT_MAIN_WITH("map_ahead", unit_map_begin, unit_map_end,
    UNIT(memory_runs_ahead_of_writers))
