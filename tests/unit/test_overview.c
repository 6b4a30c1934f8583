#include "dp_config.h"

#include "tests/unit/unit.h"
#include "tools/report/overview.h"

#include <string.h>

#define NOW_S 1606039200u

static void alive_and_ready(void)
{
	static const struct {
		bool has_status;
		bool process_exists;
		uint64_t heartbeat_s;
		uint32_t ready;
		bool alive_wanted;
		bool ready_wanted;
	} cases[] = {
		{ true, true, NOW_S, 1, true, true },
		{ true, true, NOW_S - 5, 1, true, true },
		{ true, true, NOW_S + 5, 1, true, true },
		{ true, true, NOW_S, 0, true, false },
		{ true, true, NOW_S, 2, true, false },
		{ true, true, NOW_S - 6, 1, false, false },
		{ true, true, NOW_S + 6, 1, false, false },
		{ true, true, 0, 1, false, false },
		{ true, true, UINT64_MAX, 1, false, false },
		{ true, false, NOW_S, 1, false, false },
		{ false, true, NOW_S, 1, false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct dp_overview o = {
			.now_s = NOW_S,
			.has_status = cases[i].has_status,
			.process_exists = cases[i].process_exists,
			.head = { .heartbeat_s = cases[i].heartbeat_s,
			    .ready = cases[i].ready },
		};

		CU_ASSERT_EQUAL(dp_overview_alive(&o), cases[i].alive_wanted);
		CU_ASSERT_EQUAL(dp_overview_ready(&o), cases[i].ready_wanted);
	}
}

/* The resolver's user writes these texts: no octet may steer a terminal. */
static void texts_are_cleaned(void)
{
	static const struct {
		const char *text;
		size_t text_b;
		const char *wanted;
	} cases[] = {
		{ "1.17.1", 7, "1.17.1" },
		{ "1.17.1", 6, "1.17.1" },
		{ "", 1, "" },
		{ "a", 0, "" },
		{ "\033[2Jx\r\n\177\200\377~", 12, "?[2Jx?????~" },
		{ "123456789012345", 16, "12345678901" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[12];

		dp_overview_clean(out, sizeof(out),
		    (const uint8_t *)cases[i].text, cases[i].text_b);
		CU_ASSERT_STRING_EQUAL(out, cases[i].wanted);
	}
}

static void without_policy_nothing_is_same(void)
{
	struct dp_overview o = { .has_status = true };

	CU_ASSERT_FALSE(dp_overview_loaded(&o));
	CU_ASSERT_FALSE(dp_overview_same(&o));
	o.head.generation = 1;
	CU_ASSERT_TRUE(dp_overview_loaded(&o));
	CU_ASSERT_FALSE(dp_overview_same(&o));
	o.has_status = false;
	CU_ASSERT_FALSE(dp_overview_loaded(&o));
	CU_ASSERT_EQUAL(dp_overview_barrier(&o), DP_BARRIER_OFF);
}

static void confirmed_needs_life_and_promise(void)
{
	for (unsigned i = 0; i < 8; i++) {
		const struct dp_overview o = {
			.has_agent = i & 1,
			.agent_alive = i & 2,
			.agent_promises = i & 4,
		};

		CU_ASSERT_EQUAL(dp_overview_confirmed(&o), i == 7);
	}
}

UNIT_MAIN("overview", UNIT(alive_and_ready), UNIT(texts_are_cleaned),
    UNIT(without_policy_nothing_is_same),
    UNIT(confirmed_needs_life_and_promise))
