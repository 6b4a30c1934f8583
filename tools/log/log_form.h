/*
 * The formats of a log behind one interface. Single-threaded.
 */
#ifndef DP_LOG_FORM_H
#define DP_LOG_FORM_H

#include <stdbool.h>
#include <stdint.h>
#include "tools/log/event_stream.h"
#include "tools/log/log_batch.h"
#include "tools/log/log_positions.h"
#include "tools/log/log_seal.h"

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

/* JSON only: lines are sealed from now on, by a seal that the form closes. Then
 * all comes from dp_log_form_output, and positions are in the seal. */
void dp_log_form_seal(struct dp_log_form *f, struct dp_log_seal *seal);
struct dp_log_seal *dp_log_form_seal_of(const struct dp_log_form *f);

/* All that fails for want of memory makes the batch starved. */

/* What a file begins with. */
void dp_log_form_head(struct dp_log_form *f,
    const struct dp_log_positions *positions, uint64_t now_us,
    struct dp_log_batch *to);

/* What a file ends with: the log goes on in another, or it does not. Of a seal
 * it is all that is to be written yet. */
void dp_log_form_tail(struct dp_log_form *f, bool goes_on, uint64_t now_us,
    struct dp_log_batch *to);

/* anew: the first of its ring's file. */
void dp_log_form_item(struct dp_log_form *f,
    const struct dp_stream_item *item, bool anew, uint64_t now_us,
    struct dp_log_batch *to);

/* JSON only, else nothing is added. */
void dp_log_form_positions(struct dp_log_form *f,
    const struct dp_log_positions *positions, uint64_t now_us,
    struct dp_log_batch *to);

/* Of a seal, what is to be written now, into an empty batch. */
void dp_log_form_output(struct dp_log_form *f, uint64_t now_us,
    struct dp_log_batch *to);

#endif
