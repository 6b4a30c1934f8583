#include "dp_config.h"

#include "tests/unit/unit.h"

#include <sodium.h>

#include "tools/sync/sync_table.h"

static struct dp_nft_key key(uint32_t n)
{
	struct dp_nft_key k = { .set = (uint8_t)(n % 4),
		.service = { n % 4 < 2 ? 6 : 0, (uint16_t)(n % 4 < 2 ? n : 0) } };
	uint8_t bytes[16] = { 20, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
		(uint8_t)n };

	k.addr = n % 2 ? dp_addr_v6(bytes) : dp_addr_v4(bytes);
	return k;
}

static struct dp_sync_table *open_table(void)
{
	struct dp_sync_table *t = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_sync_table_open(&t), DP_OK);
	return t;
}

static void each_key_has_an_entry(void)
{
	enum { COUNT = 50000 };
	struct dp_sync_table *t = open_table();
	size_t cursor = 0, seen = 0;
	struct dp_sync_entry *e;

	for (uint32_t n = 1; n <= COUNT; n++) {
		struct dp_nft_key k = key(n);

		e = dp_sync_table_get(t, &k);
		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		CU_ASSERT_EQUAL(e->end_s, 0);
		e->end_s = n;
	}
	for (uint32_t n = 1; n <= COUNT; n++) {
		struct dp_nft_key k = key(n);

		CU_ASSERT_EQUAL(dp_sync_table_get(t, &k)->end_s, n);
	}
	while ((e = dp_sync_table_next(t, &cursor, SIZE_MAX)))
		seen++;
	CU_ASSERT_EQUAL(seen, COUNT);
	CU_ASSERT_EQUAL(dp_sync_table_count(t), COUNT);
	dp_sync_table_clear(t);
	CU_ASSERT_EQUAL(dp_sync_table_count(t), 0);
	dp_sync_table_close(&t);
	CU_ASSERT_PTR_NULL(t);
	dp_sync_table_close(&t);
}

/* What differs in one field only is another element. */
static void all_of_the_key_counts(void)
{
	struct dp_nft_key keys[] = { key(4), key(4), key(4), key(4), key(4) };
	struct dp_sync_table *t = open_table();

	keys[1].set ^= 2;
	keys[2].addr.bytes[3] ^= 1;
	keys[3].service.protocol = 17;
	keys[4].service.port ^= 256;
	for (uint32_t i = 0; i < 5; i++)
		dp_sync_table_get(t, &keys[i])->held_s = i + 1;
	for (uint32_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(dp_sync_table_get(t, &keys[i])->held_s, i + 1);
	dp_sync_table_close(&t);
}

/* Elements that come and go for ever do not make it grow. */
static void dead_entries_make_room(void)
{
	struct dp_sync_table *t = open_table();
	size_t places = dp_sync_table_places(t);

	for (uint32_t n = 1; n < 200000; n++) {
		struct dp_nft_key k = key(n), old = key(n - 100);

		dp_sync_table_get(t, &k)->end_s = n;
		if (n > 100)
			dp_sync_table_get(t, &old)->end_s = 0;
	}
	CU_ASSERT_EQUAL(dp_sync_table_count(t), 100);
	CU_ASSERT_EQUAL(dp_sync_table_places(t), places);
	dp_sync_table_close(&t);
}

static void slices_cover_all(void)
{
	struct dp_sync_table *t = open_table();
	size_t seen = 0, step;

	for (uint32_t n = 1; n <= 300; n++) {
		struct dp_nft_key k = key(n);

		dp_sync_table_get(t, &k)->end_s = n;
	}
	step = dp_sync_table_places(t) / 8;
	for (size_t at = 0; at < dp_sync_table_places(t); at += step)
		for (size_t cursor = at;
		     dp_sync_table_next(t, &cursor, at + step);)
			seen++;
	CU_ASSERT_EQUAL(seen, 300);
	dp_sync_table_close(&t);
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("sync_table", set_up, NULL, UNIT(each_key_has_an_entry),
    UNIT(all_of_the_key_counts), UNIT(dead_entries_make_room),
    UNIT(slices_cover_all))
