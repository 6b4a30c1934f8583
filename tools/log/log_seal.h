/*
 * The seal of a log file (seal.h) as dnspin log uses it: keys, the chain over
 * restarts and turned files, copies of the checkpoints. Single-threaded.
 */
#ifndef DP_LOG_SEAL_H
#define DP_LOG_SEAL_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/err.h"
#include "tools/log/event_stream.h"
#include "tools/log/log_batch.h"
#include "tools/log/log_file.h"
#include "tools/log/log_positions.h"

struct dp_log_seal_keys {
	const char *key;     /* file; NULL: nothing is sealed */
	const char *auditor; /* file; NULL: nothing is encrypted */
	const char *copies;  /* file that checkpoints are added to; NULL: none */
};

struct dp_log_seal;

/* Reads the keys; the rest is borrowed. */
enum dp_err dp_log_seal_open(struct dp_log_seal **out,
    const struct dp_log_seal_keys *keys, struct dp_diag *diag) DP_MUST_CHECK;
/* *s may be NULL. */
void dp_log_seal_close(struct dp_log_seal **s);

/*
 * Take up the chain where path's file, or the youngest turned one where that is
 * new, has its end; else begin one. *turns: the file was ended and must be
 * turned, then dp_log_seal_next. *resumes: positions are known. Cuts off what
 * is not whole, and says so.
 */
enum dp_err dp_log_seal_start(struct dp_log_seal *s, struct dp_log_file *file,
    const char *path, uint64_t now_us, struct dp_log_positions *positions,
    bool *resumes, bool *turns, struct dp_diag *diag) DP_MUST_CHECK;

/* A line, with its line feed, for the item. closes: the block ends with it. */
enum dp_err dp_log_seal_add(struct dp_log_seal *s,
    const struct dp_stream_item *item, const struct dp_log_batch *line,
    bool closes, uint64_t now_us) DP_MUST_CHECK;

/* Time passes. */
enum dp_err dp_log_seal_tick(struct dp_log_seal *s, uint64_t now_us)
    DP_MUST_CHECK;

/* The file ends: the log goes on in another, or it does not. Once; then nothing
 * may be added before next. */
enum dp_err dp_log_seal_end(struct dp_log_seal *s, bool goes_on,
    uint64_t now_us) DP_MUST_CHECK;
bool dp_log_seal_has_ended(const struct dp_log_seal *s);
enum dp_err dp_log_seal_next(struct dp_log_seal *s, uint64_t now_us)
    DP_MUST_CHECK;

/* What is to be written, at the end of `to`; how much that is. */
void dp_log_seal_output(const struct dp_log_seal *s, struct dp_log_batch *to);
size_t dp_log_seal_output_b(const struct dp_log_seal *s);
/* Are copies kept, and a checkpoint in the output? Sync before the next. */
bool dp_log_seal_wants_sync(const struct dp_log_seal *s);
/* So many octets of it are in the file. */
void dp_log_seal_written(struct dp_log_seal *s, size_t size_b);

#endif
