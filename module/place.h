/*
 * Where the state directory and the trusted key are: the one thing that the
 * module must be told from outside. Read once, in init; the strings are copies,
 * since Unbound frees its configuration at a reload.
 */
#ifndef DP_PLACE_H
#define DP_PLACE_H

#include "module/core/state.h"

struct dp_place {
	char dir[DP_PATH_MAX];	   /* the state directory */
	char trusted[DP_PATH_MAX]; /* file of the trusted public key, or empty */
};

/*
 * dir: DNSPIN_DIR of the environment, else the first of words, else the
 * compiled-in default. trusted: DNSPIN_TRUSTED_KEY, else the second of words,
 * else none. words: what stands after the module's own file in the
 * dynlib-file: lines, NULL where there is none. A path must be absolute.
 */
enum dp_err dp_place_find(struct dp_place *out, const char *env_dir,
    const char *env_trusted, const char *const words[2],
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
