/* What top.c sums up and top_page.c shows. */
#ifndef DP_TOP_PRIVATE_H
#define DP_TOP_PRIVATE_H

#include "tools/report/tally.h"
#include "tools/report/top.h"

enum dp_top_list {
	DP_TOP_NAMES,
	DP_TOP_CLIENTS,
	DP_TOP_REFUSED, /* or would be */
	DP_TOP_OUTSIDE, /* pins */
	DP_TOP_LISTS
};

#define DP_TOP_NEW_MAX 64u /* new bindings that are kept */

struct dp_top {
	struct dp_tally *lists[DP_TOP_LISTS];
	double seconds; /* that the weights stand for, faded as they are */
	bool whole; /* nothing fades, and lists show numbers */
	double due_s;	/* to be faded by, before something is added */
	double verdicts[DP_EVENT_VERDICT_COUNT];
	double held;
	/* since the start or the last reset */
	uint64_t events;
	uint64_t lost;
	uint64_t flagged[DP_EVENT_FLAGS_MAX]; /* by bit */
	uint64_t held_events;
	uint32_t hold_max_us;
	uint64_t first_us;
	uint64_t last_us;
	uint64_t new_count;
	struct dp_binding new_ones[DP_TOP_NEW_MAX]; /* newest first */
};

#endif
