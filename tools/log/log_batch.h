/*
 * Octets on their way into a log: records are made at the end of a batch, and
 * all of it is written at once. Single-threaded.
 */
#ifndef DP_LOG_BATCH_H
#define DP_LOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_log_batch { /* all zero: empty */
	uint8_t *bytes;
	size_t size_b;
	size_t room_b;
	bool starved; /* out of memory: what is in it is not whole */
};

void dp_log_batch_add(struct dp_log_batch *b, const void *bytes, size_t size_b);

/* Empty it and keep its memory. */
void dp_log_batch_clear(struct dp_log_batch *b);

void dp_log_batch_free(struct dp_log_batch *b);

#endif
