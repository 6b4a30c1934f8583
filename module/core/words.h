/*
 * A struct that one thread publishes in shared memory and any number of others,
 * also in other processes, copy whole: a seqlock over 64-bit words. Writers
 * never wait; a reader gives up on a writer that died over it.
 */
#ifndef DP_WORDS_H
#define DP_WORDS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"

#define DP_WORDS_MAX 256

/* Publish the bytes of a struct, whose size is a multiple of 8 and at most 8 *
 * DP_WORDS_MAX, in at[]. One thread at a time. */
void dp_words_publish(_Atomic uint32_t *seq, _Atomic uint64_t *at,
    const void *bytes, size_t size_b);

/* Copy what was published last. DP_ERR_BUSY: the writer died while it wrote. */
enum dp_err dp_words_read(_Atomic uint32_t *seq, _Atomic uint64_t *at,
    void *bytes, size_t size_b) DP_MUST_CHECK;

#endif
