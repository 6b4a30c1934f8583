/*
 * Where an earlier run ended, read from the log that it left: the last line of
 * positions, and all lines behind it. Single-threaded.
 */
#ifndef DP_LOG_RESUME_H
#define DP_LOG_RESUME_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/err.h"
#include "module/core/state.h"
#include "tools/log/log_positions.h"

/*
 * Read the log open as fd. *whole_b: so long it is without the half a line
 * that a killed process left at its end. *found false, and positions as they
 * were: no line of positions is within its last DP_LOG_RESUME_MAX_B. name is
 * for diag.
 */
#define DP_LOG_RESUME_MAX_B (UINT64_C(64) << 20)
enum dp_err dp_log_resume_read(struct dp_log_positions *positions, bool *found,
    uint64_t *whole_b, int fd, const char *name, struct dp_diag *diag)
    DP_MUST_CHECK;

/* The youngest of the files that are called like path with more behind, as they
 * are when the log was turned; "" when there is none. */
void dp_log_resume_youngest(char best[DP_PATH_MAX], const char *path);

/* The same as dp_log_resume_read for that one, where nothing is at path yet. */
enum dp_err dp_log_resume_turned(struct dp_log_positions *positions,
    bool *found, const char *path, struct dp_diag *diag) DP_MUST_CHECK;

#endif
