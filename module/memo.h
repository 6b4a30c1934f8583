/*
 * What a thread remembers of the questions that it answered from the cache: the
 * rule that decided, what events tell of it, and where in the map the addresses
 * were found. Most questions are of few names, which need not be looked up in
 * policy and map each time.
 *
 * Nothing is remembered wrongly: policy, audience, type and the whole name are
 * compared, and places in the map are hints (core/map.h). Plain data, no
 * Unbound; each table is for one thread. No lock, no system call; memory is
 * asked for once.
 */
#ifndef DP_MEMO_H
#define DP_MEMO_H

#include "module/core/policy.h"

#define DP_MEMO_HINTS 4u   /* addresses, in the order of the answer */
#define DP_MEMO_NAME_B 73u /* of longer names nothing is remembered */

struct dp_memo {
	_Alignas(128) uint64_t policy; /* dp_policy_instance; 0: empty */
	struct dp_match match;
	struct dp_rule_told told; /* where there is a rule */
	uint32_t hint[DP_MEMO_HINTS];
	uint32_t audience;
	uint16_t type;
	uint8_t name_b;
	uint8_t name[DP_MEMO_NAME_B];
};

struct dp_memos;

/* NULL: out of memory. */
struct dp_memos *dp_memos_new(void);
void dp_memos_free(struct dp_memos **memos);

/*
 * What there is to remember of a question for name in class IN, by a client of
 * audience: found out by p, where it is not remembered. NULL: the name is too
 * long. Borrowed until the next call, while p is in force; the hints are the
 * caller's to use.
 */
struct dp_memo *dp_memo_of(struct dp_memos *memos, const struct dp_policy *p,
    const struct dp_name *name, uint16_t type, uint32_t audience);

#endif
