#include "module/compat.h"

#include "module/cache.h"

/*
 * Clearing holds the lock of one slab at a time, and a thread that answers waits
 * for it: with slabs of this size it takes well below a millisecond. Unbound's
 * own number of slabs only has its threads in mind.
 */
#define SLAB_MAX_B ((size_t)1 << 20)
#define SLABS_MAX ((size_t)1 << 12)

static size_t slabs_for(const struct config_file *cfg)
{
	size_t slabs = cfg->msg_cache_slabs;

	while (slabs < SLABS_MAX && cfg->msg_cache_size / slabs > SLAB_MAX_B)
		slabs *= 2;
	return slabs;
}

static struct slabhash *message_cache(size_t slabs, size_t size_b)
{
	return slabhash_create(slabs, HASH_DEFAULT_STARTARRAY, size_b,
	    msgreply_sizefunc, query_info_compare, query_entry_delete,
	    reply_info_delete, NULL);
}

bool dp_cache_create(struct dp_module *m, const struct config_file *cfg)
{
	m->admitted = message_cache(slabs_for(cfg), cfg->msg_cache_size);
	m->internal = message_cache(cfg->msg_cache_slabs, cfg->msg_cache_size);
	if (!m->admitted || !m->internal) {
		dp_cache_destroy(m);
		return false;
	}
	/* Answers of subnetcache's own cache bear no sign that they are for one
	 * network only. */
	m->admits = !cfg->module_conf ||
	    !strstr(cfg->module_conf, "subnetcache");
	return true;
}

void dp_cache_destroy(struct dp_module *m)
{
	slabhash_delete(m->admitted);
	slabhash_delete(m->internal);
	m->admitted = NULL;
	m->internal = NULL;
}

static bool may_be_cached(const struct dp_module *m,
    const struct module_qstate *q)
{
	if (!m->admits || q->return_rcode != LDNS_RCODE_NOERROR ||
	    !q->return_msg || q->no_cache_store || !(q->query_flags & BIT_RD))
		return false;
	/* respip has rewritten it, perhaps for the clients of one view. */
	return !q->respip_action_info && !q->is_drop;
}

static bool is_failure(const struct dp_module *m, const struct reply_info *rep)
{
	return !dp_module_trusts(m, rep) ||
	    FLAGS_GET_RCODE(rep->flags) == LDNS_RCODE_SERVFAIL;
}

void dp_cache_admit(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q)
{
	if (!may_be_cached(m, q) || is_failure(m, q->return_msg->rep))
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

size_t dp_cache_size_b(const struct dp_module *m)
{
	return slabhash_get_mem(m->admitted) + slabhash_get_mem(m->internal);
}
