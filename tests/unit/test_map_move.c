#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include "module/core/map_move.h"

static const uint8_t other_key[DP_MAP_KEY_B] = "edcba9876543210";

static enum dp_err begin(struct dp_map **to, struct dp_map *from,
    uint32_t capacity)
{
	return dp_map_move_begin(to, from, unit_path, capacity, other_key, NOW,
	    &unit_diag);
}

static void end(struct dp_map *to, struct dp_map **from)
{
	CU_ASSERT_EQUAL(dp_map_move_end(to, from, unit_path, NOW, &unit_diag),
	    DP_OK);
	CU_ASSERT_PTR_NULL(*from);
	CU_ASSERT_FALSE(unit_map_there_is(".new"));
	CU_ASSERT_FALSE(unit_map_there_is(".next"));
}

static struct dp_binding binding(const struct dp_map *map, uint64_t n)
{
	struct dp_binding b;
	uint32_t cursor = 0;

	while (dp_map_next(map, &cursor, NOW, &b))
		if (unit_number(&b) == n)
			return b;
	CU_FAIL_FATAL("no such binding");
	return b;
}

static void same(const struct dp_binding *a, const struct dp_binding *b)
{
	CU_ASSERT_EQUAL(a->ttl_end_s, b->ttl_end_s);
	CU_ASSERT_EQUAL(a->end_s, b->end_s);
	CU_ASSERT_EQUAL(a->first_seen_s, b->first_seen_s);
	CU_ASSERT_EQUAL(a->last_seen_s, b->last_seen_s);
	CU_ASSERT_EQUAL(a->hits, b->hits);
}

/* Numbers from 0 on, each seen first and last at times of its own. */
static void record_some(struct dp_map *map, uint64_t count)
{
	for (uint64_t n = 0; n < count; n++)
		for (uint32_t k = 0; k <= n % 4; k++)
			CU_ASSERT_EQUAL(unit_record(map, n,
			    NOW - 200 + (uint32_t)n % 50 + k), DP_OK);
}

static void a_move_keeps_what_lives(void)
{
	static const struct {
		uint32_t from, to, live;
	} cases[] = { { 64, 1000, 64 }, { 1000, 64, 64 }, { 64, 65, 0 },
		{ 5000, 4000, 3000 }, { 4000, 5000, 4000 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_map *from = unit_map_new(cases[i].from), *to;
		struct dp_map *r = unit_map_open_ro(), *after;
		struct dp_map_stats stats;
		uint64_t id = dp_map_id(from);

		CU_ASSERT_EQUAL(unit_record(from, 1000000, NOW - 300), DP_OK);
		record_some(from, cases[i].live);
		CU_ASSERT_EQUAL_FATAL(begin(&to, from, cases[i].to), DP_OK);
		CU_ASSERT_FALSE(dp_map_is_left(r)); /* all is still there */
		CU_ASSERT_TRUE(dp_map_is_at(r, unit_path));
		end(to, &from);
		CU_ASSERT_TRUE(dp_map_is_left(r));
		CU_ASSERT_FALSE(dp_map_is_at(r, unit_path));
		CU_ASSERT_TRUE(dp_map_is_at(to, unit_path));
		CU_ASSERT_FALSE(dp_map_is_left(to));
		CU_ASSERT_EQUAL(dp_map_capacity(to), cases[i].to);
		CU_ASSERT_NOT_EQUAL(dp_map_id(to), id);
		after = unit_map_open_ro();
		CU_ASSERT_EQUAL(dp_map_id(after), dp_map_id(to));
		CU_ASSERT_EQUAL(unit_count(after, 0, cases[i].live, NOW),
		    cases[i].live);
		for (uint64_t n = 0; n < cases[i].live; n += 7) {
			struct dp_binding a = binding(after, n);
			struct dp_binding b = binding(r, n);

			same(&a, &b);
		}
		dp_map_stats(after, NOW, &stats);
		CU_ASSERT_EQUAL(stats.live, cases[i].live);
		CU_ASSERT_EQUAL(stats.recorded, cases[i].live + 1);
		CU_ASSERT_EQUAL(stats.refused_full, 0);
		dp_map_close(&after);
		dp_map_close(&r);
		dp_map_close(&to);
	}
}

/* Threads turn to the new map one after the other. */
static void what_comes_meanwhile_is_carried(void)
{
	struct dp_map *from = unit_map_new(64), *to;
	struct dp_binding b;
	struct unit_sighting u;

	for (uint64_t n = 0; n < 10; n++)
		CU_ASSERT_EQUAL(unit_record(from, n, NOW - 100), DP_OK);
	CU_ASSERT_EQUAL_FATAL(begin(&to, from, 128), DP_OK);
	CU_ASSERT_EQUAL(unit_record(from, 10, NOW), DP_OK); /* new there */
	CU_ASSERT_EQUAL(unit_record(to, 11, NOW), DP_OK);   /* and here */
	CU_ASSERT_EQUAL(unit_record(from, 12, NOW), DP_OK); /* in both */
	CU_ASSERT_EQUAL(unit_record(to, 12, NOW + 5), DP_OK);
	CU_ASSERT_EQUAL(unit_record(from, 3, NOW + 7), DP_OK); /* longer */
	CU_ASSERT_EQUAL(unit_record(from, 3, NOW + 7), DP_OK);
	CU_ASSERT_EQUAL(unit_record(to, 3, NOW), DP_OK);
	unit_sighting(&u, 4); /* only seen again */
	u.s.lifetime_s = 1;
	CU_ASSERT_EQUAL(dp_map_record(from, &u.s, NOW + 9), DP_OK);
	end(to, &from);
	CU_ASSERT_EQUAL(unit_count(to, 0, 13, NOW), 13);
	b = binding(to, 12);
	CU_ASSERT_EQUAL(b.hits, 2);
	CU_ASSERT_EQUAL(b.end_s, NOW + 305);
	b = binding(to, 3);
	CU_ASSERT_EQUAL(b.hits, 4);
	CU_ASSERT_EQUAL(b.end_s, NOW + 307);
	CU_ASSERT_EQUAL(b.last_seen_s, NOW + 7);
	CU_ASSERT_EQUAL(b.first_seen_s, NOW - 100);
	b = binding(to, 4);
	CU_ASSERT_EQUAL(b.hits, 2);
	CU_ASSERT_EQUAL(b.end_s, NOW + 200);
	CU_ASSERT_EQUAL(b.last_seen_s, NOW + 9);
	dp_map_close(&to);
}

/* A slot that went to another binding between the two looks. */
static void a_slot_filled_anew_counts_from_the_start(void)
{
	struct dp_map *from = unit_map_new(16), *to = NULL;
	struct unit_sighting u;

	for (uint64_t n = 0; n < 16; n++) {
		unit_sighting(&u, n);
		u.s.lifetime_s = 50;
		for (int k = 0; k < 9; k++)
			CU_ASSERT_EQUAL(dp_map_record(from, &u.s, NOW - 10),
			    DP_OK);
	}
	CU_ASSERT_EQUAL_FATAL(begin(&to, from, 64), DP_OK);
	for (uint64_t n = 16; n < 32; n++)
		CU_ASSERT_EQUAL(unit_record(from, n, NOW + 60), DP_OK);
	CU_ASSERT_EQUAL(dp_map_move_end(to, &from, unit_path, NOW + 60,
	    &unit_diag), DP_OK);
	CU_ASSERT_EQUAL(unit_count(to, 16, 16, NOW + 60), 16);
	for (uint64_t n = 16; n < 32; n++)
		CU_ASSERT_EQUAL(binding(to, n).hits, 1);
	dp_map_close(&to);
}

static void a_map_too_full_to_shrink_is_kept(void)
{
	struct dp_map *from = unit_map_new(1000), *to = NULL;

	record_some(from, 65);
	CU_ASSERT_EQUAL(begin(&to, from, 64), DP_ERR_FULL);
	CU_ASSERT_PTR_NULL(to);
	CU_ASSERT_PTR_NOT_NULL(strstr(unit_diag.reason,
	    "keeps its capacity of 1000 bindings until no more than 64 live"));
	CU_ASSERT_FALSE(unit_map_there_is(".new"));
	CU_ASSERT_TRUE(dp_map_is_at(from, unit_path));
	CU_ASSERT_EQUAL(unit_record(from, 65, NOW), DP_OK);
	/* When bindings have ended it goes. */
	CU_ASSERT_EQUAL(dp_map_move_begin(&to, from, unit_path, 64, other_key,
	    NOW + 299, &unit_diag), DP_OK);
	CU_ASSERT_EQUAL(dp_map_move_end(to, &from, unit_path, NOW + 299,
	    &unit_diag), DP_OK);
	CU_ASSERT_EQUAL(unit_count(to, 65, 1, NOW + 299), 1);
	dp_map_close(&to);
}

static void a_map_that_others_write_to_is_kept(void)
{
	struct dp_map *a = unit_map_new(64), *b = unit_map_open(64), *to = NULL;
	struct dp_map *c;

	record_some(a, 20);
	CU_ASSERT_EQUAL(begin(&to, a, 128), DP_ERR_BUSY);
	CU_ASSERT_PTR_NULL(to);
	CU_ASSERT_PTR_NOT_NULL(strstr(unit_diag.reason,
	    "while another process writes to it"));
	/* Nobody lost the share in it: who comes now is not alone. */
	dp_map_close(&b);
	c = unit_map_open(64);
	CU_ASSERT_EQUAL(begin(&to, c, 128), DP_ERR_BUSY);
	CU_ASSERT_EQUAL(unit_record(a, 20, NOW), DP_OK);
	dp_map_close(&a);
	CU_ASSERT_EQUAL_FATAL(begin(&to, c, 128), DP_OK);
	end(to, &c);
	/* And others may join after it. */
	b = unit_map_open(64);
	CU_ASSERT_EQUAL(dp_map_id(b), dp_map_id(to));
	CU_ASSERT_EQUAL(unit_count(b, 0, 21, NOW), 21);
	dp_map_close(&b);
	dp_map_close(&to);
}

static void nothing_moves_to_nowhere(void)
{
	static const uint32_t wrong[] = { 0, DP_MAP_CAPACITY_MAX + 1 };
	struct dp_map *from = unit_map_new(64), *to = NULL;
	char moved[200];

	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(begin(&to, from, wrong[i]), DP_ERR_LIMIT);
	snprintf(moved, sizeof(moved), "%s.away", unit_path);
	CU_ASSERT_EQUAL(rename(unit_path, moved), 0);
	CU_ASSERT_EQUAL(begin(&to, from, 128), DP_ERR_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(unit_diag.reason, "removed or replaced"));
	CU_ASSERT_PTR_NULL(to);
	dp_map_close(&from);
}

/* To close both handles is what the kernel does for a killed process. */
static void a_move_cut_short_loses_nothing(void)
{
	for (int k = 0; k < 3; k++) {
		struct dp_map *from = unit_map_new(64), *to;

		for (uint64_t n = 0; n < 20; n++)
			CU_ASSERT_EQUAL(unit_record(from, n, NOW), DP_OK);
		CU_ASSERT_EQUAL_FATAL(begin(&to, from, 1000), DP_OK);
		if (k > 0)
			CU_ASSERT_EQUAL(unit_record(from, 20, NOW), DP_OK);
		if (k > 1)
			CU_ASSERT_EQUAL(unit_record(to, 21, NOW), DP_OK);
		CU_ASSERT_TRUE(unit_map_there_is(".next"));
		dp_map_close(&to);
		dp_map_close(&from);
		unit_diag.reason[0] = '\0';
		from = unit_map_open(1000);
		CU_ASSERT_STRING_EQUAL(unit_diag.reason, "");
		CU_ASSERT_EQUAL(unit_count(from, 0, 22, NOW), 20 + k);
		CU_ASSERT_EQUAL(binding(from, 0).hits, 1);
		CU_ASSERT_FALSE(unit_map_there_is(".next"));
		dp_map_close(&from);
	}
}

/* What a power cut made of it is of no use, and in nobody's way. */
static void remains_that_are_no_map_are_removed(void)
{
	static const char *const suffixes[] = { ".new", ".next" };
	struct dp_map *map = unit_map_new(64);
	char name[200];

	record_some(map, 20);
	dp_map_close(&map);
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s%s", unit_path, suffixes[i]);
		CU_ASSERT_TRUE(unit_write(name, "no map", 6));
	}
	map = unit_map_open(64);
	CU_ASSERT_FALSE(unit_map_there_is(".new"));
	CU_ASSERT_FALSE(unit_map_there_is(".next"));
	CU_ASSERT_EQUAL(unit_count(map, 0, 20, NOW), 20);
	dp_map_close(&map);
}

UNIT_MAIN_WITH("map_move", unit_map_begin, unit_map_end,
    UNIT(a_move_keeps_what_lives), UNIT(what_comes_meanwhile_is_carried),
    UNIT(a_slot_filled_anew_counts_from_the_start),
    UNIT(a_map_too_full_to_shrink_is_kept),
    UNIT(a_map_that_others_write_to_is_kept), UNIT(nothing_moves_to_nowhere),
    UNIT(a_move_cut_short_loses_nothing),
    UNIT(remains_that_are_no_map_are_removed))
