/*
 * Zone files into a rule set: which files, opened, read, with a sign of life on
 * a terminal where that takes long. Single-threaded.
 */
#ifndef DP_GATHER_H
#define DP_GATHER_H

#include <stddef.h>
#include "module/core/err.h"
#include "tools/policy/ruleset.h"

/* Read the files at paths, "-" being standard input. */
enum dp_err dp_gather_files(struct dp_ruleset *rs, char *const *paths,
    size_t count, struct dp_diag *diag) DP_MUST_CHECK;

/* Read all files that the patterns (glob(7)) fit. A pattern that fits none is
 * DP_ERR_NOTFOUND. */
enum dp_err dp_gather_globs(struct dp_ruleset *rs, char *const *patterns,
    size_t count, struct dp_diag *diag) DP_MUST_CHECK;

/* Say what is going on, where standard error is a terminal and half a second
 * has passed since the first call; NULL: wipe it away. */
void dp_gather_progress(const char *fmt, ...) DP_PRINTF(1, 2);

#endif
