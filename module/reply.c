#include "module/compat.h"

#include "module/reply.h"

#include "module/answer.h"
#include "module/barrier.h"
#include "module/judge.h"
#include "module/keeper.h"
#include "module/query.h"
#include "module/refuse.h"

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
	case DP_VERDICT_WITHHELD:
		return DP_COUNT_ERROR;
	case DP_VERDICT_NOT_READY:
		break;
	}
	return DP_COUNT_NOT_READY;
}

/* Why the answer is SERVFAIL, where that is the module's doing. */
static void explain_failure(enum dp_verdict verdict,
    struct edns_option **options, struct regional *region)
{
	if (verdict == DP_VERDICT_NOT_READY)
		dp_refuse_explain_failure(options, region,
		    "dnspin: no policy or no map");
	else if (verdict == DP_VERDICT_WITHHELD)
		dp_refuse_explain_failure(options, region,
		    "dnspin: the firewall did not confirm");
}

/*
 * Did rep come out of a cache after the modules were asked, or while they still
 * worked (serve-expired)? Then nobody has judged it. Unbound heeds no callback
 * that says no, but rep was copied for this query: it can be made a refusal,
 * and what it was again for the next client of the query.
 */
static bool is_unjudged(const struct module_qstate *q,
    const struct reply_info *rep)
{
	return rep && (!q->return_msg || rep != q->return_msg->rep);
}

/* What goes out now cannot wait for the firewall. */
static enum dp_verdict unconfirmed(struct dp_module *m, struct dp_worker *w,
    const struct dp_case *c)
{
	bool closed = dp_barrier_of(c->policy) == DP_BARRIER_FAIL_CLOSED;

	dp_module_count(m, w,
	    closed ? DP_COUNT_WITHHELD : DP_COUNT_UNCONFIRMED, 1);
	return closed ? DP_VERDICT_WITHHELD : DP_VERDICT_ALLOW;
}

static enum dp_verdict judge_late(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, struct reply_info *rep,
    const struct comm_reply *client, struct edns_option **options)
{
	struct dp_case c;

	dp_case_open(&c, m, &q->qinfo);
	if (c.ready)
		(void)dp_case_judge(&c, client, rep);
	if (c.verdict == DP_VERDICT_NOT_READY) {
		dp_refuse_fail(rep);
		explain_failure(c.verdict, options, q->region);
		return c.verdict;
	}
	if (c.verdict == DP_VERDICT_DENY) {
		dp_refuse_reply(q, rep, client);
		dp_refuse_explain(options, q->region);
		return c.verdict;
	}
	if (c.strict)
		dp_answer_trim(rep);
	if (c.verdict == DP_VERDICT_ALLOW &&
	    !dp_barrier_pass_now(m, w, &c, rep, *q->env->now))
		c.verdict = unconfirmed(m, w, &c);
	if (c.verdict == DP_VERDICT_WITHHELD) {
		dp_refuse_fail(rep);
		explain_failure(c.verdict, options, q->region);
	}
	return c.verdict;
}

/* When observing, clients who wait for one query may differ in what strict mode
 * would say; otherwise they have one verdict by now. */
static enum dp_verdict verdict_for(const struct dp_module *m,
    const struct module_qstate *q, const struct comm_reply *client,
    enum dp_verdict verdict)
{
	struct dp_case c;

	dp_case_open(&c, m, &q->qinfo);
	if (!c.ready || c.strict || dp_policy_audience_count(c.policy) == 1)
		return verdict;
	return dp_case_judge(&c, client,
	    q->return_msg ? q->return_msg->rep : NULL);
}

/* Record what a module in front made of an answer, which was judged before. A
 * policy that would withhold it is not put in force there. */
static void record_late(struct dp_module *m, struct dp_worker *w,
    const struct module_qstate *q, const struct query_info *qinfo,
    struct reply_info *rep, const struct comm_reply *client)
{
	struct dp_case c;

	dp_case_open(&c, m, qinfo);
	if (c.policy && dp_case_judge(&c, client, NULL) == DP_VERDICT_ALLOW &&
	    !dp_barrier_pass_now(m, w, &c, rep, *q->env->now))
		(void)unconfirmed(m, w, &c);
}

/* A reply that went through the modules. */
static int on_reply(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);
	enum dp_verdict verdict;
	bool unjudged;

	if (!w || !q)
		return 1;
	unjudged = is_unjudged(q, rep);
	if (unjudged)
		dp_refuse_undo(rep);
	if (!client) /* Unbound itself waited, for a zone transfer */
		return 1;
	dp_worker_enter(m, w);
	if (unjudged) {
		verdict = judge_late(m, w, q, rep, client, options);
		dp_module_count(m, w, counter_of(verdict), 1);
	} else {
		if (dp_query_verdict(m, q, &verdict)) {
			verdict = verdict_for(m, q, client, verdict);
			dp_module_count(m, w, counter_of(verdict), 1);
		}
		if (dp_query_records_late(m) && qinfo && rep &&
		    rcode == LDNS_RCODE_NOERROR)
			record_late(m, w, q, qinfo, rep, client);
	}
	dp_worker_leave(m, w);
	return 1;
}

/* SERVFAIL, from anywhere. Options that modules set are gone by now. */
static int on_servfail(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);
	enum dp_verdict verdict = DP_VERDICT_ALLOW;

	if (!w || !client)
		return 1;
	if (q)
		(void)dp_query_verdict(m, q, &verdict);
	dp_module_count(m, w, verdict == DP_VERDICT_NOT_READY ?
	    DP_COUNT_NOT_READY : DP_COUNT_ERROR, 1);
	if (options && region)
		explain_failure(verdict, options, region);
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
	dp_module_count(m, w, DP_COUNT_LEAK, 1);
	if (!atomic_exchange(&m->leaked, true))
		dp_keeper_wake(m);
}

/*
 * A delegation that Unbound puts together for a query without RD, from records
 * that it keeps for itself (allow_snoop). It lies in the worker's scratch
 * memory and has no TTL, as every message in a cache does.
 */
static bool is_referral(const struct reply_info *rep)
{
	return rep && rep->ttl == 0;
}

static void refuse_referral(struct reply_info *rep)
{
	rep->flags = (uint16_t)((rep->flags & ~0xfu) | LDNS_RCODE_REFUSED);
	rep->an_numrrsets = rep->ns_numrrsets = rep->ar_numrrsets = 0;
	rep->rrset_count = 0;
}

static void cached(struct dp_module *m, struct dp_worker *w,
    const struct query_info *qinfo, struct reply_info *rep,
    const struct comm_reply *client, time_t now)
{
	struct dp_case c;

	dp_case_open(&c, m, qinfo);
	if (is_referral(rep) && (c.strict || !c.policy)) {
		refuse_referral(rep);
		dp_module_count(m, w, DP_COUNT_DENY, 1);
		return;
	}
	if (!c.policy) {
		leak(m, w);
		return;
	}
	/* Records can be renewed under a message that was passed with others.
	 * What is in the cache is answered, whatever is found here. */
	(void)dp_case_judge(&c, client, rep);
	if (c.verdict == DP_VERDICT_DENY && atomic_load(&m->settling))
		c.verdict = DP_VERDICT_WOULD_DENY;
	dp_module_count(m, w, DP_COUNT_HIT, 1);
	if (c.verdict == DP_VERDICT_DENY)
		leak(m, w);
	else
		dp_module_count(m, w, counter_of(c.verdict), 1);
	if (c.verdict == DP_VERDICT_ALLOW && rep)
		(void)dp_module_record(m, w, &c, rep, now, now);
}

/* An answer from the cache, which no module saw; TTLs are absolute. */
static int on_cached(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);

	if (!w || !qinfo)
		return 1;
	dp_worker_enter(m, w);
	dp_worker_adopt_client(m, w, client);
	cached(m, w, qinfo, rep, client, start ? start->tv_sec : time(NULL));
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
