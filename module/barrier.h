/*
 * The barrier: an answer with addresses waits until the firewall agent has
 * confirmed them (core/sync.h), where the policy in force wants that. In mode
 * observe nothing waits. Callers are inside the epoch.
 */
#ifndef DP_BARRIER_H
#define DP_BARRIER_H

#include "module/judge.h"

struct dp_hold;
struct module_qstate;

/* What the agent has said by now. */
struct dp_barrier_now {
	enum dp_barrier kind;
	bool alive;	 /* the agent */
	uint64_t map_id; /* 0: no map */
	uint64_t acked;	 /* of that map, for the policy in force */
	uint64_t now_ns; /* CLOCK_BOOTTIME */
};
void dp_barrier_look(struct dp_barrier_now *out, const struct dp_module *m);

/* The setting, as far as it counts: OFF where the policy only observes. */
enum dp_barrier dp_barrier_of(const struct dp_policy *p);

/* Would answers pass the barrier by if clients had them from the cache? Where a
 * module in front makes something else of them, where expired ones are given,
 * whose bindings may have ended, and where each is given with the whole of its
 * TTL, for which the firewall must be told anew. */
bool dp_barrier_goes_by(const struct dp_module *m, const struct dp_policy *p);

enum dp_passage {
	DP_PASSAGE_FREE,   /* confirmed, or nothing is to be confirmed */
	DP_PASSAGE_WAIT,   /* held: q runs again when there is news */
	DP_PASSAGE_FAILED  /* will not be confirmed, or not in time */
};

/*
 * Record the addresses in the answer of q, a case that was judged ALLOW, and
 * see whether it may go out. h: its hold when q ran before and was told to
 * wait; NULL: it did not. *flags: what recording found, of event.def. With a
 * barrier the TTLs of the answer are cut to what
 * its bindings live for, without their grace, from now on.
 */
enum dp_passage dp_barrier_pass(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, const struct dp_case *c, struct dp_hold *h,
    uint32_t *flags);

/*
 * The same for an answer that cannot wait, whose TTLs are relative: true when
 * all its addresses were in the firewall before. Records them in any case.
 */
bool dp_barrier_pass_now(struct dp_module *m, struct dp_worker *w,
    const struct dp_case *c, struct reply_info *rep, time_t now,
    uint32_t *flags);

#endif
