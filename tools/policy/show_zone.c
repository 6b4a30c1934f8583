#include "tools/policy/show.h"

#include <stdlib.h>
#include <string.h>

#define PREFIXES_PER_RECORD 60u /* NSD serves no APL of more */
/* At most 1 KiB of text each: no entry is too long for dnspin compile. */
#define STRINGS_PER_RECORD 60u

/* As lines of dnspin.conf, but comments of the zone. */
static void say_settings(FILE *out, const struct dp_settings *settings)
{
	for (int i = 0; i < DP_SETTING_COUNT; i++) {
		const struct dp_setting_info *info = &dp_setting_info[i];
		uint32_t value = settings->value[i];
		char word[64];

		dp_setting_word((enum dp_setting)i, value, word,
		    sizeof(word));
		if (info->words)
			fprintf(out, "; %s = %s\n", info->name, word);
		else
			fprintf(out, "; %s = %u\n", info->name, value);
	}
	fprintf(out, "; nft-table = \"%s\"\n", settings->nft_table);
}

/* A character-string of a master file, in quotes. */
static void say_string(FILE *out, const uint8_t *string, size_t len)
{
	putc('"', out);
	for (size_t i = 0; i < len; i++) {
		if (string[i] == '"' || string[i] == '\\')
			fprintf(out, "\\%c", string[i]);
		else if (string[i] >= ' ' && string[i] < 0x7f)
			putc(string[i], out);
		else
			fprintf(out, "\\%03u", string[i]);
	}
	putc('"', out);
}

/* The prefixes of an APL record, in records that fit. */
struct apl {
	const char *owner;
	uint32_t count;
};

static void say_prefix(FILE *out, struct apl *apl,
    const struct dp_prefix *prefix)
{
	char text[DP_PREFIX_TEXT_MAX];

	if (apl->count++ % PREFIXES_PER_RECORD == 0)
		fprintf(out, "\n%s APL", apl->owner);
	dp_prefix_to_text(prefix, text);
	fprintf(out, " %c:%s", prefix->addr.family == 4 ? '1' : '2', text);
}

static void say_clients(FILE *out, const struct dp_policy *p,
    uint64_t audiences)
{
	struct apl apl = { .owner = "@" };
	struct dp_client client;
	uint32_t cursor = 0;

	if (audiences == dp_policy_audiences(p))
		return;
	while (dp_policy_client_next(p, audiences, &cursor, &client))
		say_prefix(out, &apl, &client.prefix);
}

static void say_apex(FILE *out, const struct dp_policy *p,
    const struct dp_group_info *group)
{
	char apex[DP_NAME_TEXT_MAX];
	size_t k = 0;

	dp_name_to_text(&group->apex, apex);
	fprintf(out, "\n$ORIGIN %s.\n$TTL 3600\n"
	    "@ SOA localhost. hostmaster.localhost. %u 3600 600 86400 60\n"
	    "@ NS localhost.", apex, group->serial);
	for (size_t at = 0; at < group->text_b;
	     at += 1u + group->text[at]) {
		if (k++ % STRINGS_PER_RECORD == 0)
			fputs("\n@ TXT", out);
		putc(' ', out);
		say_string(out, group->text + at + 1, group->text[at]);
	}
	say_clients(out, p, group->audiences);
	putc('\n', out);
}

/* The rules of one pattern that a group has a part in, each for audiences of
 * its own. */
struct variants {
	const struct dp_policy *policy;
	const uint32_t *rules;
	size_t count;
};

static bool rule_has_service(const struct dp_policy *p, uint32_t i,
    const struct dp_rule_info *rule, struct dp_service s)
{
	for (uint32_t k = 0; k < rule->service_count; k++) {
		struct dp_service t = dp_policy_rule_service(p, i, k);

		if (t.protocol == s.protocol && t.port == s.port)
			return true;
	}
	return rule->service_count == 0; /* any */
}

static bool rule_has_pin(const struct dp_policy *p, uint32_t i,
    const struct dp_rule_info *rule, const struct dp_prefix *pin)
{
	for (uint32_t k = 0; k < rule->pin_count; k++) {
		struct dp_prefix other = dp_policy_rule_pin(p, i, k);

		if (dp_prefix_compare(&other, pin) == 0)
			return true;
	}
	return false;
}

/* Do all rules that allow have the service, or where it is NULL the pin? */
static bool all_have(const struct variants *v,
    const struct dp_service *service, const struct dp_prefix *pin)
{
	struct dp_rule_info rule;

	for (size_t n = 0; n < v->count && v->count > 1; n++) {
		dp_policy_rule(v->policy, v->rules[n], &rule);
		if (rule.allow &&
		    !(service ? rule_has_service(v->policy, v->rules[n], &rule,
			*service)
			: rule_has_pin(v->policy, v->rules[n], &rule, pin)))
			return false;
	}
	return true;
}

/* False: they have none in common, though none is for any service. */
static bool say_services(FILE *out, const struct variants *v, uint32_t i,
    const struct dp_rule_info *rule)
{
	char text[DP_SERVICE_TEXT_MAX];
	uint32_t said = 0;

	for (uint32_t k = 0; k < rule->service_count; k++) {
		struct dp_service s = dp_policy_rule_service(v->policy, i, k);

		if (!all_have(v, &s, NULL))
			continue;
		dp_service_to_text(s, text);
		fprintf(out, " \"%s\"", text);
		said++;
	}
	return said > 0 || rule->service_count == 0;
}

/*
 * What the group may have said about the pattern: each service and pin that all
 * its rules have which allow, so no more than any of them holds, and no less
 * than the group brought to them. United again they are what they were.
 */
static enum dp_err say_pattern(FILE *out, const struct variants *v)
{
	const struct dp_policy *p = v->policy;
	uint32_t most = v->rules[0];
	char pattern[DP_NAME_TEXT_MAX];
	struct apl apl = { .owner = pattern };
	struct dp_rule_info rule, best;

	/* One that names services, if there is one; else one that allows. */
	dp_policy_rule(p, most, &best);
	for (size_t n = 1; n < v->count; n++) {
		dp_policy_rule(p, v->rules[n], &rule);
		if (!rule.allow || (best.allow && best.service_count > 0))
			continue;
		best = rule;
		most = v->rules[n];
	}
	dp_policy_rule_text(p, most, pattern);
	fprintf(out, "%s TXT \"%s\"", pattern, best.allow ? "allow" : "deny");
	if (!say_services(out, v, most, &best))
		return DP_ERR_FORMAT;
	for (uint32_t k = 0; k < best.pin_count; k++) {
		struct dp_prefix pin = dp_policy_rule_pin(p, most, k);

		if (all_have(v, NULL, &pin))
			say_prefix(out, &apl, &pin);
	}
	putc('\n', out);
	return DP_OK;
}

/* The rules of each group: those of group g are list[first[g]] up to
 * list[first[g + 1]], in the policy's order. */
struct by_group {
	size_t *first;
	uint32_t *list;
};

static void fill(const struct dp_policy *p, struct by_group *by, size_t *next)
{
	struct dp_rule_info rule;

	for (uint32_t i = 0; i < dp_policy_rule_count(p); i++) {
		dp_policy_rule(p, i, &rule);
		for (uint32_t k = 0; k < rule.group_count; k++)
			by->list[next[dp_policy_rule_group(p, i, k)]++] = i;
	}
}

static enum dp_err sort_by_group(const struct dp_policy *p,
    struct by_group *out)
{
	uint32_t groups = dp_policy_group_count(p);
	struct by_group by = { calloc(groups + 1u, sizeof(size_t)), NULL };
	size_t *next = calloc(groups + 1u, sizeof(*next));
	struct dp_rule_info rule;

	if (!by.first || !next)
		goto no_memory;
	for (uint32_t i = 0; i < dp_policy_rule_count(p); i++) {
		dp_policy_rule(p, i, &rule);
		for (uint32_t k = 0; k < rule.group_count; k++)
			by.first[dp_policy_rule_group(p, i, k) + 1]++;
	}
	for (uint32_t g = 0; g < groups; g++)
		by.first[g + 1] += by.first[g];
	by.list = calloc(by.first[groups] + 1, sizeof(*by.list));
	if (!by.list)
		goto no_memory;
	memcpy(next, by.first, (groups + 1u) * sizeof(*next));
	fill(p, &by, next);
	free(next);
	*out = by;
	return DP_OK;
no_memory:
	free(next);
	free(by.first);
	return DP_ERR_NOMEM;
}

static bool same_pattern(const struct dp_policy *p, uint32_t i, uint32_t k)
{
	struct dp_rule_info a, b;

	dp_policy_rule(p, i, &a);
	dp_policy_rule(p, k, &b);
	return a.wildcard == b.wildcard && dp_name_equal(&a.base, &b.base);
}

/* The rules of a group, list[0..count). */
static enum dp_err say_rules(FILE *out, const struct dp_policy *p,
    const uint32_t *list, size_t count)
{
	enum dp_err err = DP_OK;
	struct variants v = { .policy = p };

	for (size_t i = 0; i < count && !err; i += v.count) {
		v.rules = list + i;
		v.count = 1;
		while (i + v.count < count &&
		    same_pattern(p, list[i], list[i + v.count]))
			v.count++;
		err = say_pattern(out, &v);
	}
	return err;
}

enum dp_err dp_show_zone(FILE *out, const struct dp_policy *p)
{
	struct by_group by;
	enum dp_err err = sort_by_group(p, &by);

	if (err)
		return err;
	fputs("; A compiled policy as zones: dnspin compile makes it again. "
	    "Its settings:\n", out);
	say_settings(out, dp_policy_settings(p));
	for (uint32_t g = 0; g < dp_policy_group_count(p) && !err; g++) {
		struct dp_group_info group;

		dp_policy_group(p, g, &group);
		say_apex(out, p, &group);
		err = say_rules(out, p, by.list + by.first[g],
		    by.first[g + 1] - by.first[g]);
	}
	free(by.first);
	free(by.list);
	return err;
}
