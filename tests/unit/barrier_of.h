/*
 * A query of a module with a barrier, the agent that it waits for, an event
 * loop such as a worker has, and a mesh that knows nothing but how to run the
 * query.
 */
#ifndef DP_BARRIER_OF_H
#define DP_BARRIER_OF_H

#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/barrier.h"
#include "module/core/sync.h"
#include "module/hold.h"
#include "module/watch.h"
#include "tests/unit/query_of.h"

struct barrier_of {
	struct query_of b;
	char dir[32];
	char path[64];
	struct dp_sync *agent;
	struct map_of other; /* that the map may be moved to */
	struct unit_opened next; /* a policy that may come in force */
	struct comm_base *base;
	struct mesh_area mesh;
	struct module_func_block *module;
	struct dynlibmod_env dynlib;
	struct regional *scratch;
	struct timeval now_tv;
};

static const char *const barrier_rules[] = {
	"g.dnspin: manage.example allow 20.0.0.0/8",
	NULL,
};

static inline uint64_t barrier_of_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* operate: what the mesh runs. */
static inline void barrier_of_loop(struct barrier_of *o,
    void (*operate)(struct module_qstate *q, enum module_ev event, int id,
	struct outbound_entry *outbound))
{
	struct module_env *env = &o->b.of.env;

	CU_ASSERT_PTR_NOT_NULL_FATAL(o->base = comm_base_create(0));
	CU_ASSERT_PTR_NOT_NULL_FATAL(o->scratch = regional_create());
	o->mesh.mods.num = 1;
	o->module = dynlibmod_get_funcblock();
	o->mesh.mods.mod = &o->module;
	rbtree_init(&o->mesh.run, &mesh_state_compare);
	rbtree_init(&o->mesh.all, &mesh_state_compare);
	o->dynlib.func_operate = operate;
	env->modinfo[0] = &o->dynlib;
	env->mesh = &o->mesh;
	env->worker_base = o->base;
	env->scratch = o->scratch;
	env->now_tv = &o->now_tv;
}

static inline void barrier_of_open(struct barrier_of *o,
    const struct dp_settings *set)
{
	struct dp_settings next = *set;
	struct dp_sync *sync;

	memset(o, 0, sizeof(*o));
	module_of_open(&o->b.of, barrier_rules, set, NOW);
	CU_ASSERT_TRUE_FATAL(dp_watch_create(&o->b.of.m));
	snprintf(o->dir, sizeof(o->dir), "/tmp/dnspin-barrier.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(o->dir));
	snprintf(o->path, sizeof(o->path), "%s/ack", o->dir);
	CU_ASSERT_EQUAL_FATAL(dp_sync_create(&o->agent, o->path, NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_sync_open_ro(&sync, o->path, NULL), DP_OK);
	atomic_store(&o->b.of.m.sync, sync);
	dp_sync_subject(o->agent, dp_map_id(o->b.of.map.map),
	    dp_policy_digest(o->b.of.p.policy));
	dp_sync_beat(o->agent, barrier_of_clock());
	map_of_open(&o->other, NOW + 1); /* has another id */
	next.value[DP_SET_GRACE]++;
	o->next = unit_open(barrier_rules, &next);
}

static inline void barrier_of_settings(struct dp_settings *set,
    enum dp_barrier barrier)
{
	dp_settings_default(set);
	set->value[DP_SET_BARRIER] = barrier;
	set->value[DP_SET_BARRIER_TIMEOUT] = 1500;
}

/* All changes of the map so far are in the kernel. */
static inline void barrier_of_ack(struct barrier_of *o)
{
	dp_sync_beat(o->agent, barrier_of_clock());
	dp_sync_ack(o->agent, dp_map_seq(o->b.of.map.map));
}

static inline void barrier_of_die(struct barrier_of *o)
{
	dp_sync_beat(o->agent, 0);
}

static inline uint64_t barrier_of_count(const struct barrier_of *o,
    enum dp_counter c)
{
	return dp_status_count(atomic_load(&o->b.of.m.status), c);
}

static inline void barrier_of_close(struct barrier_of *o)
{
	struct dp_sync *sync;

	dp_query_forget(&o->b.state.s, 0);
	dp_watch_destroy(&o->b.of.m);
	sync = atomic_exchange(&o->b.of.m.sync, NULL);
	dp_sync_close(&sync);
	dp_sync_close(&o->agent);
	CU_ASSERT_EQUAL(unlink(o->path), 0);
	CU_ASSERT_EQUAL(rmdir(o->dir), 0);
	if (o->base)
		comm_base_delete(o->base);
	if (o->scratch)
		regional_destroy(o->scratch);
	map_of_close(&o->other);
	unit_opened_close(&o->next);
	query_of_close(&o->b);
}

#endif
