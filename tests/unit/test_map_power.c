/*
 * A power cut: of each page of the file either the old or the new state came to
 * the disk. The file is put together from two states of one map in all ways
 * that cut it once, and in many others.
 */
#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include <stdatomic.h>

#include "module/core/map_private.h"

#define PAGE_B 4096
#define PAGES_MAX 64
#define OLD 40	/* bindings of the old state, all alive in the new one */
#define ALL 64
#define MIXTURES 400

static uint8_t *states[2]; /* old, new */
static size_t size_b;
static uint32_t old_end_s[OLD];

static uint8_t *bytes_now(void)
{
	FILE *f = fopen(unit_path, "rb");
	uint8_t *bytes = malloc(size_b);

	CU_ASSERT_FATAL(f && bytes && fread(bytes, 1, size_b, f) == size_b);
	fclose(f);
	return bytes;
}

/* Between the states: some are prolonged, some are seen again, some are new,
 * and one slot is claimed and half filled. */
static void states_make(void)
{
	struct dp_map *map = unit_map_new(64);
	struct dp_binding b;
	uint32_t cursor = 0;

	for (uint64_t n = 0; n < OLD; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	while (dp_map_next(map, &cursor, NOW, &b))
		old_end_s[unit_number(&b)] = b.end_s;
	size_b = map->file.size_b;
	states[0] = bytes_now();
	for (uint64_t n = 0; n < OLD; n += 2)
		CU_ASSERT_EQUAL(unit_record(map, n,
		    NOW + (uint32_t)n % 3), DP_OK);
	for (uint64_t n = OLD; n < ALL; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW + 1), DP_OK);
	for (uint32_t i = 0; i < map->slot_count; i++) {
		if (atomic_load(&map->index[i]) != 0)
			continue;
		atomic_store(&map->index[i],
		    dp_map_entry(7, DP_MAP_CLAIMED));
		if (map->slot_of[i] == 0)
			map->slot_of[i] = ++map->head->slots_given & UINT32_MAX;
		atomic_store(&dp_map_slot(map, i)->seq, 1);
		break;
	}
	states[1] = bytes_now();
	dp_map_close(&map);
}

static void states_free(void)
{
	free(states[0]);
	free(states[1]);
}

/* Nothing that is no binding of ours, and of the old ones none is missing or
 * lives shorter than before. */
static void check(const char *what, size_t k)
{
	struct dp_map *map;
	struct dp_binding b;
	uint32_t cursor = 0;
	uint64_t seq;
	unsigned kept = 0;
	bool wrong = false;

	unit_diag.reason[0] = '\0';
	map = unit_map_open(64);
	CU_ASSERT_STRING_EQUAL(unit_diag.reason, "");
	while (dp_map_next(map, &cursor, NOW, &b)) {
		uint64_t n = unit_number(&b);

		if (n < OLD && b.end_s >= old_end_s[n])
			kept++;
		else if (n < OLD || n >= ALL)
			wrong = true;
	}
	if (wrong || kept != OLD)
		printf("%s %zu: %u kept ", what, k, kept);
	CU_ASSERT_FALSE(wrong);
	CU_ASSERT_EQUAL(kept, OLD);
	/* It goes on, and tells what is new. */
	seq = dp_map_seq(map);
	CU_ASSERT_EQUAL(unit_record(map, ALL + 1, NOW), DP_OK);
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_OK);
	CU_ASSERT_EQUAL(unit_number(&b), ALL + 1);
	for (uint32_t i = 0; i < map->slot_count; i++)
		CU_ASSERT_NOT_EQUAL(dp_map_end(map->index[i]), DP_MAP_CLAIMED);
	dp_map_close(&map);
}

/* pick: which state each page is of. */
static void mix(const uint8_t pick[PAGES_MAX], const char *what, size_t k)
{
	uint8_t *bytes = malloc(size_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (size_t off = 0; off < size_b; off += PAGE_B) {
		size_t n = size_b - off < PAGE_B ? size_b - off : PAGE_B;

		memcpy(bytes + off, states[pick[off / PAGE_B]] + off, n);
	}
	unit_map_remove();
	CU_ASSERT_TRUE_FATAL(unit_write(unit_path, bytes, size_b));
	free(bytes);
	check(what, k);
}

static void every_cut_keeps_what_was_there(void)
{
	size_t pages;

	states_make();
	pages = (size_b + PAGE_B - 1) / PAGE_B;
	CU_ASSERT_FATAL(pages > 10 && pages <= PAGES_MAX);
	for (size_t cut = 0; cut <= pages; cut++) {
		for (unsigned first = 0; first < 2; first++) {
			uint8_t pick[PAGES_MAX] = { 0 };

			for (size_t i = 0; i < pages; i++)
				pick[i] = (i < cut) == first;
			mix(pick, first ? "new first" : "old first", cut);
		}
	}
	states_free();
}

static void every_mixture_keeps_what_was_there(void)
{
	uint64_t random = 20261122;

	states_make();
	for (size_t k = 0; k < MIXTURES; k++) {
		uint8_t pick[PAGES_MAX] = { 0 };

		for (size_t i = 0; i < PAGES_MAX; i++)
			pick[i] = unit_random(&random) & 1;
		mix(pick, "mixture", k);
	}
	states_free();
}

UNIT_MAIN_WITH("map_power", unit_map_begin, unit_map_end,
    UNIT(every_cut_keeps_what_was_there),
    UNIT(every_mixture_keeps_what_was_there))
