#include "module/life.h"

#include "module/build.h"
#include "module/cache.h"
#include "module/core/fault.h"
#include "module/keeper.h"
#include "module/query.h"
#include "module/watch.h"

/* Of the message cache, what a message takes at least. */
#define MESSAGE_B 512

bool dp_life_fits(void)
{
	const char *how = getenv("DNSPIN_BUILD_CHECK");
	struct dp_diag diag = { .object = "" };

	if (how && strcmp(how, "probe") == 0) {
		log_warn("dnspin: DNSPIN_BUILD_CHECK=probe: the build-id is "
			 "not compared");
		return true;
	}
	if (dp_build_check(dp_build_id_wanted(), PACKAGE_STRING, CONFCMDLINE,
		"/proc/self/exe", &diag) == DP_OK)
		return true;
	log_err("dnspin: %s: %s", diag.object, diag.reason);
	return false;
}

static struct dp_module *module_new(struct module_env *env, int id,
    const struct dp_place *place)
{
	static _Atomic uint64_t loads;
	struct dp_module *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->id = id;
	m->instance = atomic_fetch_add(&loads, 1) + 1;
	m->env = env;
	m->threads = env->cfg->num_threads > 0 ?
	    (unsigned)env->cfg->num_threads : 1;
	m->messages = env->cfg->msg_cache_size / MESSAGE_B;
	m->place = *place;
	dp_around_find(&m->around, env->cfg, id);
	dp_epoch_init(&m->epoch);
	if (!dp_cache_create(m, env->cfg)) {
		free(m);
		return NULL;
	}
	return m;
}

static void module_free(struct dp_module *m)
{
	dp_keeper_destroy(m);
	dp_watch_destroy(m); /* where there was no keeper */
	dp_worker_free_all(m);
	dp_cache_destroy(m);
	free(m);
}

struct dp_module *dp_life_begin(struct module_env *env, int id,
    const char *const words[2])
{
	struct dp_diag diag = { .object = "" };
	struct dp_place place;
	struct dp_module *m;

	if (dp_place_find(&place, getenv("DNSPIN_DIR"),
		getenv("DNSPIN_TRUSTED_KEY"), words, &diag) != DP_OK) {
		log_err("dnspin: %s: %s", diag.object, diag.reason);
		return NULL;
	}
	dp_fault_catch();
	log_info("dnspin %s: state directory %s", dp_build_dnspin_version(),
	    place.dir);
	/* A reload can keep what an earlier load of the module let in. */
	slabhash_clear(env->msg_cache);
	m = module_new(env, id, &place);
	if (m && dp_watch_create(m) && dp_keeper_create(m))
		return m;
	log_err("dnspin: out of memory");
	if (m)
		module_free(m);
	dp_fault_release();
	return NULL;
}

void dp_life_start(struct dp_module *m)
{
	dp_keeper_look(m);
	dp_keeper_start(m);
}

void dp_life_end(struct dp_module *m)
{
	if (!m)
		return;
	module_free(m);
	dp_fault_release();
}

void dp_life_operate(struct dp_module *m, struct module_qstate *q,
    enum module_ev event)
{
	struct dp_worker *w = dp_worker_get(m);

	/* Closed: without a worker the query cannot be kept off the cache, and
	 * with structs that look wrong nothing can. */
	if (!w || &q->mesh_info->s != q) {
		q->ext_state[m->id] = module_error;
		return;
	}
	dp_worker_enter(m, w);
	dp_worker_lend_env(m, w, q);
	switch (event) {
	case module_event_new:
	case module_event_pass:
		if (dp_query_is_held(m, q))
			dp_query_end(m, w, q);
		else
			dp_query_begin(m, w, q);
		break;
	case module_event_moddone:
		dp_query_end(m, w, q);
		break;
	default:
		q->ext_state[m->id] = module_error;
		break;
	}
	dp_worker_leave(m, w);
}
