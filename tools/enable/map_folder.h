/*
 * The folder of the state directory that Unbound's user writes in: made for
 * that user. Single-threaded.
 */
#ifndef DP_MAP_FOLDER_H
#define DP_MAP_FOLDER_H

#include <stdbool.h>
#include <sys/types.h>
#include "module/core/err.h"

/* The ids of user; "" is who runs this. DP_ERR_NOTFOUND: there is none. */
enum dp_err dp_map_folder_user(const char *user, uid_t *uid, gid_t *gid,
    struct dp_diag *diag) DP_MUST_CHECK;

/*
 * Make DIR/unbound for uid where it is missing; *made tells whether it was, or,
 * with only_look, would have to be. DP_ERR_FORMAT: DIR is not this process's
 * user's, or what is there is not uid's.
 */
enum dp_err dp_map_folder_make(const char *dir, uid_t uid, gid_t gid,
    bool only_look, bool *made, struct dp_diag *diag) DP_MUST_CHECK;

#endif
