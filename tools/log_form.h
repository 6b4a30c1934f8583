/*
 * The formats of a log behind one interface. Single-threaded.
 */
#ifndef DP_LOG_FORM_H
#define DP_LOG_FORM_H

#include <stdbool.h>
#include <stdint.h>
#include "tools/event_stream.h"
#include "tools/log_batch.h"
#include "tools/log_positions.h"

enum dp_log_format {
	DP_LOG_JSON,
	DP_LOG_TEXT,
	DP_LOG_DNSTAP
};

/* False: there is no such format. */
bool dp_log_format_find(enum dp_log_format *out, const char *word);

struct dp_log_form;

/* NULL: out of memory. */
struct dp_log_form *dp_log_form_open(enum dp_log_format format);
/* *f may be NULL. */
void dp_log_form_close(struct dp_log_form **f);

/* What a file begins and ends with. */
void dp_log_form_head(struct dp_log_form *f,
    const struct dp_log_positions *positions, uint64_t now_us,
    struct dp_log_batch *to);
void dp_log_form_tail(struct dp_log_form *f, struct dp_log_batch *to);

void dp_log_form_item(struct dp_log_form *f,
    const struct dp_stream_item *item, struct dp_log_batch *to);

/* JSON only, else nothing is added. */
void dp_log_form_positions(struct dp_log_form *f,
    const struct dp_log_positions *positions, uint64_t now_us,
    struct dp_log_batch *to);

#endif
