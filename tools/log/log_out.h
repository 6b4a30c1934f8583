/*
 * Where a log goes: a file, a socket or standard output behind one interface,
 * which says on standard error, once, what goes wrong, and when it went well
 * again. Single-threaded.
 */
#ifndef DP_LOG_OUT_H
#define DP_LOG_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/err.h"
#include "tools/log/log_batch.h"
#include "tools/log/log_file.h"
#include "tools/log/log_form.h"
#include "tools/log/log_positions.h"

struct dp_log_target { /* both NULL: standard output */
	const char *file;
	const char *socket;
	struct dp_log_turns turns; /* of the file */
	enum dp_log_format format;
	struct dp_log_seal_keys keys;
};

struct dp_log_out;

/*
 * Everything is borrowed. A file that is there is continued: positions are how
 * far reading was then, *resumes that they are known. A file in dnstap that is
 * there is turned, as it cannot be continued.
 */
enum dp_err dp_log_out_open(struct dp_log_out **out,
    const struct dp_log_target *target, struct dp_log_form *form,
    uint64_t now_us, struct dp_log_positions *positions, bool *resumes,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Everything was written: the file gets its end. Nothing may follow. Failure is
 * said. */
enum dp_err dp_log_out_end(struct dp_log_out *o, uint64_t now_us)
    DP_MUST_CHECK;

/* *o may be NULL. Takes leave of the peer. */
void dp_log_out_close(struct dp_log_out **o);

/* SIGHUP: somebody moved the file. */
void dp_log_out_reopen(struct dp_log_out *o);

enum dp_log_wrote {
	DP_LOG_WROTE, /* all, and the batch is empty now */
	DP_LOG_WAITS, /* for the reader; ask again with the same batch */
	DP_LOG_FAILED, /* which was said; ask again with the same batch */
	DP_LOG_ENDED   /* nobody will ever read more */
};

/* Write what is in the batch, before that turn or begin a file where it is time
 * to; positions are how far reading was before the batch. */
enum dp_log_wrote dp_log_out_write(struct dp_log_out *o,
    struct dp_log_batch *batch, const struct dp_log_positions *positions,
    uint64_t now_us);

/* To wait for, where it waits; -1: there is none. */
int dp_log_out_fd(const struct dp_log_out *o);

#endif
