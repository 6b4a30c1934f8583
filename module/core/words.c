#include "module/core/words.h"

#include <string.h>

#define READ_TRIES 10000 /* what takes less than a microsecond to write */

/* A seqlock without fences: each word is stored with release and loaded with
 * acquire, so that a reader that sees a new word also sees seq odd. */
void dp_words_publish(_Atomic uint32_t *seq, _Atomic uint64_t *at,
    const void *bytes, size_t size_b)
{
	uint32_t odd = atomic_load_explicit(seq, memory_order_relaxed) | 1;
	uint64_t words[DP_WORDS_MAX];

	memcpy(words, bytes, size_b);
	atomic_store_explicit(seq, odd, memory_order_relaxed);
	for (size_t i = 0; i < size_b / 8; i++)
		atomic_store_explicit(&at[i], words[i], memory_order_release);
	atomic_store_explicit(seq, odd + 1, memory_order_release);
}

enum dp_err dp_words_read(_Atomic uint32_t *seq, _Atomic uint64_t *at,
    void *bytes, size_t size_b)
{
	uint64_t words[DP_WORDS_MAX];

	for (int try = 0; try < READ_TRIES; try++) {
		uint32_t before = atomic_load_explicit(seq,
		    memory_order_acquire);

		if (before & 1)
			continue;
		for (size_t i = 0; i < size_b / 8; i++)
			words[i] = atomic_load_explicit(&at[i],
			    memory_order_acquire);
		if (atomic_load_explicit(seq, memory_order_relaxed) != before)
			continue;
		memcpy(bytes, words, size_b);
		return DP_OK;
	}
	return DP_ERR_BUSY;
}
