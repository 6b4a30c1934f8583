/*
 * Many threads on one map. What they record follows from numbers, so that each
 * binding a reader gets can be told from a mixture of two; built with
 * --enable-tsan this is the test of the memory orders.
 */
#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "module/core/epoch.h"
#include "module/core/map_move.h"

#define WRITERS 4
#define EACH 4000
#define MANY (WRITERS * EACH)

static struct dp_map *map;
static atomic_uint writers_left;
static atomic_uint now_moving;
static atomic_ulong recorded, refused, wrong;

static void threads_run(void *(*writer)(void *), void *(*reader)(void *))
{
	pthread_t threads[WRITERS + 4];
	static unsigned numbers[WRITERS];
	int count = 0;

	atomic_store(&writers_left, WRITERS);
	atomic_store(&recorded, 0);
	atomic_store(&refused, 0);
	atomic_store(&wrong, 0);
	for (unsigned i = 0; i < WRITERS; i++) {
		numbers[i] = i;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[count++], NULL,
					  writer, &numbers[i]),
		    0);
	}
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&threads[count++], NULL, reader, NULL), 0);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(atomic_load(&wrong), 0);
}

/* Each thread its own; threads are for one map. */
#define SPOTS 101
static _Thread_local struct {
	uint64_t number;
	struct dp_map_spot spot;
} kept[SPOTS];

static void record_at(uint64_t n, uint32_t now_s, uint32_t lifetime_s)
{
	struct unit_sighting u;

	unit_sighting(&u, n);
	u.s.lifetime_s = lifetime_s;
	u.s.spot = &kept[n % SPOTS].spot;
	if (kept[n % SPOTS].number != n)
		memset(u.s.spot, 0, sizeof(*u.s.spot));
	kept[n % SPOTS].number = n;
	if (dp_map_record_again(map, &u.s, 1, now_s) == 1 ||
	    dp_map_record(map, &u.s, now_s) == DP_OK)
		atomic_fetch_add(&recorded, 1);
	else
		atomic_fetch_add(&refused, 1);
}

/* Each number by one writer, all of them in the same order of places. */
static void *distinct_run(void *arg)
{
	for (uint64_t i = 0; i < EACH; i++)
		record_at(i * WRITERS + *(unsigned *)arg, NOW, 300);
	atomic_fetch_sub(&writers_left, 1);
	return NULL;
}

/* The feed from its beginning: each number once, no gap. */
static void *feed_run(void *arg)
{
	uint8_t *seen = calloc(MANY, 1);
	struct dp_binding b;
	uint64_t seq = 1;
	unsigned found = 0;
	bool last = false;

	(void)arg;
	while (seen && !last) {
		enum dp_err err;

		last = atomic_load(&writers_left) == 0;
		while ((err = dp_map_feed(map, &seq, &b)) == DP_OK) {
			uint64_t n = unit_number(&b);

			if (n >= MANY || seen[n]++ || b.hits != 1)
				atomic_fetch_add(&wrong, 1);
			found++;
		}
		if (err != DP_ERR_NOTFOUND)
			atomic_fetch_add(&wrong, 1);
		sched_yield();
	}
	if (found != MANY)
		atomic_fetch_add(&wrong, 1);
	free(seen);
	return NULL;
}

static void nothing_is_lost(void)
{
	map = unit_map_new(MANY);
	threads_run(distinct_run, feed_run);
	CU_ASSERT_EQUAL(atomic_load(&recorded), MANY);
	CU_ASSERT_EQUAL(unit_count(map, 0, MANY, NOW), MANY);
	CU_ASSERT_EQUAL(dp_map_seq(map), 1 + MANY);
	dp_map_close(&map);
}

/* All writers the same few numbers at the same time. */
static void *same_run(void *arg)
{
	uint64_t state = *(unsigned *)arg;

	for (unsigned i = 0; i < EACH; i++)
		record_at(unit_random(&state) % 50, NOW + i / 100, 300);
	atomic_fetch_sub(&writers_left, 1);
	return NULL;
}

static void *walk_run(void *arg)
{
	(void)arg;
	while (atomic_load(&writers_left) > 0) {
		struct dp_binding b;
		uint32_t cursor = 0;

		while (dp_map_next(map, &cursor, NOW, &b)) {
			if (unit_number(&b) >= 50 || b.end_s < NOW + 300 ||
			    b.end_s > NOW + 300 + EACH / 100)
				atomic_fetch_add(&wrong, 1);
		}
	}
	return NULL;
}

static void every_sighting_counts(void)
{
	struct dp_binding b;
	uint32_t cursor = 0, longest[50] = { 0 };
	uint64_t hits = 0;

	map = unit_map_new(1000);
	threads_run(same_run, walk_run);
	CU_ASSERT_EQUAL(atomic_load(&recorded), MANY);
	while (dp_map_next(map, &cursor, NOW, &b)) {
		uint64_t n = unit_number(&b);

		CU_ASSERT_TRUE_FATAL(n < 50);
		hits += b.hits;
		if (b.end_s > longest[n])
			longest[n] = b.end_s;
	}
	CU_ASSERT_EQUAL(hits, MANY);
	for (int n = 0; n < 50; n++)
		CU_ASSERT_TRUE(longest[n] >= NOW + 300);
	dp_map_close(&map);
}

/* A clock that races and a map of 32 slots: filled anew all the time. */
static void *reuse_run(void *arg)
{
	uint64_t state = *(unsigned *)arg + 100;

	for (unsigned i = 0; i < EACH; i++) {
		record_at(unit_random(&state) % 500, atomic_load(&now_moving),
		    1 + (uint32_t)(unit_random(&state) % 3));
		if (i % 8 == 0)
			atomic_fetch_add(&now_moving, 1);
	}
	atomic_fetch_sub(&writers_left, 1);
	return NULL;
}

static void sound_at_any_time(const struct dp_binding *b)
{
	uint32_t now_s = atomic_load(&now_moving);

	if (unit_number(b) >= 500 || b->first_seen_s < NOW ||
	    b->first_seen_s > now_s || b->end_s > now_s + 3)
		atomic_fetch_add(&wrong, 1);
}

static void *walk_and_feed_run(void *arg)
{
	uint64_t seq = dp_map_seq(map);
	struct dp_binding b;

	(void)arg;
	while (atomic_load(&writers_left) > 0) {
		uint32_t cursor = 0;
		enum dp_err err;

		while (dp_map_next(map, &cursor, atomic_load(&now_moving), &b))
			sound_at_any_time(&b);
		while ((err = dp_map_feed(map, &seq, &b)) == DP_OK)
			sound_at_any_time(&b);
		if (err == DP_ERR_LIMIT)
			seq = dp_map_seq(map);
	}
	return NULL;
}

static void reuse_mixes_nothing(void)
{
	struct dp_map_stats stats;

	map = unit_map_new(16);
	atomic_store(&now_moving, NOW);
	threads_run(reuse_run, walk_and_feed_run);
	dp_map_stats(map, 0, &stats);
	CU_ASSERT_EQUAL(atomic_load(&recorded) + atomic_load(&refused), MANY);
	CU_ASSERT_EQUAL(stats.refused_full, atomic_load(&refused));
	CU_ASSERT_TRUE(stats.recorded > 1000);
	dp_map_close(&map);
	map = unit_map_open(16);
	dp_map_stats(map, 0, &stats);
	CU_ASSERT_EQUAL(stats.dropped_torn, 0);
	dp_map_close(&map);
}

/*
 * What the barrier rests on: an agent follows the feed and says how far it is;
 * a writer waits until that is past its record, and then the agent has the
 * binding with the life that was recorded. All writers record the same few, so
 * that most find the life that they want made by another a moment ago.
 */
#define HELD 16

static _Atomic uint32_t agent_has[HELD]; /* lifetime ends */
static atomic_ulong acked;
static atomic_flag has_agent = ATOMIC_FLAG_INIT;

static void apply(const struct dp_binding *b)
{
	uint64_t n = unit_number(b);

	if (n >= HELD)
		atomic_fetch_add(&wrong, 1);
	else if (atomic_load(&agent_has[n]) < b->end_s)
		atomic_store(&agent_has[n], b->end_s);
}

static void *agent_run(void *arg)
{
	uint64_t seq = 1;

	(void)arg;
	if (atomic_flag_test_and_set(&has_agent))
		return NULL; /* one is enough */
	for (;;) {
		struct dp_binding b;
		uint32_t cursor = 0;
		enum dp_err err;

		while ((err = dp_map_feed(map, &seq, &b)) == DP_OK)
			apply(&b);
		if (err == DP_ERR_LIMIT) {
			seq = dp_map_seq(map);
			while (dp_map_next(map, &cursor, NOW, &b))
				apply(&b);
		}
		atomic_store(&acked, seq);
		if (atomic_load(&writers_left) == 0)
			break;
		sched_yield();
	}
	return NULL;
}

static void *held_run(void *arg)
{
	uint64_t state = *(unsigned *)arg + 7;

	for (unsigned i = 0; i < EACH; i++) {
		uint64_t n = unit_random(&state) % HELD, seq;
		uint32_t now_s = atomic_load(&now_moving);

		record_at(n, now_s, 300);
		seq = dp_map_seq(map);
		while (atomic_load(&acked) < seq)
			sched_yield();
		if (atomic_load(&agent_has[n]) < now_s + 300)
			atomic_fetch_add(&wrong, 1);
		if (i % 4 == 0)
			atomic_fetch_add(&now_moving, 1);
	}
	atomic_fetch_sub(&writers_left, 1);
	return NULL;
}

static void what_is_below_the_number_is_fed(void)
{
	map = unit_map_new(64);
	atomic_store(&now_moving, NOW);
	threads_run(held_run, agent_run);
	CU_ASSERT_EQUAL(atomic_load(&recorded), MANY);
	dp_map_close(&map);
}

/* The map moves to and fro under its writers, as the keeper moves it. */
static _Atomic(struct dp_map *) moving;
static struct dp_epoch epoch;
static atomic_flag has_mover = ATOMIC_FLAG_INIT;

static void *moved_run(void *arg)
{
	int slot = dp_epoch_register(&epoch);
	struct unit_sighting u;

	/* Every number twice, so that some are known already. */
	for (uint64_t i = 0; i < EACH; i++) {
		unit_sighting(&u, i / 2 * WRITERS + *(unsigned *)arg);
		dp_epoch_enter(&epoch, slot);
		if (dp_map_record(atomic_load(&moving), &u.s,
			NOW + (uint32_t)i % 2) != DP_OK)
			atomic_fetch_add(&refused, 1);
		dp_epoch_leave(&epoch, slot);
	}
	atomic_fetch_sub(&writers_left, 1);
	return NULL;
}

static void *mover_run(void *arg)
{
	(void)arg;
	if (atomic_flag_test_and_set(&has_mover))
		return NULL;
	for (uint8_t k = 0; atomic_load(&writers_left) > 0 || k < 2; k++) {
		uint8_t key[DP_MAP_KEY_B] = { k };
		struct dp_map *from = atomic_load(&moving), *to;
		struct dp_diag diag;
		uint64_t begun;

		if (dp_map_move_begin(&to, from, unit_path, MANY + k % 2, key,
			NOW, &diag) != DP_OK) {
			atomic_fetch_add(&wrong, 1);
			break;
		}
		atomic_store(&moving, to);
		begun = dp_epoch_advance(&epoch);
		while (!dp_epoch_passed(&epoch, begun))
			sched_yield();
		if (dp_map_move_end(to, &from, unit_path, NOW, &diag) != DP_OK)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void a_move_loses_nothing(void)
{
	struct dp_binding b;
	struct dp_map_stats stats;
	uint32_t cursor = 0;
	uint64_t hits = 0;

	dp_epoch_init(&epoch);
	atomic_store(&moving, unit_map_new(MANY));
	threads_run(moved_run, mover_run);
	map = atomic_load(&moving);
	CU_ASSERT_EQUAL(atomic_load(&refused), 0);
	CU_ASSERT_EQUAL(unit_count(map, 0, MANY / 2, NOW), MANY / 2);
	while (dp_map_next(map, &cursor, NOW, &b)) {
		CU_ASSERT_EQUAL(b.end_s, NOW + 301);
		hits += b.hits;
	}
	CU_ASSERT_EQUAL(hits, MANY);
	dp_map_stats(map, NOW, &stats);
	CU_ASSERT_TRUE(stats.recorded >= MANY / 2);
	dp_map_close(&map);
}

UNIT_MAIN_WITH("map_threads", unit_map_begin, unit_map_end,
    UNIT(nothing_is_lost), UNIT(every_sighting_counts),
    UNIT(reuse_mixes_nothing), UNIT(what_is_below_the_number_is_fed),
    UNIT(a_move_loses_nothing))
