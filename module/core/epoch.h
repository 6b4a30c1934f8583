/*
 * Quiescence: who publishes a new policy must know when no thread uses the old
 * one any more. Each reading thread owns a slot and marks in it, with one
 * store, that it is inside; the publisher waits until every slot was seen
 * outside, or inside since after its publication. Readers never wait.
 *
 * The published pointer must be stored and loaded with memory_order_seq_cst
 * (the default of _Atomic): the load after dp_epoch_enter, the store before
 * dp_epoch_advance. With less, a reader could mark its slot too late for the
 * publisher and yet see the old pointer.
 */
#ifndef DP_EPOCH_H
#define DP_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#define DP_EPOCH_SLOTS 256

struct dp_epoch {
	_Atomic uint64_t now; /* even numbers from 2 on */
	_Atomic uint32_t used;
	struct dp_epoch_slot {
		_Alignas(64) _Atomic uint64_t inside; /* 0: outside */
	} slots[DP_EPOCH_SLOTS];
};

void dp_epoch_init(struct dp_epoch *e);

/* A slot for the calling thread; -1 when all are taken (the thread must then
 * be treated as having no policy). Slots are never given back: they live as
 * long as e. */
int dp_epoch_register(struct dp_epoch *e);

/* Around every use of what the publisher may replace. Not nested. */
void dp_epoch_enter(struct dp_epoch *e, int slot);
void dp_epoch_leave(struct dp_epoch *e, int slot);

/* After publishing: begin a new epoch and return it; then ask until nobody is
 * inside an older one. Once true, what was replaced may be freed, even if a
 * later question would be answered with false. */
uint64_t dp_epoch_advance(struct dp_epoch *e);
bool dp_epoch_passed(struct dp_epoch *e, uint64_t epoch);

#endif
