/*
 * The status file: what the running module tells the tools about itself, and
 * its counters. Counting is lock-free, from any thread; the header
 * has one writer, the module's keeper thread. The file is made anew (a new
 * inode) at each start, so that a reader of the old one is never confused.
 */
#ifndef DP_STATUS_H
#define DP_STATUS_H

#include <stdint.h>
#include "module/core/err.h"
#include "module/core/status_d.h"

enum dp_counter {
#define DP_COUNTER(id, name, text) DP_COUNT_##id,
#include "module/core/counter.def"
#undef DP_COUNTER
	DP_COUNTER_COUNT
};

struct dp_counter_info {
	const char *name;
	const char *text;
};
/* By enum dp_counter, DP_COUNTER_COUNT entries, static storage. */
extern const struct dp_counter_info dp_counter_info[DP_COUNTER_COUNT];

struct dp_status;

/* Make the file (replacing what is there) and map it writable. */
enum dp_err dp_status_create(struct dp_status **out, const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Not backed by a file: what the module counts in while it has none. */
enum dp_err dp_status_create_private(struct dp_status **out) DP_MUST_CHECK;

/* Map read-only; every byte is distrusted. DP_ERR_NOTFOUND: no file. */
enum dp_err dp_status_open_ro(struct dp_status **out, const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

void dp_status_close(struct dp_status **s);

/* shard: a number that only the calling thread counts under; where there is none
 * left, or the thread counts seldom, DP_STATUS_ANYBODY, which costs more. */
#define DP_STATUS_ANYBODY 0u
void dp_status_add(struct dp_status *s, unsigned shard, enum dp_counter c,
    uint64_t n);
uint64_t dp_status_count(const struct dp_status *s, enum dp_counter c);

/* One thread at a time. */
void dp_status_publish(struct dp_status *s, const struct dp_status_head *head);

/* A consistent copy, texts NUL-terminated. DP_ERR_BUSY: the writer died while
 * it wrote. */
enum dp_err dp_status_read(const struct dp_status *s,
    struct dp_status_head *out) DP_MUST_CHECK;

#endif
