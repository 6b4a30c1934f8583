#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "tools/report/tally.h"

static struct dp_tally *tally_open(void)
{
	struct dp_tally *t = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_tally_open(&t, 12345), DP_OK);
	return t;
}

static void add(struct dp_tally *t, const char *key, int times)
{
	while (times-- > 0)
		dp_tally_add(t, key, strlen(key));
}

static void is_row(const struct dp_tally_row *row, const char *key,
    double weight)
{
	CU_ASSERT_EQUAL(row->key_b, strlen(key));
	CU_ASSERT_EQUAL(memcmp(row->key, key, row->key_b), 0);
	CU_ASSERT_DOUBLE_EQUAL(row->weight, weight, 0.001);
}

static void the_heaviest_come_first(void)
{
	struct dp_tally *t = tally_open();
	struct dp_tally_row rows[4];

	add(t, "b", 3);
	add(t, "a", 3);
	add(t, "aa", 3);
	add(t, "d", 1);
	add(t, "c", 9);
	CU_ASSERT_EQUAL_FATAL(dp_tally_top(t, rows, 4), 4);
	is_row(&rows[0], "c", 9);
	is_row(&rows[1], "a", 3);
	is_row(&rows[2], "aa", 3);
	is_row(&rows[3], "b", 3);
	CU_ASSERT_EQUAL(dp_tally_top(t, rows, 1), 1);
	is_row(&rows[0], "c", 9);
	CU_ASSERT_EQUAL(dp_tally_top(t, rows, 0), 0);
	dp_tally_close(&t);
}

static void weights_fade_until_they_are_forgotten(void)
{
	struct dp_tally *t = tally_open();
	struct dp_tally_row rows[4];

	add(t, "old", 100);
	dp_tally_fade(t, 0.001);
	add(t, "new", 1);
	CU_ASSERT_EQUAL_FATAL(dp_tally_top(t, rows, 4), 2);
	is_row(&rows[0], "new", 1);
	is_row(&rows[1], "old", 0.1);
	dp_tally_fade(t, 0.05);
	CU_ASSERT_EQUAL(dp_tally_top(t, rows, 4), 1);
	dp_tally_close(&t);
	dp_tally_close(&t);
}

/* A flood of keys that come once each hides none that comes often. */
static void what_is_frequent_stays(void)
{
	struct dp_tally *t = tally_open();
	struct dp_tally_row rows[1];

	for (unsigned i = 0; i < 200000; i++) {
		char key[32];

		snprintf(key, sizeof(key), "%u.example.org", i);
		dp_tally_add(t, key, strlen(key));
		if (i % 20 == 0)
			add(t, "often", 1);
	}
	CU_ASSERT_EQUAL_FATAL(dp_tally_top(t, rows, 1), 1);
	CU_ASSERT_EQUAL(memcmp(rows[0].key, "often", 5), 0);
	CU_ASSERT(rows[0].weight >= 10000 && rows[0].weight < 10200);
	dp_tally_close(&t);
}

static void long_keys_are_cut(void)
{
	struct dp_tally *t = tally_open();
	struct dp_tally_row rows[1];
	char key[300];

	memset(key, 'x', sizeof(key));
	dp_tally_add(t, key, sizeof(key));
	CU_ASSERT_EQUAL_FATAL(dp_tally_top(t, rows, 1), 1);
	CU_ASSERT_EQUAL(rows[0].key_b, DP_TALLY_KEY_MAX);
	dp_tally_add(t, "", 0);
	CU_ASSERT_EQUAL(dp_tally_top(t, rows, 1), 1);
	dp_tally_close(&t);
}

UNIT_MAIN("tally", UNIT(the_heaviest_come_first),
    UNIT(weights_fade_until_they_are_forgotten),
    UNIT(what_is_frequent_stays),
    UNIT(long_keys_are_cut))
