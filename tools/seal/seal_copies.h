/*
 * A file, or what else can be written, that copies of checkpoints are added to,
 * one line each. Single-threaded.
 */
#ifndef DP_SEAL_COPIES_H
#define DP_SEAL_COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include "module/core/err.h"

/* "-" is standard output. A file is made where there is none (mode 0644); half
 * a copy at its end, which a killed run or a full disk left, is cut off. */
enum dp_err dp_seal_copies_open(int *fd, const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

/* False: errno says why, ENOSPC where a part was written. Of a file that part
 * is taken back. */
bool dp_seal_copies_add(int fd, const char *line, size_t line_b);

#endif
