/*
 * What the module keeps per thread that answers: its slot in the epoch and its
 * copy of the environment. Made at the thread's first query, destroyed in
 * deinit, when no worker is left.
 */
#ifndef DP_WORKER_H
#define DP_WORKER_H

#include "module/compat.h"
#include "module/hold.h"
#include "module/memo.h"
#include "module/module.h"

struct comm_reply;

struct dp_worker {
	struct dp_worker *next;
	int slot; /* in the module's epoch */
	unsigned shard; /* of the counters: its own, while there are any */
	unsigned number; /* counted from 0: of its ring of events */
	unsigned depth; /* of enter: an answer over TCP can start a query */
	struct module_env *real; /* the worker's own environment */
	struct module_env env;	 /* its copy, with the cache of recursion */
	atomic_bool apart;	 /* that is `internal` */
	struct slabhash *left;	 /* the cache that it answered from before; NULL
				  * when that is cleared */
	struct dp_holds holds;
	struct dp_memos *memos; /* NULL: no memory */
};

/* The calling thread's, made when it has none. NULL: out of memory or slots;
 * the caller must then fail the query closed. */
struct dp_worker *dp_worker_get(struct dp_module *m);

/* Around every use of what the keeper replaces; may nest. */
void dp_worker_enter(struct dp_module *m, struct dp_worker *w);
void dp_worker_leave(struct dp_module *m, struct dp_worker *w);

/* Let q, the subqueries that inherit its environment, and who waits for q in
 * front of the module use the copy; let the copy have the cache that goes with
 * the mode. The server's own cache, from which threads answer that have run no
 * query yet, is emptied of what somebody may have loaded there. Inside the
 * epoch. */
void dp_worker_lend_env(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q);

/* Let the thread answer from `admitted` from now on, where it does not yet: it
 * has just answered client from a cache without having run a query. Inside the
 * epoch. */
void dp_worker_adopt_client(struct dp_module *m, struct dp_worker *w,
    const struct comm_reply *client);

/*
 * Keeper, when a strict policy has come into force after one that only
 * observed and all have left that one's epoch: does the recursion of every
 * thread use `internal` by now? Threads see to it themselves at their next
 * event in the module. One that has none, since it only waits for other
 * servers, is made to by dp_worker_part_all; it may still be storing what it
 * had begun to.
 */
bool dp_worker_all_apart(const struct dp_module *m);
void dp_worker_part_all(struct dp_module *m);

void dp_worker_free_all(struct dp_module *m);

#endif
