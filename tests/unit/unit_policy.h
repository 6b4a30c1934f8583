/*
 * Policies for unit tests, from rules written as text:
 *
 *	"GROUP: PATTERN allow|deny [SERVICE | PREFIX]..."
 *	"GROUP: @ PREFIX..."	the clients that it is limited to
 *
 * GROUP is the apex, as in "a.dnspin". Failures are fatal to the test.
 */
#ifndef DP_UNIT_POLICY_H
#define DP_UNIT_POLICY_H

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "tools/policy/policy_write.h"
#include "tools/policy/ruleset.h"

static inline struct dp_name unit_name(const char *text)
{
	struct dp_name name = { .len = 0 };

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, text, NULL), DP_OK);
	return name;
}

/* The number of the group, which is made where it is not there yet: groups
 * holds the apexes so far. */
static inline uint32_t unit_group(struct dp_ruleset *rs, const char *apex_text,
    struct dp_name groups[16], uint32_t *group_count)
{
	static const uint8_t text[] = "\7title=A\3b=c";
	struct dp_name apex = unit_name(apex_text);
	uint32_t group;

	for (group = 0; group < *group_count; group++)
		if (dp_name_equal(&groups[group], &apex))
			return group;
	CU_ASSERT_FATAL(group < 16);
	CU_ASSERT_EQUAL_FATAL(dp_ruleset_group(rs, &apex, 7, text,
				  sizeof(text) - 1, &group, NULL),
	    DP_OK);
	groups[(*group_count)++] = apex;
	return group;
}

static inline enum dp_err unit_limit(struct dp_ruleset *rs, uint32_t group,
    char *text)
{
	char *word, *left = NULL;

	for (word = strtok_r(text, " ", &left); word;
	     word = strtok_r(NULL, " ", &left)) {
		struct dp_prefix prefix;

		CU_ASSERT_EQUAL_FATAL(dp_prefix_from_text(&prefix, word, NULL),
		    DP_OK);
		CU_ASSERT_EQUAL_FATAL(
		    dp_ruleset_limit(rs, group, &prefix, 1, NULL), DP_OK);
	}
	return DP_OK;
}

static inline enum dp_err unit_add(struct dp_ruleset *rs, const char *line,
    unsigned long number, struct dp_name groups[16], uint32_t *group_count,
    struct dp_diag *diag)
{
	struct dp_service services[16];
	struct dp_prefix pins[16];
	struct dp_rule_source rule = { .services = services, .pins = pins,
		.line = number };
	char copy[1200], *word, *left = NULL;
	uint32_t group;

	snprintf(copy, sizeof(copy), "%s", line);
	word = strtok_r(copy, ": ", &left);
	group = unit_group(rs, word, groups, group_count);
	word = strtok_r(NULL, " ", &left);
	if (strcmp(word, "@") == 0)
		return unit_limit(rs, group, left);
	rule.wildcard = strcmp(word, "*") == 0 || strncmp(word, "*.", 2) == 0;
	if (rule.wildcard)
		word += word[1] ? 2 : 1;
	rule.base = unit_name(*word ? word : ".");
	rule.allow = strcmp(strtok_r(NULL, " ", &left), "allow") == 0;
	while ((word = strtok_r(NULL, " ", &left))) {
		CU_ASSERT_FATAL(rule.service_count < 16 && rule.pin_count < 16);
		if (dp_service_from_text(&services[rule.service_count], word,
			NULL) == DP_OK)
			rule.service_count++;
		else
			CU_ASSERT_EQUAL_FATAL(
			    dp_prefix_from_text(&pins[rule.pin_count++], word,
				NULL),
			    DP_OK);
	}
	return dp_ruleset_add(rs, group, &rule, diag);
}

/* All lines up to NULL; settings NULL: the defaults. The caller frees bytes. */
static inline uint8_t *unit_policy_bytes(const char *const *lines,
    const struct dp_settings *settings, size_t *size_b)
{
	struct dp_settings defaults;
	struct dp_ruleset *rs = NULL;
	struct dp_name groups[16];
	uint32_t group_count = 0;
	uint8_t *bytes = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	for (unsigned long i = 0; lines[i]; i++)
		CU_ASSERT_EQUAL_FATAL(unit_add(rs, lines[i], i + 1, groups,
					  &group_count, NULL),
		    DP_OK);
	dp_settings_default(&defaults);
	CU_ASSERT_EQUAL_FATAL(dp_ruleset_write(rs,
				  settings ? settings : &defaults, &bytes,
				  size_b, NULL),
	    DP_OK);
	dp_ruleset_close(&rs);
	return bytes;
}

/* Opened; bytes are borrowed by the policy. */
static inline struct dp_policy *unit_policy(const uint8_t *bytes,
    size_t size_b)
{
	struct dp_policy *p = NULL;
	struct dp_diag diag = { .line = 0 };

	if (dp_policy_from_bytes(&p, bytes, size_b, NULL, "test", &diag) !=
	    DP_OK)
		fprintf(stderr, "%s\n", diag.reason);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	return p;
}

/* Both in one. */
struct unit_opened {
	struct dp_policy *policy;
	uint8_t *bytes;
};

static inline struct unit_opened unit_open(const char *const *lines,
    const struct dp_settings *settings)
{
	struct unit_opened o;
	size_t size_b;

	o.bytes = unit_policy_bytes(lines, settings, &size_b);
	o.policy = unit_policy(o.bytes, size_b);
	return o;
}

static inline void unit_opened_close(struct unit_opened *o)
{
	dp_policy_close(&o->policy);
	free(o->bytes);
}

/* The index of a pattern's rule; DP_RULE_NONE: there is none. */
static inline uint32_t unit_rule(const struct dp_policy *p,
    const char *pattern)
{
	char text[DP_NAME_TEXT_MAX];

	for (uint32_t i = 0; i < dp_policy_rule_count(p); i++) {
		dp_policy_rule_text(p, i, text);
		if (strcmp(text, pattern) == 0)
			return i;
	}
	return DP_RULE_NONE;
}

/* "PATTERN allow|deny groups=… services=… pins=…", for comparing. */
static inline void unit_rule_line(const struct dp_policy *p, uint32_t i,
    char *line, size_t line_b)
{
	char text[DP_NAME_TEXT_MAX];
	struct dp_rule_info rule;
	size_t n;

	dp_policy_rule(p, i, &rule);
	dp_policy_rule_text(p, i, text);
	n = (size_t)snprintf(line, line_b, "%s %s groups=", text,
	    rule.allow ? "allow" : "deny");
	for (uint32_t k = 0; k < rule.group_count && n < line_b; k++) {
		dp_policy_group_name(p, dp_policy_rule_group(p, i, k), text);
		n += (size_t)snprintf(line + n, line_b - n, "%s%s",
		    k ? "," : "", text);
	}
	for (uint32_t k = 0; k < rule.service_count && n < line_b; k++) {
		dp_service_to_text(dp_policy_rule_service(p, i, k), text);
		n += (size_t)snprintf(line + n, line_b - n, "%s%s",
		    k ? "," : " services=", text);
	}
	for (uint32_t k = 0; k < rule.pin_count && n < line_b; k++) {
		struct dp_prefix pin = dp_policy_rule_pin(p, i, k);

		dp_prefix_to_text(&pin, text);
		n += (size_t)snprintf(line + n, line_b - n, "%s%s",
		    k ? "," : " pins=", text);
	}
}

#endif
