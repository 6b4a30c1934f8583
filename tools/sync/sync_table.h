/*
 * The agent's own account of elements: until when bindings want each, and until
 * when the kernel keeps it. A hash in flat memory; the key is random, because
 * whoever answers for an allowed name chooses addresses. Single-threaded.
 */
#ifndef DP_SYNC_TABLE_H
#define DP_SYNC_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"
#include "tools/nft/nft_link.h"

struct dp_sync_table;

/* s since 1970. Where both are 0 the entry counts for nothing and its place may
 * go to another one. */
struct dp_sync_entry {
	struct dp_nft_key key;
	uint32_t end_s;	 /* of the binding that lives longest; 0: none */
	uint32_t held_s; /* when the kernel drops it; 0: it has none,
			    UINT32_MAX: never */
};

/* DP_ERR_NOMEM. The caller closes. */
enum dp_err dp_sync_table_open(struct dp_sync_table **out) DP_MUST_CHECK;
void dp_sync_table_close(struct dp_sync_table **t);

/* The entry of key, a new one with zeros where there is none; NULL: out of
 * memory. Borrowed until the next call. */
struct dp_sync_entry *dp_sync_table_get(struct dp_sync_table *t,
    const struct dp_nft_key *key);

/* The next entry that counts from place *cursor on and below place `end`, NULL:
 * none. Nothing may be got in between. */
struct dp_sync_entry *dp_sync_table_next(struct dp_sync_table *t,
    size_t *cursor, size_t end);
size_t dp_sync_table_places(const struct dp_sync_table *t);

/* How many count. Walks them all. */
size_t dp_sync_table_count(const struct dp_sync_table *t);

/* No entries; the memory is kept. */
void dp_sync_table_clear(struct dp_sync_table *t);

#endif
