#include "module/compat.h"

#include "tests/unit/keeper_of.h"

#include "module/keeper_private.h"

static void a_lost_map_is_made_anew(void)
{
	struct bench b;

	bench_open(&b);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 2);
	CU_ASSERT_EQUAL(said(&b, "removed or replaced"), 0);
	remove_in(&b, "unbound/map");
	look(&b, 2);
	CU_ASSERT_EQUAL(said(&b, "removed or replaced"), 1);
	CU_ASSERT_PTR_NOT_NULL(atomic_load(&b.m.map));
	CU_ASSERT_TRUE(head_of(&b).ready != 0);
	remove_in(&b, "unbound/map");
	block(&b, "unbound/map");
	look(&b, 2);
	CU_ASSERT_EQUAL(said(&b, "removed or replaced"), 2);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.map)); /* closed */
	CU_ASSERT_FALSE(head_of(&b).ready != 0);
	bench_close(&b);
}

static uint32_t capacity_of(const struct bench *b)
{
	return dp_map_capacity(atomic_load(&b->m.map));
}

static void record(const struct bench *b, uint8_t count)
{
	struct dp_name name = { .len = 3, .wire = "\1n" };
	struct dp_sighting s = { .name = &name, .ttl_s = 60,
		.lifetime_s = 3600 };

	for (uint8_t i = 0; i < count; i++) {
		s.addr = dp_addr_v4((uint8_t[]){ 192, 0, 2, i });
		CU_ASSERT_EQUAL(dp_map_record(atomic_load(&b->m.map), &s,
		    (uint32_t)time(NULL)), DP_OK);
	}
}

static uint32_t live(const struct bench *b)
{
	struct dp_map_stats stats;

	dp_map_stats(atomic_load(&b->m.map), (uint32_t)time(NULL), &stats);
	return stats.live;
}

static void the_map_follows_the_capacity_of_the_policy(void)
{
	struct bench b;

	bench_open(&b);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 2);
	CU_ASSERT_EQUAL(capacity_of(&b), 64);
	record(&b, 60);
	put_policy_for(&b, one_rule, DP_MODE_STRICT, 1000);
	look(&b, 2);
	CU_ASSERT_EQUAL(capacity_of(&b), 1000);
	CU_ASSERT_EQUAL(live(&b), 60);
	CU_ASSERT_EQUAL(said(&b, "moved from a capacity of 64 bindings to "
				 "1000"), 1);
	put_policy_for(&b, one_rule, DP_MODE_STRICT, 80);
	look(&b, 2);
	CU_ASSERT_EQUAL(capacity_of(&b), 80);
	CU_ASSERT_EQUAL(live(&b), 60);
	CU_ASSERT_EQUAL(head_of(&b).trouble[0], 0);
	bench_close(&b);
}

/* Said once, and forgotten when the policy changes its mind. */
static void a_map_too_full_keeps_its_capacity(void)
{
	struct bench b;

	bench_open(&b);
	put_policy_for(&b, one_rule, DP_MODE_STRICT, 1000);
	look(&b, 1);
	record(&b, 70);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 5);
	CU_ASSERT_EQUAL(capacity_of(&b), 1000);
	CU_ASSERT_EQUAL(live(&b), 70);
	CU_ASSERT_EQUAL(said(&b, "keeps its capacity of 1000 bindings"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr((char *)head_of(&b).trouble,
	    "until no more than 64 live"));
	CU_ASSERT_EQUAL(head_of(&b).ready, 1);
	put_policy_for(&b, one_rule, DP_MODE_STRICT, 1000);
	look(&b, 1);
	CU_ASSERT_EQUAL(head_of(&b).trouble[0], 0);
	bench_close(&b);
}

static void a_shared_map_keeps_its_capacity(void)
{
	static const uint8_t key[DP_MAP_KEY_B] = { 1 };
	struct dp_map *other = NULL;
	struct bench b;
	char path[80];

	bench_open(&b);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 1);
	path_in(&b, "unbound/map", path);
	CU_ASSERT_EQUAL_FATAL(dp_map_open(&other, path, 64, key, 1, NULL),
	    DP_OK);
	put_policy_for(&b, one_rule, DP_MODE_STRICT, 1000);
	look(&b, 5);
	CU_ASSERT_EQUAL(capacity_of(&b), 64);
	CU_ASSERT_EQUAL(said(&b, "while another process writes to it"), 1);
	CU_ASSERT_EQUAL(head_of(&b).ready, 1);
	dp_map_close(&other);
	put_policy_for(&b, two_rules, DP_MODE_STRICT, 1000); /* try at once */
	look(&b, 1);
	CU_ASSERT_EQUAL(capacity_of(&b), 1000);
	CU_ASSERT_EQUAL(head_of(&b).trouble[0], 0);
	bench_close(&b);
}

static uint32_t latest_end(const struct bench *b)
{
	struct dp_binding found;
	uint32_t cursor = 0, end_s = 0;

	while (dp_map_next(atomic_load(&b->m.map), &cursor, 0, &found))
		end_s = found.end_s > end_s ? found.end_s : end_s;
	return end_s;
}

/* Only after the clock was not set for ten minutes: else it may be the clock
 * that is wrong now, and lives would be cut that are not. */
static void lives_are_cut_when_the_clock_is_steady(void)
{
	uint32_t now_s = (uint32_t)time(NULL);
	struct dp_name name = { .len = 3, .wire = "\1n" };
	struct dp_sighting s = { .name = &name, .ttl_s = 60,
		.lifetime_s = 3600,
		.addr = dp_addr_v4((uint8_t[]){ 192, 0, 2, 1 }) };
	struct bench b;
	uint32_t forgot;

	bench_open(&b);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 1);
	forgot = atomic_load(&b.m.forgot);
	CU_ASSERT_EQUAL(dp_map_record(atomic_load(&b.m.map), &s,
	    now_s + 31536000), DP_OK);
	look(&b, 2);
	CU_ASSERT_EQUAL(latest_end(&b), now_s + 31536000 + 3600);
	b.m.keeper->steady_s -= 600;
	b.m.keeper->clock_base_s += 3; /* but it was set just now */
	look(&b, 1);
	CU_ASSERT_EQUAL(latest_end(&b), now_s + 31536000 + 3600);
	CU_ASSERT_EQUAL(atomic_load(&b.m.forgot), forgot);
	b.m.keeper->steady_s -= 600;
	look(&b, 2);
	CU_ASSERT_EQUAL(atomic_load(&b.m.forgot), forgot + 1);
	CU_ASSERT_TRUE(latest_end(&b) >= now_s + 86400);
	CU_ASSERT_TRUE(latest_end(&b) < now_s + 86400 + 60);
	CU_ASSERT_EQUAL(said(&b, "1 bindings would have lived longer"), 1);
	bench_close(&b);
}

UNIT_MAIN("keeper_map", UNIT(a_lost_map_is_made_anew),
    UNIT(the_map_follows_the_capacity_of_the_policy),
    UNIT(a_map_too_full_keeps_its_capacity),
    UNIT(a_shared_map_keeps_its_capacity),
    UNIT(lives_are_cut_when_the_clock_is_steady))
