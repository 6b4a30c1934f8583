#include "tools/sync/sync_table.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MIN 1024u /* a power of two, as all sizes */

struct dp_sync_table {
	struct dp_sync_entry *entries;
	size_t places;
	size_t used; /* ever since the last clear or move, dead ones too */
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
};

enum dp_err dp_sync_table_open(struct dp_sync_table **out)
{
	struct dp_sync_table *t = calloc(1, sizeof(*t));

	if (!t)
		return DP_ERR_NOMEM;
	t->places = PLACES_MIN;
	t->entries = calloc(t->places, sizeof(*t->entries));
	if (!t->entries) {
		free(t);
		return DP_ERR_NOMEM;
	}
	randombytes_buf(t->hash_key, sizeof(t->hash_key));
	*out = t;
	return DP_OK;
}

void dp_sync_table_close(struct dp_sync_table **t)
{
	if (!*t)
		return;
	free((*t)->entries);
	free(*t);
	*t = NULL;
}

/* A place that was never used: no address has family 0. */
static bool is_new(const struct dp_sync_entry *e)
{
	return e->key.addr.family == 0;
}

static bool counts(const struct dp_sync_entry *e)
{
	return e->end_s != 0 || e->held_s != 0;
}

static bool same(const struct dp_nft_key *a, const struct dp_nft_key *b)
{
	return a->set == b->set && dp_addr_equal(&a->addr, &b->addr) &&
	    a->service.protocol == b->service.protocol &&
	    a->service.port == b->service.port;
}

static size_t place_of(const struct dp_sync_table *t,
    const struct dp_nft_key *key)
{
	uint8_t in[20] = { key->set, key->service.protocol };
	uint64_t hash;

	memcpy(in + 2, &key->service.port, sizeof(key->service.port));
	memcpy(in + 4, key->addr.bytes, sizeof(key->addr.bytes));
	_Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "");
	crypto_shorthash((uint8_t *)&hash, in, sizeof(in), t->hash_key);
	return (size_t)hash & (t->places - 1);
}

static struct dp_sync_entry *find(struct dp_sync_table *t,
    const struct dp_nft_key *key)
{
	size_t i = place_of(t, key);

	while (!is_new(&t->entries[i]) && !same(&t->entries[i].key, key))
		i = (i + 1) & (t->places - 1);
	return &t->entries[i];
}

/* Into new memory, without those that do not count, so that it becomes at most
 * half full. */
static bool move(struct dp_sync_table *t)
{
	struct dp_sync_table to = *t;
	size_t live = dp_sync_table_count(t);

	for (to.places = PLACES_MIN; to.places < 4 * live;)
		to.places *= 2;
	to.entries = calloc(to.places, sizeof(*to.entries));
	if (!to.entries)
		return false;
	to.used = live;
	for (size_t i = 0; i < t->places; i++)
		if (counts(&t->entries[i]))
			*find(&to, &t->entries[i].key) = t->entries[i];
	free(t->entries);
	*t = to;
	return true;
}

struct dp_sync_entry *dp_sync_table_get(struct dp_sync_table *t,
    const struct dp_nft_key *key)
{
	struct dp_sync_entry *e = find(t, key);

	if (!is_new(e))
		return e;
	if (t->used >= t->places / 4 * 3) {
		if (!move(t))
			return NULL;
		e = find(t, key);
	}
	e->key = *key;
	t->used++;
	return e;
}

struct dp_sync_entry *dp_sync_table_next(struct dp_sync_table *t,
    size_t *cursor, size_t end)
{
	while (*cursor < t->places && *cursor < end) {
		struct dp_sync_entry *e = &t->entries[(*cursor)++];

		if (counts(e))
			return e;
	}
	return NULL;
}

size_t dp_sync_table_places(const struct dp_sync_table *t)
{
	return t->places;
}

size_t dp_sync_table_count(const struct dp_sync_table *t)
{
	size_t count = 0;

	for (size_t i = 0; i < t->places; i++)
		count += counts(&t->entries[i]);
	return count;
}

void dp_sync_table_clear(struct dp_sync_table *t)
{
	memset(t->entries, 0, t->places * sizeof(*t->entries));
	t->used = 0;
}
