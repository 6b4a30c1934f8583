#include <stdatomic.h>
#include <string.h>

#include <sodium.h>

#include "module/core/map_private.h"

#define HASH_INPUT_B (DP_NAME_MAX + 1 + 16)
#define CHANGES_MAX 1024u /* without news, at once: some may be hostile */

static uint32_t scale(uint32_t hash, uint32_t count)
{
	return (uint32_t)((uint64_t)hash * count >> 32);
}

void dp_map_place_of(const struct dp_map *map, const struct dp_name *name,
    const struct dp_addr *addr, struct dp_map_place *out)
{
	uint8_t in[HASH_INPUT_B] = { 0 };
	uint32_t h[4];
	size_t size_b = dp_addr_size_b(addr);

	memcpy(in, name->wire, name->len);
	in[name->len] = addr->family;
	memcpy(in + name->len + 1, addr->bytes, size_b);
	_Static_assert(sizeof(h) == crypto_shorthash_siphashx24_BYTES, "");
	crypto_shorthash_siphashx24((uint8_t *)h, in,
	    (unsigned long long)name->len + 17, map->key);
	out->bucket[0] = scale(h[0], map->bucket_count);
	out->bucket[1] = scale(h[1], map->bucket_count);
	if (out->bucket[1] == out->bucket[0])
		out->bucket[1] = (out->bucket[0] + 1) % map->bucket_count;
	out->tag = h[2] ? h[2] : 1;
}

uint64_t dp_map_check_of(const uint8_t key[DP_MAP_KEY_B],
    const struct dp_map_words *w)
{
	size_t name_b = 8 * dp_map_word_count(w->shape & 0xff);
	size_t final_b = 8 * dp_map_word_count(w->shape >> 8 & 0xff);
	uint8_t in[sizeof(*w)];
	uint8_t *p = in;
	uint64_t check;

	memcpy(p, &w->first_seen_s, 4);
	memcpy(p + 4, &w->shape, 4);
	memcpy(p + 8, w->addr, 16);
	p += 24;
	memcpy(p, w->name, name_b);
	p += name_b;
	memcpy(p, w->final, final_b);
	p += final_b;
	_Static_assert(sizeof(check) == crypto_shorthash_siphash24_BYTES, "");
	crypto_shorthash_siphash24((uint8_t *)&check, in,
	    (unsigned long long)(p - in), key);
	return check;
}

static void load_words(uint64_t *words, _Atomic uint64_t *slot, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		words[i] = atomic_load_explicit(&slot[i], memory_order_acquire);
}

static bool words_to_name(struct dp_name *name, const uint64_t words[32],
    unsigned len)
{
	const uint8_t *wire = (const uint8_t *)words;

	if (len == 0 || !dp_name_is_canonical(wire, len))
		return false;
	name->len = (uint8_t)len;
	memcpy(name->wire, wire, len);
	return true;
}

static bool words_to_addr(struct dp_addr *addr, const uint64_t words[2],
    unsigned family)
{
	static const uint8_t zeros[12];
	const uint8_t *bytes = (const uint8_t *)words;

	if (family == 4)
		*addr = dp_addr_v4(bytes);
	else if (family == 6)
		*addr = dp_addr_v6(bytes);
	else
		return false;
	return family == 6 || memcmp(bytes + 4, zeros, sizeof(zeros)) == 0;
}

/* Is this copy a binding that may stand at place i under this tag? */
static bool words_sound(const struct dp_map *map, uint32_t i, uint32_t tag,
    uint64_t check, const struct dp_map_words *w, struct dp_binding *out)
{
	unsigned final_len = w->shape >> 8 & 0xff;
	struct dp_map_place place;

	if (dp_map_check_of(map->key, w) != check ||
	    !words_to_name(&out->name, w->name, w->shape & 0xff) ||
	    !words_to_addr(&out->addr, w->addr, w->shape >> 16))
		return false;
	if (final_len == 0)
		out->final = out->name;
	else if (!words_to_name(&out->final, w->final, final_len))
		return false;
	dp_map_place_of(map, &out->name, &out->addr, &place);
	return place.tag == tag &&
	    (place.bucket[0] == i / DP_MAP_BUCKET ||
		place.bucket[1] == i / DP_MAP_BUCKET);
}

/*
 * Acquire loads of the words: if one of them is of a later filling, the odd seq
 * that its writer stored before is seen at the second look.
 */
bool dp_map_place_read(const struct dp_map *map, uint32_t i,
    struct dp_binding *out)
{
	struct dp_slot_d *slot;
	struct dp_names_d *names;
	uint64_t entry = atomic_load_explicit(&map->index[i],
	    memory_order_acquire);
	uint32_t tag = dp_map_tag(entry);
	struct dp_map_words w;
	struct dp_binding b;
	uint64_t check;
	uint32_t seq;

	if (tag == 0 || dp_map_end(entry) == DP_MAP_CLAIMED)
		return false;
	slot = dp_map_slot(map, i);
	if (!slot)
		return false;
	names = dp_map_names(map, slot);
	seq = atomic_load_explicit(&slot->seq, memory_order_acquire);
	if (seq == 0 || (seq & 1))
		return false;
	w.first_seen_s = atomic_load_explicit(&slot->first_seen_s,
	    memory_order_acquire);
	w.shape = atomic_load_explicit(&slot->shape, memory_order_acquire);
	load_words(w.addr, slot->addr, 2);
	load_words(w.name, names->name, dp_map_word_count(w.shape & 0xff));
	load_words(w.final, names->final,
	    dp_map_word_count(w.shape >> 8 & 0xff));
	check = atomic_load_explicit(&slot->check, memory_order_acquire);
	b.first_seen_s = w.first_seen_s;
	b.last_seen_s = atomic_load_explicit(&slot->last_seen_s,
	    memory_order_acquire);
	b.ttl_end_s = atomic_load_explicit(&slot->ttl_end_s,
	    memory_order_acquire);
	b.hits = atomic_load_explicit(&slot->hits, memory_order_acquire);
	if (atomic_load_explicit(&slot->seq, memory_order_acquire) != seq)
		return false;
	entry = atomic_load_explicit(&map->index[i], memory_order_relaxed);
	if (dp_map_tag(entry) != tag || dp_map_end(entry) == DP_MAP_CLAIMED)
		return false;
	b.end_s = dp_map_end(entry);
	if (!words_sound(map, i, tag, check, &w, &b))
		return false;
	*out = b;
	return true;
}

bool dp_map_next(const struct dp_map *map, uint32_t *cursor, uint32_t now_s,
    struct dp_binding *out)
{
	while (*cursor < map->slot_count) {
		uint32_t i = (*cursor)++;
		uint64_t entry = atomic_load_explicit(&map->index[i],
		    memory_order_relaxed);

		if (dp_map_end(entry) > now_s && dp_map_place_read(map, i, out))
			return true;
	}
	return false;
}

/* acquire: pairs with the release that moves feed_next past a change. */
uint64_t dp_map_seq(const struct dp_map *map)
{
	return atomic_load_explicit(&map->head->feed_next,
	    memory_order_acquire);
}

uint64_t dp_map_id(const struct dp_map *map)
{
	return map->check;
}

enum dp_err dp_map_feed(const struct dp_map *map, uint64_t *seq,
    struct dp_binding *out)
{
	uint64_t next = dp_map_seq(map), s = *seq;

	for (; s != next && s - *seq < CHANGES_MAX; s++) {
		uint64_t change;

		if (s > next || next - s > map->feed_count)
			return DP_ERR_LIMIT;
		change = atomic_load_explicit(
		    &map->feed[s & (map->feed_count - 1)],
		    memory_order_acquire);
		if (dp_map_tag(change) != (uint32_t)s)
			return DP_ERR_LIMIT; /* overwritten by now */
		if (dp_map_end(change) < map->slot_count &&
		    dp_map_place_read(map, dp_map_end(change), out)) {
			*seq = s + 1;
			return DP_OK;
		}
	}
	*seq = s;
	return DP_ERR_NOTFOUND;
}
