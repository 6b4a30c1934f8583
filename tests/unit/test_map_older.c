/*
 * Maps of the version before: one that an earlier build wrote, and others made
 * from maps of today.
 */
#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sodium.h>

#include "module/core/file.h"
#include "module/core/map_private.h"

#define OLDER_SLOT_B 576u
#define COUNT 40 /* bindings */

/* The bytes of a map that nobody has open, as version 2 had them. */
static uint8_t *older_of(const struct dp_map *map, size_t *size_b)
{
	uint8_t *bytes = calloc(1, map->file.size_b);
	struct dp_map_d *d = (struct dp_map_d *)(void *)bytes;
	size_t slots_off = map->head->slots_off;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	*size_b = map->file.size_b;
	memcpy(bytes, map->file.bytes, slots_off);
	for (uint32_t i = 0; i < map->slot_count; i++) {
		uint8_t *slot = bytes + slots_off + (size_t)i * OLDER_SLOT_B;

		memcpy(slot, (void *)&map->slots[i], 64);
		memcpy(slot + 64, (void *)&map->names[i], 512);
	}
	d->version = 2;
	d->slot_b = OLDER_SLOT_B;
	d->check = 0;
	crypto_shorthash_siphash24((uint8_t *)&d->names_off, bytes,
	    offsetof(struct dp_map_d, names_off), d->key);
	return bytes;
}

static uint8_t *older_map(size_t *size_b)
{
	struct dp_map *map = unit_map_new(64);
	uint8_t *bytes;

	for (uint64_t n = 0; n < COUNT; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	bytes = older_of(map, size_b);
	dp_map_close(&map);
	unit_map_remove();
	return bytes;
}

static void write_at(const char *suffix, const uint8_t *bytes, size_t size_b)
{
	char path[200];

	snprintf(path, sizeof(path), "%s%s", unit_path, suffix);
	CU_ASSERT_TRUE_FATAL(unit_write(path, bytes, size_b));
}

static void check_nothing_is_left(void)
{
	CU_ASSERT_FALSE(unit_map_there_is(".new"));
	CU_ASSERT_FALSE(unit_map_there_is(".next"));
	CU_ASSERT_FALSE(unit_map_there_is(".next.new"));
	CU_ASSERT_FALSE(unit_map_there_is(".bad.1"));
}

static void seed_copy(void)
{
	const char *top = getenv("DNSPIN_SRCDIR");
	struct dp_file seed;
	char path[1024];

	snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/map/version-2",
	    top ? top : ".");
	CU_ASSERT_EQUAL_FATAL(dp_file_map_ro(&seed, path, &unit_diag), DP_OK);
	unit_map_remove();
	write_at("", seed.bytes, seed.size_b);
	dp_file_close(&seed);
}

static void what_an_earlier_build_wrote_lives_on(void)
{
	static const char *const want[][3] = {
		{ ".", ".", "192.0.2.0" },
		{ "a.example", "a.example", "192.0.2.1" },
		{ "a.example", "a.example", "c000:202::" },
		{ "manage.microsoft.com", "manage.microsoft.com.nsatc.net",
		    "192.0.2.3" },
		{ "\\000\\255.example", "b.example", "c000:204::" },
	};
	const uint16_t probe = 1;
	struct dp_map_stats stats;
	struct dp_binding b;
	struct dp_map *map;
	uint64_t seq = 1;

	if (*(const uint8_t *)&probe != 1) {
		printf("SKIPPED: the file is in the other byte order ");
		return;
	}
	seed_copy();
	map = unit_map_open(64);
	check_nothing_is_left();
	CU_ASSERT_EQUAL(dp_map_capacity(map), 1); /* its own */
	dp_map_stats(map, NOW, &stats);
	CU_ASSERT_EQUAL(stats.live, 5);
	CU_ASSERT_EQUAL(stats.recorded, 5);
	CU_ASSERT_EQUAL(stats.dropped_torn, 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		char text[DP_NAME_TEXT_MAX];

		CU_ASSERT_EQUAL_FATAL(dp_map_feed(map, &seq, &b), DP_OK);
		dp_name_to_text(&b.name, text);
		CU_ASSERT_STRING_EQUAL(text, want[i][0]);
		dp_name_to_text(&b.final, text);
		CU_ASSERT_STRING_EQUAL(text, want[i][1]);
		dp_addr_to_text(&b.addr, text);
		CU_ASSERT_STRING_EQUAL(text, want[i][2]);
		CU_ASSERT_EQUAL(b.ttl_end_s, NOW + 60);
		CU_ASSERT_EQUAL(b.end_s, NOW + 300);
		CU_ASSERT_EQUAL(b.hits, 1);
	}
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_NOTFOUND);
	dp_map_close(&map);
}

static void it_goes_on_as_any_map(void)
{
	size_t size_b;
	uint8_t *bytes = older_map(&size_b);
	struct dp_map *map;

	write_at("", bytes, size_b);
	write_at(".new", bytes, 5000); /* who rewrote it was killed */
	map = unit_map_open(64);
	check_nothing_is_left();
	CU_ASSERT_EQUAL(unit_count(map, 0, COUNT, NOW), COUNT);
	CU_ASSERT_EQUAL(dp_map_seq(map), COUNT + 1);
	for (uint64_t n = 0; n < 64; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW + 1), DP_OK);
	CU_ASSERT_EQUAL(unit_count(map, 0, 64, NOW), 64);
	dp_map_close(&map);
	map = unit_map_open(64);
	CU_ASSERT_EQUAL(unit_count(map, 0, 64, NOW), 64);
	dp_map_close(&map);
	free(bytes);
}

static void readers_leave_it_alone(void)
{
	size_t size_b;
	uint8_t *bytes = older_map(&size_b);
	struct dp_map *map = NULL;

	write_at("", bytes, size_b);
	CU_ASSERT_EQUAL(dp_map_open_ro(&map, unit_path, &unit_diag),
	    DP_ERR_VERSION);
	CU_ASSERT_PTR_NULL(map);
	CU_ASSERT_PTR_NOT_NULL(strstr(unit_diag.reason, "version 2, not 3"));
	check_nothing_is_left();
	free(bytes);
}

/* Two writers died, one after it had claimed a place and one over a slot, and
 * the power was cut. */
static void what_tore_in_it_is_dropped(void)
{
	struct dp_map *map = unit_map_new(64);
	struct dp_map_stats stats;
	uint8_t *bytes;
	size_t size_b;

	for (uint64_t n = 0; n < COUNT; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	map->names[3].name[0] ^= 1;
	map->slots[5].seq |= 1;
	map->slots[7].seq = 0;
	for (uint32_t i = 0; i < map->slot_count; i++)
		if (map->slot_of[i] == 10)
			map->index[i] |= DP_MAP_CLAIMED;
	map->head->slots_given = 2;
	bytes = older_of(map, &size_b);
	dp_map_close(&map);
	unit_map_remove();
	write_at("", bytes, size_b);
	map = unit_map_open(64);
	CU_ASSERT_EQUAL(unit_count(map, 0, COUNT, NOW), COUNT - 4);
	dp_map_stats(map, NOW, &stats);
	CU_ASSERT_EQUAL(stats.dropped_torn, 4);
	CU_ASSERT_EQUAL(map->head->slots_given, COUNT);
	dp_map_close(&map);
	free(bytes);
}

/* The rest of a move that was cut short before the upgrade. */
static void so_is_what_a_move_left_beside_it(void)
{
	struct dp_map *map;
	uint8_t *bytes, *next;
	size_t size_b, next_b;

	bytes = older_map(&size_b);
	map = unit_map_new(256);
	for (uint64_t n = COUNT; n < COUNT + 20; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	next = older_of(map, &next_b);
	dp_map_close(&map);
	unit_map_remove();
	write_at("", bytes, size_b);
	write_at(".next", next, next_b);
	map = unit_map_open(64);
	check_nothing_is_left();
	CU_ASSERT_EQUAL(unit_count(map, 0, COUNT + 20, NOW), COUNT + 20);
	dp_map_close(&map);
	free(bytes);
	free(next);
}

/* A header that is wrong, with a check that fits it from the sixth on. */
static void a_damaged_one_is_set_aside(void)
{
	size_t size_b;
	uint8_t *good = older_map(&size_b), *bytes = malloc(size_b);
	struct dp_map_d *d = (struct dp_map_d *)(void *)bytes;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	for (int k = 0; k < 15; k++) {
		size_t b = size_b;
		struct dp_map *map;

		memcpy(bytes, good, size_b);
		switch (k) {
		case 0: d->names_off ^= 1; break;
		case 1: d->capacity ^= 1; break;
		case 2: d->key[0] ^= 1; break;
		case 3: b = size_b - 1; break;
		case 4: b = DP_MAP_HEADER_B - 1; break;
		case 5: b = DP_MAP_HEADER_B; break;
		case 6: d->slot_b = 64; break;
		case 7: d->slot_count = 0; break;
		case 8: d->slot_count = 0xfffffff0u; break;
		case 9: d->slot_count *= 2; break;
		case 10: d->feed_count = 0x80000000u; break;
		case 11: d->slots_off = 0; break;
		case 12: d->slots_off = UINT64_MAX - 63; break;
		case 13: d->file_b = 0; break;
		case 14: d->file_b -= 64; break;
		}
		if (k > 5)
			crypto_shorthash_siphash24((uint8_t *)&d->names_off,
			    bytes, offsetof(struct dp_map_d, names_off),
			    d->key);
		unit_map_remove();
		write_at("", bytes, b);
		map = unit_map_open(64);
		CU_ASSERT_TRUE(unit_map_there_is(".bad.1"));
		CU_ASSERT_FALSE(unit_map_there_is(".new"));
		CU_ASSERT_EQUAL(unit_count(map, 0, COUNT, NOW), 0);
		CU_ASSERT_EQUAL(unit_record(map, 1, NOW), DP_OK);
		dp_map_close(&map);
	}
	free(good);
	free(bytes);
}

/* Something is in the way. It is there for the next try. */
static void without_room_it_stays(void)
{
	struct dp_diag diag = { .reason = "" };
	size_t size_b;
	uint8_t *bytes = older_map(&size_b);
	struct dp_map *map = NULL;
	char new[200];

	snprintf(new, sizeof(new), "%s.new", unit_path);
	write_at("", bytes, size_b);
	CU_ASSERT_EQUAL_FATAL(mkdir(new, 0700), 0);
	CU_ASSERT_EQUAL(dp_map_open(&map, unit_path, 64, unit_key, NOW, &diag),
	    DP_ERR_IO);
	CU_ASSERT_STRING_NOT_EQUAL(diag.reason, "");
	CU_ASSERT_FALSE(unit_map_there_is(".bad.1"));
	CU_ASSERT_EQUAL_FATAL(rmdir(new), 0);
	map = unit_map_open(64);
	CU_ASSERT_EQUAL(unit_count(map, 0, COUNT, NOW), COUNT);
	dp_map_close(&map);
	free(bytes);
}

UNIT_MAIN_WITH("map_older", unit_map_begin, unit_map_end,
    UNIT(what_an_earlier_build_wrote_lives_on), UNIT(it_goes_on_as_any_map),
    UNIT(readers_leave_it_alone), UNIT(what_tore_in_it_is_dropped),
    UNIT(so_is_what_a_move_left_beside_it), UNIT(a_damaged_one_is_set_aside),
    UNIT(without_room_it_stays))
