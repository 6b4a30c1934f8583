/*
 * What a thread remembers of the questions that it answered from the cache: the
 * rule that decided, what events tell of it, and where in the map the addresses
 * stand. Most questions are of few names, which need not be looked up in policy
 * and map each time.
 *
 * Nothing is remembered wrongly: policy, audience, type and the whole name are
 * compared, and spots in the map (core/map.h) are forgotten with it. Plain data,
 * no Unbound; each table is for one thread. No lock, no system call; memory is
 * asked for once.
 */
#ifndef DP_MEMO_H
#define DP_MEMO_H

#include "module/core/map.h"
#include "module/core/policy.h"

#define DP_MEMO_SPOTS 7u   /* addresses, in the order of the answer */
#define DP_MEMO_NAME_B 65u /* of longer names nothing is remembered */

/* Three cache lines, of which most answers need two. */
struct dp_memo {
	_Alignas(64) uint64_t policy; /* dp_policy_instance; 0: empty */
	uint32_t map; /* the spots are of the table's map of that number */
	uint16_t type;
	uint8_t audience;
	uint8_t name_b;
	struct dp_match match;
	struct dp_rule_told told; /* where there is a rule */
	bool pinned; /* the rule has pins, which are looked at */
	uint8_t name[DP_MEMO_NAME_B];
	struct dp_map_spot spot[DP_MEMO_SPOTS];
};

struct dp_memos;

/* With room for count, which is made a power of two within limits. NULL: out of
 * memory. */
struct dp_memos *dp_memos_new(size_t count);
void dp_memos_free(struct dp_memos **memos);

/* A question in class IN. */
struct dp_memo_key {
	const struct dp_name *name;
	uint32_t audience; /* of who asks */
	uint16_t type;
	uint32_t at; /* by dp_memo_expect */
};

/* Begin to fetch what is remembered of key's name and type, if anything. */
void dp_memo_expect(const struct dp_memos *memos, struct dp_memo_key *key);

/*
 * What there is to remember of key, found out by p where it is not remembered;
 * its spots are in the map of map_id (dp_map_id; 0: there is none). NULL: the
 * name is too long. Borrowed until the next call, while p is in force; the spots
 * are the caller's to use.
 */
struct dp_memo *dp_memo_of(struct dp_memos *memos,
    const struct dp_memo_key *key, const struct dp_policy *p, uint64_t map_id);

#endif
