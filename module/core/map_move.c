#include "dp_config.h"

#include "module/core/map_move.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module/core/map_private.h"

static void suffixed(char out[DP_MAP_PATH_B], const char *path,
    const char *suffix)
{
	snprintf(out, DP_MAP_PATH_B, "%s.%s", path, suffix);
}

/* Everything that lives. What is told of each place may be older than what the
 * place holds by then, never newer: the second pass looks again. */
static enum dp_err carry_all(struct dp_map *to, const struct dp_map *from,
    uint32_t now_s)
{
	struct dp_binding b;
	uint32_t cursor = 0;

	while (dp_map_next(from, &cursor, now_s, &b)) {
		struct dp_map_carried *c = &to->carried[cursor - 1];

		if (b.end_s <= now_s)
			continue; /* it ended while it was read */
		if (dp_map_carry(to, &b, b.hits, now_s) != DP_OK)
			return DP_ERR_FULL;
		c->end_s = b.end_s;
		c->first_seen_s = b.first_seen_s;
		c->hits = b.hits;
	}
	return DP_OK;
}

/* What changed since: another binding at the place, a longer life, more hits. */
static void carry_changes(struct dp_map *to, const struct dp_map *from,
    uint32_t now_s)
{
	struct dp_binding b;
	uint32_t cursor = 0;

	while (cursor < from->slot_count) {
		const struct dp_map_carried *c = &to->carried[cursor];
		struct dp_slot_d *slot = dp_map_slot(from, cursor);
		uint32_t end_s = dp_map_end(atomic_load_explicit(
		    &from->index[cursor], memory_order_acquire));
		uint64_t before = 0;

		cursor++;
		if (end_s <= now_s || !slot)
			continue;
		if (c->end_s != 0 && c->first_seen_s == atomic_load_explicit(
			&slot->first_seen_s, memory_order_relaxed))
			before = c->hits;
		if (before != 0 && c->end_s == end_s &&
		    before == atomic_load_explicit(&slot->hits,
			memory_order_relaxed))
			continue;
		if (dp_map_place_read(from, cursor - 1, &b))
			/* No room is counted by itself. */
			(void)!dp_map_carry(to, &b, b.hits - before, now_s);
	}
}

static void add(_Atomic uint64_t *to, _Atomic uint64_t *from)
{
	atomic_fetch_add_explicit(to,
	    atomic_load_explicit(from, memory_order_relaxed),
	    memory_order_relaxed);
}

static void add_counts(struct dp_map *to, const struct dp_map *from)
{
	add(&to->head->recorded, &from->head->recorded);
	add(&to->head->refused_full, &from->head->refused_full);
	add(&to->head->dropped_torn, &from->head->dropped_torn);
}

static enum dp_err alone(const struct dp_map *from, const char *path,
    struct dp_diag *diag)
{
	enum dp_err err = dp_map_try_lock(from, F_WRLCK, path, diag);

	if (err == DP_ERR_BUSY)
		dp_diag_set(diag, path, 0,
		    "keeps its capacity of %u bindings while another process "
		    "writes to it, too", (unsigned)from->capacity);
	if (err == DP_OK && !dp_map_is_at(from, path)) {
		dp_diag_set(diag, path, 0, "was removed or replaced");
		err = DP_ERR_LIMIT;
	}
	return err;
}

static enum dp_err fits(const struct dp_map *from, uint32_t capacity,
    const char *path, uint32_t now_s, struct dp_diag *diag)
{
	struct dp_map_stats stats;

	dp_map_stats(from, now_s, &stats);
	if (stats.live <= capacity)
		return DP_OK;
	dp_diag_set(diag, path, 0,
	    "keeps its capacity of %u bindings until no more than %u live",
	    (unsigned)from->capacity, (unsigned)capacity);
	return DP_ERR_FULL;
}

/* Fill a new map beside the old one, as far as PATH.next. */
static enum dp_err fill(struct dp_map *to, const struct dp_map *from,
    const char *path, uint32_t capacity, const uint8_t *key, uint32_t now_s,
    struct dp_diag *diag)
{
	char new[DP_MAP_PATH_B], next[DP_MAP_PATH_B];
	enum dp_err err;

	to->carried = calloc(from->slot_count, sizeof(*to->carried));
	if (!to->carried) {
		dp_diag_set(diag, path, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	suffixed(new, path, "new");
	suffixed(next, path, "next");
	err = dp_map_make(to, new, capacity, key, now_s, diag);
	if (err != DP_OK)
		return err;
	err = carry_all(to, from, now_s);
	if (err != DP_OK)
		dp_diag_set(diag, new, 0, "has no room for all that live");
	else
		err = dp_map_place_at(to, new, next, diag);
	if (err != DP_OK)
		unlink(new);
	return err;
}

enum dp_err dp_map_move_begin(struct dp_map **out, struct dp_map *from,
    const char *path, uint32_t capacity, const uint8_t *key, uint32_t now_s,
    struct dp_diag *diag)
{
	struct dp_map *to;
	enum dp_err err;

	if (capacity == 0 || capacity > DP_MAP_CAPACITY_MAX) {
		dp_diag_set(diag, path, 0, "cannot hold %u bindings",
		    (unsigned)capacity);
		return DP_ERR_LIMIT;
	}
	to = dp_map_new(diag, path);
	if (!to)
		return DP_ERR_NOMEM;
	err = alone(from, path, diag);
	if (err == DP_OK)
		err = fits(from, capacity, path, now_s, diag);
	if (err == DP_OK)
		err = fill(to, from, path, capacity, key, now_s, diag);
	if (err != DP_OK) {
		/* Where it was not taken, it has been shared all along. */
		(void)!dp_map_try_lock(from, F_RDLCK, path, NULL);
		dp_map_close(&to);
		return err;
	}
	to->lock = from->lock;
	from->lock = -1;
	*out = to;
	return DP_OK;
}

enum dp_err dp_map_move_end(struct dp_map *to, struct dp_map **from,
    const char *path, uint32_t now_s, struct dp_diag *diag)
{
	char next[DP_MAP_PATH_B];
	enum dp_err err = DP_OK;

	carry_changes(to, *from, now_s);
	free(to->carried);
	to->carried = NULL;
	suffixed(next, path, "next");
	if (rename(next, path) != 0) {
		dp_diag_set(diag, path, 0, "cannot take the new map: %s",
		    strerror(errno));
		err = DP_ERR_IO;
	} else {
		add_counts(to, *from);
		/* Who sees this finds the new map at path. */
		atomic_store_explicit(&(*from)->head->left, 1,
		    memory_order_release);
	}
	dp_map_close(from);
	(void)!dp_map_try_lock(to, F_RDLCK, path, NULL);
	return err;
}

void dp_map_take_next(struct dp_map *map, const char *path, uint32_t now_s)
{
	struct dp_map next = { .lock = -1, .file = { .fd = -1 } };
	char beside[DP_MAP_PATH_B];
	struct dp_binding b;
	uint32_t cursor = 0;
	bool created;

	suffixed(beside, path, "new");
	unlink(beside); /* it was never in use */
	suffixed(beside, path, "next");
	if (dp_map_take_older(beside, NULL) != DP_OK)
		return; /* the next open may have room for it */
	if (dp_file_map_rw(&next.file, beside, 0, &created, NULL) != DP_OK)
		return;
	if (dp_map_attach_mended(&next, beside, NULL) == DP_OK)
		while (dp_map_next(&next, &cursor, now_s, &b))
			if (b.end_s > now_s)
				(void)!dp_map_carry(map, &b, 0, now_s);
	dp_file_close(&next.file);
	unlink(beside);
}
