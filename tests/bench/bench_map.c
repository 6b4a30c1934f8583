/*
 * What the map costs: recording new and known bindings, the checks at open,
 * a walk. Times are of the CPU, all threads together.
 *
 *	tests/bench/bench_map [FOLDER [CAPACITY [THREADS]]]
 */
#include "dp_config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "module/core/map.h"

#define NOW 1800000000u
#define KNOWN_ROUNDS 16

static struct dp_map *map;
static uint32_t capacity = 65536;
static unsigned threads = 1;
static uint32_t now_s = NOW;
static unsigned refused;
static uint32_t *hints; /* by number of the name; NULL: none are kept */

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A name of usual length, hostNNNNNNNN.manage.example.com. */
static void name_make(struct dp_name *name, uint32_t n)
{
	static const uint8_t suffix[] = "\6manage\7example\3com";
	char label[16];

	snprintf(label, sizeof(label), "host%08x", n);
	name->wire[0] = 12;
	memcpy(name->wire + 1, label, 12);
	memcpy(name->wire + 13, suffix, sizeof(suffix));
	name->len = 13 + sizeof(suffix);
}

/* Every thread its share, in an order that caches do not foresee. */
static void *record_run(void *arg)
{
	uint32_t first = (uint32_t)(uintptr_t)arg;
	struct dp_name name;
	struct dp_sighting s = { .name = &name, .ttl_s = 60,
		.lifetime_s = 300 };

	for (uint32_t i = first; i < capacity; i += threads) {
		uint32_t n = (uint32_t)((uint64_t)i * 2654435761u % capacity);

		name_make(&name, n);
		s.addr = dp_addr_v4((const uint8_t[4]){ 192, (uint8_t)(n >> 16),
		    (uint8_t)(n >> 8), (uint8_t)n });
		s.hint = hints ? &hints[n] : NULL;
		if (dp_map_record(map, &s, now_s) != DP_OK)
			__atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *prepare_run(void *arg)
{
	struct dp_name name;
	volatile uint8_t *sink = name.wire;

	for (uint32_t i = 0; i < capacity; i++)
		name_make(&name, i + *sink);
	return arg;
}

static double timed(void *(*run)(void *), unsigned count)
{
	pthread_t t[64];
	double begin = cpu_ns();

	for (uintptr_t i = 0; i < count; i++)
		if (pthread_create(&t[i], NULL, run, (void *)i) != 0)
			exit(EXIT_FAILURE);
	for (unsigned i = 0; i < count; i++)
		pthread_join(t[i], NULL);
	return cpu_ns() - begin;
}

static void open_map(const char *path, const char *what)
{
	static const uint8_t key[DP_MAP_KEY_B] = "measured by hand";
	struct dp_diag diag;
	double begin = cpu_ns();

	if (dp_map_open(&map, path, capacity, key, NOW, &diag) != DP_OK) {
		fprintf(stderr, "%s: %s\n", diag.object, diag.reason);
		exit(EXIT_FAILURE);
	}
	printf("%-28s %12.3f ms\n", what, (cpu_ns() - begin) / 1e6);
}

static void say(const char *what, double ns, uint64_t count)
{
	printf("%-28s %12.1f ns\n", what, ns / (double)count);
}

static void say_known(const char *what, uint32_t step_s)
{
	double ns = 0;

	for (int i = 0; i < KNOWN_ROUNDS; i++) {
		now_s += step_s;
		ns += timed(record_run, threads);
	}
	say(what, ns, (uint64_t)capacity * KNOWN_ROUNDS);
}

int main(int argc, char **argv)
{
	char path[1024], lock[1040];
	struct dp_binding b;
	uint32_t cursor = 0, seen = 0;
	double begin;

	snprintf(path, sizeof(path), "%s/bench.map", argc > 1 ? argv[1] : ".");
	snprintf(lock, sizeof(lock), "%s.lock", path);
	if (argc > 2)
		capacity = (uint32_t)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		threads = (unsigned)strtoul(argv[3], NULL, 10) % 64;
	unlink(path);
	say("making a name (included)", timed(prepare_run, 1), capacity);
	open_map(path, "open, new");
	say("record, new, page faults", timed(record_run, threads), capacity);
	now_s += 1000;
	say("record, new", timed(record_run, threads), capacity);
	say_known("record, known", 0);
	say_known("record, known, prolonged", 1);
	hints = calloc(capacity, sizeof(*hints));
	if (!hints)
		return EXIT_FAILURE;
	(void)timed(record_run, threads);
	say_known("record, known, hinted", 0);
	begin = cpu_ns();
	while (dp_map_next(map, &cursor, now_s, &b))
		seen++;
	say("walk, per binding", cpu_ns() - begin, seen);
	dp_map_close(&map);
	open_map(path, "open, full");
	dp_map_close(&map);
	unlink(path);
	unlink(lock);
	free(hints);
	printf("%u bindings, %u threads, %u refused\n", seen, threads, refused);
	return EXIT_SUCCESS;
}
