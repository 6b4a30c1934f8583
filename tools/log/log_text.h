/* Log lines for people: aligned, short, one each. Pure. */
#ifndef DP_LOG_TEXT_H
#define DP_LOG_TEXT_H

#include "tools/log/event_stream.h"
#include "tools/log/log_batch.h"

void dp_log_text_item(const struct dp_stream_item *item,
    struct dp_log_batch *to);

#endif
