#include "dp_config.h"

#include "tests/unit/netspace.h"

#include <sodium.h>

#include "tools/sync/sync_mirror.h"

#define NOW 1800000000u
#define DAY 86400u
#define COUNT 1000u

static struct dp_diag diag;
static struct dp_mirror *open_mirror(const char *table)
{
	struct dp_mirror *m = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_mirror_open(&m, table, &diag), DP_OK);
	CU_ASSERT_STRING_EQUAL(dp_mirror_table(m), table);
	return m;
}

/* Elements 0 to count-1, all ending at end_s; static storage. */
static struct dp_elements elements(size_t count, uint32_t end_s)
{
	static struct dp_element items[COUNT];

	for (size_t i = 0; i < count; i++) {
		uint8_t bytes[4] = { 20, 0, (uint8_t)(i >> 8), (uint8_t)i };

		items[i] = (struct dp_element){ .addr = dp_addr_v4(bytes),
			.service = { 6, 443 }, .end_s = end_s };
	}
	return (struct dp_elements){ items, count, 0 };
}

/* A whole comparison; how many were missing. */
static size_t compare(struct dp_mirror *m, const struct dp_elements *e,
    uint32_t now_s)
{
	size_t missing = 12345;
	enum dp_err err = dp_mirror_look(m, e, now_s, DAY, &missing, &diag);

	if (!err)
		err = dp_mirror_repair(m, now_s, &diag);
	if (err)
		printf("%s: %s ", diag.object, diag.reason);
	CU_ASSERT_EQUAL_FATAL(err, DP_OK);
	return missing;
}

struct held {
	size_t count;
	uint64_t least_ms, most_ms;
};

static void see(void *arg, const struct dp_nft_key *key, uint64_t left_ms)
{
	struct held *h = arg;

	(void)key;
	if (h->count == 0 || left_ms < h->least_ms)
		h->least_ms = left_ms;
	if (left_ms > h->most_ms)
		h->most_ms = left_ms;
	h->count++;
}

/* What the kernel says, by a link of its own. */
static struct held held(const char *table)
{
	struct dp_nft *nft = netspace_table(table);
	struct held h = { 0, 0, 0 };

	CU_ASSERT_EQUAL_FATAL(dp_nft_dump(nft, see, &h, &diag), DP_OK);
	dp_nft_close(&nft);
	return h;
}

static void a_comparison_makes_them_equal(void)
{
	static const struct {
		const char *damage;
		size_t wanted;
		size_t missing;
	} cases[] = {
		{ NULL, 0, 0 },
		{ NULL, COUNT, COUNT },
		{ NULL, COUNT, 0 },
		{ NULL, 10, 0 },
		{ "flush set inet equal allowed4", 10, 10 },
		{ "delete table inet equal", COUNT, COUNT },
		{ "add element inet equal allowed4_any { 66.66.66.66 }",
		    COUNT, 0 },
		{ "delete element inet equal allowed4 "
		  "{ 20.0.0.7 . tcp . 443 }", COUNT, 1 },
		{ "delete element inet equal allowed4 "
		  "{ 20.0.0.7 . tcp . 443 }; add element inet equal allowed4 "
		  "{ 20.0.0.7 . tcp . 443 timeout 9s }", COUNT, 1 },
		{ "delete element inet equal allowed4 "
		  "{ 20.0.0.7 . tcp . 443 }; add element inet equal allowed4 "
		  "{ 20.0.0.7 . tcp . 443 }", COUNT, 0 },
	};
	struct dp_mirror *m = open_mirror("equal");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_elements e = elements(cases[i].wanted, NOW + 1000);
		struct held h;

		if (cases[i].damage)
			CU_ASSERT_TRUE_FATAL(netspace_nft(cases[i].damage));
		CU_ASSERT_EQUAL(compare(m, &e, NOW), cases[i].missing);
		h = held("equal");
		CU_ASSERT_EQUAL(h.count, cases[i].wanted);
		CU_ASSERT_EQUAL(dp_mirror_elements(m), cases[i].wanted);
		if (h.count == 0)
			continue;
		CU_ASSERT(h.least_ms > 1200000 && h.most_ms <= 1250000);
	}
	dp_mirror_close(&m);
	CU_ASSERT_PTR_NULL(m);
}

static void want(struct dp_mirror *m, uint32_t end_s, uint32_t now_s)
{
	struct dp_elements e = elements(1, end_s);

	CU_ASSERT_EQUAL(dp_mirror_want(m, &e.items[0], now_s, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_mirror_flush(m, &diag), DP_OK);
}

/* A life that grows a little costs nothing, and none is ever cut. */
static void lives_grow_within_the_slack(void)
{
	struct dp_mirror *m = open_mirror("slack");
	const struct dp_mirror_counts *c = dp_mirror_counts(m);
	struct dp_elements none = elements(0, 0);

	compare(m, &none, NOW);
	want(m, NOW + 100, NOW);
	CU_ASSERT_EQUAL(c->added, 1);
	want(m, NOW + 50, NOW);
	want(m, NOW + 160, NOW + 60);
	CU_ASSERT_EQUAL(c->prolonged, 0);
	CU_ASSERT_EQUAL(c->batches, 1);
	CU_ASSERT(held("slack").least_ms > 150000);
	want(m, NOW + 161, NOW + 61);
	CU_ASSERT_EQUAL(c->prolonged, 1);
	want(m, NOW + 400000, NOW + 61);
	CU_ASSERT_EQUAL(c->prolonged, 2);
	CU_ASSERT(held("slack").least_ms > 399930000);
	CU_ASSERT_EQUAL(c->added, 1);
	dp_mirror_close(&m);
}

static void expire(struct dp_mirror *m, uint32_t now_s)
{
	for (unsigned i = 0; i < DP_MIRROR_SLICES; i++)
		CU_ASSERT_EQUAL(dp_mirror_expire(m, now_s, &diag), DP_OK);
}

static void what_ended_goes(void)
{
	struct dp_mirror *m = open_mirror("ends");
	struct dp_elements all = elements(COUNT, NOW + 100);

	compare(m, &all, NOW);
	want(m, NOW + 150, NOW);
	expire(m, NOW + 99);
	CU_ASSERT_EQUAL(held("ends").count, COUNT);
	expire(m, NOW + 100);
	CU_ASSERT_EQUAL(held("ends").count, 1);
	CU_ASSERT_EQUAL(dp_mirror_elements(m), 1);
	CU_ASSERT_EQUAL(dp_mirror_counts(m)->removed, COUNT - 1);
	expire(m, NOW + 150);
	CU_ASSERT_EQUAL(held("ends").count, 0);
	dp_mirror_close(&m);
}

/* After a long sleep the kernel was faster: nothing to take out, no error. */
static void the_kernel_was_faster(void)
{
	struct dp_mirror *m = open_mirror("sleep");
	struct dp_elements all = elements(5, NOW + 100);

	compare(m, &all, NOW);
	CU_ASSERT_TRUE_FATAL(netspace_nft("flush set inet sleep allowed4"));
	expire(m, NOW + 1000);
	CU_ASSERT_EQUAL(dp_mirror_elements(m), 0);
	CU_ASSERT_EQUAL(dp_mirror_counts(m)->removed, 0);
	dp_mirror_close(&m);
}

static void others_disturb(void)
{
	struct dp_mirror *m = open_mirror("calm");
	struct dp_elements all = elements(COUNT, NOW + 100);
	bool disturbed = true;

	compare(m, &all, NOW);
	want(m, NOW + 900, NOW);
	expire(m, NOW + 100);
	CU_ASSERT_EQUAL(dp_mirror_disturbed(m, &disturbed, &diag), DP_OK);
	CU_ASSERT_FALSE(disturbed);
	CU_ASSERT_TRUE_FATAL(netspace_nft("add table inet noise"));
	CU_ASSERT_EQUAL(dp_mirror_disturbed(m, &disturbed, &diag), DP_OK);
	CU_ASSERT_FALSE(disturbed);
	CU_ASSERT_TRUE_FATAL(netspace_nft("flush set inet calm allowed4"));
	CU_ASSERT_EQUAL(dp_mirror_disturbed(m, &disturbed, &diag), DP_OK);
	CU_ASSERT_TRUE(disturbed);
	compare(m, &all, NOW);
	CU_ASSERT_EQUAL(dp_mirror_disturbed(m, &disturbed, &diag), DP_OK);
	CU_ASSERT_FALSE(disturbed);
	dp_mirror_close(&m);
}

/* However much the map may hold. */
static void too_many_are_refused(void)
{
	struct dp_mirror *m = open_mirror("limit");
	struct dp_elements all = elements(COUNT, NOW + 100);
	struct dp_elements none = elements(0, 0);
	struct dp_element extra = { .addr = { 4, { 21, 0, 0, 1 } },
		.service = { 6, 443 }, .end_s = NOW + 100 };

	all = elements(COUNT, NOW + 100);
	compare(m, &none, NOW);
	dp_mirror_limit(m, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		CU_ASSERT_EQUAL(dp_mirror_want(m, &all.items[i], NOW, &diag),
		    DP_OK);
	CU_ASSERT_EQUAL(dp_mirror_want(m, &extra, NOW, &diag), DP_ERR_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "holds 1000 elements"));
	all.items[5].end_s = NOW + 200; /* known ones live on */
	CU_ASSERT_EQUAL(dp_mirror_want(m, &all.items[5], NOW, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_mirror_flush(m, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_mirror_elements(m), COUNT);
	expire(m, NOW + 100);
	CU_ASSERT_EQUAL(dp_mirror_elements(m), 1);
	extra.end_s = NOW + 300;
	CU_ASSERT_EQUAL(dp_mirror_want(m, &extra, NOW + 100, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_mirror_flush(m, &diag), DP_OK);
	CU_ASSERT_EQUAL(held("limit").count, 2);
	dp_mirror_close(&m);
}

/* An error is told, and a comparison mends what it left. */
static void a_comparison_mends_errors(void)
{
	struct dp_mirror *m = open_mirror("mended");
	struct dp_elements one = elements(1, NOW + 100);

	compare(m, &one, NOW);
	CU_ASSERT_TRUE_FATAL(netspace_nft("delete table inet mended"));
	one = elements(1, NOW + 1000);
	CU_ASSERT_EQUAL(dp_mirror_want(m, &one.items[0], NOW, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_mirror_flush(m, &diag), DP_ERR_IO);
	CU_ASSERT_EQUAL(compare(m, &one, NOW), 1);
	CU_ASSERT_EQUAL(held("mended").count, 1);
	dp_mirror_close(&m);
}

static int set_up(void)
{
	return sodium_init() < 0 || netspace_enter();
}

UNIT_MAIN_WITH("sync_mirror", set_up, NULL,
    UNIT(a_comparison_makes_them_equal), UNIT(lives_grow_within_the_slack),
    UNIT(what_ended_goes), UNIT(the_kernel_was_faster), UNIT(others_disturb),
    UNIT(too_many_are_refused), UNIT(a_comparison_mends_errors))
