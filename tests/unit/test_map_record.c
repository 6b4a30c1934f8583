#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include <stdatomic.h>

#include "module/core/map_private.h"

#define WEEK DP_MAP_LIFETIME_MAX_S

static struct dp_binding only_binding(const struct dp_map *map, uint32_t now_s)
{
	struct dp_binding b, none;
	uint32_t cursor = 0;

	memset(&b, 0, sizeof(b));
	CU_ASSERT_TRUE_FATAL(dp_map_next(map, &cursor, now_s, &b));
	CU_ASSERT_FALSE(dp_map_next(map, &cursor, now_s, &none));
	return b;
}

static void a_sighting_becomes_a_binding(void)
{
	struct dp_map *map = unit_map_new(64);

	for (uint64_t n = 0; n < 24; n++) {
		struct dp_binding b;

		map = map ? map : unit_map_new(64);
		CU_ASSERT_EQUAL_FATAL(unit_record(map, n, NOW), DP_OK);
		b = only_binding(map, NOW);
		CU_ASSERT_EQUAL(unit_number(&b), n);
		CU_ASSERT_EQUAL(b.ttl_end_s, NOW + 60);
		CU_ASSERT_EQUAL(b.end_s, NOW + 300);
		CU_ASSERT_EQUAL(b.first_seen_s, NOW);
		CU_ASSERT_EQUAL(b.last_seen_s, NOW);
		CU_ASSERT_EQUAL(b.hits, 1);
		dp_map_close(&map);
	}
}

static void a_binding_is_found_while_it_lives(void)
{
	const struct dp_addr other =
	    dp_addr_v4((const uint8_t[4]){ 192, 0, 2, 99 });
	struct dp_map *map = unit_map_new(64);
	struct dp_name elsewhere;
	struct dp_binding b;

	CU_ASSERT_EQUAL_FATAL(unit_record(map, 1, NOW), DP_OK);
	b = only_binding(map, NOW);
	CU_ASSERT_TRUE(dp_map_lives(map, &b.name, &b.addr, NOW));
	CU_ASSERT_TRUE(dp_map_lives(map, &b.name, &b.addr, b.end_s - 1));
	CU_ASSERT_FALSE(dp_map_lives(map, &b.name, &b.addr, b.end_s));
	CU_ASSERT_FALSE(dp_map_lives(map, &b.name, &other, NOW));
	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&elsewhere, "no.example", NULL),
	    DP_OK);
	CU_ASSERT_FALSE(dp_map_lives(map, &elsewhere, &b.addr, NOW));
	CU_ASSERT_EQUAL(only_binding(map, NOW).hits, 1);
	dp_map_close(&map);
}

/* Its change will have a number above what dp_map_seq says now. */
static void a_binding_that_is_not_fed_is_not_there(void)
{
	struct dp_map *map = unit_map_new(64);
	struct dp_binding b;

	CU_ASSERT_EQUAL_FATAL(unit_record(map, 1, NOW), DP_OK);
	b = only_binding(map, NOW);
	for (uint32_t i = 0; i < map->slot_count; i++)
		atomic_store(&map->slots[i].fed_end_s, 0);
	CU_ASSERT_FALSE(dp_map_lives(map, &b.name, &b.addr, NOW));
	CU_ASSERT_EQUAL_FATAL(unit_record(map, 1, NOW), DP_OK);
	CU_ASSERT_TRUE(dp_map_lives(map, &b.name, &b.addr, NOW));
	dp_map_close(&map);
}

static void names_of_all_lengths_fit(void)
{
	struct dp_map *map;
	struct dp_name name;
	struct dp_sighting s = { .name = &name, .final = &name,
		.addr = dp_addr_v4((const uint8_t[4]){ 192, 0, 2, 1 }),
		.ttl_s = 1, .lifetime_s = 1 };

	for (unsigned len = 1; len <= DP_NAME_MAX; len++) {
		uint8_t *p = name.wire;
		unsigned left = len - 1;
		struct dp_binding b;

		if (len == 2)
			continue; /* no name has two octets */
		while (left > 0) {
			unsigned label = left > 64 ? 63 : left - 1;

			if (left - label - 1 == 1)
				label--; /* one octet alone is no label */
			*p++ = (uint8_t)label;
			memset(p, 'a', label);
			p += label;
			left -= label + 1;
		}
		*p++ = 0;
		name.len = (uint8_t)(p - name.wire);
		CU_ASSERT_EQUAL_FATAL(name.len, len);
		map = unit_map_new(64);
		CU_ASSERT_EQUAL(dp_map_record(map, &s, NOW), DP_OK);
		b = only_binding(map, NOW);
		CU_ASSERT_TRUE(dp_name_equal(&b.name, &name));
		CU_ASSERT_TRUE(dp_name_equal(&b.final, &name));
		dp_map_close(&map);
	}
}

/* A second sighting of the same binding, and what it makes of the first one at
 * NOW with TTL 60 and lifetime 300. */
static const struct {
	const char *what;
	uint32_t now_s, ttl_s, lifetime_s;
	uint32_t ttl_end_s, end_s, last_seen_s;
	unsigned changes;
} again[] = {
	{ "same", NOW, 60, 300, NOW + 60, NOW + 300, NOW, 0 },
	{ "cached", NOW + 20, 40, 280, NOW + 60, NOW + 300, NOW + 20, 0 },
	{ "shorter", NOW + 1, 1, 1, NOW + 60, NOW + 300, NOW + 1, 0 },
	{ "longer", NOW + 1, 60, 300, NOW + 61, NOW + 301, NOW + 1, 1 },
	{ "ttl only", NOW, 100, 300, NOW + 100, NOW + 300, NOW, 0 },
	{ "clock back", NOW - 1000, 60, 300, NOW + 60, NOW + 300, NOW, 0 },
	{ "week", NOW, 60, WEEK, NOW + 60, NOW + WEEK, NOW, 1 },
	{ "too long", NOW, 60, WEEK + 1, NOW + 60, NOW + WEEK, NOW, 1 },
	{ "endless", NOW, UINT32_MAX, UINT32_MAX, UINT32_MAX - 1, NOW + WEEK,
	    NOW, 1 },
};

static void lives_are_only_prolonged(void)
{
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
		struct dp_map *map = unit_map_new(64);
		struct unit_sighting u;
		struct dp_binding b;
		uint64_t seq;

		CU_ASSERT_EQUAL_FATAL(unit_record(map, 3, NOW), DP_OK);
		seq = dp_map_seq(map);
		unit_sighting(&u, 3);
		u.s.ttl_s = again[i].ttl_s;
		u.s.lifetime_s = again[i].lifetime_s;
		CU_ASSERT_EQUAL(dp_map_record(map, &u.s, again[i].now_s),
		    DP_OK);
		b = only_binding(map, NOW);
		if (b.end_s != again[i].end_s ||
		    b.ttl_end_s != again[i].ttl_end_s ||
		    b.last_seen_s != again[i].last_seen_s)
			printf("%s: ", again[i].what);
		CU_ASSERT_EQUAL(b.end_s, again[i].end_s);
		CU_ASSERT_EQUAL(b.ttl_end_s, again[i].ttl_end_s);
		CU_ASSERT_EQUAL(b.last_seen_s, again[i].last_seen_s);
		CU_ASSERT_EQUAL(b.first_seen_s, NOW);
		CU_ASSERT_EQUAL(b.hits, 2);
		CU_ASSERT_EQUAL(dp_map_seq(map) - seq, again[i].changes);
		dp_map_close(&map);
	}
}

static void times_do_not_run_over(void)
{
	static const struct {
		uint32_t now_s, lifetime_s, end_s;
	} cases[] = {
		{ UINT32_MAX - 100, 300, UINT32_MAX - 1 },
		{ UINT32_MAX - 301, 300, UINT32_MAX - 1 },
		{ UINT32_MAX - 302, 300, UINT32_MAX - 2 },
		{ 0, 300, 300 },
		{ NOW, 0, NOW + 1 }, /* seen once at least */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_map *map = unit_map_new(64);
		struct unit_sighting u;

		unit_sighting(&u, 7);
		u.s.lifetime_s = cases[i].lifetime_s;
		CU_ASSERT_EQUAL(dp_map_record(map, &u.s, cases[i].now_s),
		    DP_OK);
		CU_ASSERT_EQUAL(only_binding(map, cases[i].now_s).end_s,
		    cases[i].end_s);
		dp_map_close(&map);
	}
}

static void an_ended_binding_begins_anew(void)
{
	struct dp_map *map = unit_map_new(64);
	struct dp_binding b;

	CU_ASSERT_EQUAL(unit_record(map, 5, NOW), DP_OK);
	CU_ASSERT_EQUAL(unit_record(map, 5, NOW + 299), DP_OK);
	CU_ASSERT_EQUAL(only_binding(map, NOW + 299).hits, 2);
	CU_ASSERT_EQUAL(unit_record(map, 5, NOW + 599), DP_OK);
	b = only_binding(map, NOW + 599);
	CU_ASSERT_EQUAL(b.hits, 1);
	CU_ASSERT_EQUAL(b.first_seen_s, NOW + 599);
	CU_ASSERT_EQUAL(b.end_s, NOW + 899);
	dp_map_close(&map);
}

static void final_stays_that_of_the_first_sighting(void)
{
	struct dp_map *map = unit_map_new(64);
	struct unit_sighting u;
	struct dp_name other;

	CU_ASSERT_EQUAL(unit_record(map, 3, NOW), DP_OK);
	unit_sighting(&u, 3);
	unit_name(&other, 4, "elsewhere");
	u.s.final = &other;
	CU_ASSERT_EQUAL(dp_map_record(map, &u.s, NOW), DP_OK);
	CU_ASSERT_EQUAL(unit_count(map, 3, 1, NOW), 1);
	dp_map_close(&map);
}

static void same_name_or_same_address_is_another_binding(void)
{
	struct dp_map *map = unit_map_new(64);
	struct unit_sighting a, b;
	struct dp_binding out;
	uint32_t cursor = 0;
	int n = 0;

	unit_sighting(&a, 1);
	unit_sighting(&b, 2);
	CU_ASSERT_EQUAL(dp_map_record(map, &a.s, NOW), DP_OK);
	a.s.addr = b.s.addr;
	CU_ASSERT_EQUAL(dp_map_record(map, &a.s, NOW), DP_OK);
	CU_ASSERT_EQUAL(dp_map_record(map, &b.s, NOW), DP_OK);
	/* The same octets, but IPv6. */
	b.s.addr.family = 6;
	CU_ASSERT_EQUAL(dp_map_record(map, &b.s, NOW), DP_OK);
	while (dp_map_next(map, &cursor, NOW, &out))
		n++;
	CU_ASSERT_EQUAL(n, 4);
	dp_map_close(&map);
}

static void check_capacity(uint32_t capacity)
{
	struct dp_map *map = unit_map_new(capacity);
	struct dp_map_stats stats;
	uint64_t n;

	for (n = 0; n < capacity; n++)
		if (unit_record(map, n, NOW) != DP_OK)
			break;
	CU_ASSERT_EQUAL(n, capacity);
	CU_ASSERT_EQUAL(unit_count(map, 0, capacity, NOW), (long)capacity);
	dp_map_stats(map, NOW, &stats);
	CU_ASSERT_EQUAL(stats.capacity, capacity);
	CU_ASSERT_EQUAL(stats.live, capacity);
	CU_ASSERT_EQUAL(stats.recorded, capacity);
	CU_ASSERT_EQUAL(stats.refused_full, 0);
	/* All end; as many others find room in their place, again and again. */
	for (uint32_t round = 1; round <= 3; round++) {
		uint64_t first = (uint64_t)round * capacity;
		uint32_t now_s = NOW + 300 * round;

		for (n = first; n < first + capacity; n++)
			if (unit_record(map, n, now_s) != DP_OK)
				break;
		CU_ASSERT_EQUAL(n, first + capacity);
		CU_ASSERT_EQUAL(unit_count(map, first, capacity, now_s),
		    (long)capacity);
	}
	dp_map_close(&map);
}

static void a_map_holds_its_capacity(void)
{
	check_capacity(1);
	check_capacity(64);
	check_capacity(1000);
	check_capacity(65536);
}

static void a_full_map_refuses_and_keeps_what_it_has(void)
{
	enum { CAPACITY = 64, OFFERED = 4096 };
	struct dp_map *map = unit_map_new(CAPACITY);
	struct dp_map_stats stats;
	uint8_t taken[OFFERED] = { 0 };
	uint32_t cursor = 0;
	unsigned count = 0;
	struct dp_binding b;

	for (uint64_t n = 0; n < OFFERED; n++) {
		enum dp_err err = unit_record(map, n, NOW);

		CU_ASSERT_TRUE(err == DP_OK || err == DP_ERR_FULL);
		taken[n] = err == DP_OK;
		count += taken[n];
	}
	CU_ASSERT_TRUE(count >= CAPACITY && count <= 2 * CAPACITY);
	dp_map_stats(map, NOW, &stats);
	CU_ASSERT_EQUAL(stats.live, count);
	CU_ASSERT_EQUAL(stats.refused_full, OFFERED - count);
	while (dp_map_next(map, &cursor, NOW, &b)) {
		uint64_t n = unit_number(&b);

		CU_ASSERT_TRUE_FATAL(n < OFFERED && taken[n]);
		taken[n] = 0;
		count--;
	}
	CU_ASSERT_EQUAL(count, 0);
	/* Known ones are prolonged though it is full. */
	unit_record(map, 0, NOW + 10);
	cursor = 0;
	while (dp_map_next(map, &cursor, NOW, &b))
		if (unit_number(&b) == 0)
			CU_ASSERT_EQUAL(b.end_s, NOW + 310);
	dp_map_close(&map);
}

/* As if the writer that made it live so long were just about to feed it, or
 * had died over it. */
static void what_is_not_fed_yet_is_fed_by_the_next(void)
{
	struct dp_map *map = unit_map_new(64);
	struct dp_binding b;
	uint64_t seq;

	CU_ASSERT_EQUAL(unit_record(map, 3, NOW), DP_OK);
	for (uint32_t i = 0; i < map->slot_count; i++)
		if (atomic_load(&map->slots[i].fed_end_s) == NOW + 300)
			atomic_store(&map->slots[i].fed_end_s, NOW + 290);
	seq = dp_map_seq(map);
	/* 290 s will do. */
	CU_ASSERT_EQUAL(unit_record(map, 3, NOW - 10), DP_OK);
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL(unit_record(map, 3, NOW - 9), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_map_feed(map, &seq, &b), DP_OK);
	CU_ASSERT_EQUAL(unit_number(&b), 3);
	CU_ASSERT_EQUAL(unit_record(map, 3, NOW - 9), DP_OK); /* once */
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_NOTFOUND);
	/* The next who is alone feeds the whole life. */
	dp_map_close(&map);
	map = unit_map_open(64);
	CU_ASSERT_EQUAL_FATAL(dp_map_feed(map, &seq, &b), DP_OK);
	CU_ASSERT_EQUAL(unit_number(&b), 3);
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_NOTFOUND);
	dp_map_close(&map);
	map = unit_map_open(64);
	CU_ASSERT_EQUAL(dp_map_seq(map), seq);
	dp_map_close(&map);
}

/* Recorded while the clock was a year ahead, or a minute, or right. */
static void ends_of_a_clock_that_ran_ahead_are_cut(void)
{
	static const struct {
		uint32_t ahead_s, end_s;
	} cases[] = { { 0, NOW + 300 }, { 60, NOW + 360 },
		{ 3301, NOW + 3600 }, { 31536000, NOW + 3600 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_map *map = unit_map_new(64);
		struct dp_binding b;
		uint64_t seq;

		CU_ASSERT_EQUAL(unit_record(map, 3, NOW + cases[i].ahead_s),
		    DP_OK);
		CU_ASSERT_EQUAL(dp_map_clamp(map, NOW, 3600),
		    cases[i].ahead_s > 3300);
		CU_ASSERT_EQUAL(only_binding(map, NOW).end_s, cases[i].end_s);
		CU_ASSERT_EQUAL(dp_map_clamp(map, NOW, 3600), 0);
		/* What prolongs it then is news. */
		seq = dp_map_seq(map);
		CU_ASSERT_EQUAL(unit_record(map, 3, NOW + 3500), DP_OK);
		CU_ASSERT_EQUAL_FATAL(dp_map_feed(map, &seq, &b), DP_OK);
		CU_ASSERT_EQUAL(b.end_s, NOW + 3800);
		dp_map_close(&map);
	}
}

UNIT_MAIN_WITH("map_record", unit_map_begin, unit_map_end,
    UNIT(a_sighting_becomes_a_binding),
    UNIT(a_binding_is_found_while_it_lives),
    UNIT(a_binding_that_is_not_fed_is_not_there), UNIT(names_of_all_lengths_fit),
    UNIT(lives_are_only_prolonged), UNIT(times_do_not_run_over),
    UNIT(an_ended_binding_begins_anew),
    UNIT(final_stays_that_of_the_first_sighting),
    UNIT(same_name_or_same_address_is_another_binding),
    UNIT(a_map_holds_its_capacity),
    UNIT(a_full_map_refuses_and_keeps_what_it_has),
    UNIT(what_is_not_fed_yet_is_fed_by_the_next),
    UNIT(ends_of_a_clock_that_ran_ahead_are_cut))
