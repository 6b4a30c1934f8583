#include "module/compat.h"

#include "module/hearing.h"

#include "module/clients.h"
#include "module/query.h"

struct hearing {
	struct dp_case *c;
	const struct reply_info *rep;
};

bool dp_hearing_has_client(const struct module_qstate *q)
{
	return q->mesh_info->reply_list != NULL;
}

/* A state that asked for q, as a module in front of this one asks. */
static bool is_front(const struct dp_module *m, const struct mesh_state *super)
{
	return super->s.curmod < m->id;
}

bool dp_hearing_has_front(const struct dp_module *m,
    const struct module_qstate *q)
{
	const struct mesh_state_ref *ref;

	if (q->is_valrec || m->id == 0)
		return false;
	RBTREE_FOR(ref, const struct mesh_state_ref *,
	    &q->mesh_info->super_set)
		if (is_front(m, ref->s))
			return true;
	return false;
}

static bool is_allowed(void *arg, const struct comm_reply *client)
{
	struct hearing *h = arg;

	return dp_case_judge(h->c, client, h->rep) == DP_VERDICT_ALLOW;
}

static bool is_denied(void *arg, const struct comm_reply *client)
{
	return !is_allowed(arg, client);
}

/* Somebody who is allowed, among q's own clients and those in front. */
static bool find_allowed(struct hearing *h, const struct dp_module *m,
    const struct module_qstate *q)
{
	const struct mesh_state_ref *ref;

	if (dp_clients_any(q->mesh_info, is_allowed, h))
		return true;
	if (!dp_hearing_has_front(m, q))
		return false;
	RBTREE_FOR(ref, const struct mesh_state_ref *,
	    &q->mesh_info->super_set)
		if (is_front(m, ref->s) &&
		    dp_clients_any(ref->s, is_allowed, h))
			return true;
	return false;
}

enum dp_verdict dp_hearing(struct dp_case *c, const struct dp_module *m,
    struct module_qstate *q, const struct reply_info *rep)
{
	struct hearing h = { c, rep };

	dp_case_open(c, m, &q->qinfo);
	if (!c->ready)
		return c->verdict;
	dp_case_recall(c, dp_query_mark(m, q));
	if (dp_policy_audience_count(c->policy) > 1) {
		if (find_allowed(&h, m, q))
			return c->verdict;
		if (!dp_hearing_has_client(q) && !dp_case_is_for_all(c, rep))
			return dp_case_deny(c);
	}
	return dp_case_judge(c,
	    dp_hearing_has_client(q) ? &q->mesh_info->reply_list->query_reply :
				       NULL,
	    rep);
}

void dp_hearing_denied(const struct dp_case *c, const struct dp_module *m,
    struct module_qstate *q, const struct reply_info *rep, dp_denied_fn *fn,
    void *arg)
{
	struct hearing h = { .rep = rep };
	struct mesh_state_ref *ref;
	struct mesh_reply *taken;
	struct dp_case each;

	if (dp_policy_audience_count(c->policy) == 1)
		return; /* all are judged alike */
	each = *c;
	h.c = &each;
	taken = dp_clients_take(q->mesh_info, is_denied, &h);
	if (taken)
		fn(arg, q->mesh_info, taken);
	if (!dp_hearing_has_front(m, q))
		return;
	RBTREE_FOR(ref, struct mesh_state_ref *, &q->mesh_info->super_set) {
		if (!is_front(m, ref->s))
			continue;
		taken = dp_clients_take(ref->s, is_denied, &h);
		if (taken)
			fn(arg, ref->s, taken);
	}
}
