/*
 * A map of a test's own, linked in place of the real one: what a map gives
 * while resolvers write to it (a binding twice, in states of different age)
 * cannot be had at will from the real one.
 */
#ifndef DP_GIVEN_MAP_H
#define DP_GIVEN_MAP_H

#include "module/core/map.h"

struct dp_map {
	const struct dp_binding *bindings;
	uint32_t count;
};

bool dp_map_next(const struct dp_map *map, uint32_t *cursor, uint32_t now_s,
    struct dp_binding *out)
{
	(void)now_s;
	if (*cursor == map->count)
		return false;
	*out = map->bindings[(*cursor)++];
	return true;
}

#endif
