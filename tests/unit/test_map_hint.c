/*
 * Sightings with hints of where their binding was found last: right ones, old
 * ones and wrong ones.
 */
#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include <stdatomic.h>

#include "module/core/map_private.h"

/* What thousands of sightings made of a map: after each, what it said and which
 * change was the last; all bindings at the end. */
#define STEPS 4000
#define NUMBERS 90 /* more than there is room for */
struct outcome {
	uint64_t said[STEPS];
	struct dp_binding left[2 * NUMBERS];
	size_t left_count;
};

/* Hints as they were left, and now and then any number. */
static void sight_many(struct outcome *out, bool hinted)
{
	struct dp_map *map = unit_map_new(64);
	uint32_t hints[NUMBERS] = { 0 }, now_s = NOW, cursor = 0;
	uint64_t state = 5;

	out->left_count = 0;
	for (unsigned i = 0; i < STEPS; i++) {
		uint64_t r = unit_random(&state);
		unsigned n = (unsigned)(r % NUMBERS);
		struct unit_sighting u;
		enum dp_err err;

		unit_sighting(&u, n);
		u.s.ttl_s = (uint32_t)(r >> 8 & 127);
		u.s.lifetime_s = (uint32_t)(r >> 16 & 127);
		now_s += (r >> 24 & 15) == 0 ? (uint32_t)(r >> 28 & 31) : 0;
		if ((r >> 40 & 7) == 0)
			hints[n] = (uint32_t)(r >> 44) %
			    (map->slot_count + 3);
		u.s.hint = hinted ? &hints[n] : NULL;
		err = dp_map_record(map, &u.s, now_s);
		out->said[i] = dp_map_seq(map) << 8 | (uint64_t)err;
	}
	while (dp_map_next(map, &cursor, now_s, &out->left[out->left_count]))
		out->left_count++;
	dp_map_close(&map);
}

static bool alike(const struct dp_binding *a, const struct dp_binding *b)
{
	return dp_name_equal(&a->name, &b->name) &&
	    dp_addr_equal(&a->addr, &b->addr) &&
	    dp_name_equal(&a->final, &b->final) &&
	    a->ttl_end_s == b->ttl_end_s && a->end_s == b->end_s &&
	    a->first_seen_s == b->first_seen_s &&
	    a->last_seen_s == b->last_seen_s && a->hits == b->hits;
}

static void hints_change_nothing(void)
{
	struct outcome *plain = malloc(sizeof(*plain));
	struct outcome *hinted = malloc(sizeof(*hinted));

	CU_ASSERT_PTR_NOT_NULL_FATAL(plain);
	CU_ASSERT_PTR_NOT_NULL_FATAL(hinted);
	sight_many(plain, false);
	sight_many(hinted, true);
	CU_ASSERT_TRUE(plain->left_count > 10);
	CU_ASSERT_EQUAL_FATAL(plain->left_count, hinted->left_count);
	CU_ASSERT_EQUAL(memcmp(plain->said, hinted->said,
	    sizeof(plain->said)), 0);
	for (size_t i = 0; i < plain->left_count; i++)
		CU_ASSERT_TRUE(alike(&plain->left[i], &hinted->left[i]));
	free(plain);
	free(hinted);
}

static void a_hint_is_given_and_put_right(void)
{
	struct dp_map *map = unit_map_new(64);
	struct unit_sighting u;
	uint32_t hint = 0, right, cursor = 0;
	struct dp_binding b;

	unit_sighting(&u, 1);
	u.s.hint = &hint;
	CU_ASSERT_EQUAL(dp_map_record(map, &u.s, NOW), DP_OK);
	CU_ASSERT_EQUAL(hint, 0); /* somebody else may be entering it, too */
	CU_ASSERT_EQUAL(dp_map_record(map, &u.s, NOW), DP_OK);
	CU_ASSERT_TRUE(hint > 0 && hint <= map->slot_count);
	right = hint;
	for (uint32_t wrong = 0; wrong < map->slot_count + 3; wrong++) {
		hint = wrong;
		CU_ASSERT_EQUAL(dp_map_record(map, &u.s, NOW), DP_OK);
		CU_ASSERT_EQUAL(hint, right);
	}
	hint = UINT32_MAX;
	CU_ASSERT_EQUAL(dp_map_record(map, &u.s, NOW), DP_OK);
	CU_ASSERT_EQUAL(hint, right);
	CU_ASSERT_TRUE_FATAL(dp_map_next(map, &cursor, NOW, &b));
	CU_ASSERT_EQUAL(b.hits, map->slot_count + 6);
	CU_ASSERT_FALSE(dp_map_next(map, &cursor, NOW, &b));
	dp_map_close(&map);
}

static void what_is_not_fed_yet_is_fed(void)
{
	struct dp_map *map = unit_map_new(64);
	struct unit_sighting u;
	struct dp_binding b;
	uint32_t hint = 0;
	uint64_t seq;

	unit_sighting(&u, 3);
	u.s.hint = &hint;
	CU_ASSERT_EQUAL(dp_map_record(map, &u.s, NOW), DP_OK);
	CU_ASSERT_EQUAL(dp_map_record(map, &u.s, NOW), DP_OK);
	CU_ASSERT_NOT_EQUAL(hint, 0);
	for (uint32_t i = 0; i < map->slot_count; i++)
		if (atomic_load(&map->slots[i].fed_end_s) == NOW + 300)
			atomic_store(&map->slots[i].fed_end_s, 0);
	seq = dp_map_seq(map);
	CU_ASSERT_EQUAL(dp_map_record(map, &u.s, NOW), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_map_feed(map, &seq, &b), DP_OK);
	CU_ASSERT_EQUAL(unit_number(&b), 3);
	dp_map_close(&map);
}

UNIT_MAIN_WITH("map_hint", unit_map_begin, unit_map_end,
    UNIT(hints_change_nothing), UNIT(a_hint_is_given_and_put_right),
    UNIT(what_is_not_fed_yet_is_fed))
