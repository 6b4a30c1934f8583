#include "module/compat.h"

#include "module/query.h"

#include "module/answer.h"
#include "module/cache.h"
#include "module/refuse.h"

/* What minfo points to: one static mark per verdict, so that nothing is
 * allocated and nothing needs to be cleared. */
static const enum dp_verdict marks[] = {
	[DP_VERDICT_ALLOW] = DP_VERDICT_ALLOW,
	[DP_VERDICT_DENY] = DP_VERDICT_DENY,
	[DP_VERDICT_WOULD_DENY] = DP_VERDICT_WOULD_DENY,
	[DP_VERDICT_NOT_READY] = DP_VERDICT_NOT_READY,
};

static void mark(const struct dp_module *m, struct module_qstate *q,
    enum dp_verdict verdict)
{
	q->minfo[m->id] = (void *)(uintptr_t)&marks[verdict];
}

bool dp_query_verdict(const struct dp_module *m, const struct module_qstate *q,
    enum dp_verdict *verdict)
{
	const enum dp_verdict *p = q->minfo[m->id];

	if (p)
		*verdict = *p;
	return p != NULL;
}

bool dp_query_records_late(const struct dp_module *m)
{
	return m->id > 0 || m->serve_expired;
}

static bool has_client(const struct module_qstate *q)
{
	return q->mesh_info->reply_list != NULL;
}

/* Does Unbound itself wait for the result: another query, or a transfer? */
static bool has_others(const struct module_qstate *q)
{
	return q->mesh_info->super_set.count > 0 ||
	    q->mesh_info->cb_list != NULL;
}

/* Does a module in front of this one wait for the result? What dns64 asks for
 * with a query of its own it turns into an answer for a client. What a
 * validator in front asks for (DS, DNSKEY) it only uses itself. */
static bool has_front(const struct dp_module *m, const struct module_qstate *q)
{
	const struct mesh_state_ref *ref;

	if (q->is_valrec)
		return false;
	RBTREE_FOR(ref, const struct mesh_state_ref *,
	    &q->mesh_info->super_set)
		if (ref->s->s.curmod < m->id)
			return true;
	return false;
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
	return !has_client(q) && !has_others(q) && q->blacklist != NULL &&
	    q->minfo[m->id] != NULL && !q->is_valrec;
}

/* The policy's word on the name of q; NULL: there is none, verdict NOT_READY.
 * A strict policy without a map is none: what is resolved could not be
 * recorded. */
static const struct dp_policy *judge_name(struct dp_module *m,
    const struct module_qstate *q, struct dp_name *name,
    struct dp_match *match, enum dp_verdict *verdict)
{
	const struct dp_policy *p = atomic_load(&m->policy);

	*verdict = DP_VERDICT_NOT_READY;
	if (!p ||
	    !dp_name_copy_lower(name, q->qinfo.qname, q->qinfo.qname_len))
		return NULL;
	if (dp_policy_settings(p)->value[DP_SET_MODE] == DP_MODE_STRICT &&
	    !atomic_load(&m->map))
		return NULL;
	*verdict = dp_verdict_name(p, name,
	    q->qinfo.qclass == LDNS_RR_CLASS_IN, 0, match);
	return p;
}

/* The result of q becomes what the verdict says. */
static void refuse(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, enum dp_verdict verdict)
{
	log_query_info(VERB_ALGO, "dnspin: refused", &q->qinfo);
	if (verdict == DP_VERDICT_NOT_READY) {
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

/*
 * Refuse the clients of a state whose true result others wait for: answer the
 * clients now, then give the state its own result back. Transfers wait in
 * cb_list, which mesh_query_done would serve too: it is taken off meanwhile,
 * and the mesh's count of states with a reply put right.
 */
static void refuse_clients_only(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, enum dp_verdict verdict)
{
	struct mesh_state *state = q->mesh_info;
	struct dns_msg *msg = q->return_msg;
	int rcode = q->return_rcode;
	struct edns_option *options = q->edns_opts_front_out;
	struct mesh_cb *transfers = state->cb_list;

	verbose(VERB_ALGO, "dnspin: others wait for the result, too");
	q->edns_opts_front_out = NULL;
	state->cb_list = NULL;
	refuse(m, w, q, verdict);
	mesh_query_done(state);
	if (transfers) {
		state->cb_list = transfers;
		q->env->mesh->num_reply_states++;
		if (state->super_set.count == 0)
			q->env->mesh->num_detached_states--;
	}
	q->return_msg = msg;
	q->return_rcode = rcode;
	q->edns_opts_front_out = options;
}

void dp_query_begin(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q)
{
	enum dp_verdict verdict;
	struct dp_match match;
	struct dp_name name;

	(void)judge_name(m, q, &name, &match, &verdict);
	mark(m, q, verdict);
	q->ext_state[m->id] = module_wait_module;
	if (verdict == DP_VERDICT_ALLOW || verdict == DP_VERDICT_WOULD_DENY)
		return;
	if (!has_front(m, q) &&
	    (has_others(q) || !(has_client(q) || is_prefetch(m, q))))
		return;
	refuse(m, w, q, verdict);
	q->ext_state[m->id] = module_finished;
}

/* Is there an answer whose addresses may count? Forged ones never do. */
static bool has_good_answer(struct dp_module *m, struct dp_worker *w,
    const struct module_qstate *q)
{
	const struct reply_info *rep;

	if (q->return_rcode != LDNS_RCODE_NOERROR || !q->return_msg)
		return false;
	rep = q->return_msg->rep;
	if (rep->security == sec_status_bogus ||
	    rep->security == sec_status_secure_sentinel_fail) {
		dp_module_count(m, w, DP_COUNT_BOGUS, 1);
		return false;
	}
	return true;
}

/* Messages in the cache share their records with recursion, which may put other
 * addresses there while they live: pins must judge each answer anew. (Whether a
 * chain still leads to the same names Unbound compares by itself.) */
static bool pins_decide(const struct dp_policy *p, struct dp_match match)
{
	struct dp_rule_info rule;

	if (dp_policy_settings(p)->value[DP_SET_PINS] != DP_PINS_ENFORCE)
		return false;
	dp_policy_rule(p, match.rule, &rule);
	return rule.pin_count > 0;
}

void dp_query_end(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q)
{
	bool client = has_client(q), front = has_front(m, q);
	const struct dp_policy *p;
	enum dp_verdict verdict;
	struct dp_match match;
	struct dp_name name;
	bool good;

	q->ext_state[m->id] = module_finished;
	if (!client && !front && !is_prefetch(m, q))
		return;
	p = judge_name(m, q, &name, &match, &verdict);
	good = p && has_good_answer(m, w, q);
	/* A bogus answer can still reach a client that set CD: judge it too. */
	if (verdict == DP_VERDICT_ALLOW && q->return_msg)
		verdict = dp_answer_judge(q->return_msg->rep, p, 0, match);
	mark(m, q, verdict);
	switch (verdict) {
	case DP_VERDICT_ALLOW:
		if (client && good && !dp_query_records_late(m))
			dp_module_record(m, w, p, &name, match,
			    q->return_msg->rep, 0, *q->env->now);
		if (dp_policy_settings(p)->value[DP_SET_MODE] !=
		    DP_MODE_STRICT)
			break;
		if (q->return_msg)
			dp_answer_trim(q->return_msg->rep);
		if (good && !pins_decide(p, match))
			dp_cache_admit(m, w, q);
		break;
	case DP_VERDICT_WOULD_DENY:
		break;
	case DP_VERDICT_DENY:
	case DP_VERDICT_NOT_READY:
		if (has_others(q) && !front)
			refuse_clients_only(m, w, q, verdict);
		else
			refuse(m, w, q, verdict);
		break;
	}
}
