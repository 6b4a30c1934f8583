#include "tools/show.h"

#include <stdlib.h>
#include <string.h>

#define PINS_PER_RECORD 60u /* NSD serves no APL of more */
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

static void say_apex(FILE *out, const struct dp_group_info *group)
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
	putc('\n', out);
}

static void say_rule(FILE *out, const struct dp_policy *p, uint32_t i)
{
	char pattern[DP_NAME_TEXT_MAX], text[DP_PREFIX_TEXT_MAX];
	char service[DP_SERVICE_TEXT_MAX];
	struct dp_rule_info rule;

	dp_policy_rule(p, i, &rule);
	dp_policy_rule_text(p, i, pattern);
	fprintf(out, "%s TXT \"%s\"", pattern, rule.allow ? "allow" : "deny");
	for (uint32_t k = 0; k < rule.service_count; k++) {
		dp_service_to_text(dp_policy_rule_service(p, i, k), service);
		fprintf(out, " \"%s\"", service);
	}
	for (uint32_t k = 0; k < rule.pin_count; k++) {
		struct dp_prefix pin = dp_policy_rule_pin(p, i, k);

		if (k % PINS_PER_RECORD == 0)
			fprintf(out, "\n%s APL", pattern);
		dp_prefix_to_text(&pin, text);
		fprintf(out, " %c:%s", pin.addr.family == 4 ? '1' : '2', text);
	}
	putc('\n', out);
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

enum dp_err dp_show_zone(FILE *out, const struct dp_policy *p)
{
	struct by_group by;
	enum dp_err err = sort_by_group(p, &by);

	if (err)
		return err;
	fputs("; A compiled policy as zones: dnspin compile makes it again. "
	    "Its settings:\n", out);
	say_settings(out, dp_policy_settings(p));
	for (uint32_t g = 0; g < dp_policy_group_count(p); g++) {
		struct dp_group_info group;

		dp_policy_group(p, g, &group);
		say_apex(out, &group);
		for (size_t i = by.first[g]; i < by.first[g + 1]; i++)
			say_rule(out, p, by.list[i]);
	}
	free(by.first);
	free(by.list);
	return DP_OK;
}
