/*
 * The map: which address was seen for which allowed name, and until when it
 * counts. One file (map_d.h), any number of writing threads and processes, any
 * number of readers.
 *
 * Writers never wait: no lock, no system call, no allocation. Readers never
 * block writers. A writer killed at any instruction leaves a map that opens.
 * What a rule, its group, its services and its pins are is not kept here: it
 * follows from the name and the policy in force, so a name that left the
 * policy is out of every export at once.
 *
 * One handle may be used by any number of threads; close it when none uses it.
 */
#ifndef DP_MAP_H
#define DP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/err.h"
#include "module/core/name.h"

#define DP_MAP_KEY_B 16
#define DP_MAP_CAPACITY_MAX (1u << 24)	/* bindings */
#define DP_MAP_LIFETIME_MAX_S 604800u	/* a week, as max-lifetime */

struct dp_map;

struct dp_binding {
	struct dp_name name;  /* the name that was asked */
	struct dp_addr addr;
	struct dp_name final; /* owner of the address record, after CNAMEs */
	uint32_t ttl_end_s;   /* when the record's TTL ends, s since 1970 */
	uint32_t end_s;	      /* when the binding ends, s since 1970 */
	uint32_t first_seen_s;
	uint32_t last_seen_s;
	uint64_t hits;	      /* answers that it was seen in */
};

/*
 * Open for writing, creating it for `capacity` live bindings where there is
 * none (a map that exists keeps its own, see map_move.h). key: DP_MAP_KEY_B
 * random bytes, used only for a new map. now_s: since 1970, goes into a new
 * map.
 *
 * The first writer takes the map exclusively for a moment: checks every binding,
 * drops torn ones and what dead writers left; later ones join, waiting at most
 * seconds for the first (else DP_ERR_BUSY). A map of the version before this
 * one is rewritten, which takes as long as to write a file of its size, with all
 * that it holds. A file that is no map, damaged in its header or of any other
 * version is set aside as PATH.bad.N (nothing is lost) and a new one made; diag
 * then says so though DP_OK is returned, and is untouched on DP_OK otherwise.
 * Makes PATH.lock beside it. DP_ERR_LIMIT:
 * capacity 0 or over DP_MAP_CAPACITY_MAX. DP_ERR_IO: disk full, folder not
 * writable. DP_ERR_FORMAT: path is a link, a folder or the like.
 */
enum dp_err dp_map_open(struct dp_map **out, const char *path,
    uint32_t capacity, const uint8_t *key, uint32_t now_s,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Open for reading; every byte is distrusted. DP_ERR_NOTFOUND: no map. A
 * writer that truncates the file kills its readers, unless they catch that
 * (fault.h): it can do no more by that than by leaving the map empty. */
enum dp_err dp_map_open_ro(struct dp_map **out, const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

/* False when the file at path is not this map any more: somebody removed or
 * replaced it, cut it short or wrote over it, and what goes into map is lost. */
bool dp_map_is_at(const struct dp_map *map, const char *path);

/* Have the writers moved to another file at the same path (map_move.h)? Then
 * open that. A look at memory, for those who cannot ask dp_map_is_at often. */
bool dp_map_is_left(const struct dp_map *map);

/* Where the file is mapped and how much of it: for tests. */
const void *dp_map_bytes(const struct dp_map *map, size_t *size_b);

/* Live bindings that it surely holds; map_move.h changes it. */
uint32_t dp_map_capacity(const struct dp_map *map);

/*
 * Let the memory of the next new bindings be there before they come, so that no
 * query pays for it: to be called often, by one thread that answers none. A map
 * that was just opened for writing has had it done.
 */
void dp_map_run_ahead(struct dp_map *map);

void dp_map_close(struct dp_map **map);

/* Where a binding stands in one map, so that it need not be looked for again.
 * All zeros: not known. */
struct dp_map_spot {
	uint32_t place;
	uint32_t slot;
	uint32_t seq; /* the slot holds what it held then while it is the same */
};

/* What was seen in an answer. */
struct dp_sighting {
	const struct dp_name *name;  /* asked, canonical */
	const struct dp_name *final; /* NULL or equal to name: no CNAME */
	struct dp_addr addr;
	uint32_t ttl_s;	     /* left at now_s */
	uint32_t lifetime_s; /* from now_s on: TTL and grace, clamped */
	/* Becomes where a known binding stands, and zeros where it is new, since
	 * somebody else may be entering it, too. NULL: not wanted. */
	struct dp_map_spot *spot;
};

/*
 * Record a sighting at now_s. Lives are only ever prolonged; a binding lives
 * for 1 s to DP_MAP_LIFETIME_MAX_S. final stays that of the first sighting.
 * DP_ERR_FULL when all places that the binding may take hold live ones (counted
 * in the map); up to capacity that does not happen in practice, beyond it may.
 * No other error. Not for handles of open_ro.
 *
 * A thread that then asks dp_map_seq gets a number above all that made this
 * binding live as long as s says: its own change, or that of another writer,
 * also of one that has not come so far as to feed it. So whoever has applied
 * all changes below that number, or all bindings after that, has the binding.
 */
enum dp_err dp_map_record(struct dp_map *map, const struct dp_sighting *s,
    uint32_t now_s) DP_MUST_CHECK;

/*
 * The same for count sightings, of which it is known where their bindings stood
 * last: how many, from the first one on, were found there and recorded. Names
 * are not looked at: a spot must be of this map (dp_map_id) and of the same name
 * asked.
 */
size_t dp_map_record_again(struct dp_map *map, const struct dp_sighting *seen,
    size_t count, uint32_t now_s);

/* Begin to fetch what that looks at. */
void dp_map_expect(const struct dp_map *map, const struct dp_map_spot *spot);

/* Is there a binding of the two that lives at now_s? One whose writer has not
 * come so far as to feed it is not there yet: a dp_map_seq asked for later is
 * above the change that made it live beyond now_s. */
bool dp_map_lives(const struct dp_map *map, const struct dp_name *name,
    const struct dp_addr *addr, uint32_t now_s);

/*
 * Let no binding end later than most_s after now_s: one that does was recorded
 * by a clock that ran ahead. Only for who is sure that now_s is right, for a
 * clock that is behind would make lives end early. How many were cut.
 */
uint32_t dp_map_clamp(struct dp_map *map, uint32_t now_s, uint32_t most_s);

/*
 * Walk all bindings that live at now_s: start with *cursor = 0; false at the
 * end. A binding that changes meanwhile may come twice or in its old state;
 * one that lives throughout comes at least once. The same name and address may
 * come from two places, with lives of different length: the longer one counts.
 */
bool dp_map_next(const struct dp_map *map, uint32_t *cursor, uint32_t now_s,
    struct dp_binding *out);

/*
 * The change feed. *seq is the next change the caller wants (dp_map_seq for
 * "from now on", asked before a walk). DP_OK with *out filled, in its present
 * state, and *seq one further (or more, where the changed binding is gone
 * already); DP_ERR_NOTFOUND: no news, or none among so many changes that the
 * caller shall have a say before more of them are looked at, which dp_map_seq
 * tells apart; DP_ERR_LIMIT: too far behind, or another map: walk all and begin
 * again.
 */
uint64_t dp_map_seq(const struct dp_map *map);
/* Tells this map from others, also from one made later at the same path. */
uint64_t dp_map_id(const struct dp_map *map);
enum dp_err dp_map_feed(const struct dp_map *map, uint64_t *seq,
    struct dp_binding *out) DP_MUST_CHECK;

struct dp_map_stats {
	uint32_t capacity;
	uint32_t live; /* counted by a walk over the index at now_s */
	uint64_t recorded;	/* new bindings since created */
	uint64_t refused_full;	/* sightings that found no room */
	uint64_t dropped_torn;	/* slots dropped at exclusive opens */
	uint64_t seq;
	uint64_t created_s;
};
void dp_map_stats(const struct dp_map *map, uint32_t now_s,
    struct dp_map_stats *out);

#endif
