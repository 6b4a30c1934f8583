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
    UNIT(a_clock_that_went_back_drops_nothing),
    UNIT(a_full_disk_is_an_error_at_open))
