/*
 * The six entry points of a dynlib module. Everything else is hidden.
 */
#include "module/compat.h"

#include "module/cache.h"
#include "module/life.h"
#include "module/query.h"
#include "module/reply.h"

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

/* Is it, by a few places of the structs themselves? */
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

int init(struct module_env *env, int id)
{
	const char *words[2] = { NULL, NULL };
	struct dynlibmod_env *de;
	struct dp_module *m;

	if (!dp_life_fits())
		return 0;
	if (!env_looks_right(env, id)) {
		log_err("dnspin: Unbound's structures are not where this "
			"module expects them; build dnspin against this "
			"server (./configure --with-unbound-src=DIR)");
		return 0;
	}
	find_words(env, id, words);
	m = dp_life_begin(env, id, words);
	if (!m)
		return 0;
	if (!dp_reply_register(m)) {
		log_err("dnspin: out of memory");
		dp_life_end(m);
		return 0;
	}
	dp_life_start(m);
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
	dp_life_end(m);
}

void operate(struct module_qstate *q, enum module_ev event, int id,
    struct outbound_entry *outbound)
{
	const struct dynlibmod_env *de = q->env->modinfo[id];

	(void)outbound;
	if (q->env->attach_sub != &mesh_attach_sub)
		q->ext_state[id] = module_error;
	else
		dp_life_operate(de->dyn_env, q, event);
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
