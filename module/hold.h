/*
 * Holds: query states whose answer waits for the firewall (barrier.h). A hold
 * lies in the region of its query and stands in a list of its worker; only the
 * worker's thread touches either, so that a query that goes away takes its hold
 * along. What the thread that watches the agent (watch.h) sees of it is the
 * least change that the worker waits for and the first deadline: when there is
 * news of either it writes to the worker's eventfd, and the worker looks
 * through its list.
 *
 * Unbound's built-in event loop calls no functions but Unbound's own; there,
 * and without the watching thread, each hold has a timer and asks for itself.
 */
#ifndef DP_HOLD_H
#define DP_HOLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#include "module/verdict.h"

struct comm_timer;
struct dp_barrier_now;
struct dp_hold;
struct dp_module;
struct dp_worker;
struct module_qstate;
struct ub_event;

/* What minfo points to. */
struct dp_mark {
	enum dp_verdict verdict;
	bool held; /* it is the first member of a dp_hold */
	bool at_once; /* refused before anybody was asked */
	bool own;     /* the query's, else shared by many: not written to */
	uint32_t flags; /* of the event, as recording found (event.def) */
	uint32_t hold_us; /* the answer waited, until it was let out */
	/* The rule for the question, by that policy (dp_policy_instance) if it
	 * has one audience only. 0: not kept. */
	uint64_t policy;
	struct dp_match match;
	struct dp_rule_told told; /* of match, where there is a rule */
	const struct dp_truth *truth; /* NULL: what q has is the truth */
};

/* What q came to, while it has something else for its clients. */
struct dp_truth {
	struct dns_msg *msg;
	int rcode;
};

struct dp_hold {
	struct dp_mark mark;
	struct dp_hold *next, **at; /* at NULL: in no list */
	struct dp_worker *w;
	struct module_qstate *q;
	struct comm_timer *timer; /* NULL: told by the watch */
	bool counted;
	uint64_t map_id; /* recorded in that map, */
	uint64_t policy_id; /* as that policy says (digest) */
	uint64_t seq; /* the change of the map that must be confirmed */
	uint64_t until_ns;
	time_t since; /* recorded */
	struct timeval began;
};

#define DP_HOLDS_NONE UINT64_MAX

/* Of one worker. */
struct dp_holds {
	struct dp_module *m;
	struct dp_hold *waiting, *due;
	struct ub_event *event; /* NULL: timers */
	int fd;
	bool opened;
	/* for the watch: */
	_Atomic uint64_t seq; /* not above any waited for; NONE: no hold */
	_Atomic uint64_t until_ns;
	atomic_bool told; /* and did not look yet */
};

/* Before the worker is seen by the watch. */
void dp_holds_init(struct dp_holds *holds, struct dp_module *m);

/* When no worker runs, and Unbound's event loops are gone. */
void dp_holds_close(struct dp_holds *holds);

/* In q's region. NULL: out of memory. */
struct dp_hold *dp_hold_new(struct dp_worker *w, struct module_qstate *q);

/* Wait: h->q runs (module_event_pass) when it is due, and maybe before; soon
 * when it is due already. False: there is nothing to wait with. Inside the
 * epoch. */
bool dp_hold_begin(struct dp_module *m, struct dp_hold *h);

/* Wait no longer, also when h does not wait. */
void dp_hold_end(struct dp_hold *h);

/* Is there nothing more to wait for? */
bool dp_hold_is_due(const struct dp_hold *h, const struct dp_barrier_now *now);

/* Any thread: let the worker look through its list, once for all who tell it
 * before it does. */
void dp_holds_tell(struct dp_holds *holds);

/* The worker's thread: run all queries whose holds are due. Outside the
 * epoch. */
void dp_holds_run(struct dp_worker *w);

#endif
