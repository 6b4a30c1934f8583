#include "tools/policy/changes.h"

#include <stdlib.h>
#include <string.h>

#define NAMED_MAX 20u /* rules of each kind that are said by name */
#define CLIENTS_MAX 3u /* prefixes of a group that are said */

/* What a group has. A pattern that is not the same for all clients counts once:
 * as allowed where it is for any, with the most pins that it has for any. */
struct tally {
	unsigned long allow, deny, pins;
	uint32_t pattern; /* counted last; 0: none yet */
	bool allows;
	uint32_t pin_count;
};

static void say_clients(FILE *out, const struct dp_policy *p,
    uint64_t audiences)
{
	char text[DP_CLIENT_TEXT_MAX];
	struct dp_client client;
	uint32_t cursor = 0;
	size_t n = 0;

	if (audiences == dp_policy_audiences(p)) {
		fputs("everybody", out);
		return;
	}
	while (dp_policy_client_next(p, audiences, &cursor, &client)) {
		if (n++ >= CLIENTS_MAX)
			continue;
		dp_client_to_text(&client, text);
		fprintf(out, "%s%s", n > 1 ? " " : "", text);
	}
	if (n > CLIENTS_MAX)
		fprintf(out, " and %zu more", n - CLIENTS_MAX);
}

static void say_tally(FILE *out, int width, const char *name,
    const struct tally *t)
{
	fprintf(out, "%-*s %8lu %8lu %8lu", width, name, t->allow, t->deny,
	    t->pins);
}

static void count(struct tally *t, const struct dp_rule_info *rule,
    uint32_t pattern)
{
	if (t->pattern != pattern) {
		t->pattern = pattern;
		t->allows = false;
		t->pin_count = 0;
		t->deny++;
	}
	if (rule->allow && !t->allows) {
		t->allows = true;
		t->deny--;
		t->allow++;
	}
	if (rule->pin_count > t->pin_count) {
		t->pins += rule->pin_count - t->pin_count;
		t->pin_count = rule->pin_count;
	}
}

static int compare(const struct dp_rule_info *a, const struct dp_rule_info *b)
{
	int order = dp_name_compare(&a->base, &b->base);

	return order ? order : a->wildcard - b->wildcard;
}

/* Count all rules; total is behind those of the groups. */
static void count_all(const struct dp_policy *policy, struct tally *tallies)
{
	struct tally *total = tallies + dp_policy_group_count(policy);
	struct dp_rule_info rule, before;
	uint32_t pattern = 0;

	for (uint32_t i = 0; i < dp_policy_rule_count(policy); i++) {
		dp_policy_rule(policy, i, &rule);
		if (i == 0 || compare(&before, &rule) != 0)
			pattern++;
		before = rule;
		count(total, &rule, pattern);
		for (uint32_t k = 0; k < rule.group_count; k++)
			count(&tallies[dp_policy_rule_group(policy, i, k)],
			    &rule, pattern);
	}
}

/* Whoever writes * as a rule may have meant something else. The root stands
 * before all other names. */
static void say_everything(FILE *out, const struct dp_policy *policy)
{
	struct dp_rule_info rule;

	for (uint32_t i = 0; i < dp_policy_rule_count(policy); i++) {
		dp_policy_rule(policy, i, &rule);
		if (rule.base.len > 1)
			return;
		if (rule.allow) {
			fputs("the rule * allows every name that no other rule "
			    "denies\n", out);
			return;
		}
	}
}

enum dp_err dp_changes_table(FILE *out, const struct dp_policy *policy)
{
	uint32_t groups = dp_policy_group_count(policy);
	struct tally *tallies = calloc(groups + 1u, sizeof(*tallies));
	bool limited = dp_policy_audience_count(policy) > 1;
	char name[DP_NAME_TEXT_MAX];
	int width = 5;

	if (!tallies)
		return DP_ERR_NOMEM;
	count_all(policy, tallies);
	for (uint32_t i = 0; i < groups; i++) {
		int len;

		dp_policy_group_name(policy, i, name);
		len = (int)strlen(name);
		width = len > width ? len : width;
	}
	fprintf(out, "%-*s %8s %8s %8s%s\n", width, "group", "allow", "deny",
	    "pins", limited ? "  clients" : "");
	for (uint32_t i = 0; i < groups; i++) {
		struct dp_group_info group;

		dp_policy_group(policy, i, &group);
		dp_policy_group_name(policy, i, name);
		say_tally(out, width, name, &tallies[i]);
		if (limited) {
			fputs("  ", out);
			say_clients(out, policy, group.audiences);
		}
		putc('\n', out);
	}
	/* A rule of several groups counts once here. */
	say_tally(out, width, "total", &tallies[groups]);
	putc('\n', out);
	say_everything(out, policy);
	free(tallies);
	return DP_OK;
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
 * NULL: nothing. Their audiences are not compared: groups have them. */
static const char *difference(const struct dp_policy *p, uint32_t i,
    const struct dp_policy *q, uint32_t j)
{
	struct dp_rule_info rule_p, rule_q, *a = &rule_p, *b = &rule_q;

	dp_policy_rule(p, i, a);
	dp_policy_rule(q, j, b);
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

/* The rules of one pattern, first to end; none where first is the end. */
struct pattern {
	const struct dp_policy *policy;
	struct dp_rule_info rule; /* of first */
	uint32_t first, end;
};

/* The pattern behind p, or the first one. */
static void pattern_next(struct pattern *p)
{
	struct dp_rule_info rule;

	p->first = p->end;
	if (p->first == dp_policy_rule_count(p->policy))
		return;
	dp_policy_rule(p->policy, p->end++, &p->rule);
	for (; p->end < dp_policy_rule_count(p->policy); p->end++) {
		dp_policy_rule(p->policy, p->end, &rule);
		if (compare(&p->rule, &rule) != 0)
			return;
	}
}

static const char *verdict(const struct pattern *p)
{
	uint32_t allowed = 0;

	for (uint32_t i = p->first; i < p->end; i++) {
		struct dp_rule_info rule;

		dp_policy_rule(p->policy, i, &rule);
		allowed += rule.allow;
	}
	return allowed == p->end - p->first ? "allow"
	    : allowed == 0 ? "deny" : "allow for some clients";
}

/* What differs between two of one pattern; NULL: nothing. */
static const char *patterns_differ(const struct pattern *a,
    const struct pattern *b)
{
	if (a->end - a->first == 1 && b->end - b->first == 1)
		return difference(a->policy, a->first, b->policy, b->first);
	/* Their order may have changed with the numbers of the audiences. */
	for (uint32_t i = a->first; i < a->end; i++) {
		uint32_t j = b->first;

		while (j < b->end &&
		    difference(a->policy, i, b->policy, j) != NULL)
			j++;
		if (j == b->end)
			return "other rules for some clients";
	}
	return a->end - a->first == b->end - b->first
	    ? NULL : "other rules for some clients";
}

static void say_rule(FILE *out, char sign, const struct pattern *p,
    const char *what, unsigned long *n)
{
	char text[DP_NAME_TEXT_MAX];

	if ((*n)++ >= NAMED_MAX)
		return;
	dp_policy_rule_text(p->policy, p->first, text);
	fprintf(out, "%c %s: %s\n", sign, text, what);
}

struct kinds {
	unsigned long added, removed, changed;
};

/* Both are sorted by pattern: one walk finds all. */
static struct kinds say_rules(FILE *out, const struct dp_policy *before,
    const struct dp_policy *after)
{
	struct pattern a = { .policy = before }, b = { .policy = after };
	struct kinds n = { 0, 0, 0 };

	pattern_next(&a);
	pattern_next(&b);
	while (a.first < a.end || b.first < b.end) {
		int order = a.first == a.end ? 1
		    : b.first == b.end ? -1 : compare(&a.rule, &b.rule);
		const char *what;

		if (order < 0)
			say_rule(out, '-', &a, verdict(&a), &n.removed);
		if (order > 0)
			say_rule(out, '+', &b, verdict(&b), &n.added);
		what = order == 0 ? patterns_differ(&a, &b) : NULL;
		if (what)
			say_rule(out, '~', &b, what, &n.changed);
		if (order <= 0)
			pattern_next(&a);
		if (order >= 0)
			pattern_next(&b);
	}
	return n;
}

static bool same_clients(const struct dp_policy *p, uint64_t of_p,
    const struct dp_policy *q, uint64_t of_q)
{
	bool all_p = of_p == dp_policy_audiences(p);
	bool all_q = of_q == dp_policy_audiences(q);
	uint32_t i = 0, j = 0;
	struct dp_client a, b;
	bool more;

	if (all_p || all_q)
		return all_p && all_q;
	do {
		more = dp_policy_client_next(p, of_p, &i, &a);
		if (dp_policy_client_next(q, of_q, &j, &b) != more)
			return false;
	} while (more && dp_prefix_compare(&a.prefix, &b.prefix) == 0);
	return !more;
}

/* Groups that stay, but for others; how many. Both are sorted by apex. */
static unsigned long say_groups(FILE *out, const struct dp_policy *before,
    const struct dp_policy *after)
{
	uint32_t i = 0, j = 0;
	unsigned long n = 0;

	while (i < dp_policy_group_count(before) &&
	    j < dp_policy_group_count(after)) {
		char name[DP_NAME_TEXT_MAX];
		struct dp_group_info a, b;
		int order;

		dp_policy_group(before, i, &a);
		dp_policy_group(after, j, &b);
		order = dp_name_compare(&a.apex, &b.apex);
		i += order <= 0;
		j += order >= 0;
		if (order != 0 ||
		    same_clients(before, a.audiences, after, b.audiences))
			continue;
		n++;
		dp_policy_group_name(after, j - 1, name);
		fprintf(out, "~ group %s: was for ", name);
		say_clients(out, before, a.audiences);
		fputs(", is for ", out);
		say_clients(out, after, b.audiences);
		putc('\n', out);
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
	unsigned long settings, groups;
	struct kinds n;

	settings = say_settings(out, dp_policy_settings(before),
	    dp_policy_settings(after));
	groups = say_groups(out, before, after);
	n = say_rules(out, before, after);
	say_more(out, '+', n.added);
	say_more(out, '-', n.removed);
	say_more(out, '~', n.changed);
	fprintf(out, "against the policy in force: %lu rule%s added, %lu "
	    "removed, %lu changed, %lu setting%s changed", n.added,
	    n.added == 1 ? "" : "s", n.removed, n.changed, settings,
	    settings == 1 ? "" : "s");
	if (groups > 0)
		fprintf(out, ", %lu group%s for other clients", groups,
		    groups == 1 ? "" : "s");
	putc('\n', out);
}
