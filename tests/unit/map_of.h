/*
 * A real map in a folder of its own, for tests of what writes to it.
 */
#ifndef DP_MAP_OF_H
#define DP_MAP_OF_H

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "module/core/map.h"

struct map_of {
	char dir[32];
	char path[64];
	struct dp_map *map;
};

static inline void map_of_open(struct map_of *m, uint32_t now_s)
{
	static const uint8_t key[DP_MAP_KEY_B] = { 1, 2, 3 };

	snprintf(m->dir, sizeof(m->dir), "/tmp/dnspin-map.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(m->dir));
	snprintf(m->path, sizeof(m->path), "%s/map", m->dir);
	CU_ASSERT_EQUAL_FATAL(dp_map_open(&m->map, m->path, 64, key, now_s,
	    NULL), DP_OK);
}

static inline void map_of_close(struct map_of *m)
{
	char lock[80];

	dp_map_close(&m->map);
	snprintf(lock, sizeof(lock), "%s.lock", m->path);
	CU_ASSERT_EQUAL(unlink(m->path), 0);
	CU_ASSERT_EQUAL(unlink(lock), 0);
	CU_ASSERT_EQUAL(rmdir(m->dir), 0);
}

#endif
