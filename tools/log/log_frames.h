/*
 * Frame Streams, in which dnstap travels: control frames by libfstrm, and the
 * handshake of its two-way transport. Single-threaded.
 */
#ifndef DP_LOG_FRAMES_H
#define DP_LOG_FRAMES_H

#include <stddef.h>
#include "module/core/err.h"
#include "tools/log/log_batch.h"

/* The first and the last frame of a file. */
void dp_frames_start(struct dp_log_batch *to);
void dp_frames_stop(struct dp_log_batch *to);

/* A frame of data. */
void dp_frames_add(struct dp_log_batch *to, const void *bytes, size_t size_b);

/* On a connected socket, before the first frame of data and after the last. The
 * peer has some seconds for its answer. */
enum dp_err dp_frames_greet(int fd, const char *name, struct dp_diag *diag)
    DP_MUST_CHECK;
void dp_frames_leave(int fd);

#endif
