#include <stdatomic.h>
#include <string.h>

#include "module/core/map_private.h"

/* After as many tries somebody has spoilt the feed: no thread of a resolver may
 * turn round in it for ever. */
#define FEED_TRIES 65536

#define NONE UINT32_MAX

/* A sighting, or a binding of another map, on its way into the map. */
struct entry {
	const struct dp_name *name;
	const struct dp_name *final; /* NULL: no CNAME */
	struct dp_map_place place;
	struct dp_map_life life;
	uint32_t first_seen_s;
	uint64_t hits; /* where it is new */
	bool carried;  /* not new to the maps as a whole */
	uint32_t shape; /* without final */
	uint64_t addr[2];
	uint64_t name_words[32];
};

static void name_to_words(uint64_t words[32], const struct dp_name *name)
{
	words[dp_map_word_count(name->len) - 1] = 0;
	memcpy(words, name->wire, name->len);
}

static void entry_name(struct entry *e, const struct dp_name *name,
    const struct dp_name *final, const struct dp_addr *addr)
{
	e->name = name;
	e->final = final && !dp_name_equal(final, name) ? final : NULL;
	e->shape = name->len | (uint32_t)addr->family << 16;
	memset(e->addr, 0, sizeof(e->addr));
	memcpy(e->addr, addr->bytes, dp_addr_size_b(addr));
	name_to_words(e->name_words, name);
}

static void entry_sighted(struct entry *e, const struct dp_sighting *s,
    uint32_t now_s)
{
	entry_name(e, s->name, s->final, &s->addr);
	e->life = dp_map_life_of(s, now_s);
	e->first_seen_s = e->life.now_s;
	e->hits = 1;
	e->carried = false;
}

static bool words_equal(_Atomic uint64_t *slot, const uint64_t *words,
    unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (atomic_load_explicit(&slot[i], memory_order_acquire) !=
		    words[i])
			return false;
	return true;
}

/* Acquire loads: whoever refilled the slot meanwhile made seq odd before its
 * first release store to a field, and we see that at our second look. */
static bool slot_holds(const struct dp_map *map, struct dp_slot_d *slot,
    const struct entry *e, uint32_t *seq)
{
	uint32_t shape;

	*seq = atomic_load_explicit(&slot->seq, memory_order_acquire);
	shape = atomic_load_explicit(&slot->shape, memory_order_acquire);
	if (*seq == 0 || (*seq & 1) || (shape & 0xff00ffu) != e->shape)
		return false;
	if (!words_equal(slot->addr, e->addr, 2) ||
	    !words_equal(dp_map_names(map, slot)->name, e->name_words,
		dp_map_word_count(e->name->len)))
		return false;
	return atomic_load_explicit(&slot->seq, memory_order_relaxed) == *seq;
}

struct scan {
	uint32_t place; /* NONE: nowhere */
	uint64_t seen;	/* its index entry */
	struct dp_slot_d *slot; /* where a known one is */
	uint32_t seq;		/* of slot */
};

static struct scan look_at(const struct dp_map *map, uint32_t i)
{
	return (struct scan){ i,
		atomic_load_explicit(&map->index[i], memory_order_acquire),
		NULL, 0 };
}

/* The place that holds e. Most sightings are of known bindings, and most of
 * their time goes into waiting for memory: ask for both buckets at once. */
static struct scan find_known(const struct dp_map *map, const struct entry *e)
{
	for (int k = 0; k < 2; k++) {
		uint32_t i = e->place.bucket[k] * DP_MAP_BUCKET;
		const char *lines = (const char *)&map->index[i];

		__builtin_prefetch(lines);
		__builtin_prefetch(lines + 64);
		__builtin_prefetch((const char *)&map->slot_of[i]);
	}
	for (int k = 0; k < 2; k++) {
		uint32_t i = e->place.bucket[k] * DP_MAP_BUCKET;

		for (uint32_t n = 0; n < DP_MAP_BUCKET; n++, i++) {
			struct scan at = look_at(map, i);
			uint32_t end_s = dp_map_end(at.seen);

			if (dp_map_tag(at.seen) != e->place.tag ||
			    end_s <= e->life.now_s || end_s == DP_MAP_CLAIMED)
				continue;
			at.slot = dp_map_slot(map, i);
			if (at.slot && slot_holds(map, at.slot, e, &at.seq))
				return at;
		}
	}
	return (struct scan){ NONE, 0, NULL, 0 };
}

/* The first free place of the bucket with fewer live bindings. */
static struct scan find_room(const struct dp_map *map, const struct entry *e)
{
	struct scan room = { NONE, 0, NULL, 0 };
	unsigned least = DP_MAP_BUCKET;

	for (int k = 0; k < 2; k++) {
		uint32_t i = e->place.bucket[k] * DP_MAP_BUCKET;
		struct scan first = { NONE, 0, NULL, 0 };
		unsigned live = 0;

		for (uint32_t n = 0; n < DP_MAP_BUCKET; n++, i++) {
			struct scan at = look_at(map, i);

			if (dp_map_end(at.seen) > e->life.now_s)
				live++;
			else if (first.place == NONE)
				first = at;
		}
		if (live < least) {
			least = live;
			room = first;
		}
	}
	return room;
}

/*
 * Lock-free and without gaps: the change is put where feed_next points, and
 * feed_next is moved by whoever sees it there. A number that is old by the time
 * of the compare-and-swap finds a newer entry there and is taken anew.
 */
static void feed_put(struct dp_map *map, uint32_t place)
{
	for (int try = 0; try < FEED_TRIES; try++) {
		uint64_t s = atomic_load_explicit(&map->head->feed_next,
		    memory_order_acquire);
		_Atomic uint64_t *at = &map->feed[s & (map->feed_count - 1)];
		uint64_t old = atomic_load_explicit(at, memory_order_acquire);
		uint32_t ahead = (uint32_t)s - dp_map_tag(old);
		bool mine = false;

		if (ahead > UINT32_MAX / 2)
			continue;
		if (ahead != 0)
			mine = atomic_compare_exchange_strong_explicit(at, &old,
			    dp_map_entry((uint32_t)s, place),
			    memory_order_release, memory_order_relaxed);
		if (ahead == 0 || mine)
			atomic_compare_exchange_strong_explicit(
			    &map->head->feed_next, &s, s + 1,
			    memory_order_release, memory_order_relaxed);
		if (mine)
			return;
	}
	/* All readers fall behind and walk the map. */
	atomic_fetch_add_explicit(&map->head->feed_next,
	    (uint64_t)map->feed_count + 1, memory_order_release);
}

/* Only raised: a life that is longer than what was fed is fed by its writer. A
 * late one cannot do harm to the next binding of the slot, which lives longer
 * than this one did. release: pairs with the acquire in extend. */
static void feed(struct dp_map *map, uint32_t place, struct dp_slot_d *slot,
    uint32_t end_s)
{
	_Atomic uint32_t *at = &slot->fed_end_s;
	uint32_t old = atomic_load_explicit(at, memory_order_relaxed);

	feed_put(map, place);
	while (old < end_s &&
	    !atomic_compare_exchange_weak_explicit(at, &old, end_s,
		memory_order_release, memory_order_relaxed))
		;
}

bool dp_map_extend(struct dp_map *map, uint32_t place, struct dp_slot_d *slot,
    uint64_t seen, const struct dp_map_life *life)
{
	_Atomic uint64_t *at = &map->index[place];
	uint32_t tag = dp_map_tag(seen);
	bool longer = false;

	while (!longer && dp_map_end(seen) < life->end_s) {
		longer = atomic_compare_exchange_weak_explicit(at, &seen,
		    dp_map_entry(tag, life->end_s), memory_order_acq_rel,
		    memory_order_acquire);
		if (!longer &&
		    (dp_map_tag(seen) != tag ||
			dp_map_end(seen) == DP_MAP_CLAIMED ||
			dp_map_end(seen) <= life->now_s))
			return false;
	}
	dp_map_raise(&slot->ttl_end_s, life->ttl_end_s);
	dp_map_raise(&slot->last_seen_s, life->last_seen_s);
	atomic_fetch_add_explicit(&slot->hits, life->more,
	    memory_order_relaxed);
	/* Not longer: who made it live as long may not have fed it yet, and our
	 * caller will not wait for that change but for those below the number
	 * that it gets now. */
	if (longer || atomic_load_explicit(&slot->fed_end_s,
			  memory_order_acquire) < life->end_s)
		feed(map, place, slot, life->end_s);
	return true;
}

static void store_words(_Atomic uint64_t *slot, const uint64_t *words,
    unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		atomic_store_explicit(&slot[i], words[i], memory_order_release);
}

/* The slot's place is claimed: nobody else writes to it. A new page is written
 * to first of all (by one instruction: an addition), since to read from it
 * before would be one more page fault. Names are elsewhere: ask for both places
 * at once. */
static void fill(const struct dp_map *map, struct dp_slot_d *slot,
    const struct entry *e)
{
	struct dp_names_d *names = dp_map_names(map, slot);
	const struct dp_name *final = e->final;
	struct dp_map_words w;
	uint32_t seq;

	__builtin_prefetch(names->name, 1);
	if (final)
		__builtin_prefetch(names->final, 1);
	seq = 2 + atomic_fetch_add_explicit(&slot->seq, 2,
	    memory_order_relaxed);

	w.first_seen_s = e->first_seen_s;
	w.shape = e->shape | (final ? (uint32_t)final->len << 8 : 0);
	memcpy(w.addr, e->addr, sizeof(w.addr));
	memcpy(w.name, e->name_words, sizeof(uint64_t) *
	    dp_map_word_count(e->name->len));
	if (final)
		name_to_words(w.final, final);

	seq |= 1; /* before, too, where a writer died */
	atomic_store_explicit(&slot->seq, seq, memory_order_relaxed);
	atomic_store_explicit(&slot->first_seen_s, w.first_seen_s,
	    memory_order_release);
	atomic_store_explicit(&slot->last_seen_s, e->life.last_seen_s,
	    memory_order_release);
	atomic_store_explicit(&slot->ttl_end_s, e->life.ttl_end_s,
	    memory_order_release);
	atomic_store_explicit(&slot->fed_end_s, 0, memory_order_release);
	atomic_store_explicit(&slot->hits, e->hits, memory_order_release);
	atomic_store_explicit(&slot->shape, w.shape, memory_order_release);
	store_words(slot->addr, w.addr, 2);
	store_words(names->name, w.name, dp_map_word_count(e->name->len));
	if (final)
		store_words(names->final, w.final,
		    dp_map_word_count(final->len));
	atomic_store_explicit(&slot->check, dp_map_check_of(map->key, &w),
	    memory_order_release);
	seq++;
	atomic_store_explicit(&slot->seq, seq ? seq : 2, memory_order_release);
}

/* The slot of a place that is claimed, a new one at its first use. NULL: dead
 * writers took the last ones with them. */
static struct dp_slot_d *slot_for(struct dp_map *map, uint32_t place)
{
	struct dp_slot_d *slot = dp_map_slot(map, place);
	uint64_t given;

	if (slot)
		return slot;
	given = atomic_fetch_add_explicit(&map->head->slots_given, 1,
	    memory_order_relaxed);
	if (given >= map->slot_count)
		return NULL;
	atomic_store_explicit(&map->slot_of[place], (uint32_t)given + 1,
	    memory_order_release);
	return &map->slots[given];
}

/* DP_ERR_BUSY: somebody else took the place first. */
static enum dp_err enter(struct dp_map *map, const struct entry *e,
    struct scan *room)
{
	_Atomic uint64_t *at = &map->index[room->place];
	uint64_t before = room->seen;
	struct dp_slot_d *slot;

	if (!atomic_compare_exchange_strong_explicit(at, &room->seen,
		dp_map_entry(e->place.tag, DP_MAP_CLAIMED),
		memory_order_acq_rel, memory_order_relaxed))
		return DP_ERR_BUSY;
	slot = slot_for(map, room->place);
	if (!slot) {
		atomic_store_explicit(at, before, memory_order_release);
		return DP_ERR_FULL;
	}
	fill(map, slot, e);
	/* Pairs with the acquire loads of the index by readers and writers. */
	atomic_store_explicit(at, dp_map_entry(e->place.tag, e->life.end_s),
	    memory_order_release);
	if (!e->carried)
		atomic_fetch_add_explicit(&map->head->recorded, 1,
		    memory_order_relaxed);
	feed(map, room->place, slot, e->life.end_s);
	return DP_OK;
}

/* Each further round means that another writer got on. *known becomes where a
 * known one is. */
static enum dp_err put(struct dp_map *map, const struct entry *e,
    struct scan *known)
{
	enum dp_err err = DP_ERR_BUSY;

	while (err == DP_ERR_BUSY) {
		struct scan at = find_known(map, e);

		*known = at;
		if (at.place != NONE) {
			if (dp_map_extend(map, at.place, at.slot, at.seen,
				&e->life))
				return DP_OK;
			continue;
		}
		at = find_room(map, e);
		err = at.place == NONE ? DP_ERR_FULL : enter(map, e, &at);
	}
	if (err == DP_ERR_FULL)
		atomic_fetch_add_explicit(&map->head->refused_full, 1,
		    memory_order_relaxed);
	return err;
}

enum dp_err dp_map_record(struct dp_map *map, const struct dp_sighting *s,
    uint32_t now_s)
{
	struct entry e;
	struct scan known;
	enum dp_err err;

	entry_sighted(&e, s, now_s);
	dp_map_place_of(map, s->name, &s->addr, &e.place);
	err = put(map, &e, &known);
	if (s->spot && known.place == NONE)
		memset(s->spot, 0, sizeof(*s->spot));
	else if (s->spot)
		*s->spot = (struct dp_map_spot){ known.place,
			(uint32_t)(known.slot - map->slots), known.seq };
	return err;
}

bool dp_map_lives(const struct dp_map *map, const struct dp_name *name,
    const struct dp_addr *addr, uint32_t now_s)
{
	struct entry e = { .life.now_s = now_s };
	struct scan at;

	entry_name(&e, name, NULL, addr);
	dp_map_place_of(map, name, addr, &e.place);
	at = find_known(map, &e);
	/* acquire: pairs with the release in feed. */
	return at.place != NONE &&
	    atomic_load_explicit(&at.slot->fed_end_s, memory_order_acquire) >
		now_s;
}

enum dp_err dp_map_carry(struct dp_map *map, const struct dp_binding *b,
    uint64_t more, uint32_t now_s)
{
	struct scan known;
	struct entry e;

	entry_name(&e, &b->name, &b->final, &b->addr);
	dp_map_place_of(map, &b->name, &b->addr, &e.place);
	e.life.now_s = now_s;
	e.life.ttl_end_s = b->ttl_end_s;
	e.life.end_s = b->end_s;
	e.first_seen_s = b->first_seen_s;
	e.life.last_seen_s = b->last_seen_s;
	e.hits = b->hits;
	e.life.more = more;
	e.carried = true;
	return put(map, &e, &known);
}

/* fed_end_s goes first: a writer that prolongs from here on must feed that. */
uint32_t dp_map_clamp(struct dp_map *map, uint32_t now_s, uint32_t most_s)
{
	uint32_t last_s = dp_map_later(now_s, most_s), count = 0;

	for (uint32_t i = 0; i < map->slot_count; i++) {
		uint64_t entry = atomic_load_explicit(&map->index[i],
		    memory_order_relaxed);
		struct dp_slot_d *slot;

		if (dp_map_end(entry) <= last_s ||
		    dp_map_end(entry) == DP_MAP_CLAIMED)
			continue;
		slot = dp_map_slot(map, i);
		if (slot)
			atomic_store_explicit(&slot->fed_end_s, 0,
			    memory_order_release);
		count += atomic_compare_exchange_strong_explicit(
		    &map->index[i], &entry,
		    dp_map_entry(dp_map_tag(entry), last_s),
		    memory_order_acq_rel, memory_order_relaxed);
	}
	return count;
}

void dp_map_feed_unfed(struct dp_map *map)
{
	for (uint32_t i = 0; i < map->slot_count; i++) {
		uint32_t end_s = dp_map_end(atomic_load_explicit(
		    &map->index[i], memory_order_relaxed));

		struct dp_slot_d *slot = end_s ? dp_map_slot(map, i) : NULL;

		if (slot && end_s > atomic_load_explicit(&slot->fed_end_s,
				memory_order_relaxed))
			feed(map, i, slot, end_s);
	}
}
