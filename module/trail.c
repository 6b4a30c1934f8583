#include "module/compat.h"

#include "module/trail.h"

#include <endian.h>

#include "module/answer.h"
#include "module/asker.h"
#include "module/core/ring.h"
#include "services/localzone.h"

void dp_trail_begin(struct dp_trail *t, const struct query_info *qinfo,
    const struct module_qstate *q, struct reply_info *rep, int rcode,
    const struct edns_data *edns, const struct comm_reply *client,
    const struct timeval *start)
{
	uint16_t wishes = client ? dp_asker_flags(client, edns, start) : 0;
	bool wants_do = edns && (edns->bits & EDNS_DO);

	t->qinfo = qinfo;
	t->rep = rep;
	t->rcode = rcode;
	t->client = client;
	t->start = start;
	t->now = q && q->env->now_tv ? q->env->now_tv : start;
	t->ttl_from = 0;
	t->flags = (wishes & BIT_RD ? DP_EVENT_RD : 0u) |
	    (wishes & BIT_CD ? DP_EVENT_CD : 0u) |
	    (wants_do ? DP_EVENT_DO : 0u);
	t->wants_ad = wants_do || (wishes & BIT_AD);
	t->policy = NULL;
	t->match = (struct dp_match){ .rule = DP_RULE_NONE };
	t->name = NULL;
	t->told = NULL;
	t->gathered = NULL;
	t->hold_us = 0;
	t->verdict = DP_EVENT_VERDICT_ERROR;
	t->source = DP_EVENT_SOURCE_RECURSION;
}

void dp_trail_judged(struct dp_trail *t, const struct dp_case *c,
    enum dp_verdict verdict)
{
	t->policy = c->policy;
	t->match = c->match;
	t->name = c->policy ? &c->name : NULL;
	t->told = c->memo ? &c->memo->told : c->told;
	switch (verdict) {
	case DP_VERDICT_ALLOW:
		t->verdict = DP_EVENT_VERDICT_ALLOW;
		return;
	case DP_VERDICT_DENY:
		t->verdict = DP_EVENT_VERDICT_DENY;
		return;
	case DP_VERDICT_WOULD_DENY:
		t->verdict = DP_EVENT_VERDICT_WOULD_DENY;
		return;
	case DP_VERDICT_NOT_READY:
		t->verdict = DP_EVENT_VERDICT_ERROR;
		t->flags |= DP_EVENT_NOT_READY;
		return;
	case DP_VERDICT_WITHHELD:
		t->verdict = DP_EVENT_VERDICT_ERROR;
		t->flags |= DP_EVENT_WITHHELD;
		return;
	}
}

/* --- what the event says -------------------------------------------------- */

static uint64_t us_of(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000u + (uint64_t)t->tv_usec;
}

static void tell_times(struct dp_event_d *d, const struct dp_trail *t)
{
	uint64_t now_us = us_of(t->now), start_us = us_of(t->start);
	uint64_t took_us = now_us > start_us ? now_us - start_us : 0;

	d->time_us = now_us;
	d->latency_us = took_us > UINT32_MAX ? UINT32_MAX : (uint32_t)took_us;
	d->hold_us = t->hold_us;
}

/* So that its hexadecimal digits are those that dnspin status shows. */
static uint64_t policy_id(const struct dp_policy *p)
{
	uint64_t id;

	memcpy(&id, dp_policy_digest(p), sizeof(id));
	return be64toh(id);
}

/* What local-data made another name of was asked by the name that it is for. */
static bool tell_alias(struct dp_event *e, struct dp_asked *asked,
    const struct query_info *qinfo)
{
	const struct ub_packed_rrset_key *key;

	if (!qinfo->local_alias)
		return false;
	key = qinfo->local_alias->rrset;
	e->fixed.flags |= DP_EVENT_ALIAS;
	return dp_name_copy_lower(&asked->name, key->rk.dname,
	    key->rk.dname_len);
}

static void tell_question(struct dp_event *e, struct dp_asked *asked,
    const struct dp_trail *t)
{
	const struct query_info *qinfo = t->qinfo;
	const struct dp_name *name = &asked->name;

	if (qinfo && qinfo->qname) {
		asked->type = qinfo->qtype;
		asked->class = qinfo->qclass;
		if (t->name && !qinfo->local_alias)
			name = t->name;
		else if (!tell_alias(e, asked, qinfo) &&
		    !dp_name_copy_lower(&asked->name, qinfo->qname,
			qinfo->qname_len))
			asked->name.len = 0;
	} else if (!dp_asker_question(t->client, asked)) {
		return;
	}
	e->fixed.type = asked->type;
	e->fixed.class = asked->class;
	e->name = name->wire;
	e->name_b = name->len;
}

/* The rule that decided and its first group. A rule for what local-data made of
 * the name stands nowhere in it. */
static void tell_rule(struct dp_event *e, const struct dp_trail *t)
{
	struct dp_rule_told found;
	const struct dp_rule_told *rule = t->told;

	if (t->match.rule == DP_RULE_NONE)
		return;
	if (!rule) {
		dp_policy_rule_told(t->policy, t->match.rule, &found);
		rule = &found;
	}
	e->group = rule->group;
	e->group_b = rule->group_b;
	if (e->fixed.flags & DP_EVENT_ALIAS)
		return;
	e->fixed.rule_kind = rule->wildcard ? DP_EVENT_RULE_WILDCARD :
					     DP_EVENT_RULE_EXACT;
	e->fixed.rule_at = (uint8_t)(e->name_b - rule->base_b);
}

static enum dp_event_security security_of(const struct reply_info *rep)
{
	switch (rep->security) {
	case sec_status_bogus:
	case sec_status_secure_sentinel_fail:
		return DP_EVENT_SECURITY_BOGUS;
	case sec_status_indeterminate:
		return DP_EVENT_SECURITY_INDETERMINATE;
	case sec_status_insecure:
		return DP_EVENT_SECURITY_INSECURE;
	case sec_status_secure:
		return DP_EVENT_SECURITY_SECURE;
	case sec_status_unchecked:
		break;
	}
	return DP_EVENT_SECURITY_UNCHECKED;
}

/* Unbound says so of what is secure to who asks for it (RFC 6840, 5.7); not
 * where local-data stands in front. */
static bool says_ad(const struct dp_trail *t)
{
	return t->wants_ad && t->rep->security == sec_status_secure &&
	    !(t->qinfo && t->qinfo->local_alias) &&
	    (t->ttl_from == 0 || reply_all_rrsets_secure(t->rep));
}

/* Is the answer the module's own? Nobody has validated that. */
static bool is_refusal(const struct dp_trail *t)
{
	if (t->verdict == DP_EVENT_VERDICT_DENY)
		return !(t->flags & DP_EVENT_LEAKED);
	return t->flags & (DP_EVENT_WITHHELD | DP_EVENT_NOT_READY);
}

static void tell_answer(struct dp_event *e, struct dp_gathered *own,
    const struct dp_trail *t)
{
	const struct dp_gathered *g = t->gathered ? t->gathered : own;
	struct dp_event_d *d = &e->fixed;

	d->rcode = (uint16_t)(t->rcode & 0xf);
	if (!t->rep)
		return;
	if (!is_refusal(t))
		d->security = (uint8_t)security_of(t->rep);
	if (t->rcode != 0) /* then rep does not go out */
		return;
	d->rcode = (uint16_t)FLAGS_GET_RCODE(t->rep->flags);
	if (!t->gathered)
		dp_answer_gather(t->rep, t->ttl_from, own);
	d->ttl_s = g->ttl_s;
	if (says_ad(t))
		d->flags |= DP_EVENT_AD;
	e->v4 = g->v4;
	e->v4_count = g->v4_count;
	e->v6 = g->v6;
	e->v6_count = g->v6_count;
}

static void tell_client(struct dp_event_d *d, const struct dp_module *m,
    const struct dp_trail *t)
{
	const struct dp_trail_key *key = atomic_load(&m->trails.key);
	uint32_t privacy =
	    dp_policy_settings(t->policy)->value[DP_SET_CLIENT_PRIVACY];

	d->transport = (uint8_t)dp_asker_transport(t->client);
	dp_asker_tell(d, t->client, (enum dp_privacy)privacy,
	    key ? key->octets : NULL);
}

/* --- writing -------------------------------------------------------------- */

/* Where none is in force it is not known, and what goes out is counted. */
static bool wants_none(const struct dp_policy *p)
{
	return p && dp_policy_settings(p)->value[DP_SET_EVENT_RING] == 0;
}

void dp_trail_tell(struct dp_entry *e, const struct dp_module *m,
    const struct dp_trail *t)
{
	struct dp_event *event = &e->event;

	e->trail = t;
	if (!t->policy || wants_none(t->policy))
		return;
	memset(event, 0, sizeof(*event));
	event->fixed.flags = t->flags;
	event->fixed.verdict = (uint8_t)t->verdict;
	event->fixed.source = (uint8_t)t->source;
	event->fixed.policy = policy_id(t->policy);
	tell_times(&event->fixed, t);
	tell_question(event, &e->asked, t);
	tell_rule(event, t);
	tell_answer(event, &e->gathered, t);
	tell_client(&event->fixed, m, t);
}

void dp_trail_put(struct dp_module *m, const struct dp_worker *w,
    struct dp_entry *e, uint32_t flags)
{
	uint64_t words[DP_EVENT_WORDS_MAX];
	const struct dp_policy *p = e->trail->policy;
	struct dp_ring *ring;

	if (wants_none(p))
		return;
	ring = atomic_load(&m->trails.rings[w->number]);
	if (p && ring) {
		e->event.fixed.flags |= flags;
		if (dp_ring_write(ring, DP_RING_EVENT, words,
			dp_event_encode(words, &e->event)))
			return;
	}
	dp_module_count(m, w, DP_COUNT_UNLOGGED, 1);
}

void dp_trail_write(struct dp_module *m, const struct dp_worker *w,
    const struct dp_trail *t)
{
	struct dp_entry e;

	dp_trail_tell(&e, m, t);
	dp_trail_put(m, w, &e, 0);
}

void dp_trail_expect(struct dp_module *m, const struct dp_worker *w)
{
	const struct dp_ring *ring = atomic_load(&m->trails.rings[w->number]);

	if (ring)
		dp_ring_expect(ring);
}

void dp_trail_miss(struct dp_module *m)
{
	dp_status_add(atomic_load(&m->status), DP_STATUS_ANYBODY,
	    DP_COUNT_UNLOGGED, 1);
}
