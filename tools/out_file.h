/*
 * Where -O puts what a verb made: a file that is replaced in one step. What is
 * there and is no regular file is left alone, since the rename would put a
 * regular file in the place of a device, FIFO or link: root's
 * "-O /dev/null" must not cost the machine its /dev/null.
 */
#ifndef DP_OUT_FILE_H
#define DP_OUT_FILE_H

#include <stddef.h>
#include "module/core/err.h"

/* As dp_file_replace(), with mode 0644. DP_ERR_FORMAT: path is no regular
 * file. */
enum dp_err dp_out_file(const char *path, const void *bytes, size_t size_b,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
