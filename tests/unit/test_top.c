#include "dp_config.h"

#include "tests/unit/topped.h"

static double weight_of(const struct dp_top *t, enum dp_top_list list)
{
	struct dp_tally_row row = { .weight = 0 };

	(void)dp_tally_top(t->lists[list], &row, 1);
	return row.weight;
}

static void events_are_summed_up(void)
{
	struct dp_top *t = topped_open();

	topped_event(t, DP_EVENT_VERDICT_ALLOW, 0, 1, 0, 0);
	topped_event(t, DP_EVENT_VERDICT_ALLOW, DP_EVENT_PIN_OUTSIDE, 2, 10,
	    700);
	topped_event(t, DP_EVENT_VERDICT_DENY, 0, 2, 2000000, 0);
	topped_event(t, DP_EVENT_VERDICT_WOULD_DENY, DP_EVENT_LEAKED, 2, 5,
	    0);
	topped_lost(t, 9);
	CU_ASSERT_EQUAL(t->events, 4);
	CU_ASSERT_EQUAL(t->lost, 9);
	CU_ASSERT_EQUAL(t->held_events, 1);
	CU_ASSERT_EQUAL(t->hold_max_us, 700);
	CU_ASSERT_DOUBLE_EQUAL(weight_of(t, DP_TOP_NAMES), 4, 0.001);
	CU_ASSERT_DOUBLE_EQUAL(weight_of(t, DP_TOP_CLIENTS), 3, 0.001);
	CU_ASSERT_DOUBLE_EQUAL(weight_of(t, DP_TOP_REFUSED), 2, 0.001);
	CU_ASSERT_DOUBLE_EQUAL(weight_of(t, DP_TOP_OUTSIDE), 1, 0.001);
	dp_top_whole(t);
	CU_ASSERT_DOUBLE_EQUAL(t->seconds, 2, 0.001);
	dp_top_reset(t);
	CU_ASSERT_EQUAL(t->events, 0);
	CU_ASSERT_EQUAL(t->lost, 0);
	CU_ASSERT_DOUBLE_EQUAL(weight_of(t, DP_TOP_NAMES), 0, 0.001);
	dp_top_close(&t);
	dp_top_close(&t);
}

/* Ten a second for ever are ten a second, from the first second on. */
static void rates_are_those_of_the_last_seconds(void)
{
	struct dp_top *t = topped_open();

	for (int s = 0; s < 100; s++) {
		for (int i = 0; i < 10; i++)
			topped_event(t, DP_EVENT_VERDICT_ALLOW, 0, 1, 0, 0);
		dp_top_pass(t, 1);
		CU_ASSERT_DOUBLE_EQUAL(weight_of(t, DP_TOP_NAMES) /
		    t->seconds, 10, 0.001);
	}
	for (int s = 0; s < 60; s++)
		dp_top_pass(t, 1);
	CU_ASSERT(weight_of(t, DP_TOP_NAMES) / t->seconds < 0.1);
	CU_ASSERT_EQUAL(t->events, 1000);
	dp_top_close(&t);
}

static void the_newest_bindings_are_kept(void)
{
	struct dp_top *t = topped_open();

	/* As the map has them: in no order. */
	for (unsigned i = 0; i < 3 * DP_TOP_NEW_MAX; i++)
		topped_binding(t, "a.example.org",
		    (uint8_t)(i * 7 % (3 * DP_TOP_NEW_MAX)));
	CU_ASSERT_EQUAL(t->new_count, 3 * DP_TOP_NEW_MAX);
	for (unsigned i = 0; i < DP_TOP_NEW_MAX; i++)
		CU_ASSERT_EQUAL(t->new_ones[i].first_seen_s,
		    TOPPED_NOW_S - i);
	dp_top_close(&t);
}

UNIT_MAIN("top", UNIT(events_are_summed_up),
    UNIT(rates_are_those_of_the_last_seconds),
    UNIT(the_newest_bindings_are_kept))
