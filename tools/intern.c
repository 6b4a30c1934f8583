#include "tools/intern.h"

#include <stdlib.h>
#include <string.h>

#include "module/core/policy_hash.h"
#include "tools/vec.h"

static uint32_t hash_of(const uint8_t *bytes, size_t len)
{
	uint64_t h = dp_hash_mix(DP_HASH_ROOT, len), word;

	for (; len >= 8; len -= 8, bytes += 8) {
		memcpy(&word, bytes, 8);
		h = dp_hash_mix(h, word);
	}
	if (len > 0) {
		word = 0;
		memcpy(&word, bytes, len);
		h = dp_hash_mix(h, word);
	}
	return (uint32_t)(h >> 32);
}

/* The place of bytes in the table, or the empty one where they belong. */
static uint32_t *place_of(const struct dp_intern *in, const uint8_t *bytes,
    size_t len, uint32_t hash)
{
	size_t i = hash & (in->table_count - 1);

	for (;; i = (i + 1) & (in->table_count - 1)) {
		const struct dp_intern_item *item;

		if (in->table[i] == 0)
			break;
		item = &in->items[in->table[i] - 1];
		if (item->hash == hash && item->len == len &&
		    memcmp(in->bytes + item->off, bytes, len) == 0)
			break;
	}
	return &in->table[i];
}

/* Keep the table at most half full, so that every search ends soon. */
static enum dp_err grow_table(struct dp_intern *in)
{
	size_t count = in->table_count ? in->table_count * 2 : 64;
	uint32_t *table;

	if (in->count * 2 < in->table_count)
		return DP_OK;
	table = calloc(count, sizeof(*table));
	if (!table)
		return DP_ERR_NOMEM;
	for (size_t n = 0; n < in->count; n++) {
		size_t i = in->items[n].hash & (count - 1);

		while (table[i] != 0)
			i = (i + 1) & (count - 1);
		table[i] = (uint32_t)n + 1;
	}
	free(in->table);
	in->table = table;
	in->table_count = count;
	return DP_OK;
}

enum dp_err dp_intern_add(struct dp_intern *in, const void *bytes, size_t len,
    uint32_t *number)
{
	uint32_t hash = hash_of(bytes, len), *place;
	enum dp_err err;

	if (len > UINT32_MAX - in->used_b || in->count >= UINT32_MAX / 2)
		return DP_ERR_LIMIT;
	err = grow_table(in);
	if (err != DP_OK)
		return err;
	place = place_of(in, bytes, len, hash);
	if (*place == 0) {
		/* One more, so that empty bytes have a place, too. */
		err = dp_vec_room(&in->bytes, &in->room_b,
		    in->used_b + len + 1, 1);
		if (err == DP_OK)
			err = dp_vec_room(&in->items, &in->item_room,
			    in->count + 1, sizeof(*in->items));
		if (err != DP_OK)
			return err;
		memcpy(in->bytes + in->used_b, bytes, len);
		in->items[in->count].off = (uint32_t)in->used_b;
		in->items[in->count].len = (uint32_t)len;
		in->items[in->count].hash = hash;
		in->used_b += len;
		*place = (uint32_t)++in->count;
	}
	*number = *place - 1;
	return DP_OK;
}

bool dp_intern_find(const struct dp_intern *in, const void *bytes, size_t len,
    uint32_t *number)
{
	uint32_t place;

	if (in->count == 0)
		return false;
	place = *place_of(in, bytes, len, hash_of(bytes, len));
	if (place == 0)
		return false;
	*number = place - 1;
	return true;
}

void dp_intern_free(struct dp_intern *in)
{
	free(in->bytes);
	free(in->items);
	free(in->table);
	memset(in, 0, sizeof(*in));
}
