/*
 * The six entry points of a dynlib module. Everything else is hidden.
 */
#include "module/compat.h"

#include "module/build.h"
#include "module/cache.h"
#include "module/core/fault.h"
#include "module/keeper.h"
#include "module/query.h"
#include "module/reply.h"
#include "module/watch.h"

/* Of the message cache, what a message takes at least. */
#define MESSAGE_B 512

#define EXPORT __attribute__((visibility("default")))

EXPORT int init(struct module_env *env, int id);
EXPORT void deinit(struct module_env *env, int id);
EXPORT void operate(struct module_qstate *q, enum module_ev event, int id,
    struct outbound_entry *outbound);
EXPORT void inform_super(struct module_qstate *q, int id,
    struct module_qstate *super);
EXPORT void clear(struct module_qstate *q, int id);
EXPORT size_t get_mem(struct module_env *env, int id);

/* What stands after the module's own file in the dynlib-file: lines. Unbound
 * opens one file for each "dynlib" in module-config, in their order; what does
 * not end in .so is no module but ours to read. */
static void find_words(const struct module_env *env, int id,
    const char *words[2])
{
	const struct dynlibmod_env *de = env->modinfo[id];
	const struct config_strlist *item = env->cfg->dynlib_file;
	size_t count = 0;

	while (item && item->str != de->fname)
		item = item->next;
	if (item)
		item = item->next;
	for (; item && item->str && count < 2; item = item->next) {
		size_t len = strlen(item->str);

		if (len >= 3 && strcmp(item->str + len - 3, ".so") == 0)
			return;
		words[count++] = item->str;
	}
}

/* True when the running server is the one that the module was built for. */
static bool fits(void)
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

/* The same question put to a few places of the structs themselves. */
static bool env_looks_right(const struct module_env *env, int id)
{
	const struct dynlibmod_env *de;

	if (id < 0 || id >= MAX_MODULE)
		return false;
	de = env->modinfo[id];
	return de && env->cfg &&
	    de->inplace_cb_register_wrapped == &inplace_cb_register_wrapped &&
	    de->inplace_cb_delete_wrapped == &inplace_cb_delete_wrapped;
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

int init(struct module_env *env, int id)
{
	const char *words[2] = { NULL, NULL };
	struct dp_diag diag = { .object = "" };
	struct dynlibmod_env *de;
	struct dp_place place;
	struct dp_module *m;

	if (!fits())
		return 0;
	if (!env_looks_right(env, id)) {
		log_err("dnspin: Unbound's structures are not where this "
			"module expects them; build dnspin against this "
			"server (./configure --with-unbound-src=DIR)");
		return 0;
	}
	find_words(env, id, words);
	if (dp_place_find(&place, getenv("DNSPIN_DIR"),
		getenv("DNSPIN_TRUSTED_KEY"), words, &diag) != DP_OK) {
		log_err("dnspin: %s: %s", diag.object, diag.reason);
		return 0;
	}
	dp_fault_catch();
	log_info("dnspin %s: state directory %s", dp_build_dnspin_version(),
	    place.dir);
	/* A reload can keep what an earlier load of the module let in. */
	slabhash_clear(env->msg_cache);
	m = module_new(env, id, &place);
	if (!m || !dp_watch_create(m) || !dp_keeper_create(m) ||
	    !dp_reply_register(m)) {
		log_err("dnspin: out of memory");
		if (m)
			module_free(m);
		dp_fault_release();
		return 0;
	}
	dp_keeper_look(m);
	dp_keeper_start(m);
	de = env->modinfo[id];
	de->dyn_env = m;
	return 1;
}

void deinit(struct module_env *env, int id)
{
	struct dynlibmod_env *de = env->modinfo[id];
	struct dp_module *m = de->dyn_env;

	if (!m)
		return;
	de->dyn_env = NULL;
	dp_reply_unregister(m);
	module_free(m);
	dp_fault_release();
}

void operate(struct module_qstate *q, enum module_ev event, int id,
    struct outbound_entry *outbound)
{
	struct dynlibmod_env *de = q->env->modinfo[id];
	struct dp_module *m = de->dyn_env;
	struct dp_worker *w = dp_worker_get(m);

	(void)outbound;
	/* Closed: without a worker the query cannot be kept off the cache, and
	 * with structs that look wrong nothing can. */
	if (!w || &q->mesh_info->s != q ||
	    q->env->attach_sub != &mesh_attach_sub) {
		q->ext_state[id] = module_error;
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
		q->ext_state[id] = module_error;
		break;
	}
	dp_worker_leave(m, w);
}

/* The module starts no subqueries, so that none reports. */
void inform_super(struct module_qstate *q, int id, struct module_qstate *super)
{
	(void)q;
	(void)id;
	(void)super;
}

void clear(struct module_qstate *q, int id)
{
	dp_query_forget(q, id);
}

size_t get_mem(struct module_env *env, int id)
{
	const struct dynlibmod_env *de = env->modinfo[id];
	const struct dp_module *m = de->dyn_env;

	return m ? sizeof(*m) + dp_cache_size_b(m) : 0;
}
