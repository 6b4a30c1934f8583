/*
 * Opening a policy, and letting go of one, by threads that suit the time: of a
 * million rules that takes a tenth of a second and more. Knows nothing of
 * Unbound.
 *
 * The threads are gone when these return; where none can be had all is done
 * without. They take no signals but SIGBUS (core/fault.h).
 */
#ifndef DP_OPENER_H
#define DP_OPENER_H

#include "module/core/policy.h"

/* As dp_policy_open, by the caller and a thread more: for the time before
 * clients are answered, when other processors have nothing to do. */
enum dp_err dp_opener_open(struct dp_policy **out, const char *path,
    const uint8_t *trusted, struct dp_diag *diag) DP_MUST_CHECK;

/*
 * As dp_policy_open and dp_policy_close, while clients are answered: by a
 * thread that all others of the process go before, also when they wake up
 * while it is at work. Where a processor is never idle it still gets about a
 * quarter of what one of them gets.
 */
enum dp_err dp_opener_open_behind(struct dp_policy **out, const char *path,
    const uint8_t *trusted, struct dp_diag *diag) DP_MUST_CHECK;
void dp_opener_close_behind(struct dp_policy **p);

#endif
