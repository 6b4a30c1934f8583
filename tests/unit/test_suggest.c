#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "tools/report/suggest.h"

struct query {
	const char *name;
	const char *client;
	uint64_t time_us;
};

static void add(struct dp_suggest *s, const char *text, const char *client,
    uint64_t time_us)
{
	struct dp_diag diag;
	struct dp_name name;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, text, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_suggest_add(s, &name, client, time_us), DP_OK);
}

static struct dp_suggest *suggest_open(const struct query *queries)
{
	struct dp_suggest *s = NULL;
	struct dp_diag diag;

	CU_ASSERT_EQUAL_FATAL(dp_suggest_open(&s, &diag), DP_OK);
	for (; queries->name; queries++)
		add(s, queries->name, queries->client, queries->time_us);
	return s;
}

static size_t make(struct dp_suggest *s, uint64_t min_queries,
    uint32_t min_names, struct dp_suggestion **list)
{
	struct dp_suffix_list *suffixes = NULL;
	struct dp_diag diag;
	size_t count = 0;

	CU_ASSERT_EQUAL_FATAL(dp_suffixes_open(&suffixes, NULL, 0, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_suggest_make(s, suffixes, min_queries,
				  min_names, list, &count), DP_OK);
	dp_suffixes_close(&suffixes);
	return count;
}

/* What is asked, and the rules in order, with blanks between. */
static const struct {
	struct query queries[10];
	const char *rules;
} cases[] = {
	{ { { "www.example.org", "", 1 } }, "www.example.org" },
	{ { { "a.example.org", "", 1 }, { "b.example.org", "", 1 } },
	    "a.example.org b.example.org" },
	{ { { "a.example.org", "", 1 }, { "b.example.org", "", 1 },
	      { "c.example.org", "", 1 } }, "*.example.org" },
	{ { { "a.example.org", "", 1 }, { "b.example.org", "", 1 },
	      { "c.example.org", "", 1 }, { "example.org", "", 1 } },
	    "*.example.org example.org" },
	/* side by side, but deeper */
	{ { { "a.x.example.org", "", 1 }, { "b.x.example.org", "", 1 },
	      { "c.d.x.example.org", "", 1 }, { "www.example.org", "", 1 } },
	    "*.x.example.org www.example.org" },
	/* a chain of parents is not side by side */
	{ { { "c.b.a.example.org", "", 1 }, { "b.a.example.org", "", 1 },
	      { "a.example.org", "", 1 }, { "example.org", "", 1 } },
	    "example.org a.example.org b.a.example.org c.b.a.example.org" },
	/* many owners under one suffix */
	{ { { "a.cloudfront.net", "", 1 }, { "b.cloudfront.net", "", 1 },
	      { "c.cloudfront.net", "", 1 }, { "d.cloudfront.net", "", 1 } },
	    "a.cloudfront.net b.cloudfront.net c.cloudfront.net "
	    "d.cloudfront.net" },
	{ { { "a.co.uk", "", 1 }, { "b.co.uk", "", 1 }, { "c.co.uk", "", 1 } },
	    "a.co.uk b.co.uk c.co.uk" },
	{ { { "a.amazonaws.com", "", 1 }, { "b.amazonaws.com", "", 1 },
	      { "c.amazonaws.com", "", 1 } },
	    "a.amazonaws.com b.amazonaws.com c.amazonaws.com" },
	{ { { "a.s3.eu-west-1.amazonaws.com", "", 1 },
	      { "b.s3.eu-west-1.amazonaws.com", "", 1 },
	      { "c.s3.eu-west-1.amazonaws.com", "", 1 } },
	    "a.s3.eu-west-1.amazonaws.com b.s3.eu-west-1.amazonaws.com "
	    "c.s3.eu-west-1.amazonaws.com" },
	/* apps.fbsbx.com, which many share, would be covered */
	{ { { "a.fbsbx.com", "", 1 }, { "b.fbsbx.com", "", 1 },
	      { "c.fbsbx.com", "", 1 }, { "x.apps.fbsbx.com", "", 1 } },
	    "a.fbsbx.com x.apps.fbsbx.com b.fbsbx.com c.fbsbx.com" },
	{ { { "a.fbsbx.com", "", 1 }, { "b.fbsbx.com", "", 1 },
	      { "c.fbsbx.com", "", 1 } }, "*.fbsbx.com" },
	{ { { "com", "", 1 }, { "org", "", 1 }, { "net", "", 1 },
	      { "co.uk", "", 1 } }, "com net org co.uk" },
	/* most asked first */
	{ { { "a.example.org", "", 1 }, { "b.example.com", "", 1 },
	      { "b.example.com", "", 2 } }, "b.example.com a.example.org" },
	/* what a stranger would have */
	{ { { "*.com", "", 1 }, { "*.example.org", "", 1 },
	      { "a*.example.org", "", 1 }, { "#.example.org", "", 1 },
	      { ".", "", 1 } }, "" },
};

static void text_of(char *text, size_t size_b,
    const struct dp_suggestion *list, size_t count)
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && n < size_b; i++) {
		char name[DP_NAME_TEXT_MAX];

		(void)dp_name_to_text(&list[i].base, name);
		n += (size_t)snprintf(text + n, size_b - n, "%s%s%s",
		    i ? " " : "", list[i].wildcard ? "*." : "", name);
	}
}

static void rules_are_as_wide_as_needed(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_suggest *s = suggest_open(cases[i].queries);
		struct dp_suggestion *list = NULL;
		size_t count = make(s, 1, 3, &list);
		char text[1000];

		text_of(text, sizeof(text), list, count);
		CU_ASSERT_STRING_EQUAL(text, cases[i].rules);
		free(list);
		dp_suggest_close(&s);
	}
}

static const struct query evidence[] = {
	{ "a.example.org", "192.0.2.1", 50 },
	{ "a.example.org", "192.0.2.1", 10 },
	{ "b.example.org", "192.0.2.2", 90 },
	{ "c.example.org", "192.0.2.1", 30 },
	{ "rare.example.com", "192.0.2.9", 5 },
	{ "*.com", "192.0.2.9", 5 },
	{ NULL, NULL, 0 },
};

static void evidence_is_summed_up(void)
{
	struct dp_suggest *s = suggest_open(evidence);
	struct dp_suggestion *list = NULL, one;

	CU_ASSERT_EQUAL_FATAL(make(s, 2, 3, &list), 1);
	CU_ASSERT(list[0].wildcard);
	CU_ASSERT_EQUAL(list[0].names, 3);
	CU_ASSERT_EQUAL(list[0].queries, 4);
	CU_ASSERT_EQUAL(list[0].clients, 2);
	CU_ASSERT_EQUAL(list[0].first_us, 10);
	CU_ASSERT_EQUAL(list[0].last_us, 90);
	dp_suggest_name(s, list[0].first, &one);
	CU_ASSERT_EQUAL(one.queries, 2);
	CU_ASSERT_EQUAL(one.clients, 1);
	CU_ASSERT_EQUAL(one.last_us, 50);
	CU_ASSERT_EQUAL(dp_suggest_odd(s), 1);
	CU_ASSERT_EQUAL(dp_suggest_dropped(s), 0);
	free(list);
	CU_ASSERT_EQUAL(make(s, 1, 4, &list), 4); /* no wildcard, all names */
	free(list);
	dp_suggest_close(&s);
	dp_suggest_close(&s);
}

static void long_names_find_room_below_the_origin(void)
{
	char label[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
	struct dp_suggest *s = suggest_open(&evidence[6]);
	char text[300];

	/* 4 * 53 + 31 + 1 = 244 octets; 18 more do not fit */
	snprintf(text, sizeof(text), "%s.%s.%s.%s.%.30s", label, label, label,
	    label, label);
	add(s, text, "", 1);
	CU_ASSERT_EQUAL(dp_suggest_odd(s), 1);
	snprintf(text, sizeof(text), "%s.%s.%s.%s", label, label, label,
	    label);
	add(s, text, "", 1);
	CU_ASSERT_EQUAL(dp_suggest_odd(s), 1);
	dp_suggest_close(&s);
}

static void add_number(struct dp_suggest *s, unsigned i, const char *client)
{
	char text[64];

	snprintf(text, sizeof(text), "x%u.example.org", i);
	add(s, text, client, 0);
}

static void a_flood_costs_so_much_and_no_more(void)
{
	struct dp_suggest *s = suggest_open(&evidence[6]);
	struct dp_suggestion *list = NULL;

	for (unsigned i = 0; i < DP_SUGGEST_NAMES_MAX; i++) {
		add_number(s, i, "192.0.2.1");
		add_number(s, i, "192.0.2.2");
	}
	CU_ASSERT_EQUAL(dp_suggest_dropped(s), 0);
	CU_ASSERT_EQUAL(dp_suggest_anonymous(s), 0);
	add_number(s, DP_SUGGEST_NAMES_MAX, "192.0.2.1");
	CU_ASSERT_EQUAL(dp_suggest_dropped(s), 1);
	/* What is known goes on being counted. */
	add_number(s, 7, "192.0.2.2");
	CU_ASSERT_EQUAL(dp_suggest_anonymous(s), 0);
	add_number(s, 7, "192.0.2.3");
	add(s, "x7.example.org", "192.0.2.3", 50);
	CU_ASSERT_EQUAL(dp_suggest_dropped(s), 1);
	CU_ASSERT_EQUAL(dp_suggest_anonymous(s), 2);
	CU_ASSERT_EQUAL_FATAL(make(s, 1, 3, &list), 1);
	CU_ASSERT_EQUAL(list[0].queries, 2 * DP_SUGGEST_NAMES_MAX + 3);
	CU_ASSERT_EQUAL(list[0].clients, 2);
	CU_ASSERT_EQUAL(list[0].first_us, 50); /* the others told none */
	CU_ASSERT_EQUAL(list[0].last_us, 50);
	free(list);
	dp_suggest_close(&s);
}

#define DEEP_LABELS 100u
#define DEEP_NAMES 1000u

static struct dp_name deep_name(uint64_t *seed)
{
	struct dp_diag diag;
	struct dp_name base, name;
	unsigned labels = (unsigned)(unit_random(seed) % DEEP_LABELS);
	size_t n = 0;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&base, "example.org", &diag),
	    DP_OK);
	for (; labels > 0; labels--) {
		name.wire[n++] = 1;
		name.wire[n++] = (uint8_t)("ab"[unit_random(seed) % 8 == 0]);
	}
	memcpy(name.wire + n, base.wire, base.len);
	name.len = (uint8_t)(n + base.len);
	return name;
}

static unsigned covering(const struct dp_suggestion *list, size_t count,
    const struct dp_name *name)
{
	unsigned rules = 0;

	for (size_t i = 0; i < count; i++)
		rules += dp_name_within(name, &list[i].base) &&
		    dp_name_equal(name, &list[i].base) != list[i].wildcard;
	return rules;
}

static void each_name_has_one_rule(void)
{
	struct dp_suggest *s = suggest_open(&evidence[6]);
	struct dp_suggestion *list = NULL;
	uint64_t seed = 1, queries = 0;
	size_t count;

	for (unsigned i = 0; i < DEEP_NAMES; i++) {
		struct dp_name name = deep_name(&seed);

		CU_ASSERT_EQUAL(dp_suggest_add(s, &name, "", 1), DP_OK);
	}
	count = make(s, 1, 3, &list);
	seed = 1;
	for (unsigned i = 0; i < DEEP_NAMES; i++) {
		struct dp_name name = deep_name(&seed);

		CU_ASSERT_EQUAL(covering(list, count, &name), 1);
	}
	for (size_t i = 0; i < count; i++)
		queries += list[i].queries;
	CU_ASSERT_EQUAL(queries, DEEP_NAMES);
	free(list);
	dp_suggest_close(&s);
}

UNIT_MAIN("suggest", UNIT(rules_are_as_wide_as_needed),
    UNIT(a_flood_costs_so_much_and_no_more),
    UNIT(each_name_has_one_rule),
    UNIT(evidence_is_summed_up),
    UNIT(long_names_find_room_below_the_origin))
