/*
 * The audit trail: one event (core/event.h) for each reply to a client. A reply
 * callback begins an entry with what it was called with, judges, and writes the
 * entry; all of it on the worker's thread, inside the epoch. Where no event can
 * be written the reply is counted as unlogged.
 */
#ifndef DP_TRAIL_H
#define DP_TRAIL_H

#include "module/answer.h"
#include "module/asker.h"
#include "module/compat.h"
#include "module/core/event.h"
#include "module/judge.h"
#include "module/worker.h"

struct dp_trail {
	/* as the callback was called */
	const struct query_info *qinfo; /* NULL: it is in the query alone */
	struct reply_info *rep;		/* NULL: nothing but rcode goes out */
	int rcode;			/* not 0: rep does not go out */
	const struct comm_reply *client;
	const struct timeval *start; /* of the query */
	const struct timeval *now;
	time_t ttl_from; /* TTLs of rep are counted from; 0: relative */
	uint32_t flags;	 /* of event.def */
	bool wants_ad;
	/* as it was judged */
	const struct dp_policy *policy; /* NULL: none in force */
	struct dp_match match;
	const struct dp_name *name; /* NULL: still to be had from qinfo */
	const struct dp_rule_told *told; /* NULL: still to be had from policy */
	const struct dp_gathered *gathered; /* NULL: still to be had from rep */
	uint32_t hold_us;
	enum dp_event_verdict verdict;
	enum dp_event_source source;
};

/* q: NULL where no state waits. client: NULL: then nothing is to be written.
 * Before the module changes anything. */
void dp_trail_begin(struct dp_trail *t, const struct query_info *qinfo,
    const struct module_qstate *q, struct reply_info *rep, int rcode,
    const struct edns_data *edns, const struct comm_reply *client,
    const struct timeval *start);

/* The verdict of the module, and what goes with it: c is borrowed until the
 * entry is written. */
void dp_trail_judged(struct dp_trail *t, const struct dp_case *c,
    enum dp_verdict verdict);

/* rep as it goes out. */
void dp_trail_write(struct dp_module *m, const struct dp_worker *w,
    const struct dp_trail *t);

/* The same in two steps, for who has something to do while memory is fetched;
 * what t points to must stay until the second. flags: of event.def, more of
 * them. */
struct dp_entry {
	const struct dp_trail *trail;
	struct dp_event event; /* unless the policy wants none */
	struct dp_asked asked;
	struct dp_gathered gathered;
};
void dp_trail_tell(struct dp_entry *e, const struct dp_module *m,
    const struct dp_trail *t);
void dp_trail_put(struct dp_module *m, const struct dp_worker *w,
    struct dp_entry *e, uint32_t flags);

/* Begin to fetch where the next entry of w goes. */
void dp_trail_expect(struct dp_module *m, const struct dp_worker *w);

/* A reply of a thread for which there is no worker. */
void dp_trail_miss(struct dp_module *m);

#endif
