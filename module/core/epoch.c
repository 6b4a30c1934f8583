#include "module/core/epoch.h"

#include <stdatomic.h>

/*
 * All of it rests on one total order (seq_cst). A reader marks its slot, then
 * loads the published pointer; a publisher stores the pointer, then looks at
 * the slots. Whichever came first in that order, one of the two sees the
 * other: the publisher sees the mark and waits, or the reader sees the new
 * pointer. Acquire and release alone would let both miss each other, and so
 * would a fence-less load of the pointer: that is why epoch.h asks for seq_cst
 * there too.
 */

void dp_epoch_init(struct dp_epoch *e)
{
	atomic_init(&e->now, 2);
	atomic_init(&e->used, 0);
	for (int i = 0; i < DP_EPOCH_SLOTS; i++)
		atomic_init(&e->slots[i].inside, 0);
}

int dp_epoch_register(struct dp_epoch *e)
{
	uint32_t n = atomic_load(&e->used);

	do {
		if (n >= DP_EPOCH_SLOTS)
			return -1;
	} while (!atomic_compare_exchange_weak(&e->used, &n, n + 1));
	return (int)n;
}

/* An epoch that is old by the time it is marked only makes a publisher wait
 * for a reader that it need not wait for. */
void dp_epoch_enter(struct dp_epoch *e, int slot)
{
	uint64_t now = atomic_load(&e->now);

	atomic_store(&e->slots[slot].inside, now);
}

/* release: pairs with the load in passed; what was done inside is over before
 * the publisher sees the slot empty. */
void dp_epoch_leave(struct dp_epoch *e, int slot)
{
	atomic_store_explicit(&e->slots[slot].inside, 0, memory_order_release);
}

uint64_t dp_epoch_advance(struct dp_epoch *e)
{
	return atomic_fetch_add(&e->now, 2) + 2;
}

bool dp_epoch_passed(struct dp_epoch *e, uint64_t epoch)
{
	uint32_t used = atomic_load(&e->used);

	for (uint32_t i = 0; i < used; i++) {
		uint64_t inside = atomic_load(&e->slots[i].inside);

		if (inside != 0 && inside < epoch)
			return false;
	}
	return true;
}
