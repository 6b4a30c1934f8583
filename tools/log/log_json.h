/*
 * Log lines in JSON, with the names of the Elastic Common Schema where it has
 * one; dnspin-log(5) is the contract. Single-threaded.
 */
#ifndef DP_LOG_JSON_H
#define DP_LOG_JSON_H

#include "module/core/err.h"
#include "tools/log/event_stream.h"
#include "tools/log/log_batch.h"
#include "tools/log/log_positions.h"

/* What a line of positions begins with, and nothing else does. */
#define DP_LOG_POSITIONS_BEGIN \
	"{\"event\":{\"kind\":\"state\"},\"dnspin\":{\"positions\":["

struct dp_log_json;

/* NULL: out of memory. */
struct dp_log_json *dp_log_json_open(void);
/* *j may be NULL. */
void dp_log_json_close(struct dp_log_json **j);

/* A line each, at the end of `to`. */
void dp_log_json_item(struct dp_log_json *j, const struct dp_stream_item *item,
    struct dp_log_batch *to);
void dp_log_json_positions(struct dp_log_json *j,
    const struct dp_log_positions *positions, uint64_t now_us,
    struct dp_log_batch *to);

#endif
