/*
 * Opening a policy with a thread more, for the time before clients are answered:
 * then the other processors have nothing to do. Knows nothing of Unbound.
 *
 * No thread of the module changes its priority, so as to let those that answer
 * go first: the unit file that comes with Unbound forbids the system calls for
 * that, and who makes one is ended with the process.
 */
#ifndef DP_OPENER_H
#define DP_OPENER_H

#include "module/core/policy.h"

/* As dp_policy_open. The thread is gone when this returns; where none can be
 * had all is done without. It takes no signals but SIGBUS (core/fault.h). */
enum dp_err dp_opener_open(struct dp_policy **out, const char *path,
    const uint8_t *trusted, struct dp_diag *diag) DP_MUST_CHECK;

#endif
