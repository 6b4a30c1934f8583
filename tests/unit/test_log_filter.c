#include "dp_config.h"

#include "tests/unit/logged.h"

#include "tools/log/log_filter.h"

static struct dp_diag diag;

static bool fits(const struct dp_log_filter *f)
{
	struct dp_stream_item item = logged_item(0, 1);

	return dp_log_filter_fits(f, &item.event);
}

/* Options as "letter word" in order; the event is logged_item's. */
static bool passes(const char *const *words)
{
	struct dp_log_filter f = { .verdicts = 0 };
	bool result;

	for (; *words; words++) {
		const char *word = *words + 2;
		enum dp_err err = DP_OK;

		switch ((*words)[0]) {
		case 'V':
			err = dp_log_filter_verdict(&f, word, &diag);
			break;
		case 'g':
			err = dp_log_filter_group(&f, word, &diag);
			break;
		case 'c':
			err = dp_log_filter_client(&f, word, &diag);
			break;
		case 'n':
			err = dp_log_filter_name(&f, word, &diag);
			break;
		}
		CU_ASSERT_EQUAL_FATAL(err, DP_OK);
	}
	result = fits(&f);
	dp_log_filter_free(&f);
	return result;
}

static void each_kind_must_fit(void)
{
	static const struct {
		const char *words[5];
		bool wanted;
	} cases[] = {
		{ { NULL }, true },
		{ { "V allow" }, true },
		{ { "V deny" }, false },
		{ { "V deny", "V allow" }, true },
		{ { "g core" }, true },
		{ { "g CORE" }, true },
		{ { "g cor" }, false },
		{ { "g other", "g core" }, true },
		{ { "c 198.51.100.9" }, true },
		{ { "c 198.51.100.0/24" }, true },
		{ { "c 198.51.100.8" }, false },
		{ { "c 2001:db8::/32" }, false },
		{ { "c 0.0.0.0/0" }, true },
		{ { "c c6336409000000000000000000000000" }, false },
		{ { "n host.manage.example" }, true },
		{ { "n HOST.manage.example." }, true },
		{ { "n *.manage.example" }, true },
		{ { "n *.example" }, true },
		{ { "n *." }, true },
		{ { "n *.host.manage.example" }, false },
		{ { "n manage.example" }, false },
		{ { "V allow", "g core", "n *.example", "c 192.0.2.1" },
		    false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (passes(cases[i].words) != cases[i].wanted)
			printf("\ncase %s", cases[i].words[0]);
		CU_ASSERT_EQUAL(passes(cases[i].words), cases[i].wanted);
	}
}

static void wrong_words_are_said(void)
{
	struct dp_log_filter f = { .verdicts = 0 };

	CU_ASSERT_EQUAL(dp_log_filter_verdict(&f, "maybe", &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_EQUAL(dp_log_filter_client(&f, "here", &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_EQUAL(dp_log_filter_client(&f, "192.0.2.1/24", &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_EQUAL(dp_log_filter_name(&f, "a..b", &diag), DP_ERR_SYNTAX);
	CU_ASSERT(fits(&f));
	dp_log_filter_free(&f);
}

/* An event that holds a prefix may be of each client in it. */
static void known_in_part_is_not_ruled_out(void)
{
	struct dp_stream_item item = logged_item(0, 1);
	struct dp_log_filter f = { .verdicts = 0 };

	item.event.fixed.client_kind = DP_EVENT_CLIENT_PREFIX4;
	item.event.fixed.client[3] = 0;
	CU_ASSERT_EQUAL(dp_log_filter_client(&f, "198.51.100.77", &diag),
	    DP_OK);
	CU_ASSERT(dp_log_filter_fits(&f, &item.event));
	item.event.fixed.client[2] = 1;
	CU_ASSERT_FALSE(dp_log_filter_fits(&f, &item.event));
	CU_ASSERT_EQUAL(dp_log_filter_client(&f,
	    "00000000000000000000000000000007", &diag), DP_OK);
	memset(item.event.fixed.client, 0, 16);
	item.event.fixed.client[15] = 7;
	item.event.fixed.client_kind = DP_EVENT_CLIENT_PSEUDONYM;
	CU_ASSERT(dp_log_filter_fits(&f, &item.event));
	item.event.fixed.client_kind = DP_EVENT_CLIENT_NONE;
	CU_ASSERT_FALSE(dp_log_filter_fits(&f, &item.event));
	dp_log_filter_free(&f);
}

static void old_events_and_nameless_ones(void)
{
	struct dp_stream_item item = logged_item(0, 1);
	struct dp_log_filter f = { .since_us = LOGGED_US };

	CU_ASSERT(dp_log_filter_fits(&f, &item.event));
	f.since_us++;
	CU_ASSERT_FALSE(dp_log_filter_fits(&f, &item.event));
	f.since_us = 0;
	item.event.name_b = 0;
	CU_ASSERT(dp_log_filter_fits(&f, &item.event));
	CU_ASSERT_EQUAL(dp_log_filter_name(&f, "*.", &diag), DP_OK);
	CU_ASSERT_FALSE(dp_log_filter_fits(&f, &item.event));
	dp_log_filter_free(&f);
}

UNIT_MAIN("log_filter", UNIT(each_kind_must_fit), UNIT(wrong_words_are_said),
    UNIT(known_in_part_is_not_ruled_out), UNIT(old_events_and_nameless_ones))
