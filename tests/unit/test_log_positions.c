#include "dp_config.h"

#include "tests/unit/logged.h"

#include "tools/log/log_positions.h"

static struct dp_log_positions p;

static void events_are_passed_one_by_one(void)
{
	struct dp_stream_item item = logged_item(3, 1);

	memset(&p, 0, sizeof(p));
	CU_ASSERT(dp_log_positions_lack(&p, &item));
	dp_log_positions_enter(&p, &item);
	CU_ASSERT_EQUAL(p.count, 4);
	CU_ASSERT_FALSE(p.ring[0].known);
	CU_ASSERT(p.ring[3].known);
	CU_ASSERT_EQUAL(p.ring[3].id, 0xabc);
	CU_ASSERT_EQUAL(p.ring[3].number, 0);
	CU_ASSERT_FALSE(dp_log_positions_lack(&p, &item));
	dp_log_positions_pass(&p, &item);
	CU_ASSERT_EQUAL(p.ring[3].number, 1);
	item.id++; /* the ring was made anew */
	CU_ASSERT(dp_log_positions_lack(&p, &item));
}

/* Who ends between the two is told of the loss once more. */
static void before_a_loss_is_before_what_was_lost(void)
{
	struct dp_stream_item item = logged_loss(DP_STREAM_LOST, 10, 17);

	memset(&p, 0, sizeof(p));
	dp_log_positions_enter(&p, &item);
	CU_ASSERT_EQUAL(p.ring[1].number, 6);
	dp_log_positions_pass(&p, &item);
	CU_ASSERT_EQUAL(p.ring[1].number, 16);
	item = logged_loss(DP_STREAM_ANEW, 0, 4);
	dp_log_positions_pass(&p, &item);
	CU_ASSERT_EQUAL(p.ring[1].number, 3);
}

static void numbers_of_nonsense_do_no_harm(void)
{
	struct dp_stream_item item = logged_loss(DP_STREAM_LOST, UINT64_MAX,
	    0);

	memset(&p, 0, sizeof(p));
	dp_log_positions_enter(&p, &item);
	dp_log_positions_pass(&p, &item);
	CU_ASSERT_EQUAL(p.ring[1].number, 0);
	item.ring = DP_LOG_RINGS_MAX;
	CU_ASSERT_FALSE(dp_log_positions_lack(&p, &item));
	dp_log_positions_enter(&p, &item);
	dp_log_positions_pass(&p, &item);
	CU_ASSERT_EQUAL(p.count, 2);
}

UNIT_MAIN("log_positions", UNIT(events_are_passed_one_by_one),
    UNIT(before_a_loss_is_before_what_was_lost),
    UNIT(numbers_of_nonsense_do_no_harm))
