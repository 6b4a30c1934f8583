#include <string.h>

#include "module/core/policy_hash.h"
#include "module/core/policy_view.h"

uint32_t dp_policy_find(const struct dp_policy_view *v, const uint8_t *base,
    size_t base_b, uint64_t hash, uint64_t kind)
{
	uint64_t key = dp_hash_key(hash, kind);
	uint32_t place = (uint32_t)key & v->table_mask;
	uint32_t tag = (uint32_t)(key >> 32);

	for (unsigned i = 0; i < DP_POLICY_PROBE_MAX; i++) {
		const struct dp_entry_d *e = &v->table[place];
		const struct dp_rule_d *rule;

		if (e->rule == 0)
			return DP_RULE_NONE;
		place = (place + 1) & v->table_mask;
		if (e->hash != tag)
			continue;
		rule = &v->rules[e->rule - 1];
		if (rule->name_len == base_b &&
		    !(rule->flags & DP_RULE_WILDCARD) ==
			(kind == DP_HASH_EXACT) &&
		    memcmp(v->names + rule->name_off, base, base_b) == 0)
			return e->rule - 1;
	}
	return DP_RULE_NONE;
}

static struct dp_match match_of(const struct dp_policy_view *v, uint32_t rule)
{
	struct dp_match m = { .rule = rule };

	if (rule != DP_RULE_NONE)
		m.allow = !(v->rules[rule].flags & DP_RULE_DENY);
	return m;
}

/* Of the rules of one pattern, first and those behind it, the one that is for
 * any of the audiences; DP_RULE_NONE: none is. */
static uint32_t rule_for(const struct dp_policy_view *v, uint32_t first,
    uint64_t audiences)
{
	if (v->audience_count == 1)
		return first; /* it is for all of them: no need to look */
	for (uint32_t i = first;; i++) {
		const struct dp_rule_d *rule = &v->rules[i];

		if (v->traits[rule->trait].audiences & audiences)
			return i;
		if (!(rule->flags & DP_RULE_MORE))
			return DP_RULE_NONE;
	}
}

/* The most specific rule for name that is for any of the audiences. */
static uint32_t decide(const struct dp_policy_view *v,
    const struct dp_name *name, uint64_t audiences)
{
	unsigned deepest = v->head->wildcard_depth_max; /* labels with root */
	uint32_t rule = DP_RULE_NONE;
	struct dp_suffixes s;

	/* What is not there is looked for only in depths that have rules: in a
	 * large policy each look is a wait for memory. */
	dp_hash_suffixes(&s, name->wire);
	if (v->exact_depths & dp_policy_depth(s.labels))
		rule = dp_policy_find(v, name->wire, name->len,
		    s.hash[s.labels], DP_HASH_EXACT);
	if (rule != DP_RULE_NONE)
		rule = rule_for(v, rule, audiences);
	/* From the parent to the root: a wildcard never matches its base. */
	if (deepest > s.labels)
		deepest = s.labels;
	for (unsigned i = deepest; rule == DP_RULE_NONE && i-- > 0;) {
		unsigned at = s.start[i];

		if (!(v->wildcard_depths & dp_policy_depth(i)))
			continue;
		rule = dp_policy_find(v, name->wire + at,
		    (size_t)name->len - at, s.hash[i], DP_HASH_WILDCARD);
		if (rule != DP_RULE_NONE)
			rule = rule_for(v, rule, audiences);
	}
	return rule;
}

struct dp_match dp_policy_match(const struct dp_policy *p,
    const struct dp_name *name, uint32_t audience)
{
	return match_of(&p->view,
	    decide(&p->view, name, (uint64_t)1 << audience));
}

bool dp_policy_match_next(const struct dp_policy *p,
    const struct dp_name *name, uint64_t *left, struct dp_match *match)
{
	const struct dp_policy_view *v = &p->view;
	uint64_t taken = *left;
	uint32_t rule;

	if (*left == 0)
		return false;
	/* Whom a more specific rule is for, an earlier call took out. */
	rule = decide(v, name, *left);
	if (rule != DP_RULE_NONE)
		taken &= v->traits[v->rules[rule].trait].audiences;
	*match = match_of(v, rule);
	*left &= ~taken;
	return true;
}

enum dp_pin_state dp_policy_pin(const struct dp_policy *p, uint32_t rule,
    const struct dp_addr *addr)
{
	const struct dp_policy_view *v = &p->view;
	const struct dp_trait_d *trait;

	if (rule == DP_RULE_NONE)
		return DP_PIN_NONE;
	trait = &v->traits[v->rules[rule].trait];
	for (uint32_t i = 0; i < trait->pin_count; i++) {
		struct dp_prefix pin = dp_policy_rule_pin(p, rule, i);

		if (dp_prefix_has(&pin, addr))
			return DP_PIN_INSIDE;
	}
	return trait->pin_count > 0 ? DP_PIN_OUTSIDE : DP_PIN_NONE;
}
