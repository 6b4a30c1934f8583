/*
 * Events as dnstap messages (https://dnstap.info): CLIENT_RESPONSE, with an
 * answer made of what the event knows; verdict, rule and so on are text in
 * `extra`. Single-threaded.
 */
#ifndef DP_LOG_DNSTAP_H
#define DP_LOG_DNSTAP_H

#include "tools/log/event_stream.h"
#include "tools/log/log_batch.h"

struct dp_log_dnstap;

/* NULL: out of memory. */
struct dp_log_dnstap *dp_log_dnstap_open(void);
/* *d may be NULL. */
void dp_log_dnstap_close(struct dp_log_dnstap **d);

/* A data frame. A loss is told with the next event. */
void dp_log_dnstap_item(struct dp_log_dnstap *d,
    const struct dp_stream_item *item, struct dp_log_batch *to);

#endif
