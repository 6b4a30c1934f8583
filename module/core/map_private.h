/*
 * What the sources of the map share: map.c (open, check, close), map_mend.c
 * (what the dead and power cuts left), map_older.c (the last version),
 * map_move.c (another capacity), writers in map_record.c and map_again.c
 * (bindings that stand where they stood), what makes memory ready for them in
 * map_ahead.c, and readers in map_read.c, who trust no byte of the file but the
 * geometry that was checked at open and copied here.
 */
#ifndef DP_MAP_PRIVATE_H
#define DP_MAP_PRIVATE_H

#include <stdatomic.h>

#include "module/core/file.h"
#include "module/core/map.h"
#include "module/core/map_d.h"
#include "module/core/state.h"

#define DP_MAP_PATH_B (DP_PATH_MAX + 16) /* with a suffix */

/* What a place of the old map held when it was carried to the new one. */
struct dp_map_carried {
	uint32_t end_s; /* 0: nothing */
	uint32_t first_seen_s;
	uint64_t hits;
};

struct dp_map {
	struct dp_file file;
	int lock; /* PATH.lock, held shared; -1: open for reading */
	uint32_t capacity;
	uint32_t slot_count;
	uint32_t bucket_count;
	uint32_t feed_count;
	uint64_t created_s;
	uint64_t check; /* of the header, with its random key */
	uint8_t key[DP_MAP_KEY_B];
	struct dp_map_d *head;
	_Atomic uint64_t *index;
	_Atomic uint32_t *slot_of;
	_Atomic uint64_t *feed;
	struct dp_slot_d *slots;
	struct dp_names_d *names;
	uint64_t ahead; /* slots whose memory was asked for */
	uint64_t ahead_of; /* those that were in use then */
	struct dp_map_carried *carried; /* while the map is moved to: one for
					 * each place of the old one */
};

/* Where a binding may stand. */
struct dp_map_place {
	uint32_t tag;
	uint32_t bucket[2]; /* never the same */
};

/* The fields of a slot that do not change while its binding lives. */
struct dp_map_words {
	uint32_t first_seen_s;
	uint32_t shape;
	uint64_t addr[2];
	uint64_t name[32];
	uint64_t final[32];
};

static inline uint32_t dp_map_tag(uint64_t entry)
{
	return (uint32_t)(entry >> 32);
}

static inline uint32_t dp_map_end(uint64_t entry)
{
	return (uint32_t)entry;
}

static inline uint64_t dp_map_entry(uint32_t tag, uint32_t end_s)
{
	return (uint64_t)tag << 32 | end_s;
}

/* The slot of place i; NULL: it has none. acquire: pairs with the release in
 * map_record.c, though whoever found a binding in the index sees it anyway. */
static inline struct dp_slot_d *dp_map_slot(const struct dp_map *map,
    uint32_t i)
{
	uint32_t number = atomic_load_explicit(&map->slot_of[i],
	    memory_order_acquire);

	return number - 1 < map->slot_count ? &map->slots[number - 1] : NULL;
}

static inline struct dp_names_d *dp_map_names(const struct dp_map *map,
    const struct dp_slot_d *slot)
{
	return &map->names[slot - map->slots];
}

/* s seconds from now_s on, which no lifetime end is above. */
static inline uint32_t dp_map_later(uint32_t now_s, uint32_t s)
{
	uint32_t most = DP_MAP_CLAIMED - 1;

	return now_s < most && s < most - now_s ? now_s + s : most;
}

/* What a sighting does to a binding that is known. */
struct dp_map_life {
	uint32_t now_s;
	uint32_t ttl_end_s;
	uint32_t end_s;
	uint32_t last_seen_s;
	uint64_t more; /* hits */
};

static inline struct dp_map_life dp_map_life_of(const struct dp_sighting *s,
    uint32_t now_s)
{
	uint32_t lifetime_s = s->lifetime_s;

	if (lifetime_s == 0)
		lifetime_s = 1; /* what a client was told must be seen once */
	if (lifetime_s > DP_MAP_LIFETIME_MAX_S)
		lifetime_s = DP_MAP_LIFETIME_MAX_S;
	if (now_s == DP_MAP_CLAIMED)
		now_s--; /* a claim never ends */
	return (struct dp_map_life){ now_s, dp_map_later(now_s, s->ttl_s),
		dp_map_later(now_s, lifetime_s), now_s, 1 };
}

/* Let the binding live on whose index entry was seen at place, with its slot.
 * False: the place went to another binding, or ended, since then. */
bool dp_map_extend(struct dp_map *map, uint32_t place, struct dp_slot_d *slot,
    uint64_t seen, const struct dp_map_life *life) DP_MUST_CHECK;

static inline void dp_map_raise(_Atomic uint32_t *at, uint32_t value)
{
	uint32_t old = atomic_load_explicit(at, memory_order_relaxed);

	while (old < value &&
	    !atomic_compare_exchange_weak_explicit(at, &old, value,
		memory_order_relaxed, memory_order_relaxed))
		;
}

/* Words that hold len octets. */
static inline unsigned dp_map_word_count(unsigned len)
{
	return (len + 7) / 8;
}

void dp_map_place_of(const struct dp_map *map, const struct dp_name *name,
    const struct dp_addr *addr, struct dp_map_place *out);

uint64_t dp_map_check_of(const uint8_t key[DP_MAP_KEY_B],
    const struct dp_map_words *words);

/* Copy what stands at place i to *out; false when it holds no binding (never
 * did, claimed, changed meanwhile) or is not sound. Looks at no clock. */
bool dp_map_place_read(const struct dp_map *map, uint32_t i,
    struct dp_binding *out);

/* A handle of nothing. NULL: out of memory. */
struct dp_map *dp_map_new(struct dp_diag *diag, const char *path);

/*
 * Lock the whole of PATH.lock: F_RDLCK, F_WRLCK or F_UNLCK. Locks of the open
 * file description (fcntl(2)), since these change from shared to exclusive in
 * one step, or stay shared. DP_ERR_BUSY: somebody else holds it.
 */
enum dp_err dp_map_try_lock(const struct dp_map *map, short how,
    const char *path, struct dp_diag *diag) DP_MUST_CHECK;

/* Alone, all of these. Make a map at path with this header, whose check is made
 * here, in place of what is there; on failure nothing is there. DP_ERR_FORMAT:
 * header is not sound. */
enum dp_err dp_map_make_as(struct dp_map *map, const char *path,
    struct dp_map_d *header, struct dp_diag *diag) DP_MUST_CHECK;
/* The same, an empty one. */
enum dp_err dp_map_make(struct dp_map *map, const char *path,
    uint32_t capacity, const uint8_t *key, uint32_t now_s,
    struct dp_diag *diag) DP_MUST_CHECK;
/* Let the map that was made at new be the one at path. */
enum dp_err dp_map_place_at(const struct dp_map *map, const char *new,
    const char *path, struct dp_diag *diag) DP_MUST_CHECK;
/* Rewrite what is of the version before this one, if it is at path, with all it
 * holds. On failure it is as it was. */
enum dp_err dp_map_take_older(const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;
/* Drop what is torn or was claimed by the dead. DP_ERR_NOMEM: nothing was
 * done. */
enum dp_err dp_map_mend(struct dp_map *map) DP_MUST_CHECK;
/* Check the header of map->file, drop what is torn or was claimed by the
 * dead. */
enum dp_err dp_map_attach_mended(struct dp_map *map, const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;
/* Take what a move that was cut short left beside the map at path. */
void dp_map_take_next(struct dp_map *map, const char *path, uint32_t now_s);

/* Let the memory be there that the first writer needs. */
void dp_map_populate(struct dp_map *map);

/* Alone: put into the feed what dead writers did not get there. */
void dp_map_feed_unfed(struct dp_map *map);

/* Enter a binding of another map, which has not ended at now_s, as it is. Where
 * it is known its life is prolonged and `more` hits are added. DP_ERR_FULL as
 * dp_map_record. */
enum dp_err dp_map_carry(struct dp_map *map, const struct dp_binding *b,
    uint64_t more, uint32_t now_s) DP_MUST_CHECK;

#endif
