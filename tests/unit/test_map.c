#include "dp_config.h"

#include "tests/unit/small_disk.h"
#include "tests/unit/unit_map.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "module/core/file.h"
#include "module/core/map_private.h"

static uint64_t dropped(const struct dp_map *map)
{
	struct dp_map_stats stats;

	dp_map_stats(map, NOW, &stats);
	return stats.dropped_torn;
}

static void a_new_map_is_empty(void)
{
	struct dp_map *map = unit_map_new(100);
	struct dp_map_stats stats;
	struct dp_binding b;
	uint32_t cursor = 0;
	struct stat st;
	char lock[200];

	CU_ASSERT_FALSE(dp_map_next(map, &cursor, 0, &b));
	dp_map_stats(map, 0, &stats);
	CU_ASSERT_EQUAL(stats.capacity, 100);
	CU_ASSERT_EQUAL(stats.live, 0);
	CU_ASSERT_EQUAL(stats.recorded, 0);
	CU_ASSERT_EQUAL(stats.refused_full, 0);
	CU_ASSERT_EQUAL(stats.dropped_torn, 0);
	CU_ASSERT_EQUAL(stats.created_s, NOW);
	CU_ASSERT_FALSE(unit_map_there_is(".new"));
	CU_ASSERT_FALSE(unit_map_there_is(".bad.1"));
	snprintf(lock, sizeof(lock), "%s.lock", unit_path);
	CU_ASSERT_EQUAL_FATAL(stat(lock, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	dp_map_close(&map);
	CU_ASSERT_PTR_NULL(map);
	dp_map_close(&map);
}

static void a_map_survives_its_writers(void)
{
	struct dp_map *map = unit_map_new(100);

	for (uint64_t n = 0; n < 100; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	dp_map_close(&map);
	unit_diag.reason[0] = '\0';
	map = unit_map_open(5000);
	CU_ASSERT_STRING_EQUAL(unit_diag.reason, "");
	CU_ASSERT_EQUAL(unit_count(map, 0, 100, NOW), 100);
	CU_ASSERT_EQUAL(dropped(map), 0);
	CU_ASSERT_EQUAL(map->capacity, 100); /* keeps its own */
	CU_ASSERT_EQUAL(dp_map_seq(map), 101);
	dp_map_close(&map);
	map = unit_map_open_ro();
	CU_ASSERT_EQUAL(unit_count(map, 0, 100, NOW), 100);
	dp_map_close(&map);
}

static void a_map_knows_its_place(void)
{
	struct dp_map *map = unit_map_new(100);
	FILE *other;

	CU_ASSERT_TRUE(dp_map_is_at(map, unit_path));
	CU_ASSERT_EQUAL_FATAL(unlink(unit_path), 0);
	CU_ASSERT_FALSE(dp_map_is_at(map, unit_path)); /* removed */
	CU_ASSERT_PTR_NOT_NULL_FATAL(other = fopen(unit_path, "w"));
	fclose(other);
	CU_ASSERT_FALSE(dp_map_is_at(map, unit_path)); /* replaced */
	dp_map_close(&map);
	map = unit_map_open(100);
	CU_ASSERT_TRUE(dp_map_is_at(map, unit_path));
	dp_map_close(&map);
}

static void writers_share_one_map(void)
{
	struct dp_map *a = unit_map_new(100), *b = unit_map_open(100);
	struct dp_map *r = unit_map_open_ro();

	for (uint64_t n = 0; n < 100; n++)
		CU_ASSERT_EQUAL(unit_record(n % 2 ? a : b, n, NOW), DP_OK);
	CU_ASSERT_EQUAL(unit_count(a, 0, 100, NOW), 100);
	CU_ASSERT_EQUAL(unit_count(r, 0, 100, NOW), 100);
	dp_map_close(&a);
	CU_ASSERT_EQUAL(unit_record(b, 3, NOW), DP_OK);
	CU_ASSERT_EQUAL(unit_count(r, 0, 100, NOW), 100);
	dp_map_close(&b);
	dp_map_close(&r);
}

static void bad_capacities_are_refused(void)
{
	static const uint32_t wrong[] = { 0, DP_MAP_CAPACITY_MAX + 1,
		UINT32_MAX };
	struct dp_map *map = NULL;

	unit_map_remove();
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(dp_map_open(&map, unit_path, wrong[i], unit_key,
				    NOW, &unit_diag),
		    DP_ERR_LIMIT);
		CU_ASSERT_PTR_NOT_NULL(
		    strstr(unit_diag.reason, "holds 1 to 16777216 bindings"));
	}
	CU_ASSERT_FALSE(unit_map_there_is(""));
}

static void places_without_a_map_are_refused(void)
{
	struct dp_map *map = NULL;

	unit_map_remove();
	CU_ASSERT_EQUAL(dp_map_open_ro(&map, unit_path, &unit_diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL(dp_map_open(&map, "/nowhere/map", 64, unit_key, NOW,
			    &unit_diag),
	    DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(unit_diag.object, "/nowhere/map.lock");
	CU_ASSERT_EQUAL_FATAL(mkdir(unit_path, 0700), 0);
	CU_ASSERT_NOT_EQUAL(
	    dp_map_open(&map, unit_path, 64, unit_key, NOW, &unit_diag), DP_OK);
	CU_ASSERT_EQUAL(dp_map_open_ro(&map, unit_path, &unit_diag),
	    DP_ERR_FORMAT);
	unit_map_remove();
	CU_ASSERT_EQUAL_FATAL(symlink("/dev/null", unit_path), 0);
	CU_ASSERT_EQUAL(
	    dp_map_open(&map, unit_path, 64, unit_key, NOW, &unit_diag),
	    DP_ERR_FORMAT);
	CU_ASSERT_PTR_NULL(map);
}

/* Change bytes of the file behind the map's back. */
static void poke(size_t off, const void *bytes, size_t size_b)
{
	int fd = open(unit_path, O_WRONLY);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(pwrite(fd, bytes, size_b, (off_t)off),
	    (ssize_t)size_b);
	close(fd);
}

static void check_set_aside(const char *suffix, const char *reason)
{
	struct dp_map *map;

	memset(&unit_diag, 0, sizeof(unit_diag));
	map = unit_map_open(64);
	CU_ASSERT_STRING_EQUAL(unit_diag.object, unit_path);
	CU_ASSERT_PTR_NOT_NULL(strstr(unit_diag.reason, reason));
	CU_ASSERT_PTR_NOT_NULL(strstr(unit_diag.reason, "set aside as"));
	CU_ASSERT_TRUE(unit_map_there_is(suffix));
	CU_ASSERT_EQUAL(unit_count(map, 0, 1, NOW), 0);
	CU_ASSERT_EQUAL(unit_record(map, 0, NOW), DP_OK);
	dp_map_close(&map);
}

static void what_is_no_map_is_set_aside(void)
{
	struct dp_map *map = unit_map_new(64);
	struct stat st;
	char bad[200];

	dp_map_close(&map);
	CU_ASSERT_EQUAL_FATAL(stat(unit_path, &st), 0);
	poke(0, "X", 1);
	check_set_aside(".bad.1", "is not a map of dnspin");
	snprintf(bad, sizeof(bad), "%s.bad.1", unit_path);
	CU_ASSERT_EQUAL(rename(bad, unit_path), 0);
	poke(0, "D", 1);
	map = unit_map_open(64); /* nothing was lost */
	dp_map_close(&map);
	poke(offsetof(struct dp_map_d, version), "\7", 1);
	check_set_aside(".bad.1", "has version 7");
	poke(offsetof(struct dp_map_d, check), "\7", 1);
	check_set_aside(".bad.2", "damaged header");
	for (off_t size_b = 0; size_b < st.st_size;
	     size_b += size_b < 200 ? 100 : 20000) {
		unit_map_remove();
		map = unit_map_open(64);
		dp_map_close(&map);
		CU_ASSERT_EQUAL(truncate(unit_path, size_b), 0);
		check_set_aside(".bad.1", "");
	}
}

static void a_hundred_bad_maps_are_enough(void)
{
	struct dp_map *map = unit_map_new(64);
	char bad[200];

	dp_map_close(&map);
	for (int i = 1; i <= 100; i++) {
		snprintf(bad, sizeof(bad), "%s.bad.%d", unit_path, i);
		CU_ASSERT_EQUAL(symlink("nothing", bad), 0);
	}
	poke(0, "X", 1);
	CU_ASSERT_EQUAL(
	    dp_map_open(&map, unit_path, 64, unit_key, NOW, &unit_diag),
	    DP_ERR_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(unit_diag.reason, "remove them"));
	CU_ASSERT_TRUE(unit_map_there_is(""));
}

static void a_dead_creator_leaves_no_harm(void)
{
	struct dp_map *map;
	FILE *f;
	char new[200];

	unit_map_remove();
	snprintf(new, sizeof(new), "%s.new", unit_path);
	f = fopen(new, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (int i = 0; i < 10000; i++)
		fputs("half a map", f);
	fclose(f);
	map = unit_map_open(64);
	CU_ASSERT_EQUAL(unit_record(map, 1, NOW), DP_OK);
	CU_ASSERT_FALSE(unit_map_there_is(".new"));
	CU_ASSERT_EQUAL(unit_count(map, 1, 1, NOW), 1);
	dp_map_close(&map);
}

static uint32_t slot_of(const struct dp_map *map, uint64_t n)
{
	struct dp_binding b;

	for (uint32_t i = 0; i < map->slot_count; i++)
		if (dp_map_slot_read(map, i, &b) && unit_number(&b) == n)
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
	i = slot_of(map, 4);
	atomic_store(&map->index[i],
	    dp_map_entry(dp_map_tag(map->index[i]), DP_MAP_CLAIMED));
	atomic_store(&map->slots[i].seq, 3);
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

/* Each of these is done to the slot of number 6, which has a final. */
static void tear_name(struct dp_map *map, uint32_t i)
{
	map->slots[i].name[0] ^= 1;
}
static void tear_final(struct dp_map *map, uint32_t i)
{
	map->slots[i].final[0] ^= 1;
}
static void tear_address(struct dp_map *map, uint32_t i)
{
	map->slots[i].addr[0] ^= 1;
}
static void tear_shape(struct dp_map *map, uint32_t i)
{
	map->slots[i].shape = UINT32_MAX;
}
static void tear_first_seen(struct dp_map *map, uint32_t i)
{
	map->slots[i].first_seen_s ^= 1;
}
static void tear_check(struct dp_map *map, uint32_t i)
{
	map->slots[i].check ^= 1;
}
static void tear_seq(struct dp_map *map, uint32_t i)
{
	map->slots[i].seq ^= 1;
}
static void tear_seq_zero(struct dp_map *map, uint32_t i)
{
	map->slots[i].seq = 0;
}
static void tear_tag(struct dp_map *map, uint32_t i)
{
	map->index[i] ^= (uint64_t)1 << 40;
}
static void tear_all(struct dp_map *map, uint32_t i)
{
	memset(&map->slots[i], 0, sizeof(map->slots[i]));
}
static void tear_place(struct dp_map *map, uint32_t i)
{
	uint32_t k = slot_of(map, 5); /* the slot of another */

	memcpy(&map->slots[i], &map->slots[k], sizeof(map->slots[i]));
	map->index[i] = map->index[k];
}

static void torn_slots_are_dropped(void)
{
	static void (*const tear[])(struct dp_map *, uint32_t) = { tear_name,
		tear_final, tear_address, tear_shape, tear_first_seen,
		tear_check, tear_seq, tear_seq_zero, tear_tag, tear_all,
		tear_place };

	for (size_t k = 0; k < sizeof(tear) / sizeof(tear[0]); k++) {
		struct dp_map *map = unit_map_new(4096);
		uint32_t i;

		for (uint64_t n = 0; n < 12; n++)
			CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
		i = slot_of(map, 6);
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
			    dp_map_entry((uint32_t)seq, slot_of(map, 3));
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

static void a_clock_that_went_back_drops_nothing(void)
{
	struct dp_map *map = unit_map_new(64), *old = NULL;

	for (uint64_t n = 0; n < 10; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	dp_map_close(&map);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(dp_map_open(&old, unit_path, 64, unit_key,
					  i ? UINT32_MAX : 0, &unit_diag),
		    DP_OK);
		dp_map_close(&old);
	}
	map = unit_map_open(64);
	CU_ASSERT_EQUAL(unit_count(map, 0, 10, NOW), 10);
	CU_ASSERT_EQUAL(unit_count(map, 0, 10, 0), 10);
	CU_ASSERT_EQUAL(unit_count(map, 0, 10, NOW + 300), 0);
	dp_map_close(&map);
}

static bool on_a_full_disk(void)
{
	struct dp_map *map;

	if (dp_map_open(&map, unit_path, 4096, unit_key, NOW, &unit_diag) !=
		DP_ERR_IO ||
	    !strstr(unit_diag.reason, "No space left"))
		return false;
	if (unit_map_there_is(".new") || unit_map_there_is(""))
		return false;
	/* A smaller one fits. */
	return dp_map_open(&map, unit_path, 64, unit_key, NOW, &unit_diag) ==
	    DP_OK;
}

static void a_full_disk_is_an_error_at_open(void)
{
	unit_map_remove();
	small_disk_run(on_a_full_disk, unit_dir, "256k");
}

UNIT_MAIN_WITH("map", unit_map_begin, unit_map_end, UNIT(a_new_map_is_empty),
    UNIT(a_map_survives_its_writers), UNIT(a_map_knows_its_place),
    UNIT(writers_share_one_map), UNIT(bad_capacities_are_refused),
    UNIT(places_without_a_map_are_refused),
    UNIT(what_is_no_map_is_set_aside), UNIT(a_hundred_bad_maps_are_enough),
    UNIT(a_dead_creator_leaves_no_harm),
    UNIT(what_dead_writers_claimed_is_free_again), UNIT(torn_slots_are_dropped),
    UNIT(a_torn_feed_sends_readers_round),
    UNIT(a_clock_that_went_back_drops_nothing),
    UNIT(a_full_disk_is_an_error_at_open))
