#include "module/compat.h"

#include "module/reply.h"

#include "module/answer.h"
#include "module/barrier.h"
#include "module/judge.h"
#include "module/keeper.h"
#include "module/query.h"
#include "module/refuse.h"
#include "module/trail.h"

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

/* What goes out now cannot wait for the firewall. Its flags for the event. */
static uint32_t pass_now(struct dp_module *m, struct dp_worker *w,
    struct dp_case *c, struct reply_info *rep, time_t now)
{
	bool closed = dp_barrier_of(c->policy) == DP_BARRIER_FAIL_CLOSED;
	uint32_t flags;

	if (dp_barrier_pass_now(m, w, c, rep, now, &flags))
		return flags;
	dp_module_count(m, w,
	    closed ? DP_COUNT_WITHHELD : DP_COUNT_UNCONFIRMED, 1);
	if (!closed)
		return flags | DP_EVENT_UNCONFIRMED;
	c->verdict = DP_VERDICT_WITHHELD;
	return flags;
}

/* What nobody has judged. */
static void judge_late(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, struct dp_trail *t, struct dp_case *c,
    struct edns_option **options)
{
	dp_case_open(c, m, &q->qinfo);
	if (c->ready)
		(void)dp_case_judge(c, t->client, t->rep);
	if (c->verdict == DP_VERDICT_DENY) {
		dp_refuse_reply(q, t->rep, t->client);
		dp_refuse_explain(options, q->region);
	} else if (c->strict && c->ready) {
		dp_answer_trim(t->rep);
	}
	if (c->verdict == DP_VERDICT_ALLOW)
		t->flags |= pass_now(m, w, c, t->rep, *q->env->now);
	if (c->verdict == DP_VERDICT_NOT_READY ||
	    c->verdict == DP_VERDICT_WITHHELD) {
		dp_refuse_fail(t->rep);
		explain_failure(c->verdict, options, q->region);
	}
	t->source = DP_EVENT_SOURCE_EXPIRED;
	dp_trail_judged(t, c, c->verdict);
	dp_module_count(m, w, counter_of(c->verdict), 1);
}

/* What was judged when q began or ended, or not at all: dns64 can ask for
 * another name than the client did. When observing, clients who wait for one
 * query may differ in what strict mode would say; otherwise they have one
 * verdict by now. */
static void recall(struct dp_module *m, struct dp_worker *w,
    const struct module_qstate *q, struct dp_trail *t, struct dp_case *c)
{
	const struct dp_mark *mark = dp_query_mark(m, q);
	enum dp_verdict verdict;

	dp_case_open(c, m, t->qinfo);
	dp_case_recall(c, mark);
	verdict = mark ? mark->verdict : c->verdict;
	if (c->policy && (!mark || (c->ready && !c->strict &&
	    dp_policy_audience_count(c->policy) > 1)))
		verdict = dp_case_judge(c, t->client, t->rep);
	else if (c->policy)
		(void)dp_case_judge(c, t->client, NULL);
	if (mark) {
		t->flags |= mark->flags;
		t->hold_us = mark->hold_us;
		if (mark->at_once)
			t->source = DP_EVENT_SOURCE_POLICY;
	}
	/* What a module in front made of the answer. A policy that would
	 * withhold it is not put in force there. */
	if (dp_query_records_late(m) && t->rep && t->rcode == 0 && c->policy &&
	    c->match.allow)
		t->flags |= pass_now(m, w, c, t->rep, *q->env->now);
	dp_trail_judged(t, c, verdict);
	dp_module_count(m, w, counter_of(verdict), 1);
}

/* A reply that went through the modules. */
static int on_reply(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);
	struct dp_trail t;
	struct dp_case c;
	bool unjudged, was_refused;

	if (!w && client)
		dp_trail_miss(m);
	if (!w || !q)
		return 1;
	/* A failure, too, is a refusal that is put back; in its place Unbound
	 * gives what has expired (serve-expired), which nobody has judged. */
	was_refused = dp_query_put_back(m, q, client ? NULL : rep);
	unjudged = is_unjudged(q, rep) && !(was_refused && dp_refuse_is(rep));
	if (unjudged)
		dp_refuse_undo(rep);
	if (!client) /* Unbound itself waited, for a zone transfer */
		return 1;
	dp_worker_enter(m, w);
	dp_trail_begin(&t, &q->qinfo, q, rep, rcode, edns, client, start);
	if (unjudged)
		judge_late(m, w, q, &t, &c, options);
	else
		recall(m, w, q, &t, &c);
	dp_trail_write(m, w, &t);
	dp_worker_leave(m, w);
	return 1;
}

/* SERVFAIL, from anywhere. Options that modules set are gone by now. */
static int on_servfail(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);
	const struct dp_mark *mark = q ? dp_query_mark(m, q) : NULL;
	enum dp_verdict verdict = mark ? mark->verdict : DP_VERDICT_ALLOW;
	struct dp_trail t;
	struct dp_case c;

	if (!w && client)
		dp_trail_miss(m);
	if (!w || !qinfo)
		return 1;
	if (q)
		(void)dp_query_put_back(m, q, NULL);
	if (!client)
		return 1;
	dp_worker_enter(m, w);
	dp_trail_begin(&t, qinfo, q, rep, rcode, edns, client, start);
	dp_case_open(&c, m, qinfo);
	if (c.policy)
		(void)dp_case_judge(&c, client, NULL);
	dp_trail_judged(&t, &c, verdict);
	t.verdict = DP_EVENT_VERDICT_ERROR;
	if (!q)
		t.source = DP_EVENT_SOURCE_CACHE;
	else if (mark && mark->at_once)
		t.source = DP_EVENT_SOURCE_POLICY;
	if (mark) {
		t.flags |= mark->flags;
		t.hold_us = mark->hold_us;
	}
	dp_module_count(m, w, verdict == DP_VERDICT_NOT_READY ?
	    DP_COUNT_NOT_READY : DP_COUNT_ERROR, 1);
	if (options && region)
		explain_failure(verdict, options, region);
	dp_trail_write(m, w, &t);
	dp_worker_leave(m, w);
	return 1;
}

/* The operator's own data: local-zone, RPZ, auth-zone, CHAOS. */
static int on_local(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);
	struct dp_trail t;

	if (!w && client)
		dp_trail_miss(m);
	if (!w)
		return 1;
	dp_module_count(m, w, DP_COUNT_LOCAL, 1);
	if (!client || !start)
		return 1;
	dp_worker_enter(m, w);
	dp_trail_begin(&t, qinfo, q, rep, rcode, edns, client, start);
	t.policy = atomic_load(&m->policy);
	t.verdict = DP_EVENT_VERDICT_LOCAL;
	t.source = DP_EVENT_SOURCE_LOCAL;
	dp_trail_write(m, w, &t);
	dp_worker_leave(m, w);
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

/* Judge and count what the cache answers in the case that was opened. Is it to be
 * recorded? */
static bool judge_cached(struct dp_module *m, struct dp_worker *w,
    struct dp_trail *t, struct dp_case *c, struct dp_gathered *g)
{
	struct reply_info *rep = t->rep;

	if (is_referral(rep) && (c->strict || !c->policy)) {
		refuse_referral(rep);
		dp_module_count(m, w, DP_COUNT_DENY, 1);
		dp_trail_judged(t, c, DP_VERDICT_DENY);
		return false;
	}
	if (!c->policy) {
		leak(m, w);
		return false;
	}
	if (rep) {
		dp_answer_gather(rep, t->ttl_from, g);
		t->gathered = g;
	}
	/* Records can be renewed under a message that was passed with others.
	 * What is in the cache is answered, whatever is found here. */
	(void)dp_case_judge_again(c, w->memos, rep);
	if (c->verdict == DP_VERDICT_DENY && atomic_load(&m->settling))
		c->verdict = DP_VERDICT_WOULD_DENY;
	dp_module_count(m, w, DP_COUNT_HIT, 1);
	if (c->verdict == DP_VERDICT_DENY) {
		leak(m, w);
		t->flags |= DP_EVENT_LEAKED;
	} else {
		dp_module_count(m, w, counter_of(c->verdict), 1);
	}
	dp_trail_judged(t, c, c->verdict);
	return c->verdict == DP_VERDICT_ALLOW && rep;
}

/* An answer from the cache, which no module saw; TTLs are absolute. The code
 * that Unbound tells is the query's. */
static int on_cached(REPLY_ARGS)
{
	struct dp_module *m = arg;
	struct dp_worker *w = dp_worker_get(m);
	struct dp_recorded sum = { 0 };
	struct dp_entry e;
	struct dp_trail t;
	struct dp_case c;
	bool counts;

	if (!w && client)
		dp_trail_miss(m);
	if (!w || !qinfo || !start)
		return 1;
	dp_worker_enter(m, w);
	dp_case_open(&c, m, qinfo);
	if (c.policy)
		dp_case_expect(&c, w->memos, qinfo->qtype, client);
	dp_trail_expect(m, w);
	dp_worker_adopt_client(m, w, client);
	dp_trail_begin(&t, qinfo, q, rep, LDNS_RCODE_NOERROR, edns, client,
	    start);
	t.ttl_from = start->tv_sec;
	t.source = rep && rep->ttl < t.ttl_from && rep->ttl != 0 ?
	    DP_EVENT_SOURCE_EXPIRED : DP_EVENT_SOURCE_CACHE;
	counts = judge_cached(m, w, &t, &c, &e.gathered);
	if (client)
		dp_trail_tell(&e, m, &t);
	if (counts)
		sum = dp_module_record_again(m, w, &c, rep, &e.gathered,
		    t.ttl_from);
	if (client)
		dp_trail_put(m, w, &e, dp_recorded_flags(&sum));
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

inplace_cb_reply_func_type *dp_reply_callback(enum inplace_cb_list_type type)
{
	for (size_t i = 0; i < CALLBACK_COUNT; i++)
		if (callbacks[i].type == type)
			return callbacks[i].call;
	return NULL;
}

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
