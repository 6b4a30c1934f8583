#include "module/compat.h"

#include "module/cache.h"

static struct slabhash *message_cache(const struct config_file *cfg)
{
	return slabhash_create(cfg->msg_cache_slabs, HASH_DEFAULT_STARTARRAY,
	    cfg->msg_cache_size, msgreply_sizefunc, query_info_compare,
	    query_entry_delete, reply_info_delete, NULL);
}

bool dp_cache_create(struct dp_module *m, const struct config_file *cfg)
{
	m->admitted = message_cache(cfg);
	m->internal = message_cache(cfg);
	if (!m->admitted || !m->internal) {
		dp_cache_destroy(m);
		return false;
	}
	/* Answers of subnetcache's own cache bear no sign that they are for one
	 * network only. */
	m->admits = !cfg->module_conf ||
	    !strstr(cfg->module_conf, "subnetcache");
	/* Closed until a policy says otherwise. */
	atomic_store(&m->recursion_cache, m->internal);
	return true;
}

void dp_cache_destroy(struct dp_module *m)
{
	slabhash_delete(m->admitted);
	slabhash_delete(m->internal);
	m->admitted = NULL;
	m->internal = NULL;
}

static bool admissible(const struct dp_module *m, const struct module_qstate *q)
{
	const struct reply_info *rep;
	int rcode;

	if (!m->admits || q->return_rcode != LDNS_RCODE_NOERROR ||
	    !q->return_msg || q->no_cache_store || !(q->query_flags & BIT_RD))
		return false;
	/* respip has rewritten it, perhaps for the clients of one view. */
	if (q->respip_action_info || q->is_drop)
		return false;
	rep = q->return_msg->rep;
	rcode = FLAGS_GET_RCODE(rep->flags);
	return rep->security != sec_status_bogus &&
	    rep->security != sec_status_secure_sentinel_fail &&
	    rcode != LDNS_RCODE_SERVFAIL;
}

void dp_cache_admit(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q)
{
	if (!admissible(m, q))
		return;
	/* Into the worker's own environment, not into the copy that q has. */
	if (dp_cache_store(w->real, q))
		dp_module_count(m, w, DP_COUNT_ADMITTED, 1);
	else
		dp_module_count(m, w, DP_COUNT_NOMEM, 1);
}

void dp_cache_clear(struct dp_module *m)
{
	slabhash_clear(m->admitted);
}

void dp_cache_clear_server(struct dp_module *m)
{
	slabhash_clear(m->env->msg_cache);
}

size_t dp_cache_size_b(const struct dp_module *m)
{
	return slabhash_get_mem(m->admitted) + slabhash_get_mem(m->internal);
}
