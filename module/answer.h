/*
 * Reading an Unbound answer: its names and addresses, one at a time. Every
 * length is checked against the record that holds it.
 */
#ifndef DP_ANSWER_H
#define DP_ANSWER_H

#include <time.h>
#include "module/core/event_d.h"
#include "module/verdict.h"

struct reply_info;

/*
 * Call fn for every item of the answer section, in chain order, until it says
 * false. now: 0 where the TTLs of rep are relative (return_msg of a query
 * state), else the time that absolute TTLs (rep in the cache, its locks held)
 * are counted from.
 *
 * A DNAME's owner is not an item: it is an ancestor that nobody asked for, and
 * the CNAME that is made from it (RFC 6672, 3.1) follows it with the real ones.
 */
void dp_answer_walk(const struct reply_info *rep, time_t now, dp_item_fn *fn,
    void *arg);

/*
 * What events say of an answer: the lowest TTL that the client is given, in the
 * answer section or, where that is empty, in the authority section; addresses
 * as dp_answer_walk has them. now as there. Counts go on beyond the arrays.
 */
#define DP_GATHERED_FIRST 7u
struct dp_gathered {
	uint32_t ttl_s; /* 0 where there is no record */
	size_t v4_count, v6_count;
	uint8_t v4[DP_EVENT_ADDRESSES_MAX][4];
	uint8_t v6[DP_EVENT_ADDRESSES_MAX][16];
	struct dp_seen first[DP_GATHERED_FIRST]; /* addresses, in order */
};
void dp_answer_gather(const struct reply_info *rep, time_t now,
    struct dp_gathered *out);

/* The verdict on an answer to a name that match allows audience. */
enum dp_verdict dp_answer_judge(const struct reply_info *rep,
    const struct dp_policy *p, uint32_t audience, struct dp_match match);

/*
 * Take out of rep, which belongs to a query, all that was not asked for: what
 * stands in authority and additional speaks of name servers and mail hosts that
 * no rule allows. What a negative or wildcard answer rests on stays (SOA; NSEC
 * and NSEC3, RFC 4035, 3.1.3).
 */
void dp_answer_trim(struct reply_info *rep);

/* Of rep, which belongs to a query and whose TTLs are relative: let no TTL be
 * above ttl_s, or take age_s off each. */
void dp_answer_limit(struct reply_info *rep, uint32_t ttl_s);
void dp_answer_age(struct reply_info *rep, uint32_t age_s);

#endif
