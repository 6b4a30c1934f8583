#include "dp_config.h"

#include "tests/unit/unit_map.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include <sodium.h>

#include "module/core/file.h"
#include "module/core/map_private.h"

static void the_feed_tells_changes_in_order(void)
{
	struct dp_map *map = unit_map_new(64), *r = unit_map_open_ro();
	struct dp_binding b;
	uint64_t seq = dp_map_seq(r);

	CU_ASSERT_EQUAL(dp_map_feed(r, &seq, &b), DP_ERR_NOTFOUND);
	for (uint64_t n = 0; n < 20; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	CU_ASSERT_EQUAL(unit_record(map, 4, NOW), DP_OK);	/* no change */
	CU_ASSERT_EQUAL(unit_record(map, 4, NOW + 9), DP_OK); /* longer */
	for (uint64_t n = 0; n < 20; n++) {
		CU_ASSERT_EQUAL_FATAL(dp_map_feed(r, &seq, &b), DP_OK);
		CU_ASSERT_EQUAL(unit_number(&b), n);
	}
	CU_ASSERT_EQUAL_FATAL(dp_map_feed(r, &seq, &b), DP_OK);
	CU_ASSERT_EQUAL(unit_number(&b), 4);
	CU_ASSERT_EQUAL(b.end_s, NOW + 309);
	CU_ASSERT_EQUAL(dp_map_feed(r, &seq, &b), DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL(seq, dp_map_seq(map));
	dp_map_close(&map);
	dp_map_close(&r);
}

static void who_falls_behind_is_told(void)
{
	struct dp_map *map = unit_map_new(64);
	uint64_t start = dp_map_seq(map), seq = start;
	struct dp_binding b;

	/* As many changes as the feed holds. */
	for (uint32_t k = 0; k < map->feed_count; k++)
		CU_ASSERT_EQUAL(unit_record(map, k % 8, NOW + k), DP_OK);
	CU_ASSERT_EQUAL(dp_map_seq(map), start + map->feed_count);
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_OK);
	CU_ASSERT_EQUAL(unit_record(map, 9, NOW), DP_OK);
	seq = start;
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_LIMIT);
	CU_ASSERT_EQUAL(seq, start);
	seq = start + 1;
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_OK);
	/* A number that another map gave. */
	seq = dp_map_seq(map) + 1;
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_LIMIT);
	dp_map_close(&map);
}

static void changes_that_are_gone_are_passed_over(void)
{
	struct dp_map *map = unit_map_new(1);
	uint64_t seq = dp_map_seq(map);
	struct dp_binding b;

	CU_ASSERT_EQUAL(map->slot_count, 2 * DP_MAP_BUCKET);
	for (uint64_t n = 0; n < 40; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW + 300 * (uint32_t)n),
		    DP_OK);
	/* Of a slot that was filled anew the last state is told. */
	for (uint64_t n = 0; n < 40; n++) {
		CU_ASSERT_EQUAL_FATAL(dp_map_feed(map, &seq, &b), DP_OK);
		CU_ASSERT_TRUE(unit_number(&b) >= n && unit_number(&b) < 40);
	}
	seq -= 3;
	for (uint32_t i = 0; i < map->slot_count; i++)
		map->index[i] = 0;
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL(seq, dp_map_seq(map));
	dp_map_close(&map);
}

/* Nobody waits for the end of a feed that holds nothing. */
static void a_long_feed_of_nothing_is_told_in_parts(void)
{
	struct dp_map *map = unit_map_new(8192);
	uint64_t seq = 1, before = 0, parts = 0;
	struct dp_binding b;

	for (uint64_t s = 1; s <= map->feed_count; s++)
		map->feed[s & (map->feed_count - 1)] =
		    dp_map_entry((uint32_t)s, 0);
	map->head->feed_next = map->feed_count + 1;
	while (seq != dp_map_seq(map)) {
		CU_ASSERT_EQUAL_FATAL(dp_map_feed(map, &seq, &b),
		    DP_ERR_NOTFOUND);
		CU_ASSERT_FATAL(seq > before);
		before = seq;
		parts++;
	}
	CU_ASSERT(parts >= 8);
	CU_ASSERT_EQUAL(unit_record(map, 1, NOW), DP_OK);
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_OK);
	dp_map_close(&map);
}

static void a_spoilt_feed_holds_up_nobody(void)
{
	struct dp_map *map = unit_map_new(64);
	uint64_t seq = dp_map_seq(map);
	struct dp_binding b;

	for (uint32_t i = 0; i < map->feed_count; i++)
		map->feed[i] = dp_map_entry(1000, 0xfffffff0u);
	CU_ASSERT_EQUAL(unit_record(map, 1, NOW), DP_OK);
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_LIMIT);
	CU_ASSERT_EQUAL(unit_count(map, 1, 1, NOW), 1);
	map->head->feed_next = 1000;
	seq = 1000;
	CU_ASSERT_EQUAL(unit_record(map, 2, NOW), DP_OK);
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_OK);
	CU_ASSERT_EQUAL(unit_number(&b), 2);
	map->head->feed_next = UINT64_MAX;
	seq = 5;
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_LIMIT);
	dp_map_close(&map);
}

/* The bytes of a small map with bindings of all kinds. */
static uint8_t *sample(size_t *size_b)
{
	struct dp_map *map = unit_map_new(8);
	struct dp_file f;
	uint8_t *bytes;

	for (uint64_t n = 0; n < 12; n++)
		CU_ASSERT_EQUAL(unit_record(map, n, NOW), DP_OK);
	dp_map_close(&map);
	CU_ASSERT_EQUAL_FATAL(dp_file_map_ro(&f, unit_path, &unit_diag), DP_OK);
	bytes = malloc(f.size_b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	memcpy(bytes, f.bytes, f.size_b);
	*size_b = f.size_b;
	dp_file_close(&f);
	return bytes;
}

static void maps_cut_off_are_refused(void)
{
	size_t size_b;
	uint8_t *bytes = sample(&size_b);
	struct dp_map *map = NULL;

	while (size_b-- > 0) {
		enum dp_err err;

		if (truncate(unit_path, (off_t)size_b) != 0)
			CU_FAIL_FATAL("truncate");
		err = dp_map_open_ro(&map, unit_path, &unit_diag);
		if (err != DP_ERR_FORMAT)
			CU_FAIL_FATAL("a cut map opens");
	}
	CU_ASSERT_PTR_NULL(map);
	free(bytes);
}

/* What a reader gets of a map with one wrong byte: no binding but those that
 * were recorded, and one lost at most. */
static void check_spoilt(const struct dp_map *map, size_t off)
{
	struct dp_binding b;
	uint32_t cursor = 0;
	uint64_t seq = 1;
	unsigned seen = 0, known = 0;
	enum dp_err err;

	while (dp_map_next(map, &cursor, NOW, &b)) {
		uint64_t n = unit_number(&b);

		seen++;
		if (n < 12 && b.first_seen_s == NOW)
			known |= 1u << n;
	}
	if (seen < 11 || seen > 12 || __builtin_popcount(known) != (int)seen) {
		printf("byte %zu: %u bindings ", off, seen);
		CU_FAIL("wrong bindings");
	}
	for (unsigned i = 0; i < 13; i++) {
		err = dp_map_feed(map, &seq, &b);
		if (err == DP_OK && unit_number(&b) >= 12)
			CU_FAIL("a wrong binding in the feed");
	}
}

static void no_wrong_byte_is_believed(void)
{
	size_t size_b;
	uint8_t *bytes = sample(&size_b);
	size_t checked_b = offsetof(struct dp_map_d, feed_next);
	struct dp_map *map = NULL;
	int fd = open(unit_path, O_RDWR);

	CU_ASSERT_FATAL(fd >= 0);
	for (size_t i = 0; i < size_b; i++) {
		uint8_t wrong = bytes[i] ^ (uint8_t)(1u << i % 8);
		enum dp_err err;

		if (pwrite(fd, &wrong, 1, (off_t)i) != 1)
			CU_FAIL_FATAL("pwrite");
		err = dp_map_open_ro(&map, unit_path, &unit_diag);
		if (i < offsetof(struct dp_map_d, check) + 8) {
			if (err != DP_ERR_FORMAT && err != DP_ERR_VERSION)
				CU_FAIL("a wrong header is believed");
		} else if (i >= checked_b) {
			CU_ASSERT_EQUAL_FATAL(err, DP_OK);
		}
		if (err == DP_OK)
			check_spoilt(map, i);
		dp_map_close(&map);
		if (pwrite(fd, &bytes[i], 1, (off_t)i) != 1)
			CU_FAIL_FATAL("pwrite");
	}
	close(fd);
	free(bytes);
}

/* A geometry that is consistent in itself and in its check, but hostile. */
static void hostile_headers_are_refused(void)
{
	size_t size_b;
	uint8_t *bytes = sample(&size_b);
	struct dp_map_d *d = (struct dp_map_d *)(void *)bytes;
	struct dp_map_d good = *d;
	struct dp_map *map = NULL;

	for (int k = 0; k < 15; k++) {
		*d = good;
		switch (k) {
		case 0: d->slot_count = 0; break;
		case 1: d->slot_count = 16; break;
		case 2: d->slot_count = 0xfffffff0u; break;
		case 3: d->slot_count += 1; break;
		case 4: d->slot_count *= 2; break;
		case 5: d->feed_count = 0; break;
		case 6: d->feed_count = 0x80000000u; break;
		case 7: d->index_off += 8; break;
		case 8: d->feed_off = UINT64_MAX - 7; break;
		case 9: d->slots_off = size_b - 8; break;
		case 10: d->file_b = UINT64_MAX; break;
		case 11: d->slot_b = 0; break;
		case 12: d->slot_of_off = 0; break;
		case 13: d->names_off = size_b - 8; break;
		case 14: d->names_off = d->slots_off; break;
		}
		crypto_shorthash_siphash24((uint8_t *)&d->check, bytes,
		    offsetof(struct dp_map_d, check), d->key);
		CU_ASSERT_EQUAL_FATAL(dp_file_replace(unit_path, bytes, size_b,
					  0644, &unit_diag),
		    DP_OK);
		CU_ASSERT_EQUAL(dp_map_open_ro(&map, unit_path, &unit_diag),
		    DP_ERR_FORMAT);
	}
	CU_ASSERT_PTR_NULL(map);
	free(bytes);
}

/* A file that an earlier build wrote: who changes the layout changes the
 * version, its history and this file (make seeds). */
static void the_layout_is_that_of_the_version(void)
{
	static const struct {
		const char *name, *final, *addr;
	} want[] = {
		{ ".", ".", "192.0.2.0" },
		{ "a.example", "a.example", "192.0.2.1" },
		{ "a.example", "a.example", "c000:202::" },
		{ "manage.microsoft.com", "manage.microsoft.com.nsatc.net",
		    "192.0.2.3" },
		{ "\\000\\255.example", "b.example", "c000:204::" },
	};
	const char *top = getenv("DNSPIN_SRCDIR");
	const uint16_t probe = 1;
	struct dp_map *map = NULL;
	struct dp_binding b;
	uint64_t seq = 1;
	char path[1024];

	if (*(const uint8_t *)&probe != 1) {
		printf("SKIPPED: the file is in the other byte order ");
		return;
	}
	snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/map/version-%u",
	    top ? top : ".", DP_MAP_VERSION);
	CU_ASSERT_EQUAL_FATAL(dp_map_open_ro(&map, path, &unit_diag), DP_OK);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		char text[DP_NAME_TEXT_MAX];

		CU_ASSERT_EQUAL_FATAL(dp_map_feed(map, &seq, &b), DP_OK);
		dp_name_to_text(&b.name, text);
		CU_ASSERT_STRING_EQUAL(text, want[i].name);
		dp_name_to_text(&b.final, text);
		CU_ASSERT_STRING_EQUAL(text, want[i].final);
		dp_addr_to_text(&b.addr, text);
		CU_ASSERT_STRING_EQUAL(text, want[i].addr);
		CU_ASSERT_EQUAL(b.first_seen_s, NOW);
		CU_ASSERT_EQUAL(b.last_seen_s, NOW);
		CU_ASSERT_EQUAL(b.ttl_end_s, NOW + 60);
		CU_ASSERT_EQUAL(b.end_s, NOW + 300);
		CU_ASSERT_EQUAL(b.hits, 1);
	}
	CU_ASSERT_EQUAL(dp_map_feed(map, &seq, &b), DP_ERR_NOTFOUND);
	dp_map_close(&map);
}

UNIT_MAIN_WITH("map_read", unit_map_begin, unit_map_end,
    UNIT(the_feed_tells_changes_in_order), UNIT(who_falls_behind_is_told),
    UNIT(changes_that_are_gone_are_passed_over),
    UNIT(a_long_feed_of_nothing_is_told_in_parts),
    UNIT(a_spoilt_feed_holds_up_nobody), UNIT(maps_cut_off_are_refused),
    UNIT(no_wrong_byte_is_believed), UNIT(hostile_headers_are_refused),
    UNIT(the_layout_is_that_of_the_version))
