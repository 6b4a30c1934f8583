/*
 * Where things lie in the state directory. Files of different writers lie in
 * folders that their writers own, so that Unbound's user can replace neither
 * the policy nor what the firewall agent says.
 */
#ifndef DP_STATE_H
#define DP_STATE_H

#include <stddef.h>
#include "module/core/err.h"

#define DP_STATE_POLICY "policy"	 /* written by the administrator */
#define DP_STATE_UNBOUND "unbound"	 /* folder of Unbound's user */
#define DP_STATE_MAP "unbound/map"
#define DP_STATE_STATUS "unbound/status"
#define DP_STATE_EVENTS "unbound/events" /* a ring per thread: 0, 1, ... */
#define DP_STATE_CLIENT_KEY "unbound/client-key" /* of pseudonyms */
#define DP_STATE_SYNC "sync"		 /* folder of the firewall agent */
#define DP_STATE_ACK "sync/ack"
#define DP_STATE_SYNC_LOCK "sync/lock"	 /* held by the one agent */

#define DP_PATH_MAX 1024 /* bytes, with the NUL */

/* DIR/name; DP_ERR_LIMIT when it does not fit. */
enum dp_err dp_state_path(char path[DP_PATH_MAX], const char *dir,
    const char *name, struct dp_diag *diag) DP_MUST_CHECK;

#endif
