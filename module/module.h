/*
 * The state of one loaded module, shared by the sources of this folder. Made in
 * init, hung on dynlibmod's dyn_env, destroyed in deinit.
 *
 * Who writes what: the keeper thread replaces policy, map, sync, status and what
 * trails has; threads that answer, and the one that watches the firewall agent,
 * read them inside the epoch. All else is constant after init.
 *
 * Message caches. Unbound answers from its worker's msg_cache before any module
 * runs, and its iterator and validator store every internal answer in the
 * msg_cache of the query's environment. So each worker's environment points to
 * `admitted`, and each query gets a copy of the environment: in strict mode the
 * copy points to `internal`, and `admitted` takes only what policy has passed;
 * when observing it points to `admitted` too, and all is as Unbound does it.
 * Both caches are the module's own, so that the keeper may clear them at any
 * moment, also while Unbound reloads and replaces its own.
 */
#ifndef DP_MODULE_H
#define DP_MODULE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "module/around.h"
#include "module/core/epoch.h"
#include "module/core/map.h"
#include "module/core/policy.h"
#include "module/core/status.h"
#include "module/place.h"
#include "module/recording.h"
#include "module/trails.h"
#include "module/verdict.h"

struct dp_case;
struct dp_gathered;
struct dp_keeper;
struct dp_sync;
struct dp_watch;
struct dp_worker;
struct module_env;
struct module_qstate;
struct reply_info;
struct slabhash;

struct dp_module {
	int id;		   /* of the module in Unbound's stack */
	bool guest; /* pythonmod's: answers cannot wait, none is admitted */
	uint64_t instance; /* tells this load from others in the process */
	struct module_env *env; /* the daemon's */
	unsigned threads;	/* of the daemon, as configured */
	size_t messages;	/* that its cache has room for, about */
	struct dp_place place;
	struct dp_around around;

	struct dp_epoch epoch;
	_Atomic(struct dp_policy *) policy; /* NULL: none yet */
	_Atomic(struct dp_map *) map;	    /* NULL: could not be opened yet */
	_Atomic(struct dp_sync *) sync;	    /* NULL: no barrier, or no agent */
	_Atomic(struct dp_status *) status; /* never NULL */

	struct slabhash *admitted;
	struct slabhash *internal;
	_Atomic uint32_t forgot; /* how often all of `admitted` was */
	bool admits; /* false: an answer may be for some clients only */
	atomic_bool settling; /* `admitted` may still hold answers that the
			       * policy before passed: they are no leak */
	atomic_bool leaked;   /* a wrong answer was seen in `admitted` */

	_Atomic(struct dp_worker *) workers; /* list, only grows */
	atomic_uint worker_count;
	struct dp_trails trails;
	struct dp_keeper *keeper;
	struct dp_watch *watch;
};

/*
 * What the module keeps with a query: NULL at its first event. pythonmod has
 * the module's own place, so that a guest takes the last one, which Unbound
 * clears with the others and no module has: Unbound would have to have 16.
 */
void **dp_module_own(const struct dp_module *m, const struct module_qstate *q);

/* Count one thing for the calling thread. */
void dp_module_count(struct dp_module *m, const struct dp_worker *w,
    enum dp_counter c, uint64_t n);

/*
 * May the addresses of rep count? False where validation failed, and where it
 * was left out although there is a validator: subnetcache asks past it for
 * clients that set CD.
 */
bool dp_module_trusts(const struct dp_module *m, const struct reply_info *rep);

/*
 * Record the addresses of rep, the answer in a case that was judged ALLOW;
 * those that may be forged are left out. TTLs are counted from ttl_from, 0:
 * they are relative. The caller is between dp_worker_enter and dp_worker_leave.
 */
struct dp_recorded dp_module_record(struct dp_module *m, const struct dp_worker *w,
    const struct dp_case *c, const struct reply_info *rep, time_t ttl_from,
    time_t now);

/* The same for rep in the cache, of which g was gathered; TTLs count from now.
 * What c's memo says of it is used. */
struct dp_recorded dp_module_record_again(struct dp_module *m,
    const struct dp_worker *w, const struct dp_case *c,
    const struct reply_info *rep, const struct dp_gathered *g, time_t now);

#endif
