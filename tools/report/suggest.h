/*
 * Rules proposed from names that were asked and are on no list: single names,
 * and wildcards where several names of one owner have a parent in common.
 * Single-threaded.
 */
#ifndef DP_SUGGEST_H
#define DP_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"
#include "module/core/name.h"
#include "tools/report/suffix.h"

/* What a flood of names may cost, and one of clients. */
#define DP_SUGGEST_NAMES_MAX 1000000u
#define DP_SUGGEST_PAIRS_MAX 2000000u

struct dp_suggest;

enum dp_err dp_suggest_open(struct dp_suggest **out,
    struct dp_diag *diag) DP_MUST_CHECK;
void dp_suggest_close(struct dp_suggest **s);

#define DP_SUGGEST_ORIGIN "suggested.dnspin."

/*
 * A name was asked by client (text, "" where it is not told), time_us since
 * 1970. Names that cannot stand in a zone as what they are (the root, with '*'
 * or '#' in a label, too long for DP_SUGGEST_ORIGIN) are counted only; so are
 * those of new names after DP_SUGGEST_NAMES_MAX others. time_us 0 is no time.
 */
enum dp_err dp_suggest_add(struct dp_suggest *s, const struct dp_name *name,
    const char *client, uint64_t time_us) DP_MUST_CHECK;

struct dp_suggestion {
	struct dp_name base; /* x for *.x */
	bool wildcard;
	uint32_t first;	     /* of the names in order, `names` of them */
	uint32_t names;
	uint64_t queries;
	uint64_t clients; /* 0: none of them is told */
	uint64_t first_us;
	uint64_t last_us;
};

/*
 * The rules, most asked first; every name that was added at least min_queries
 * times is covered by one. A wildcard takes min_names names directly below its
 * base, or below names there, and is never on a suffix that many share. *list
 * is malloc'd.
 */
enum dp_err dp_suggest_make(struct dp_suggest *s,
    const struct dp_suffix_list *suffixes, uint64_t min_queries,
    uint32_t min_names, struct dp_suggestion **list, size_t *count)
    DP_MUST_CHECK;

/* After make: what is known of the name at a place of the order: as a
 * suggestion of that one name. */
void dp_suggest_name(struct dp_suggest *s, uint32_t at,
    struct dp_suggestion *out);

/* Queries for names that were counted only: that are no rules, that were too
 * many. */
uint64_t dp_suggest_odd(const struct dp_suggest *s);
uint64_t dp_suggest_dropped(const struct dp_suggest *s);

/* Queries that count in all but `clients`, after DP_SUGGEST_PAIRS_MAX pairs of
 * name and client. */
uint64_t dp_suggest_anonymous(const struct dp_suggest *s);

#endif
