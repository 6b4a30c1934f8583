/*
 * A module without a server: real policy, map, caches and an environment such
 * as a worker has.
 */
#ifndef DP_MODULE_OF_H
#define DP_MODULE_OF_H

#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/cache.h"
#include "services/cache/rrset.h"
#include "tests/unit/map_of.h"
#include "tests/unit/unit_policy.h"
#include "util/alloc.h"

struct module_of {
	struct map_of map;
	struct config_file *cfg;
	struct alloc_cache alloc;
	struct module_env env;
	time_t now;
	struct timeval now_tv;
	struct unit_opened p;
	struct dp_module m;
	struct dp_worker *w;
};

static inline void module_of_set_modules(struct module_of *o,
    const char *modules)
{
	free(o->cfg->module_conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o->cfg->module_conf = strdup(modules));
}

/* Zeroed before. rules as unit_policy.h has them. */
static inline void module_of_open(struct module_of *o,
    const char *const *rules, const struct dp_settings *set, time_t now)
{
	static uint64_t instance;
	struct dp_status *status;

	map_of_open(&o->map, (uint32_t)now);
	o->p = unit_open(rules, set);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o->cfg = config_create());
	module_of_set_modules(o, "dynlib validator iterator");
	alloc_init(&o->alloc, NULL, 0);
	o->now = now;
	o->env.cfg = o->cfg;
	o->env.alloc = &o->alloc;
	o->env.now = &o->now;
	o->now_tv.tv_sec = now;
	o->env.now_tv = &o->now_tv;
	o->env.rrset_cache = rrset_cache_create(o->cfg, &o->alloc);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o->env.rrset_cache);

	o->m.instance = ++instance;
	o->m.env = &o->env;
	o->m.messages = 1u << 16;
	dp_epoch_init(&o->m.epoch);
	CU_ASSERT_TRUE_FATAL(dp_cache_create(&o->m, o->cfg));
	CU_ASSERT_EQUAL_FATAL(dp_status_create_private(&status), DP_OK);
	atomic_store(&o->m.status, status);
	atomic_store(&o->m.map, o->map.map);
	atomic_store(&o->m.policy, o->p.policy);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o->w = dp_worker_get(&o->m));
}

static inline void module_of_close(struct module_of *o)
{
	struct dp_status *status = atomic_load(&o->m.status);

	dp_worker_free_all(&o->m);
	dp_cache_destroy(&o->m);
	dp_status_close(&status);
	map_of_close(&o->map);
	rrset_cache_delete(o->env.rrset_cache);
	alloc_clear(&o->alloc);
	config_delete(o->cfg);
	unit_opened_close(&o->p);
}

static inline bool module_of_recorded(const struct module_of *o)
{
	struct dp_binding got;
	uint32_t cursor = 0;

	return dp_map_next(atomic_load(&o->m.map), &cursor, (uint32_t)o->now,
	    &got);
}

#endif
