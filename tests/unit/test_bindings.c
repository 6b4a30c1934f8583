#include "dp_config.h"

#include "tests/unit/given_map.h"
#include "tests/unit/sample.h"
#include "tools/export/bindings.h"

static const struct dp_bindings_filter all = { NULL, true, true, 0 };
static uint8_t *policy_bytes;

static struct dp_policy *policy_with(enum dp_setting id, uint32_t value)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_policy *policy = NULL;
	struct dp_settings settings;
	size_t size_b = 0;

	dp_settings_default(&settings);
	settings.value[id] = value;
	free(policy_bytes);
	policy_bytes = sample_policy_bytes(&settings, &size_b);
	CU_ASSERT_EQUAL_FATAL(dp_policy_from_bytes(&policy, policy_bytes,
	    size_b, NULL, "sample", &diag), DP_OK);
	return policy;
}

static struct dp_binding binding(const char *name, const char *addr)
{
	struct dp_binding b = {
		.name = sample_name(name),
		.final = sample_name(name),
		.addr = sample_addr(addr),
		.ttl_end_s = SAMPLE_NOW_S + 60,
		.end_s = SAMPLE_NOW_S + 300,
		.first_seen_s = SAMPLE_NOW_S - 10,
		.last_seen_s = SAMPLE_NOW_S - 5,
		.hits = 3,
	};

	return b;
}

static struct dp_bindings *collect(const struct dp_binding *bindings,
    size_t count, const struct dp_policy *policy,
    const struct dp_bindings_filter *filter)
{
	struct dp_map map = { bindings, (uint32_t)count };
	struct dp_bindings *list = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_bindings_collect(&list, &map, policy, filter,
	    SAMPLE_NOW_S), DP_OK);
	return list;
}

static void rows_are_sorted(void)
{
	static const char *const scrambled[][2] = {
		{ "b.manage.microsoft.com", "40.83.123.2" },
		{ "manage.microsoft.com", "2620:1ec::1" },
		{ "a.push.apple.com", "17.57.144.10" },
		{ "manage.microsoft.com", "40.83.123.10" },
		{ "a.manage.microsoft.com", "40.83.123.1" },
		{ "manage.microsoft.com", "40.83.123.9" },
	};
	static const char *const sorted[][2] = {
		{ "a.push.apple.com", "17.57.144.10" },
		{ "manage.microsoft.com", "40.83.123.9" },
		{ "manage.microsoft.com", "40.83.123.10" },
		{ "manage.microsoft.com", "2620:1ec::1" },
		{ "a.manage.microsoft.com", "40.83.123.1" },
		{ "b.manage.microsoft.com", "40.83.123.2" },
	};
	enum { COUNT = sizeof(scrambled) / sizeof(scrambled[0]) };
	struct dp_policy *policy = policy_with(DP_SET_MODE, DP_MODE_STRICT);
	struct dp_binding bindings[COUNT];
	struct dp_bindings *list;

	for (size_t i = 0; i < COUNT; i++)
		bindings[i] = binding(scrambled[i][0], scrambled[i][1]);
	list = collect(bindings, COUNT, policy, &all);
	CU_ASSERT_EQUAL_FATAL(dp_bindings_count(list), COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		const struct dp_row *row = dp_bindings_row(list, i);
		char name[DP_NAME_TEXT_MAX], addr[DP_ADDR_TEXT_MAX];

		dp_row_name_text(row->name, name);
		dp_addr_to_text(&row->addr, addr);
		CU_ASSERT_STRING_EQUAL(name, sorted[i][0]);
		CU_ASSERT_STRING_EQUAL(addr, sorted[i][1]);
		CU_ASSERT_PTR_EQUAL(row->final, row->name);
	}
	dp_bindings_close(&list);
	dp_policy_close(&policy);
}

/* The older state first and last. */
static void states_of_one_binding_are_joined(void)
{
	struct dp_policy *policy = policy_with(DP_SET_MODE, DP_MODE_STRICT);
	struct dp_binding older = binding("manage.microsoft.com",
	    "40.83.123.72");
	struct dp_binding newer = older;

	newer.final = sample_name("manage.microsoft.com.nsatc.net");
	newer.end_s += 100;
	newer.ttl_end_s += 70;
	newer.last_seen_s += 5;
	newer.hits++;
	for (int turn = 0; turn < 2; turn++) {
		struct dp_binding both[] = { turn ? newer : older,
			turn ? older : newer };
		struct dp_bindings *list = collect(both, 2, policy, &all);
		const struct dp_row *row = dp_bindings_row(list, 0);
		char final[DP_NAME_TEXT_MAX];

		CU_ASSERT_EQUAL_FATAL(dp_bindings_count(list), 1);
		CU_ASSERT_EQUAL(row->end_s, newer.end_s);
		CU_ASSERT_EQUAL(row->ttl_end_s, newer.ttl_end_s);
		CU_ASSERT_EQUAL(row->first_seen_s, older.first_seen_s);
		CU_ASSERT_EQUAL(row->last_seen_s, newer.last_seen_s);
		CU_ASSERT_EQUAL(row->hits, newer.hits);
		dp_row_name_text(row->final, final);
		CU_ASSERT_STRING_EQUAL(final, "manage.microsoft.com.nsatc.net");
		dp_bindings_close(&list);
	}
	dp_policy_close(&policy);
}

static void policy_decides_what_leaves(void)
{
	static const struct {
		const char *name;
		const char *addr;
		enum dp_setting set;
		uint32_t value;
		struct dp_bindings_tally tally;
		size_t count;
	} cases[] = {
		{ "manage.microsoft.com", "40.83.123.72", DP_SET_PINS,
		    DP_PINS_ENFORCE, { 1, 0, 0, 0, 0 }, 1 },
		{ "manage.microsoft.com", "40.83.124.72", DP_SET_PINS,
		    DP_PINS_ENFORCE, { 1, 0, 0, 1, 0 }, 0 },
		{ "manage.microsoft.com", "40.83.124.72", DP_SET_PINS,
		    DP_PINS_REPORT, { 1, 0, 0, 0, 0 }, 1 },
		{ "a.push.apple.com", "40.83.124.72", DP_SET_PINS,
		    DP_PINS_ENFORCE, { 1, 0, 0, 0, 0 }, 1 },
		{ "a.push.apple.com", "192.168.1.1", DP_SET_PRIVATE,
		    DP_PRIVATE_REFUSE, { 1, 0, 1, 0, 0 }, 0 },
		{ "a.push.apple.com", "192.168.1.1", DP_SET_PRIVATE,
		    DP_PRIVATE_ALLOW, { 1, 0, 0, 0, 0 }, 1 },
		{ "a.push.apple.com", "::ffff:10.0.0.1", DP_SET_PRIVATE,
		    DP_PRIVATE_REFUSE, { 1, 0, 1, 0, 0 }, 0 },
		{ "legacy.manage.microsoft.com", "40.83.123.72", DP_SET_MODE,
		    DP_MODE_OBSERVE, { 1, 1, 0, 0, 0 }, 0 },
		{ "x.example", "40.83.123.72", DP_SET_MODE, DP_MODE_OBSERVE,
		    { 1, 1, 0, 0, 0 }, 0 },
		{ "push.apple.com", "40.83.123.72", DP_SET_MODE,
		    DP_MODE_STRICT, { 1, 1, 0, 0, 0 }, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_policy *policy =
		    policy_with(cases[i].set, cases[i].value);
		struct dp_binding b = binding(cases[i].name, cases[i].addr);
		struct dp_bindings *list = collect(&b, 1, policy, &all);

		CU_ASSERT_EQUAL(dp_bindings_count(list), cases[i].count);
		CU_ASSERT_EQUAL(memcmp(dp_bindings_tally(list),
		    &cases[i].tally, sizeof(cases[i].tally)), 0);
		dp_bindings_close(&list);
		dp_policy_close(&policy);
	}
}

/* Groups are sorted by apex: apps, core, odd, push. */
static void filter_chooses(void)
{
	static const bool apps[] = { true, false, false, false };
	static const bool core[] = { false, true, false, false };
	static const bool none[] = { false, false, false, false };
	static const struct {
		struct dp_bindings_filter filter;
		size_t count;
	} cases[] = {
		{ { NULL, true, true, 0 }, 4 },
		{ { NULL, true, false, 0 }, 3 },
		{ { NULL, false, true, 0 }, 1 },
		{ { NULL, false, false, 0 }, 0 },
		{ { apps, true, true, 0 }, 1 },
		{ { core, true, true, 0 }, 3 },
		{ { core, true, false, 0 }, 2 },
		{ { none, true, true, 0 }, 0 },
	};
	struct dp_policy *policy = policy_with(DP_SET_MODE, DP_MODE_STRICT);
	const struct dp_binding bindings[] = {
		binding("manage.microsoft.com", "40.83.123.72"),
		binding("manage.microsoft.com", "2620:1ec::1"),
		binding("a.manage.microsoft.com", "40.83.123.72"),
		binding("a.push.apple.com", "17.57.144.10"),
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_bindings *list =
		    collect(bindings, 4, policy, &cases[i].filter);

		CU_ASSERT_EQUAL(dp_bindings_count(list), cases[i].count);
		CU_ASSERT_EQUAL(dp_bindings_tally(list)->filtered,
		    4 - cases[i].count);
		dp_bindings_close(&list);
	}
	dp_policy_close(&policy);
}

static void ended_bindings_are_no_bindings(void)
{
	struct dp_policy *policy = policy_with(DP_SET_MODE, DP_MODE_STRICT);
	struct dp_binding bindings[] = {
		binding("manage.microsoft.com", "40.83.123.72"),
		binding("manage.microsoft.com", "40.83.123.73"),
		binding("manage.microsoft.com", "40.83.123.74"),
	};
	struct dp_bindings *list;

	bindings[0].end_s = SAMPLE_NOW_S - 1;
	bindings[1].end_s = SAMPLE_NOW_S;
	bindings[2].end_s = SAMPLE_NOW_S + 1;
	list = collect(bindings, 3, policy, &all);
	CU_ASSERT_EQUAL(dp_bindings_tally(list)->live, 1);
	CU_ASSERT_EQUAL_FATAL(dp_bindings_count(list), 1);
	CU_ASSERT_EQUAL(dp_bindings_row(list, 0)->end_s, SAMPLE_NOW_S + 1);
	dp_bindings_close(&list);
	list = collect(bindings, 0, policy, &all);
	CU_ASSERT_EQUAL(dp_bindings_count(list), 0);
	dp_bindings_close(&list);
	CU_ASSERT_PTR_NULL(list);
	dp_bindings_close(&list);
	dp_policy_close(&policy);
}

static void no_life_exceeds_the_settings(void)
{
	static const struct {
		uint32_t end_s;
		uint32_t wanted_s;
	} cases[] = {
		{ SAMPLE_NOW_S + 1, SAMPLE_NOW_S + 1 },
		{ SAMPLE_NOW_S + 1000, SAMPLE_NOW_S + 1000 },
		{ SAMPLE_NOW_S + 1001, SAMPLE_NOW_S + 1000 },
		{ UINT32_MAX, SAMPLE_NOW_S + 1000 },
	};
	struct dp_policy *policy = policy_with(DP_SET_MAX_LIFETIME, 1000);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_binding b =
		    binding("manage.microsoft.com", "40.83.123.72");
		struct dp_bindings *list;

		b.end_s = cases[i].end_s;
		list = collect(&b, 1, policy, &all);
		CU_ASSERT_EQUAL_FATAL(dp_bindings_count(list), 1);
		CU_ASSERT_EQUAL(dp_bindings_row(list, 0)->end_s,
		    cases[i].wanted_s);
		dp_bindings_close(&list);
	}
	dp_policy_close(&policy);
}

/* Long names in numbers that fill several chunks: none is lost or mixed up. */
static void many_long_names_come_back(void)
{
	enum { COUNT = 3000 };
	static struct dp_binding bindings[COUNT];
	struct dp_policy *policy = policy_with(DP_SET_MODE, DP_MODE_STRICT);
	struct dp_bindings *list;
	char filler[4][61], text[512];

	for (size_t i = 0; i < 3; i++) {
		memset(filler[i], (int)('a' + i), 60);
		filler[i][60] = '\0';
	}
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(text, sizeof(text), "n%04u.%s.%s.%s.push.apple.com",
		    (i * 7919u) % COUNT, filler[0], filler[1], filler[2]);
		bindings[i] = binding(text, "17.57.144.10");
		bindings[i].final = sample_name("x.example");
	}
	list = collect(bindings, COUNT, policy, &all);
	CU_ASSERT_EQUAL_FATAL(dp_bindings_count(list), COUNT);
	for (unsigned i = 0; i < COUNT; i++) {
		char name[DP_NAME_TEXT_MAX];

		dp_row_name_text(dp_bindings_row(list, i)->name, name);
		snprintf(text, sizeof(text), "n%04u.%s.%s.%s.push.apple.com", i,
		    filler[0], filler[1], filler[2]);
		CU_ASSERT_STRING_EQUAL(name, text);
		dp_row_name_text(dp_bindings_row(list, i)->final, name);
		CU_ASSERT_STRING_EQUAL(name, "x.example");
	}
	dp_bindings_close(&list);
	dp_policy_close(&policy);
}

/* By the piece: the same judgement, and a list that is used again. */
static void pieces_are_judged_as_the_whole(void)
{
	struct dp_policy *policy = policy_with(DP_SET_MODE, DP_MODE_STRICT);
	struct dp_binding ended = binding("manage.microsoft.com", "40.83.1.1");
	const struct dp_binding pieces[] = {
		binding("manage.microsoft.com", "40.83.123.72"),
		binding("a.push.apple.com", "17.57.144.10"),
		binding("off.example", "20.0.0.1"),
		ended,
	};
	enum { COUNT = sizeof(pieces) / sizeof(pieces[0]) };
	struct dp_bindings *list;

	CU_ASSERT_EQUAL_FATAL(dp_bindings_new(&list), DP_OK);
	for (int turn = 0; turn < 2; turn++) {
		uint32_t now_s = SAMPLE_NOW_S;

		for (size_t i = 0; i < COUNT; i++) {
			if (i == COUNT - 1)
				now_s = ended.end_s;
			CU_ASSERT_EQUAL(dp_bindings_add(list, &pieces[i],
			    policy, &all, now_s), DP_OK);
		}
		CU_ASSERT_EQUAL_FATAL(dp_bindings_count(list), 2);
		CU_ASSERT_TRUE(dp_addr_equal(&dp_bindings_row(list, 1)->addr,
		    &pieces[1].addr));
		CU_ASSERT_EQUAL(dp_bindings_tally(list)->live, 3);
		CU_ASSERT_EQUAL(dp_bindings_tally(list)->denied, 1);
		dp_bindings_clear(list);
		CU_ASSERT_EQUAL(dp_bindings_count(list), 0);
		CU_ASSERT_EQUAL(dp_bindings_tally(list)->live, 0);
	}
	dp_bindings_close(&list);
	dp_policy_close(&policy);
}

static int tear_down(void)
{
	free(policy_bytes);
	return 0;
}

UNIT_MAIN_WITH("bindings", NULL, tear_down, UNIT(rows_are_sorted),
    UNIT(states_of_one_binding_are_joined), UNIT(policy_decides_what_leaves),
    UNIT(filter_chooses), UNIT(ended_bindings_are_no_bindings),
    UNIT(no_life_exceeds_the_settings), UNIT(many_long_names_come_back),
    UNIT(pieces_are_judged_as_the_whole))
