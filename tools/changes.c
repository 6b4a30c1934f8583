#include "tools/changes.h"

#include <stdlib.h>
#include <string.h>

#define NAMED_MAX 20u /* rules of each kind that are said by name */

struct tally {
	unsigned long allow, deny, pins;
};

static void say_tally(FILE *out, int width, const char *name,
    const struct tally *t)
{
	fprintf(out, "%-*s %8lu %8lu %8lu\n", width, name, t->allow, t->deny,
	    t->pins);
}

static void count(struct tally *t, const struct dp_rule_info *rule)
{
	t->allow += rule->allow;
	t->deny += !rule->allow;
	t->pins += rule->pin_count;
}

enum dp_err dp_changes_table(FILE *out, const struct dp_policy *policy)
{
	uint32_t groups = dp_policy_group_count(policy);
	struct tally *tallies = calloc(groups + 1u, sizeof(*tallies));
	struct tally *total = tallies + groups;
	char name[DP_NAME_TEXT_MAX];
	int width = 5;

	if (!tallies)
		return DP_ERR_NOMEM;
	for (uint32_t i = 0; i < dp_policy_rule_count(policy); i++) {
		struct dp_rule_info rule;

		dp_policy_rule(policy, i, &rule);
		count(total, &rule);
		for (uint32_t k = 0; k < rule.group_count; k++)
			count(&tallies[dp_policy_rule_group(policy, i, k)],
			    &rule);
	}
	for (uint32_t i = 0; i < groups; i++) {
		int len;

		dp_policy_group_name(policy, i, name);
		len = (int)strlen(name);
		width = len > width ? len : width;
	}
	fprintf(out, "%-*s %8s %8s %8s\n", width, "group", "allow", "deny",
	    "pins");
	for (uint32_t i = 0; i < groups; i++) {
		dp_policy_group_name(policy, i, name);
		say_tally(out, width, name, &tallies[i]);
	}
	/* A rule of several groups counts once here. */
	say_tally(out, width, "total", total);
	free(tallies);
	return DP_OK;
}

static int compare(const struct dp_rule_info *a, const struct dp_rule_info *b)
{
	int order = dp_name_compare(&a->base, &b->base);

	return order ? order : a->wildcard - b->wildcard;
}

static bool same_groups(const struct dp_policy *p, uint32_t i,
    const struct dp_policy *q, uint32_t j, uint32_t n)
{
	char a[DP_NAME_TEXT_MAX], b[DP_NAME_TEXT_MAX];

	for (uint32_t k = 0; k < n; k++) {
		dp_policy_group_name(p, dp_policy_rule_group(p, i, k), a);
		dp_policy_group_name(q, dp_policy_rule_group(q, j, k), b);
		if (strcmp(a, b) != 0)
			return false;
	}
	return true;
}

/* What differs between rule i of p and rule j of q, which have one pattern;
 * NULL: nothing. */
static const char *difference(const struct dp_policy *p, uint32_t i,
    const struct dp_rule_info *a, const struct dp_policy *q, uint32_t j,
    const struct dp_rule_info *b)
{
	if (a->allow != b->allow)
		return b->allow ? "was denied, is allowed"
				: "was allowed, is denied";
	if (a->service_count != b->service_count)
		return "other services";
	for (uint32_t k = 0; k < a->service_count; k++) {
		struct dp_service s = dp_policy_rule_service(p, i, k);
		struct dp_service t = dp_policy_rule_service(q, j, k);

		if (s.protocol != t.protocol || s.port != t.port)
			return "other services";
	}
	if (a->pin_count != b->pin_count)
		return "other pins";
	for (uint32_t k = 0; k < a->pin_count; k++) {
		struct dp_prefix s = dp_policy_rule_pin(p, i, k);
		struct dp_prefix t = dp_policy_rule_pin(q, j, k);

		if (dp_prefix_compare(&s, &t) != 0)
			return "other pins";
	}
	if (a->group_count != b->group_count ||
	    !same_groups(p, i, q, j, a->group_count))
		return "other groups";
	return NULL;
}

struct kinds {
	unsigned long added, removed, changed;
};

static void say_rule(FILE *out, char sign, const struct dp_policy *p,
    uint32_t i, const char *what, unsigned long *n)
{
	char text[DP_NAME_TEXT_MAX];

	if ((*n)++ >= NAMED_MAX)
		return;
	dp_policy_rule_text(p, i, text);
	fprintf(out, "%c %s: %s\n", sign, text, what);
}

static const char *verdict(const struct dp_rule_info *rule)
{
	return rule->allow ? "allow" : "deny";
}

/* Both are sorted by pattern: one walk finds all. */
static struct kinds say_rules(FILE *out, const struct dp_policy *before,
    const struct dp_policy *after)
{
	uint32_t i = 0, ends = dp_policy_rule_count(before);
	uint32_t j = 0, ends_after = dp_policy_rule_count(after);
	struct kinds n = { 0, 0, 0 };

	while (i < ends || j < ends_after) {
		struct dp_rule_info a, b;
		const char *what;
		int order;

		if (i < ends)
			dp_policy_rule(before, i, &a);
		if (j < ends_after)
			dp_policy_rule(after, j, &b);
		order = i == ends ? 1 : j == ends_after ? -1 : compare(&a, &b);
		if (order < 0) {
			say_rule(out, '-', before, i++, verdict(&a),
			    &n.removed);
		} else if (order > 0) {
			say_rule(out, '+', after, j++, verdict(&b), &n.added);
		} else {
			what = difference(before, i++, &a, after, j, &b);
			if (what)
				say_rule(out, '~', after, j, what, &n.changed);
			j++;
		}
	}
	return n;
}

static unsigned long say_settings(FILE *out, const struct dp_settings *before,
    const struct dp_settings *after)
{
	unsigned long n = 0;

	for (int i = 0; i < DP_SETTING_COUNT; i++) {
		const struct dp_setting_info *info = &dp_setting_info[i];
		char was[64], is[64];

		if (before->value[i] == after->value[i])
			continue;
		n++;
		snprintf(was, sizeof(was), "%u", before->value[i]);
		snprintf(is, sizeof(is), "%u", after->value[i]);
		if (info->words) {
			dp_setting_word((enum dp_setting)i, before->value[i],
			    was, sizeof(was));
			dp_setting_word((enum dp_setting)i, after->value[i],
			    is, sizeof(is));
		}
		fprintf(out, "~ setting %s: was %s, is %s\n", info->name, was,
		    is);
	}
	if (strcmp(before->nft_table, after->nft_table) != 0) {
		n++;
		fprintf(out, "~ setting nft-table: was %s, is %s\n",
		    before->nft_table, after->nft_table);
	}
	return n;
}

static void say_more(FILE *out, char sign, unsigned long n)
{
	if (n > NAMED_MAX)
		fprintf(out, "%c and %lu more\n", sign, n - NAMED_MAX);
}

void dp_changes_say(FILE *out, const struct dp_policy *before,
    const struct dp_policy *after)
{
	unsigned long settings;
	struct kinds n;

	settings = say_settings(out, dp_policy_settings(before),
	    dp_policy_settings(after));
	n = say_rules(out, before, after);
	say_more(out, '+', n.added);
	say_more(out, '-', n.removed);
	say_more(out, '~', n.changed);
	fprintf(out, "against the policy in force: %lu rule%s added, %lu "
	    "removed, %lu changed, %lu setting%s changed\n", n.added,
	    n.added == 1 ? "" : "s", n.removed, n.changed, settings,
	    settings == 1 ? "" : "s");
}
