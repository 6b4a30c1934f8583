/*
 * What the map costs: recording new and known bindings, the checks at open, a
 * walk.
 *
 *	tests/bench/bench_map [FOLDER [CAPACITY]]
 *
 * CAPACITY (1048576): bindings, a power of two. All are recorded before those
 * that are known are measured.
 */
#include "dp_config.h"

#include "tests/bench/bench.h"

#include <unistd.h>

#include "module/core/map.h"

#define NOW 1800000000u

static struct dp_map *map;
static uint32_t capacity = 1u << 20;
static uint32_t now_s = NOW;
static struct dp_map_spot *spots; /* by key */
static unsigned refused;
static bool filled; /* all keys below capacity live */
static char path[1024];

static struct {
	_Alignas(64) uint32_t longer_s; /* than the last time, a bit */
} threads[BENCH_THREADS];

static void open_map(void)
{
	static const uint8_t key[DP_MAP_KEY_B] = "measured by hand";
	struct dp_diag diag = { .object = "" };

	if (dp_map_open(&map, path, capacity, key, NOW, &diag) != DP_OK) {
		fprintf(stderr, "%s: %s\n", diag.object, diag.reason);
		exit(EXIT_FAILURE);
	}
}

static void remove_map(void)
{
	char lock[1040];

	snprintf(lock, sizeof(lock), "%s.lock", path);
	dp_map_close(&map);
	unlink(path);
	unlink(lock);
}

/* --- operations ---------------------------------------------------------- */

static struct dp_sighting sighting_of(uint32_t key, uint32_t lifetime_s)
{
	uint8_t addr[4] = { 192, (uint8_t)(key >> 16), (uint8_t)(key >> 8),
		(uint8_t)key };

	return (struct dp_sighting){ .addr = dp_addr_v4(addr), .ttl_s = 60,
		.lifetime_s = lifetime_s, .spot = &spots[key] };
}

static void record(uint32_t key, uint32_t lifetime_s)
{
	struct dp_sighting s = sighting_of(key & (capacity - 1), lifetime_s);
	struct dp_name name;

	s.name = bench_name(&name, key, "");
	if (dp_map_record(map, &s, now_s) != DP_OK)
		__atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
}

static void record_plain(unsigned thread, uint32_t key)
{
	(void)thread;
	record(key, 300);
}

static void record_ended(unsigned thread, uint32_t key)
{
	(void)thread;
	record(key & (capacity - 1), 300);
}

/* As the callback does: no name is made. */
static void record_at(uint32_t key, uint32_t lifetime_s)
{
	struct dp_sighting s = sighting_of(key, lifetime_s);

	if (dp_map_record_again(map, &s, 1, now_s) == 0)
		record(key, lifetime_s);
}

static void record_at_spot(unsigned thread, uint32_t key)
{
	(void)thread;
	record_at(key, 300);
}

static void record_longer(unsigned thread, uint32_t key)
{
	/* More often than a key comes again where there are few of them. */
	record_at(key, 1000 + threads[thread].longer_s++ / 8 % 500000);
}

static void start_anew(bool cold)
{
	(void)cold;
	remove_map();
	open_map();
	filled = false;
}

/* As the module's keeper does. */
static void run_ahead(unsigned thread)
{
	if (thread == 0)
		dp_map_run_ahead(map);
}

static void let_live(bool cold)
{
	if (filled)
		return;
	start_anew(cold);
	for (uint32_t key = 0; key < capacity; key++)
		record(key, 300);
	filled = true;
}

/* All live again when that was measured. */
static void let_end(bool cold)
{
	let_live(cold);
	now_s += 1000;
}

/* --- once ---------------------------------------------------------------- */

static void show_open_and_walk(void)
{
	double begin = bench_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct dp_binding b;
	uint32_t cursor = 0, seen = 0;

	if (RUNNING_ON_VALGRIND)
		return;
	while (dp_map_next(map, &cursor, now_s, &b))
		seen++;
	printf("walk, of %u: %.1f ns each\n", seen,
	    (bench_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / seen);
	dp_map_close(&map);
	begin = bench_ns(CLOCK_PROCESS_CPUTIME_ID);
	open_map();
	printf("open, full: %.1f ms\n",
	    (bench_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / 1e6);
}

int main(int argc, char **argv)
{
	snprintf(path, sizeof(path), "%s/bench.map", argc > 1 ? argv[1] : ".");
	if (argc > 2)
		capacity = (uint32_t)strtoul(argv[2], NULL, 10);
	if (capacity < BENCH_HOT || (capacity & (capacity - 1)) != 0)
		return EXIT_FAILURE;
	spots = calloc(capacity, sizeof(*spots));
	if (!spots)
		return EXIT_FAILURE;
	remove_map();
	open_map();
	bench_head("map");
	const struct bench_op ops[] = {
		{ "the name alone", bench_name_only, NULL, NULL, capacity,
		    BENCH_ALL },
		{ "record, new", record_plain, start_anew, run_ahead, capacity,
		    BENCH_ONCE },
		{ "record, after its end", record_ended, let_end, NULL,
		    capacity, BENCH_ONCE },
		{ "record, known", record_plain, let_live, NULL, capacity,
		    BENCH_ALL },
		{ "record, known, at its spot", record_at_spot, let_live, NULL,
		    capacity, BENCH_ALL },
		{ "record, prolonged, at its spot", record_longer, let_live,
		    NULL, capacity, BENCH_ALL },
	};
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		bench_run(&ops[i]);
	show_open_and_walk();
	remove_map();
	free(spots);
	if (refused)
		fprintf(stderr, "bench_map: %u refused\n", refused);
	return EXIT_SUCCESS;
}
