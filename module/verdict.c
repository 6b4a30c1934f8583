#include "module/verdict.h"

/* What a name that no rule allows gets in the mode in force. */
static enum dp_verdict denied(const struct dp_policy *p)
{
	const struct dp_settings *set = dp_policy_settings(p);

	return set->value[DP_SET_MODE] == DP_MODE_OBSERVE ?
	    DP_VERDICT_WOULD_DENY :
	    DP_VERDICT_DENY;
}

enum dp_verdict dp_verdict_of(const struct dp_policy *p,
    const struct dp_match *match)
{
	return match->allow ? DP_VERDICT_ALLOW : denied(p);
}

enum dp_verdict dp_verdict_name(const struct dp_policy *p,
    const struct dp_name *name, bool class_in, uint32_t audience,
    struct dp_match *match)
{
	/* Rules speak of class IN; other classes have nothing on the list. */
	if (!class_in) {
		match->rule = DP_RULE_NONE;
		match->allow = false;
		return denied(p);
	}
	*match = dp_policy_match(p, name, audience);
	return dp_verdict_of(p, match);
}

bool dp_verdict_needs_answer(const struct dp_policy *p)
{
	const struct dp_settings *set = dp_policy_settings(p);

	return set->value[DP_SET_CHAIN] == DP_CHAIN_INSPECT ||
	    set->value[DP_SET_PINS] == DP_PINS_ENFORCE;
}

bool dp_verdict_item(void *arg, const struct dp_item *item)
{
	struct dp_verdict_answer *a = arg;
	const uint32_t *set = dp_policy_settings(a->policy)->value;
	bool ok = true;

	switch (item->kind) {
	case DP_ITEM_NAME:
		if (set[DP_SET_CHAIN] == DP_CHAIN_INSPECT)
			ok = dp_policy_match(a->policy, &item->name,
			    a->audience).allow;
		break;
	case DP_ITEM_ADDR:
		if (set[DP_SET_PINS] == DP_PINS_ENFORCE)
			ok = dp_policy_pin(a->policy, a->match.rule,
				 &item->addr) != DP_PIN_OUTSIDE;
		break;
	}
	if (!ok)
		a->verdict = denied(a->policy);
	return ok;
}
