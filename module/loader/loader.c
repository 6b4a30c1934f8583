#include "module/compat.h"

#include "module/loader/loader.h"

#include <link.h>
#include <math.h>

#include "module/life.h"
#include "module/module.h"
#include "module/reply.h"
#include "module/worker.h"
#include "services/modstack.h"

#define EXPORT __attribute__((visibility("default")))

/* Unbound has one list of modules, and this is in it once. */
static struct {
	struct dp_module *module;
	uintptr_t code, code_end; /* of the executable */
} here;

/* --- probes --------------------------------------------------------------- */

/* The first object is the executable. */
static int find_code(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_X))
			continue;
		here.code = info->dlpi_addr + ph->p_vaddr;
		here.code_end = here.code + ph->p_memsz;
	}
	return 1;
}

/* Is it a function of the server? f: where the pointer lies. */
static bool is_servers(const void *f)
{
	uintptr_t at;

	memcpy(&at, f, sizeof(at));
	return at >= here.code && at < here.code_end;
}

static bool cache_looks_right(const struct slabhash *cache)
{
	const struct lruhash *table;

	if (!cache || cache->size == 0 || (cache->size & (cache->size - 1)))
		return false;
	table = cache->array[0];
	return is_servers(&table->sizefunc) && is_servers(&table->compfunc) &&
	    is_servers(&table->delkeyfunc) &&
	    is_servers(&table->deldatafunc) && !table->markdelfunc;
}

/* Are the structs where the library expects them? Each is compared with what
 * the server's own code says before anything behind it is looked at. */
static bool env_looks_right(const struct module_env *env, int id,
    const struct dnspin_python_seen *seen)
{
	const struct config_file *cfg = env->cfg;

	return id >= 0 && id < MAX_MODULE - 1 &&
	    seen->cfg == (uintptr_t)cfg &&
	    seen->msg_cache == (uintptr_t)env->msg_cache &&
	    seen->modinfo == (uintptr_t)env->modinfo &&
	    seen->callbacks == (uintptr_t)env->inplace_cb_lists &&
	    seen->options == env->edns_known_options_num &&
	    seen->threads == (uint64_t)cfg->num_threads &&
	    seen->msg_cache_b == cfg->msg_cache_size &&
	    seen->neg_cache_b == cfg->neg_cache_size &&
	    seen->control_port == (uint64_t)cfg->control_port &&
	    seen->script == (uintptr_t)cfg->python_script &&
	    env->modinfo[id] && cache_looks_right(env->msg_cache);
}

/* The same for a query. */
static bool query_looks_right(const struct module_qstate *q)
{
	return &q->mesh_info->s == q && q->mesh_info->s.env == q->env &&
	    is_servers(&q->env->attach_sub) &&
	    is_servers(&q->env->detach_subs) && is_servers(&q->env->kill_sub) &&
	    q->env->mesh && q->env->mesh->mods.num > here.module->id &&
	    q->env->mesh->mods.num < MAX_MODULE;
}

/* --- from load to unload -------------------------------------------------- */

/* What stands in the way of every policy. */
static const char *obstacle(const struct config_file *cfg, int id)
{
	if (id != 0)
		return "module-config has a module in front of python, whose "
		       "answers would pass the policy by: put python first";
	if (!cfg->python_script || cfg->python_script->next)
		return "there is more than one python-script: they share "
		       "their names, and one can put itself in the place of "
		       "another";
	return NULL;
}

/* The server follows the pointers in its caches only where they lead to its
 * own functions; its own cache has them. */
static void use_functions_of(struct slabhash *cache,
    const struct slabhash *servers)
{
	for (size_t i = 0; i < cache->size; i++) {
		cache->array[i]->sizefunc = servers->array[0]->sizefunc;
		cache->array[i]->compfunc = servers->array[0]->compfunc;
		cache->array[i]->delkeyfunc = servers->array[0]->delkeyfunc;
		cache->array[i]->deldatafunc = servers->array[0]->deldatafunc;
	}
}

static bool fits(const struct module_env *env, int id,
    const struct dnspin_python_seen *seen)
{
	const char *why;

	if (!dp_life_fits())
		return false;
	dl_iterate_phdr(find_code, NULL);
	if (!env_looks_right(env, id, seen)) {
		log_err("dnspin: Unbound's structures are not where this "
			"library expects them; build dnspin against this "
			"server (./configure --with-stock-unbound=BINARY)");
		return false;
	}
	why = obstacle(env->cfg, id);
	if (why)
		log_err("dnspin: unbound.conf: %s", why);
	return !why;
}

/* Options that Unbound keeps apart, of which the library has copies. */
static void take_options(const struct config_file *cfg)
{
	SERVE_EXPIRED = cfg->serve_expired;
	SERVE_EXPIRED_REPLY_TTL = (time_t)cfg->serve_expired_reply_ttl;
	SERVE_ORIGINAL_TTL = cfg->serve_original_ttl;
}

EXPORT bool dnspin_python_init(struct module_env *env, int id,
    const struct dnspin_python_seen *seen, dp_standin_say_fn *say)
{
	const char *const words[2] = { NULL, NULL };
	struct dp_module *m;

	/* Only what the script read, until the structs are known. */
	dp_standin_log_to(say, NO_VERBOSE);
	if (here.module || !fits(env, id, seen)) {
		dp_standin_log_to(NULL, NO_VERBOSE);
		return false;
	}
	dp_standin_log_to(say, env->cfg->verbosity);
	take_options(env->cfg);
	m = dp_life_begin(env, id, words);
	if (!m) {
		dp_standin_log_to(NULL, NO_VERBOSE);
		return false;
	}
	m->guest = true;
	m->admits = false;
	use_functions_of(m->admitted, env->msg_cache);
	use_functions_of(m->internal, env->msg_cache);
	here.module = m;
	dp_life_start(m);
	return true;
}

/* pythonmod registers callbacks but never takes them back: after a reload they
 * would be called in an interpreter that is gone. */
EXPORT void dnspin_python_deinit(void)
{
	struct dp_module *m = here.module;

	if (!m)
		return;
	for (int type = 0; type < inplace_cb_types_total; type++)
		inplace_cb_delete(m->env, (enum inplace_cb_list_type)type,
		    m->id);
	here.module = NULL;
	dp_life_end(m);
	dp_standin_log_to(NULL, NO_VERBOSE);
}

/* --- while it runs -------------------------------------------------------- */

EXPORT void dnspin_python_operate(struct module_qstate *q, int event)
{
	if (!query_looks_right(q))
		q->ext_state[here.module->id] = module_error;
	else
		dp_life_operate(here.module, q, (enum module_ev)event);
}

/* Clients of queries under way stand in a list, with the time at which they
 * asked; pythonmod has told only what it is. */
static struct timeval *start_of(struct comm_reply *client,
    const struct edns_data *edns, struct timeval *told, double start_s)
{
	uintptr_t at = (uintptr_t)client -
	    offsetof(struct mesh_reply, query_reply);
	double whole = floor(start_s);

	if (client && at + offsetof(struct mesh_reply, edns) == (uintptr_t)edns)
		return &((struct mesh_reply *)at)->start_time;
	told->tv_sec = (time_t)whole;
	told->tv_usec = (suseconds_t)lround((start_s - whole) * 1e6);
	return told;
}

EXPORT void dnspin_python_reply(int type, struct query_info *qinfo,
    struct module_qstate *q, struct reply_info *rep, int rcode,
    struct edns_data *edns, struct edns_option **options,
    struct regional *region, struct comm_reply *client, double start_s)
{
	inplace_cb_reply_func_type *call =
	    dp_reply_callback((enum inplace_cb_list_type)type);
	struct dp_module *m = here.module;
	struct timeval told;

	if (!m || !call)
		return;
	(void)call(qinfo, q, rep, rcode, edns, options, client, region,
	    start_of(client, edns, &told, start_s), m->id, m);
}
