#include "module/compat.h"

#include "module/reply.h"

#include "module/answer.h"
#include "module/query.h"

#define UNUSED __attribute__((unused))

/* The arguments of Unbound's inplace_cb_reply_func_type. */
#define REPLY_ARGS \
	struct query_info *qinfo UNUSED, struct module_qstate *q UNUSED, \
	    struct reply_info *rep UNUSED, int rcode UNUSED, \
	    struct edns_data *edns UNUSED, \
	    struct edns_option **options UNUSED, \
	    struct comm_reply *client UNUSED, struct regional *region UNUSED, \
	    struct timeval *start UNUSED, int id UNUSED, void *arg

static enum dp_counter counter_of(enum dp_verdict verdict)
{
	switch (verdict) {
	case DP_VERDICT_ALLOW:
		return DP_COUNT_ALLOW;
	case DP_VERDICT_DENY:
		return DP_COUNT_DENY;
	case DP_VERDICT_WOULD_DENY:
		return DP_COUNT_WOULD_DENY;
	case DP_VERDICT_NOT_READY:
		break;
	}
	return DP_COUNT_NOT_READY;
}

/* Record what goes out, where that is later than the end of the query. An
 * answer that a module in front made was judged before it was made. */
static void finished(struct dp_module *m, struct dp_worker *w,
    const struct module_qstate *q, const struct query_info *qinfo,
    const struct reply_info *rep)
{
	const struct dp_policy *p = atomic_load(&m->policy);
	enum dp_verdict verdict;
	struct dp_match match;
	struct dp_name name;

	if (!p || !dp_name_copy_lower(&name, qinfo->qname, qinfo->qname_len))
		return;
	verdict = dp_verdict_name(p, &name,
	    qinfo->qclass == LDNS_RR_CLASS_IN, 0, &match);
	if (verdict == DP_VERDICT_ALLOW && m->id == 0)
		verdict = dp_answer_judge(rep, p, 0, match);
	if (verdict == DP_VERDICT_ALLOW)
		dp_module_record(m, w, p, &name, match, rep, 0, *q->env->now);
}

/* A reply that went through the modules. */
static int on_reply(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);
	enum dp_verdict verdict;

	if (!w || !q)
		return 1;
	if (dp_query_verdict(m, q, &verdict))
		dp_module_count(m, w, counter_of(verdict), 1);
	if (dp_query_records_late(m) && client && qinfo && rep &&
	    rcode == LDNS_RCODE_NOERROR) {
		dp_worker_enter(m, w);
		finished(m, w, q, qinfo, rep);
		dp_worker_leave(m, w);
	}
	return 1;
}

/* SERVFAIL, from anywhere. Options that modules set are gone by now. */
static int on_servfail(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);
	enum dp_verdict verdict = DP_VERDICT_ALLOW;

	if (!w)
		return 1;
	if (!q || !dp_query_verdict(m, q, &verdict) ||
	    verdict != DP_VERDICT_NOT_READY) {
		dp_module_count(m, w, DP_COUNT_ERROR, 1);
		return 1;
	}
	dp_module_count(m, w, DP_COUNT_NOT_READY, 1);
	if (options && region)
		(void)edns_opt_list_append_ede(options, region,
		    LDNS_EDE_NOT_READY, "dnspin: no policy or no map");
	return 1;
}

/* The operator's own data: local-zone, RPZ, auth-zone, CHAOS. */
static int on_local(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);

	if (w)
		dp_module_count(m, w, DP_COUNT_LOCAL, 1);
	return 1;
}

/* An answer goes out that no policy passed; the keeper clears the cache. */
static void leak(struct dp_module *m, struct dp_worker *w)
{
	atomic_store(&m->leaked, true);
	dp_module_count(m, w, DP_COUNT_LEAK, 1);
}

static void cached(struct dp_module *m, struct dp_worker *w,
    const struct query_info *qinfo, const struct reply_info *rep, time_t now)
{
	const struct dp_policy *p = atomic_load(&m->policy);
	enum dp_verdict verdict;
	struct dp_match match;
	struct dp_name name;

	if (!p || !dp_name_copy_lower(&name, qinfo->qname, qinfo->qname_len)) {
		leak(m, w);
		return;
	}
	verdict = dp_verdict_name(p, &name,
	    qinfo->qclass == LDNS_RR_CLASS_IN, 0, &match);
	/* Records can be renewed under a message that was passed with others. */
	if (verdict == DP_VERDICT_ALLOW && rep)
		verdict = dp_answer_judge(rep, p, 0, match);
	/* What is in the cache is answered, whatever is found here. */
	if (verdict == DP_VERDICT_DENY && atomic_load(&m->settling))
		verdict = DP_VERDICT_WOULD_DENY;
	dp_module_count(m, w, DP_COUNT_HIT, 1);
	if (verdict == DP_VERDICT_DENY)
		leak(m, w);
	else
		dp_module_count(m, w, counter_of(verdict), 1);
	if (verdict == DP_VERDICT_ALLOW && rep)
		dp_module_record(m, w, p, &name, match, rep, now, now);
}

/* An answer from the cache, which no module saw; TTLs are absolute. */
static int on_cached(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);

	if (!w || !qinfo)
		return 1;
	dp_worker_enter(m, w);
	cached(m, w, qinfo, rep, start ? start->tv_sec : time(NULL));
	dp_worker_leave(m, w);
	return 1;
}

static const struct {
	enum inplace_cb_list_type type;
	inplace_cb_reply_func_type *call;
} callbacks[] = {
	{ inplace_cb_reply, on_reply },
	{ inplace_cb_reply_cache, on_cached },
	{ inplace_cb_reply_local, on_local },
	{ inplace_cb_reply_servfail, on_servfail },
};
#define CALLBACK_COUNT (sizeof(callbacks) / sizeof(callbacks[0]))

bool dp_reply_register(struct dp_module *m)
{
	struct dynlibmod_env *de = m->env->modinfo[m->id];

	for (size_t i = 0; i < CALLBACK_COUNT; i++) {
		inplace_cb_reply_func_type *call = callbacks[i].call;
		void *cb;

		/* POSIX, not ISO C, lets a function travel as void *. */
		memcpy(&cb, &call, sizeof(cb));
		if (!de->inplace_cb_register_wrapped(cb, callbacks[i].type, m,
			m->env, m->id)) {
			dp_reply_unregister(m);
			return false;
		}
	}
	return true;
}

void dp_reply_unregister(struct dp_module *m)
{
	struct dynlibmod_env *de = m->env->modinfo[m->id];

	for (size_t i = 0; i < CALLBACK_COUNT; i++)
		de->inplace_cb_delete_wrapped(m->env, callbacks[i].type, m->id);
}
