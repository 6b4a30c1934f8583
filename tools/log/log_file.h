/*
 * A log file: only added to, by one process, in whole batches, and turned: the
 * file gets a name with the time in it and a new one is begun in its place. So
 * sorted names are in order of time. Single-threaded.
 */
#ifndef DP_LOG_FILE_H
#define DP_LOG_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/err.h"
#include "tools/log/log_batch.h"

struct dp_log_file;

struct dp_log_turns {
	uint64_t size_b; /* 0: never for its size */
	uint64_t every_s; /* 0: never for the time */
};

/*
 * Open or make (mode 0640) the file at path, which is borrowed, and lock it.
 * DP_ERR_BUSY: another process logs to it; DP_ERR_FORMAT: it is no regular
 * file.
 */
enum dp_err dp_log_file_open(struct dp_log_file **out, const char *path,
    const struct dp_log_turns *turns, struct dp_diag *diag) DP_MUST_CHECK;

/* *f may be NULL. */
void dp_log_file_close(struct dp_log_file **f);

/* For who reads what is in it. */
int dp_log_file_fd(const struct dp_log_file *f);

/* Cut it off at size_b. */
enum dp_err dp_log_file_cut(struct dp_log_file *f, uint64_t size_b,
    struct dp_diag *diag) DP_MUST_CHECK;

uint64_t dp_log_file_size_b(const struct dp_log_file *f);

/* Its size was changed behind its back. */
enum dp_err dp_log_file_measure(struct dp_log_file *f, struct dp_diag *diag)
    DP_MUST_CHECK;

/* To the disk. */
enum dp_err dp_log_file_sync(struct dp_log_file *f, struct dp_diag *diag)
    DP_MUST_CHECK;

/* Nothing is in it. */
bool dp_log_file_is_new(const struct dp_log_file *f);

/* Add head and body: both whole, or nothing. */
enum dp_err dp_log_file_write(struct dp_log_file *f,
    const struct dp_log_batch *head, const struct dp_log_batch *body,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Should it be turned at that time? */
bool dp_log_file_is_due(const struct dp_log_file *f, uint64_t now_s);

enum dp_err dp_log_file_turn(struct dp_log_file *f, uint64_t now_s,
    struct dp_diag *diag) DP_MUST_CHECK;

/* The first half of that: it has its new name, and is written to yet. On
 * failure nothing has changed. dp_log_file_reopen does the rest. */
enum dp_err dp_log_file_move(const struct dp_log_file *f, uint64_t now_s,
    struct dp_diag *diag) DP_MUST_CHECK;

/* False: it was moved or removed, and what is written to it now has another
 * name or none. */
bool dp_log_file_is_there(const struct dp_log_file *f);

/* Go on in the file that is at path now, or a new one. On failure the old one
 * stays open. */
enum dp_err dp_log_file_reopen(struct dp_log_file *f, struct dp_diag *diag)
    DP_MUST_CHECK;

#endif
