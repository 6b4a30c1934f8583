#include "module/compat.h"

#include "module/judge.h"

#include "module/answer.h"
#include "module/asker.h"
#include "module/hold.h"

void dp_case_open(struct dp_case *c, const struct dp_module *m,
    const struct query_info *qinfo)
{
	c->policy = atomic_load(&m->policy);
	c->map = atomic_load(&m->map);
	c->ready = c->strict = c->class_in = false;
	c->audience = 0;
	c->match = (struct dp_match){ .rule = DP_RULE_NONE };
	c->matched = false;
	c->told = NULL;
	c->memo = NULL;
	c->verdict = DP_VERDICT_NOT_READY;
	if (!c->policy)
		return;
	if (!dp_name_copy_lower(&c->name, qinfo->qname, qinfo->qname_len)) {
		c->policy = NULL;
		return;
	}
	c->class_in = qinfo->qclass == LDNS_RR_CLASS_IN;
	c->strict = dp_policy_settings(c->policy)->value[DP_SET_MODE] ==
	    DP_MODE_STRICT;
	c->ready = !c->strict || c->map;
}

void dp_case_recall(struct dp_case *c, const struct dp_mark *mark)
{
	if (!c->policy || !mark ||
	    mark->policy != dp_policy_instance(c->policy))
		return;
	c->match = mark->match;
	c->matched = true;
	if (c->match.rule != DP_RULE_NONE)
		c->told = &mark->told;
}

static uint32_t audience_of(const struct dp_policy *p,
    const struct comm_reply *client)
{
	struct dp_addr addr;
	uint16_t port;

	if (dp_policy_audience_count(p) == 1 || !client ||
	    !dp_asker_address(client, &addr, &port))
		return 0;
	return dp_policy_audience(p, &addr);
}

static enum dp_verdict judge_answer(struct dp_case *c,
    const struct reply_info *rep)
{
	if (c->verdict == DP_VERDICT_ALLOW && rep)
		c->verdict = dp_answer_judge(rep, c->policy, c->audience,
		    c->match);
	return c->verdict;
}

static enum dp_verdict judge(struct dp_case *c, const struct reply_info *rep)
{
	if (c->matched) {
		c->verdict = dp_verdict_of(c->policy, &c->match);
	} else {
		c->verdict = dp_verdict_name(c->policy, &c->name, c->class_in,
		    c->audience, &c->match);
		c->matched = dp_policy_audience_count(c->policy) == 1;
	}
	return judge_answer(c, rep);
}

enum dp_verdict dp_case_judge(struct dp_case *c,
    const struct comm_reply *client, const struct reply_info *rep)
{
	c->audience = audience_of(c->policy, client);
	return judge(c, rep);
}

void dp_case_expect(struct dp_case *c, const struct dp_memos *memos,
    uint16_t type, const struct comm_reply *client)
{
	c->audience = audience_of(c->policy, client);
	c->key = (struct dp_memo_key){ .name = &c->name,
		.audience = c->audience, .type = type };
	if (memos)
		dp_memo_expect(memos, &c->key);
}

enum dp_verdict dp_case_judge_again(struct dp_case *c, struct dp_memos *memos,
    const struct reply_info *rep)
{
	if (memos && c->class_in)
		c->memo = dp_memo_of(memos, &c->key, c->policy,
		    c->map ? dp_map_id(c->map) : 0);
	if (!c->memo)
		return judge(c, rep);
	if (c->map)
		dp_map_expect(c->map, &c->memo->spot[0]);
	c->match = c->memo->match;
	c->verdict = dp_verdict_of(c->policy, &c->match);
	return judge_answer(c, rep);
}

enum dp_verdict dp_case_deny(struct dp_case *c)
{
	c->match = (struct dp_match){ .rule = DP_RULE_NONE };
	c->matched = false;
	c->told = NULL;
	return c->verdict = c->strict ? DP_VERDICT_DENY : DP_VERDICT_WOULD_DENY;
}

bool dp_case_is_for_all(const struct dp_case *c, const struct reply_info *rep)
{
	uint32_t count = dp_policy_audience_count(c->policy);
	struct dp_case other;

	if (count == 1 && c->matched)
		return c->match.allow && (!rep || dp_answer_judge(rep,
		    c->policy, 0, c->match) == DP_VERDICT_ALLOW);
	other = *c;
	for (other.audience = 0; other.audience < count; other.audience++)
		if (judge(&other, rep) != DP_VERDICT_ALLOW)
			return false;
	return true;
}

static bool needs_pins(const struct dp_case *c)
{
	uint64_t left = dp_policy_audiences(c->policy);
	struct dp_rule_info rule;
	struct dp_match match;

	if (dp_policy_settings(c->policy)->value[DP_SET_PINS] !=
	    DP_PINS_ENFORCE)
		return false;
	while (dp_policy_match_next(c->policy, &c->name, &left, &match)) {
		if (match.rule == DP_RULE_NONE)
			continue;
		dp_policy_rule(c->policy, match.rule, &rule);
		if (rule.pin_count > 0)
			return true;
	}
	return false;
}

/* Unbound looks whether each CNAME of a cached chain still leads to the record
 * behind it; a last one leads anywhere. */
static bool ends_in_cname(const struct reply_info *rep)
{
	return rep && rep->an_numrrsets > 0 &&
	    rep->rrsets[rep->an_numrrsets - 1]->rk.type ==
		htons(LDNS_RR_TYPE_CNAME);
}

bool dp_case_may_turn(const struct dp_case *c, const struct reply_info *rep)
{
	if (dp_policy_settings(c->policy)->value[DP_SET_CHAIN] ==
		DP_CHAIN_INSPECT &&
	    ends_in_cname(rep))
		return true;
	return needs_pins(c);
}
