#include "module/compat.h"

#include "module/cache.h"

#include "services/cache/rrset.h"

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

/* A flag of records that Unbound has no use for, and bits that tell those of
 * one question from those of others, and from those that were admitted before
 * all was forgotten: Unbound would keep their TTLs, or even their addresses, for
 * an answer that it thinks no better. */
#define OWN 0x40000000u
#define OWN_BITS 0x3fffff00u
#define OWN_STEP 0x9e377900u /* odd in units of the lowest of them */

static void set_flags(struct ub_packed_rrset_key *key, uint32_t flags)
{
	key->rk.flags = flags;
	key->entry.hash = rrset_key_hash(&key->rk);
}

static uint32_t own_flags(const struct dp_module *m, struct module_qstate *q)
{
	uint32_t bits = query_info_hash(&q->qinfo, q->query_flags) +
	    atomic_load(&m->forgot) * OWN_STEP;

	return OWN | (bits & OWN_BITS);
}

/* Would Unbound keep old, which is in the cache, where new comes in, and leave
 * the TTL of the message as it is? fresh_at: when old must not have expired
 * yet. */
static bool would_stay(struct packed_rrset_data *old,
    struct packed_rrset_data *new, time_t fresh_at)
{
	return rrsetdata_equal(old, new) && old->ttl >= fresh_at &&
	    old->trust >= new->trust &&
	    (old->security == new->security ||
		new->security != sec_status_secure);
}

/* Let ref be what the cache has of the records of key; false if that is not as
 * good. */
static bool refer(struct rrset_ref *ref, struct rrset_cache *cache,
    struct ub_packed_rrset_key *key, time_t fresh_at)
{
	struct lruhash_entry *e =
	    slabhash_lookup(&cache->table, key->entry.hash, key, 0);
	bool stays;

	if (!e)
		return false;
	ref->key = e->key;
	ref->id = ref->key->id;
	stays = would_stay(e->data, key->entry.data, fresh_at);
	lock_rw_unlock(&e->lock);
	return stays;
}

/* The answer of q with the records that are in the cache. NULL: some are not, or
 * there is no memory. */
static struct reply_info *refer_all(struct module_env *env,
    const struct module_qstate *q)
{
	const struct reply_info *had = q->return_msg->rep;
	struct reply_info *rep = dp_reply_like(had);
	/* Later versions (1.22) let no message outlive its records. */
	time_t fresh_s = had->ttl > q->prefetch_leeway ? had->ttl :
							 q->prefetch_leeway;

	for (size_t i = 0; rep && i < had->rrset_count; i++) {
		if (!refer(&rep->ref[i], env->rrset_cache, had->rrsets[i],
			*env->now + fresh_s)) {
			reply_info_delete(rep, NULL);
			return NULL;
		}
		rep->rrsets[i] = rep->ref[i].key;
	}
	return rep;
}

/* Might it say why it is bogus, in words? What nobody has validated has a code
 * only. */
static bool has_reason(const struct reply_info *rep)
{
	return rep->reason_bogus != LDNS_EDE_NONE &&
	    rep->reason_bogus != LDNS_EDE_DNSSEC_INDETERMINATE;
}

/*
 * What dns_cache_store would come to where all records are in the cache: it
 * copies each of them, to find that the modules behind have stored the same a
 * moment ago. False: nothing was done.
 */
static bool store_known(struct module_env *env, const struct module_qstate *q)
{
	const struct reply_info *had = q->return_msg->rep;
	struct query_info asked = q->qinfo;
	struct msgreply_entry *e = NULL;
	struct reply_info *rep;
	hashvalue_type hash;

	if (SERVE_EXPIRED || had->ttl == 0 || has_reason(had))
		return false;
	rep = refer_all(env, q);
	if (!rep)
		return false;
	rep->flags |= BIT_RA | BIT_QR;
	rep->flags &= (uint16_t)~(BIT_AA | BIT_CD);
	rep->ttl += *env->now;
	rep->prefetch_ttl += *env->now;
	rep->serve_expired_ttl += *env->now;
	if (rep->rrset_count > 1)
		reply_info_sortref(rep);
	hash = query_info_hash(&asked, q->query_flags);
	asked.qname = memdup(asked.qname, asked.qname_len);
	if (asked.qname)
		e = query_info_entrysetup(&asked, rep, hash);
	if (!e) {
		query_info_clear(&asked);
		reply_info_delete(rep, NULL);
		return false;
	}
	slabhash_insert(env->msg_cache, hash, &e->entry, rep, env->alloc);
	return true;
}

static int store(const struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, bool apart)
{
	const struct reply_info *rep = q->return_msg->rep;
	uint32_t own = apart ? own_flags(m, q) : 0;
	int stored;

	/* Into the worker's own environment, not into the copy that q has. */
	if (DP_STORE_IS_KNOWN && !apart && store_known(w->real, q))
		return 1;
	for (size_t i = 0; i < rep->rrset_count && apart; i++)
		set_flags(rep->rrsets[i], rep->rrsets[i]->rk.flags | own);
	stored = dp_cache_store(w->real, q);
	for (size_t i = 0; i < rep->rrset_count && apart; i++)
		set_flags(rep->rrsets[i], rep->rrsets[i]->rk.flags & ~own);
	return stored;
}

void dp_cache_admit(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, bool apart)
{
	if (!may_be_cached(m, q) || is_failure(m, q->return_msg->rep))
		return;
	if (store(m, w, q, apart))
		dp_module_count(m, w, DP_COUNT_ADMITTED, 1);
	else
		dp_module_count(m, w, DP_COUNT_NOMEM, 1);
}

/* No question has this type or class. What dumps a cache leaves out what has
 * expired. Only who holds both locks may change a key. */
static void forget_entry(struct lruhash_entry *e)
{
	struct msgreply_entry *key = e->key;
	struct reply_info *rep;

	lock_rw_wrlock(&e->lock);
	key->key.qtype = 0;
	key->key.qclass = 0;
	rep = e->data;
	rep->ttl = 0;
	lock_rw_unlock(&e->lock);
}

/* False: t has no such bin. */
static bool forget_bin(struct lruhash *t, size_t i)
{
	struct lruhash_bin *bin;

	lock_quick_lock(&t->lock);
	if (i >= t->size) {
		lock_quick_unlock(&t->lock);
		return false;
	}
	bin = &t->array[i];
	lock_quick_lock(&bin->lock); /* before t may grow, as lookups do */
	lock_quick_unlock(&t->lock);
	for (struct lruhash_entry *e = bin->overflow_list; e;
	    e = e->overflow_next)
		forget_entry(e);
	lock_quick_unlock(&bin->lock);
	return true;
}

/*
 * Clearing a slabhash keeps every thread waiting that looks something up, and
 * freeing a few 100,000 entries every thread that allocates: nobody is answered
 * for a fifth of a second and more. So all entries stay where they are, but
 * cannot be found any more; they go when there is need of their room, being
 * those that were not used for the longest time. A slab that grows meanwhile
 * moves entries to bins that are still to come.
 *
 * A bin is locked until who reads one of its entries is done, as when Unbound
 * replaces an entry (lruhash_insert): for as long as one answer takes.
 */
void dp_cache_clear(struct dp_module *m)
{
	atomic_fetch_add(&m->forgot, 1);
	for (size_t slab = 0; slab < m->admitted->size; slab++)
		for (size_t i = 0; forget_bin(m->admitted->array[slab], i); i++)
			;
}

size_t dp_cache_size_b(const struct dp_module *m)
{
	return slabhash_get_mem(m->admitted) + slabhash_get_mem(m->internal);
}
