/*
 * Recording: the addresses of an answer to an allowed name go into the map,
 * with the lifetimes of the policy. Plain data, no Unbound. Called on threads
 * that answer: no lock, no allocation, no system call.
 */
#ifndef DP_RECORDING_H
#define DP_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/map.h"
#include "module/core/status.h"
#include "module/verdict.h"

/* A dp_item_fn over a dp_record: records every address. */
struct dp_record {
	const struct dp_policy *policy;
	struct dp_match match;	    /* of name */
	const struct dp_name *name; /* asked */
	bool no_pins;		    /* match has none that are looked at */
	struct dp_map *map;	    /* NULL: counted as lost */
	struct dp_status *status;
	unsigned shard;
	uint32_t now_s;
	struct dp_map_spot *spots; /* of the next addresses, to be filled */
	unsigned spot_count;
	unsigned done; /* of the next addresses, are recorded */
	struct dp_recorded {
		unsigned kept; /* addresses */
		unsigned lost; /* there was no room for, or no map */
		unsigned outside; /* of the pins of their rule */
		struct dp_map *map; /* that they went to */
	} sum;
};
bool dp_record_item(void *record, const struct dp_item *item);

/*
 * The same for the addresses of an answer, in its order, that stand at the
 * spots, where dp_record_item left those of an answer to the same question; the
 * rule must have no pins that are looked at. False: not for all of them; it must
 * be called for each still, and passes over those that are recorded.
 */
bool dp_record_again(struct dp_record *r, const struct dp_seen *seen,
    size_t count);

/* What events say of it: flags of core/event.def. */
uint32_t dp_recorded_flags(const struct dp_recorded *sum);

/* Is addr one of those that are recorded? */
bool dp_record_wants(const struct dp_settings *set, const struct dp_addr *addr);

/* TTL and grace, not below min-lifetime, not above max-lifetime; seconds. */
uint32_t dp_record_lifetime(const struct dp_settings *set, uint32_t ttl_s);

#endif
