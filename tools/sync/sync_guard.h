/*
 * What the agent may do: its folder, its lock, its user, its capabilities and
 * its system calls. For a process with one thread, before it opens anything
 * else.
 */
#ifndef DP_SYNC_GUARD_H
#define DP_SYNC_GUARD_H

#include <stdbool.h>
#include "module/core/err.h"

/*
 * Make the agent's folder where there is none, and become its user: user, or
 * the folder's owner where it is NULL. Only root can become another; what root
 * became has CAP_NET_ADMIN and nothing else, neither now nor by any program
 * that it might start. user not NULL: the folder becomes that user's.
 */
enum dp_err dp_guard_become(const char *folder, const char *user,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Take the lock for as long as the process lives. DP_ERR_BUSY: another agent
 * has it. */
enum dp_err dp_guard_lock(const char *path, struct dp_diag *diag) DP_MUST_CHECK;

/* Allow the system calls that the agent needs; all others fail from here on.
 * Where the kernel cannot do that nothing changes and *done is false. */
enum dp_err dp_guard_calls(bool *done, struct dp_diag *diag) DP_MUST_CHECK;

#endif
