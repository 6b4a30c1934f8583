/*
 * A log that goes to somebody: standard output, or a unix socket on which
 * somebody listens. Nothing here blocks for long: who does not read is asked
 * again. Single-threaded.
 */
#ifndef DP_LOG_SOCKET_H
#define DP_LOG_SOCKET_H

#include <stdbool.h>
#include "module/core/err.h"
#include "tools/log/log_batch.h"

struct dp_log_socket;

/* path NULL: standard output. frames: a socket speaks Frame Streams, with its
 * handshake. Connects with the first write. NULL: out of memory. */
struct dp_log_socket *dp_log_socket_open(const char *path, bool frames);

/* Takes leave of the peer. *s may be NULL. */
void dp_log_socket_close(struct dp_log_socket **s);

/*
 * Write the batch, of which a part may have been taken by an earlier call.
 * DP_ERR_BUSY: the peer does not read: wait for the descriptor, then ask again
 * with the same batch. DP_ERR_IO: it is gone, or not there; the next call
 * connects anew and begins with the whole batch, once more. DP_ERR_NOTFOUND: who
 * read standard output is gone for good.
 */
enum dp_err dp_log_socket_write(struct dp_log_socket *s,
    const struct dp_log_batch *batch, struct dp_diag *diag) DP_MUST_CHECK;

/* -1: not connected. */
int dp_log_socket_fd(const struct dp_log_socket *s);

#endif
