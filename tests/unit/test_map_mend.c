#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "module/core/map_private.h"

static uint64_t dropped(const struct dp_map *map)
{
	struct dp_map_stats stats;

	dp_map_stats(map, NOW, &stats);
	return stats.dropped_torn;
}

static uint32_t place_of(const struct dp_map *map, uint64_t n)
{
	struct dp_binding b;

	for (uint32_t i = 0; i < map->slot_count; i++)
		if (dp_map_place_read(map, i, &b) && unit_number(&b) == n)
			return i;
	CU_FAIL_FATAL("no such binding");
	return 0;
}

static void what_dead_writers_claimed_is_free_again(void)
{
	struct dp_map *map = unit_map_new(64), *other;
	uint32_t i;
	long left;

	for (uint64_t n = 0; n < 10; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	i = place_of(map, 4);
	atomic_store(&map->index[i],
	    dp_map_entry(dp_map_tag(map->index[i]), DP_MAP_CLAIMED));
	atomic_store(&dp_map_slot(map, i)->seq, 3);
	CU_ASSERT_EQUAL(unit_count(map, 0, 10, NOW), 9);
	/* While others live it may be theirs: nobody takes it, not even when
	 * by the clock all bindings have ended. */
	other = unit_map_open(64);
	CU_ASSERT_EQUAL(dropped(other), 0);
	CU_ASSERT_EQUAL(dp_map_end(map->index[i]), DP_MAP_CLAIMED);
	CU_ASSERT_EQUAL(unit_record(other, 10, UINT32_MAX), DP_OK);
	CU_ASSERT_EQUAL(dp_map_end(map->index[i]), DP_MAP_CLAIMED);
	left = unit_count(other, 0, 11, NOW);
	CU_ASSERT_TRUE(left >= 9);
	dp_map_close(&map);
	dp_map_close(&other);
	map = unit_map_open(64);
	CU_ASSERT_EQUAL(dropped(map), 1);
	CU_ASSERT_EQUAL(map->index[i], 0);
	CU_ASSERT_EQUAL(unit_record(map, 4, NOW), DP_OK);
	CU_ASSERT_EQUAL(unit_count(map, 0, 11, NOW), left + 1);
	dp_map_close(&map);
}

/* Each of these is done to the place of number 6, which has a final. */
static void tear_name(struct dp_map *map, uint32_t i)
{
	dp_map_names(map, dp_map_slot(map, i))->name[0] ^= 1;
}
static void tear_final(struct dp_map *map, uint32_t i)
{
	dp_map_names(map, dp_map_slot(map, i))->final[0] ^= 1;
}
static void tear_address(struct dp_map *map, uint32_t i)
{
	dp_map_slot(map, i)->addr[0] ^= 1;
}
static void tear_shape(struct dp_map *map, uint32_t i)
{
	dp_map_slot(map, i)->shape = UINT32_MAX;
}
static void tear_first_seen(struct dp_map *map, uint32_t i)
{
	dp_map_slot(map, i)->first_seen_s ^= 1;
}
static void tear_check(struct dp_map *map, uint32_t i)
{
	dp_map_slot(map, i)->check ^= 1;
}
static void tear_seq(struct dp_map *map, uint32_t i)
{
	dp_map_slot(map, i)->seq ^= 1;
}
static void tear_seq_zero(struct dp_map *map, uint32_t i)
{
	dp_map_slot(map, i)->seq = 0;
}
static void tear_tag(struct dp_map *map, uint32_t i)
{
	map->index[i] ^= (uint64_t)1 << 40;
}
static void tear_all(struct dp_map *map, uint32_t i)
{
	memset(dp_map_slot(map, i), 0, sizeof(struct dp_slot_d));
}
static void tear_names(struct dp_map *map, uint32_t i)
{
	memset(dp_map_names(map, dp_map_slot(map, i)), 0,
	    sizeof(struct dp_names_d));
}
static void tear_names_of_another(struct dp_map *map, uint32_t i)
{
	struct dp_slot_d *other = dp_map_slot(map, place_of(map, 5));

	memcpy(dp_map_names(map, dp_map_slot(map, i)),
	    dp_map_names(map, other), sizeof(struct dp_names_d));
}
static void tear_place(struct dp_map *map, uint32_t i)
{
	uint32_t k = place_of(map, 5); /* the place of another */

	tear_names_of_another(map, i);
	memcpy(dp_map_slot(map, i), dp_map_slot(map, k),
	    sizeof(struct dp_slot_d));
	map->index[i] = map->index[k];
}

static void tear_slot_of(struct dp_map *map, uint32_t i)
{
	map->slot_of[i] = 0;
}
static void tear_slot_of_wide(struct dp_map *map, uint32_t i)
{
	map->slot_of[i] = UINT32_MAX;
}
static void tear_slot_of_another(struct dp_map *map, uint32_t i)
{
	map->slot_of[i] = map->slot_of[place_of(map, 5)];
}

static void torn_slots_are_dropped(void)
{
	static void (*const tear[])(struct dp_map *, uint32_t) = { tear_name,
		tear_final, tear_address, tear_shape, tear_first_seen,
		tear_check, tear_seq, tear_seq_zero, tear_tag, tear_all,
		tear_names, tear_names_of_another, tear_place, tear_slot_of, tear_slot_of_wide,
		tear_slot_of_another };

	for (size_t k = 0; k < sizeof(tear) / sizeof(tear[0]); k++) {
		struct dp_map *map = unit_map_new(4096);
		uint32_t i;

		for (uint64_t n = 0; n < 12; n++)
			CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
		i = place_of(map, 6);
		tear[k](map, i);
		CU_ASSERT_EQUAL(unit_count(map, 0, 12, NOW), 11);
		dp_map_close(&map);
		map = unit_map_open(4096);
		CU_ASSERT_EQUAL(dropped(map), 1);
		CU_ASSERT_EQUAL(map->index[i], 0);
		CU_ASSERT_EQUAL(unit_count(map, 0, 12, NOW), 11);
		CU_ASSERT_EQUAL(unit_record(map, 6, NOW), DP_OK);
		CU_ASSERT_EQUAL(unit_count(map, 0, 12, NOW), 12);
		dp_map_close(&map);
	}
}

/* What a power cut may make of the feed. */
static void a_torn_feed_sends_readers_round(void)
{
	for (int k = 0; k < 4; k++) {
		struct dp_map *map = unit_map_new(64);
		struct dp_binding b;
		uint64_t seq;

		for (uint64_t n = 0; n < 10; n++)
			CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
		seq = dp_map_seq(map);
		if (k == 0)
			map->feed[5] = 0;
		else if (k == 1)
			map->head->feed_next = 4;
		else if (k == 2)
			map->head->feed_next = 0;
		else
			map->feed[seq & (map->feed_count - 1)] =
			    dp_map_entry((uint32_t)seq, place_of(map, 3));
		dp_map_close(&map);
		map = unit_map_open(64);
		if (k == 3) { /* its writer died before it moved feed_next */
			CU_ASSERT_EQUAL(dp_map_seq(map), seq);
		} else {
			CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b),
			    DP_ERR_LIMIT);
		}
		seq = dp_map_seq(map);
		CU_ASSERT_EQUAL(unit_record(map, 11, NOW), DP_OK);
		if (k == 3) {
			CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_OK);
			CU_ASSERT_EQUAL(unit_number(&b), 3);
		}
		CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_OK);
		CU_ASSERT_EQUAL(unit_number(&b), 11);
		dp_map_close(&map);
		unit_diag.reason[0] = '\0';
		map = unit_map_open(64);
		CU_ASSERT_EQUAL(dp_map_seq(map), seq); /* it is sound now */
		dp_map_close(&map);
	}
}

/* Every place that has a slot has one of its own, of the first ones. */
static void check_slots(const struct dp_map *map, uint32_t count)
{
	uint8_t *owned = calloc(map->slot_count, 1);
	uint32_t seen = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(owned);
	for (uint32_t i = 0; i < map->slot_count; i++) {
		uint32_t number = map->slot_of[i];

		if (number == 0)
			continue;
		CU_ASSERT_TRUE_FATAL(number <= count && !owned[number - 1]);
		owned[number - 1] = 1;
		seen++;
	}
	CU_ASSERT_EQUAL(seen, count);
	CU_ASSERT_EQUAL(map->head->slots_given, count);
	free(owned);
}

static void slots_are_used_side_by_side(void)
{
	struct dp_map *map = unit_map_new(4096);
	uint32_t given;

	for (uint64_t n = 0; n < 100; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	check_slots(map, 100);
	for (uint64_t n = 0; n < 100; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW + 1), DP_OK);
	check_slots(map, 100);
	/* A place keeps its slot for those that come after. */
	for (uint64_t n = 100; n < 200; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW + 301), DP_OK);
	given = (uint32_t)map->head->slots_given;
	CU_ASSERT_TRUE(given < 200);
	check_slots(map, given);
	dp_map_close(&map);
	map = unit_map_open(4096);
	check_slots(map, given);
	CU_ASSERT_EQUAL(unit_count(map, 100, 100, NOW + 301), 100);
	dp_map_close(&map);
}

/* Two writers died after they had taken a slot and before they gave it to a
 * place; a power cut took back how many were given. */
static void slots_of_the_dead_are_given_away(void)
{
	struct dp_map *map = unit_map_new(64);

	for (uint64_t n = 0; n < 10; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	map->head->slots_given += 2;
	for (uint64_t n = 10; n < 20; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	map->head->slots_given = 3;
	dp_map_close(&map);
	map = unit_map_open(64);
	check_slots(map, 22);
	CU_ASSERT_EQUAL(dropped(map), 0);
	CU_ASSERT_EQUAL(unit_count(map, 0, 20, NOW), 20);
	for (uint64_t n = 20; n < 64; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	CU_ASSERT_EQUAL(unit_count(map, 0, 64, NOW), 64);
	dp_map_close(&map);
}

/* The dead have taken all: what is new is refused until the next open. */
static void without_a_slot_a_place_stays_free(void)
{
	struct dp_map *map = unit_map_new(64);
	struct dp_map_stats stats;

	CU_ASSERT_EQUAL(unit_record(map, 0, NOW), DP_OK);
	map->head->slots_given = map->slot_count;
	for (uint64_t n = 1; n < 10; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_ERR_FULL);
	CU_ASSERT_EQUAL(unit_record(map, 0, NOW + 1), DP_OK);
	CU_ASSERT_EQUAL(unit_count(map, 0, 10, NOW), 1);
	dp_map_stats(map, NOW, &stats);
	CU_ASSERT_EQUAL(stats.live, 1);
	CU_ASSERT_EQUAL(stats.refused_full, 9);
	dp_map_close(&map);
	map = unit_map_open(64);
	CU_ASSERT_EQUAL(dropped(map), 0);
	for (uint64_t n = 1; n < 64; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	check_slots(map, 64);
	dp_map_close(&map);
}

UNIT_MAIN_WITH("map_mend", unit_map_begin, unit_map_end,
    UNIT(what_dead_writers_claimed_is_free_again), UNIT(torn_slots_are_dropped),
    UNIT(a_torn_feed_sends_readers_round), UNIT(slots_are_used_side_by_side),
    UNIT(slots_of_the_dead_are_given_away),
    UNIT(without_a_slot_a_place_stays_free))
