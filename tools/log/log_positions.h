/*
 * How far the rings have been read: which numbers are accounted for, as an
 * event or as lost. Single-threaded.
 */
#ifndef DP_LOG_POSITIONS_H
#define DP_LOG_POSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"
#include "tools/log/event_stream.h"

#define DP_LOG_RINGS_MAX 1024

struct dp_log_position {
	bool known;
	uint64_t id;	 /* of the ring's file */
	uint64_t number; /* the last one that is accounted for */
};

struct dp_log_positions { /* all zero: none */
	struct dp_log_position ring[DP_LOG_RINGS_MAX];
	size_t count; /* above the last known ring */
};

/* Is the item of a ring that is not known, or whose file is another? Events and
 * losses of such a one want a line of positions before them. */
bool dp_log_positions_lack(const struct dp_log_positions *p,
    const struct dp_stream_item *item);

/* Right before the item, in the file that it is of. */
void dp_log_positions_enter(struct dp_log_positions *p,
    const struct dp_stream_item *item);

/* The item is accounted for. */
void dp_log_positions_pass(struct dp_log_positions *p,
    const struct dp_stream_item *item);

/* Before the stream's first item: go on behind them. */
enum dp_err dp_log_positions_resume(const struct dp_log_positions *p,
    struct dp_stream *stream) DP_MUST_CHECK;

#endif
