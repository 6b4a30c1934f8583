/*
 * Sightings of what was seen before, at spots that were kept: right ones and old
 * ones.
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
static unsigned again; /* that were found at their spots */

static enum dp_err record(struct dp_map *map, const struct dp_sighting *s,
    uint32_t now_s)
{
	if (s->spot && dp_map_record_again(map, s, 1, now_s) == 1) {
		again++;
		return DP_OK;
	}
	return dp_map_record(map, s, now_s);
}

static void sight_many(struct outcome *out, bool kept)
{
	struct dp_map *map = unit_map_new(64);
	struct dp_map_spot spots[NUMBERS] = { { 0 } };
	uint32_t now_s = NOW, cursor = 0;
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
		u.s.spot = kept ? &spots[n] : NULL;
		err = record(map, &u.s, now_s);
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

static void spots_change_nothing(void)
{
	struct outcome *plain = malloc(sizeof(*plain));
	struct outcome *kept = malloc(sizeof(*kept));

	CU_ASSERT_PTR_NOT_NULL_FATAL(plain);
	CU_ASSERT_PTR_NOT_NULL_FATAL(kept);
	again = 0;
	sight_many(plain, false);
	CU_ASSERT_EQUAL(again, 0);
	sight_many(kept, true);
	CU_ASSERT_TRUE(again > STEPS / 10);
	CU_ASSERT_TRUE(plain->left_count > 10);
	CU_ASSERT_EQUAL_FATAL(plain->left_count, kept->left_count);
	CU_ASSERT_EQUAL(memcmp(plain->said, kept->said,
	    sizeof(plain->said)), 0);
	for (size_t i = 0; i < plain->left_count; i++)
		CU_ASSERT_TRUE(alike(&plain->left[i], &kept->left[i]));
	free(plain);
	free(kept);
}

/* A map with binding n, and where it stands; its life ends at NOW + 300. */
static struct dp_map *map_with(unsigned n, struct unit_sighting *u,
    struct dp_map_spot *spot)
{
	struct dp_map *map = unit_map_new(64);

	unit_sighting(u, n);
	u->s.spot = spot;
	memset(spot, 0, sizeof(*spot));
	CU_ASSERT_EQUAL(dp_map_record_again(map, &u->s, 1, NOW), 0);
	CU_ASSERT_EQUAL(dp_map_record(map, &u->s, NOW), DP_OK);
	CU_ASSERT_EQUAL(spot->seq, 0); /* somebody else may be entering it */
	CU_ASSERT_EQUAL(dp_map_record(map, &u->s, NOW), DP_OK);
	CU_ASSERT_NOT_EQUAL(spot->seq, 0);
	return map;
}

static struct dp_binding the_one(const struct dp_map *map, uint32_t now_s)
{
	uint32_t cursor = 0;
	struct dp_binding b, other;

	CU_ASSERT_TRUE_FATAL(dp_map_next(map, &cursor, now_s, &b));
	CU_ASSERT_FALSE(dp_map_next(map, &cursor, now_s, &other));
	return b;
}

static void what_was_seen_is_noted(void)
{
	struct unit_sighting u;
	struct dp_map_spot spot;
	struct dp_map *map = map_with(1, &u, &spot);
	uint64_t seq = dp_map_seq(map);
	struct dp_binding b;

	u.s.ttl_s = 290;
	u.s.lifetime_s = 290;
	CU_ASSERT_EQUAL(dp_map_record_again(map, &u.s, 1, NOW + 10), 1);
	CU_ASSERT_EQUAL(dp_map_seq(map), seq);
	b = the_one(map, NOW + 10);
	CU_ASSERT_EQUAL(b.hits, 3);
	CU_ASSERT_EQUAL(b.last_seen_s, NOW + 10);
	CU_ASSERT_EQUAL(b.ttl_end_s, NOW + 300);
	CU_ASSERT_EQUAL(b.end_s, NOW + 300);
	dp_map_close(&map);
}

static void what_lives_longer_is_told(void)
{
	struct unit_sighting u;
	struct dp_map_spot spot;
	struct dp_map *map = map_with(1, &u, &spot);
	uint64_t seq = dp_map_seq(map);
	struct dp_binding b;

	CU_ASSERT_EQUAL(dp_map_record_again(map, &u.s, 1, NOW + 1), 1);
	CU_ASSERT_EQUAL(the_one(map, NOW + 300).end_s, NOW + 301);
	CU_ASSERT_EQUAL_FATAL(dp_map_feed(map, &seq, &b), DP_OK);
	CU_ASSERT_EQUAL(b.end_s, NOW + 301);
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_NOTFOUND);
	/* It has ended: another one may be about to take its place. */
	CU_ASSERT_EQUAL(dp_map_record_again(map, &u.s, 1, NOW + 301), 0);
	dp_map_close(&map);
}

/* Those of an answer in front of one that is not where it was. */
static void what_is_elsewhere_is_not_noted(void)
{
	struct unit_sighting u[2];
	struct dp_sighting seen[2];
	struct dp_map_spot spot, wrong = { 0 };
	struct dp_map *map = map_with(1, &u[0], &spot);

	unit_sighting(&u[1], 2);
	seen[0] = u[0].s;
	seen[1] = u[1].s;
	seen[1].spot = &wrong;
	CU_ASSERT_EQUAL(dp_map_record_again(map, seen, 0, NOW), 0);
	CU_ASSERT_EQUAL(dp_map_record_again(map, seen, 2, NOW), 1);
	seen[1].spot = &spot; /* another address */
	CU_ASSERT_EQUAL(dp_map_record_again(map, &seen[1], 1, NOW), 0);
	seen[0].addr.family = 6; /* the octets are the same */
	CU_ASSERT_EQUAL(dp_map_record_again(map, seen, 2, NOW), 0);
	seen[0] = u[0].s;
	seen[0].spot = &wrong;
	for (int end = 0; end < 2; end++) {
		wrong = spot;
		*(end ? &wrong.place : &wrong.slot) = map->slot_count;
		CU_ASSERT_EQUAL(dp_map_record_again(map, seen, 1, NOW), 0);
	}
	CU_ASSERT_EQUAL(the_one(map, NOW).hits, 3);
	dp_map_close(&map);
}

static void a_slot_that_is_filled_anew_is_another(void)
{
	struct unit_sighting u;
	struct dp_map_spot spot;
	struct dp_map *map = map_with(1, &u, &spot);
	unsigned refused = 0;
	struct dp_slot_d *slot = &map->slots[spot.slot];

	for (uint32_t n = 100; n < 400; n++) {
		struct unit_sighting other;

		unit_sighting(&other, n);
		refused += dp_map_record(map, &other.s, NOW + 301) != DP_OK;
	}
	CU_ASSERT_TRUE(refused > 0); /* it is full */
	/* As if the same address had come to stand there. */
	memcpy((void *)slot->addr, u.s.addr.bytes, 16);
	atomic_store(&slot->shape, u.s.name->len |
	    (uint32_t)u.s.addr.family << 16);
	CU_ASSERT_NOT_EQUAL(atomic_load(&slot->seq), spot.seq);
	CU_ASSERT_EQUAL(dp_map_record_again(map, &u.s, 1, NOW + 301), 0);
	dp_map_close(&map);
}

/* Whoever made it live as long may not have come so far as to feed it. */
static void what_is_not_fed_yet_is_fed(void)
{
	struct unit_sighting u;
	struct dp_map_spot spot;
	struct dp_map *map = map_with(3, &u, &spot);
	struct dp_binding b;
	uint64_t seq = dp_map_seq(map);

	atomic_store(&map->slots[spot.slot].fed_end_s, NOW + 299);
	CU_ASSERT_EQUAL(dp_map_record_again(map, &u.s, 1, NOW), 1);
	CU_ASSERT_EQUAL_FATAL(dp_map_feed(map, &seq, &b), DP_OK);
	CU_ASSERT_EQUAL(unit_number(&b), 3);
	dp_map_close(&map);
}

UNIT_MAIN_WITH("map_again", unit_map_begin, unit_map_end,
    UNIT(spots_change_nothing), UNIT(what_was_seen_is_noted),
    UNIT(what_lives_longer_is_told), UNIT(what_is_elsewhere_is_not_noted),
    UNIT(a_slot_that_is_filled_anew_is_another),
    UNIT(what_is_not_fed_yet_is_fed))
