#include "module/compat.h"

#include "module/query.h"

#include "module/answer.h"
#include "module/barrier.h"
#include "module/cache.h"
#include "module/clients.h"
#include "module/core/event.h"
#include "module/hearing.h"
#include "module/hold.h"
#include "module/refuse.h"

/* What minfo points to, unless q is held or there is more to tell: one static
 * mark per verdict, for which nothing is allocated. */
static const struct dp_mark marks[] = {
	[DP_VERDICT_ALLOW] = { .verdict = DP_VERDICT_ALLOW },
	[DP_VERDICT_DENY] = { .verdict = DP_VERDICT_DENY },
	[DP_VERDICT_WOULD_DENY] = { .verdict = DP_VERDICT_WOULD_DENY },
	[DP_VERDICT_NOT_READY] = { .verdict = DP_VERDICT_NOT_READY },
	[DP_VERDICT_WITHHELD] = { .verdict = DP_VERDICT_WITHHELD },
};

static void mark(const struct dp_module *m, struct module_qstate *q,
    enum dp_verdict verdict)
{
	*dp_module_own(m, q) = (void *)(uintptr_t)&marks[verdict];
}

/* q's mark, to write to. NULL: out of memory. */
static struct dp_mark *own_mark(const struct dp_module *m,
    struct module_qstate *q)
{
	struct dp_mark *p = *dp_module_own(m, q);

	if (p->own)
		return p;
	p = regional_alloc_init(q->region, p, sizeof(*p));
	if (!p)
		return NULL;
	p->own = true;
	*dp_module_own(m, q) = p;
	return p;
}

/* The case of q was judged; if there is a client there will be an event, and
 * the rule is looked up no more: by the time that q has its answer memory has
 * forgotten it. */
static void mark_case(const struct dp_module *m, struct module_qstate *q,
    const struct dp_case *c)
{
	struct dp_mark *p = *dp_module_own(m, q);

	if (p && p->own && c->told == &p->told) { /* it has the rule */
		p->verdict = c->verdict;
		p->at_once = false;
		p->flags = p->hold_us = 0;
		p->truth = NULL;
		return;
	}
	mark(m, q, c->verdict);
	if (!c->matched || !dp_hearing_has_client(q))
		return;
	p = own_mark(m, q);
	if (!p)
		return;
	p->policy = dp_policy_instance(c->policy);
	p->match = c->match;
	if (c->told)
		p->told = *c->told;
	else if (c->match.rule != DP_RULE_NONE)
		dp_policy_rule_told(c->policy, c->match.rule, &p->told);
}

/* What events are to tell of q beside its verdict, if anything; without memory
 * they do not. h: its hold, NULL: it had none. */
static void annotate(const struct dp_module *m, struct module_qstate *q,
    const struct dp_hold *h, uint32_t flags)
{
	struct timeval held = { 0, 0 };
	struct dp_mark *p;

	if (h)
		timersub(q->env->now_tv, &h->began, &held);
	if (flags == 0 && !h)
		return;
	p = own_mark(m, q);
	if (!p)
		return;
	p->flags = flags;
	if (held.tv_sec >= 0 && held.tv_sec < INT16_MAX)
		p->hold_us = (uint32_t)(held.tv_sec * 1000000 + held.tv_usec);
}

const struct dp_mark *dp_query_mark(const struct dp_module *m,
    const struct module_qstate *q)
{
	return *dp_module_own(m, q);
}

static struct dp_hold *as_hold(struct dp_mark *p)
{

	return p && p->held ? (struct dp_hold *)p : NULL;
}

bool dp_query_is_held(const struct dp_module *m, const struct module_qstate *q)
{
	return as_hold(*dp_module_own(m, q)) != NULL;
}

void dp_query_forget(struct module_qstate *q, int id)
{
	struct dp_hold *h = as_hold(q->minfo[id]);

	if (h)
		dp_hold_end(h);
	q->minfo[id] = NULL;
}

bool dp_query_records_late(const struct dp_module *m)
{
	return m->id > 0;
}

/* Does Unbound itself wait for the result: another query, or a transfer? */
static bool has_others(const struct module_qstate *q)
{
	return q->mesh_info->super_set.count > 0 ||
	    q->mesh_info->cb_list != NULL;
}

/*
 * A prefetch or the refresh of an expired answer: nobody waits, but what it
 * brings goes where clients are answered from. Lookups of the iterator and the
 * validator can lose who waited for them, and bring glue or what nobody has
 * validated: those of the one do not begin here, those of the other are marked.
 */
static bool is_prefetch(const struct dp_module *m,
    const struct module_qstate *q)
{
	return !dp_hearing_has_client(q) && !has_others(q) &&
	    q->blacklist != NULL && dp_query_mark(m, q) != NULL &&
	    !q->is_valrec;
}

/* The result of q becomes what the verdict says. */
static void refuse(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, enum dp_verdict verdict)
{
	log_query_info(VERB_ALGO, "dnspin: refused", &q->qinfo);
	if (verdict == DP_VERDICT_NOT_READY ||
	    verdict == DP_VERDICT_WITHHELD) {
		q->return_msg = NULL;
		q->return_rcode = LDNS_RCODE_SERVFAIL;
	} else if (m->id > 0) {
		/* A module in front stores what it is given in the cache of
		 * recursion (dns64), where a refusal would hide a name from
		 * Unbound itself. Without a message there is nothing to store,
		 * at the price of the SOA. */
		dp_refuse_bare(q);
	} else if (!dp_refuse(q)) {
		dp_module_count(m, w, DP_COUNT_NOMEM, 1);
	}
}

/* Refuse clients that were taken out of state, and leave its result and its
 * verdict as they are for those that wait on. */
static void refuse_taken(struct dp_module *m, struct dp_worker *w,
    struct mesh_state *state, struct mesh_reply *taken, enum dp_verdict verdict)
{
	struct module_qstate *q = &state->s;
	struct dns_msg *msg = q->return_msg;
	int rcode = q->return_rcode;
	struct edns_option *options = q->edns_opts_front_out;
	void *marked = *dp_module_own(m, q);

	verbose(VERB_ALGO, "dnspin: others wait for the result, too");
	q->edns_opts_front_out = NULL;
	mark(m, q, verdict);
	refuse(m, w, q, verdict);
	dp_clients_answer(state, taken);
	q->return_msg = msg;
	q->return_rcode = rcode;
	q->edns_opts_front_out = options;
	*dp_module_own(m, q) = marked;
}

static bool is_anybody(void *arg, const struct comm_reply *client)
{
	(void)arg;
	(void)client;
	return true;
}

/*
 * The same for all clients, where Unbound cannot be made to answer some before
 * the others. It takes what q has for its clients before it calls back for the
 * first of them, and for other queries after the last: so that q gets the truth
 * back in between.
 */
static void refuse_meanwhile(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, enum dp_verdict verdict)
{
	struct dp_truth truth = { q->return_msg, q->return_rcode };
	struct dp_mark *p;

	verbose(VERB_ALGO, "dnspin: others wait for the result, too");
	refuse(m, w, q, verdict);
	p = own_mark(m, q);
	if (p) /* without memory others go without the truth */
		p->truth = regional_alloc_init(q->region, &truth,
		    sizeof(truth));
}

bool dp_query_put_back(const struct dp_module *m, struct module_qstate *q,
    struct reply_info *rep)
{
	const struct dp_mark *p = dp_query_mark(m, q);

	if (!p || !p->truth)
		return false;
	q->return_msg = p->truth->msg;
	q->return_rcode = p->truth->rcode;
	if (rep && q->return_msg)
		dp_refuse_take_back(rep, q->return_msg->rep);
	return true;
}

/* Refuse everybody who waits; Unbound itself gets the true result. */
static void refuse_all(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, enum dp_verdict verdict)
{
	struct mesh_reply *taken;

	if (dp_hearing_has_front(m, q) || !has_others(q)) {
		refuse(m, w, q, verdict);
		return;
	}
	if (!dp_hearing_has_client(q))
		return;
	if (m->guest) {
		refuse_meanwhile(m, w, q, verdict);
		return;
	}
	taken = dp_clients_take(q->mesh_info, is_anybody, NULL);
	if (taken)
		refuse_taken(m, w, q->mesh_info, taken, verdict);
}

struct refusing {
	struct dp_module *m;
	struct dp_worker *w;
};

static void refuse_denied(void *arg, struct mesh_state *state,
    struct mesh_reply *taken)
{
	struct refusing *r = arg;

	refuse_taken(r->m, r->w, state, taken, DP_VERDICT_DENY);
}

static bool is_refusal(enum dp_verdict verdict)
{
	return verdict == DP_VERDICT_DENY || verdict == DP_VERDICT_NOT_READY;
}

void dp_query_begin(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q)
{
	enum dp_verdict verdict;
	struct dp_mark *p;
	struct dp_case c;

	verdict = dp_hearing(&c, m, q, NULL);
	mark_case(m, q, &c);
	q->ext_state[m->id] = module_wait_module;
	if (!is_refusal(verdict))
		return;
	if (!dp_hearing_has_front(m, q) &&
	    (has_others(q) ||
		!(dp_hearing_has_client(q) || is_prefetch(m, q))))
		return;
	p = own_mark(m, q);
	if (p)
		p->at_once = true;
	refuse(m, w, q, verdict);
	q->ext_state[m->id] = module_finished;
}

/* Is there an answer whose addresses may count? Forged ones never do. */
static bool has_good_answer(struct dp_module *m, struct dp_worker *w,
    const struct module_qstate *q)
{
	if (q->return_rcode != LDNS_RCODE_NOERROR || !q->return_msg)
		return false;
	if (!dp_module_trusts(m, q->return_msg->rep)) {
		dp_module_count(m, w, DP_COUNT_BOGUS, 1);
		return false;
	}
	return true;
}

/* Out it goes, to who is allowed to have it. */
static void give(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, const struct dp_case *c, bool may_be_cached)
{
	struct reply_info *rep = q->return_msg ? q->return_msg->rep : NULL;

	if (!c->strict)
		return;
	if (rep)
		dp_answer_trim(rep);
	if (may_be_cached && !dp_barrier_goes_by(m, c->policy) &&
	    !dp_case_may_turn(c, rep) && dp_case_is_for_all(c, rep))
		dp_cache_admit(m, w, q,
		    dp_barrier_of(c->policy) != DP_BARRIER_OFF);
}

/* Does the answer count for the firewall? What a prefetch brings is recorded
 * with the first client that it is given to: too late for a barrier. */
static bool is_to_record(const struct dp_module *m,
    const struct module_qstate *q, const struct dp_case *c)
{
	if (c->verdict != DP_VERDICT_ALLOW || dp_query_records_late(m))
		return false;
	return dp_hearing_has_client(q) ||
	    dp_barrier_of(c->policy) != DP_BARRIER_OFF;
}

/* The firewall did not confirm the addresses of the answer. */
static void fail(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, const struct dp_case *c, const struct dp_hold *h,
    uint32_t flags)
{
	if (dp_barrier_of(c->policy) == DP_BARRIER_FAIL_OPEN) {
		dp_module_count(m, w, DP_COUNT_UNCONFIRMED, 1);
		annotate(m, q, h, flags | DP_EVENT_UNCONFIRMED);
		give(m, w, q, c, false);
		return;
	}
	dp_module_count(m, w, DP_COUNT_WITHHELD, 1);
	mark(m, q, DP_VERDICT_WITHHELD);
	annotate(m, q, h, flags);
	refuse_all(m, w, q, DP_VERDICT_WITHHELD);
}

/* The answer is allowed to some who wait for it. h: its hold, if it was held
 * for them. */
static void pass(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, const struct dp_case *c, struct dp_hold *h)
{
	struct reply_info *rep = q->return_msg ? q->return_msg->rep : NULL;
	bool good = has_good_answer(m, w, q);
	struct refusing r = { m, w };
	uint32_t flags = 0;

	if (c->strict)
		dp_hearing_denied(c, m, q, rep, refuse_denied, &r);
	mark_case(m, q, c);
	if (!good || !is_to_record(m, q, c)) {
		annotate(m, q, h, 0);
		give(m, w, q, c, good);
		return;
	}
	switch (dp_barrier_pass(m, w, q, c, h, &flags)) {
	case DP_PASSAGE_FREE:
		annotate(m, q, h, flags);
		give(m, w, q, c, true);
		return;
	case DP_PASSAGE_WAIT:
		q->ext_state[m->id] = module_wait_reply;
		return;
	case DP_PASSAGE_FAILED:
		fail(m, w, q, c, h, flags);
		return;
	}
}

void dp_query_end(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q)
{
	struct dp_hold *h = as_hold(*dp_module_own(m, q));
	enum dp_verdict verdict;
	struct dp_case c;

	if (h)
		dp_hold_end(h);
	q->ext_state[m->id] = module_finished;
	if (!dp_hearing_has_client(q) && !dp_hearing_has_front(m, q) &&
	    !is_prefetch(m, q)) {
		if (h)
			mark(m, q, h->mark.verdict);
		return;
	}
	/* A bogus answer can still reach a client that set CD: it is judged as
	 * any other. */
	verdict = dp_hearing(&c, m, q,
	    q->return_msg ? q->return_msg->rep : NULL);
	if (!is_refusal(verdict)) {
		pass(m, w, q, &c, h);
		return;
	}
	mark_case(m, q, &c);
	annotate(m, q, h, 0);
	refuse_all(m, w, q, verdict);
}
