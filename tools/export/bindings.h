/*
 * The bindings that may leave this machine: those of the map that live now,
 * joined with the policy in force, which alone says what they are good for. A
 * name that no rule allows any more is left out, and so is what the settings
 * refuse: special-purpose addresses, and under pins=enforce addresses outside
 * their pins. What is not the same for all clients comes once for each rule
 * that allows it to some. No life exceeds max-lifetime. The map belongs to the
 * resolver's user and is distrusted; the policy is trusted.
 *
 * Single-threaded. A list refers to nothing of the map, but its rule numbers
 * mean the policy that it was made with.
 */
#ifndef DP_BINDINGS_H
#define DP_BINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/err.h"
#include "module/core/map.h"
#include "module/core/name.h"
#include "module/core/policy.h"

struct dp_bindings;

/* One name with one address, as one rule allows it. Names are borrowed from the
 * list. */
struct dp_row {
	const uint8_t *name;  /* for dp_row_name_text */
	const uint8_t *final; /* owner of the address record */
	struct dp_addr addr;
	uint32_t rule; /* that allows name */
	uint64_t audiences; /* to whom it does */
	enum dp_pin_state pin;
	uint32_t end_s;	    /* lifetime end, s since 1970, after now */
	uint32_t ttl_end_s; /* may have passed: grace */
	uint32_t first_seen_s;
	uint32_t last_seen_s;
	uint64_t hits;
};

/* What to collect. */
struct dp_bindings_filter {
	const bool *groups; /* by number of the group; NULL: every group */
	bool v4;
	bool v6;
	uint64_t audiences; /* what any of them may have; 0: no matter who */
};

/* Live bindings seen and how many of them were left out altogether, for
 * messages. */
struct dp_bindings_tally {
	size_t live;
	size_t denied;	 /* the policy does not allow the name to anybody */
	size_t special;	 /* special-purpose address, private-addresses=refuse */
	size_t outside;	 /* outside the pins, pins=enforce */
	size_t filtered; /* by the caller's filter */
};

/*
 * Collect what lives at now_s, one row per name, address and rule, sorted by
 * name (RFC 4034, 6.1), address, then rule: equal maps give equal lists.
 * DP_ERR_NOMEM only. The caller closes.
 */
enum dp_err dp_bindings_collect(struct dp_bindings **out,
    const struct dp_map *map, const struct dp_policy *policy,
    const struct dp_bindings_filter *filter, uint32_t now_s) DP_MUST_CHECK;
void dp_bindings_close(struct dp_bindings **list);

/*
 * The same by the piece, for what comes from the change feed: an empty list,
 * the rows of one binding behind those that it has, in no order and not united,
 * and an empty list again that keeps its memory. A binding that has ended by
 * now_s adds nothing. DP_ERR_NOMEM only.
 */
enum dp_err dp_bindings_new(struct dp_bindings **out) DP_MUST_CHECK;
enum dp_err dp_bindings_add(struct dp_bindings *list,
    const struct dp_binding *b, const struct dp_policy *policy,
    const struct dp_bindings_filter *filter, uint32_t now_s) DP_MUST_CHECK;
void dp_bindings_clear(struct dp_bindings *list);

size_t dp_bindings_count(const struct dp_bindings *list);
/* i below the count; borrowed until close. */
const struct dp_row *dp_bindings_row(const struct dp_bindings *list, size_t i);
const struct dp_bindings_tally *dp_bindings_tally(
    const struct dp_bindings *list);

/* The name that a row refers to by its `name` or `final`; the length. */
size_t dp_row_name_text(const uint8_t *stored, char text[DP_NAME_TEXT_MAX]);

#endif
