/*
 * What dnspin top shows: the events of a resolver and the changes of its map,
 * summed up, and a page of text made of it. Rates fade: those of the last
 * seconds count most. Single-threaded.
 */
#ifndef DP_TOP_H
#define DP_TOP_H

#include <stddef.h>
#include <stdint.h>
#include "module/core/map.h"
#include "tools/log/event_stream.h"

struct dp_top;

enum dp_err dp_top_open(struct dp_top **out, uint64_t seed) DP_MUST_CHECK;
void dp_top_close(struct dp_top **t);

void dp_top_item(struct dp_top *t, const struct dp_stream_item *item);
void dp_top_binding(struct dp_top *t, const struct dp_binding *b); /* new */

/* seconds have passed since the last time, in which all that was told since
 * then happened. */
void dp_top_pass(struct dp_top *t, double seconds);

/* All was told: lists show how many answers, and the rate is that over the time
 * from the first to the last event. Instead of dp_top_pass. */
void dp_top_whole(struct dp_top *t);

/* Of the earliest event told so far, since 1970; 0: none. */
uint64_t dp_top_first_us(const struct dp_top *t);

/* Forget everything. */
void dp_top_reset(struct dp_top *t);

/*
 * The page, lines of at most width columns, ASCII only, at most height of them
 * and at least what a page needs. text is malloc'd. now_s: since 1970; rings:
 * how many are read.
 */
#define DP_TOP_WIDTH_MIN 60u
#define DP_TOP_WIDTH_MAX 400u
enum dp_err dp_top_page(const struct dp_top *t, unsigned width,
    unsigned height, uint64_t now_s, size_t rings, char **text) DP_MUST_CHECK;

#endif
