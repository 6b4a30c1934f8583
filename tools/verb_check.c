/* dnspin check: what the policy in force decides for names. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tools/idna.h"
#include "tools/verb.h"

static void say_groups(const struct dp_policy *p, uint32_t rule,
    uint32_t count)
{
	char text[DP_NAME_TEXT_MAX];

	for (uint32_t k = 0; k < count; k++) {
		dp_policy_group_name(p, dp_policy_rule_group(p, rule, k),
		    text);
		printf("%s%s", k ? "," : " group=", text);
	}
}

static void say_services(const struct dp_policy *p, uint32_t rule,
    uint32_t count)
{
	char text[DP_SERVICE_TEXT_MAX];

	printf(" services=%s", count == 0 ? "any" : "");
	for (uint32_t k = 0; k < count; k++) {
		dp_service_to_text(dp_policy_rule_service(p, rule, k), text);
		printf("%s%s", k ? "," : "", text);
	}
}

/* A line for name; returns whether it is allowed. */
static bool say(const struct dp_policy *p, const struct dp_name *name)
{
	struct dp_match match = dp_policy_match(p, name, 0);
	char text[DP_NAME_TEXT_MAX];
	struct dp_rule_info rule;

	dp_name_to_text(name, text);
	printf("%s %s", text, match.allow ? "allow" : "deny");
	if (match.rule == DP_RULE_NONE) {
		printf(" rule=none\n");
		return false;
	}
	dp_policy_rule(p, match.rule, &rule);
	say_groups(p, match.rule, rule.group_count);
	dp_policy_rule_text(p, match.rule, text);
	printf(" rule=%s", text);
	if (match.allow) {
		say_services(p, match.rule, rule.service_count);
		printf(" pins=%u", rule.pin_count);
	}
	putchar('\n');
	return match.allow;
}

int dp_verb_check(const struct dp_cli *cli, int argc, char **argv)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_policy *policy;
	struct dp_name name;
	int code;

	if (dp_verb_getopt(argc, argv) != -1)
		return DP_EXIT_USAGE;
	if (optind == argc)
		return dp_cli_usage("check", "NAME is missing");
	/* All names first, so that no half of an answer is printed. */
	for (int i = optind; i < argc; i++) {
		enum dp_err err = dp_idna_name(&name, argv[i], &diag);

		if (err == DP_ERR_SYNTAX)
			return dp_cli_usage("check", "%s: %s", diag.object,
			    diag.reason);
		if (err)
			return dp_cli_diag(err, &diag);
	}
	policy = dp_cli_policy(cli, &code);
	if (!policy)
		return code;
	code = DP_EXIT_OK;
	for (int i = optind; i < argc; i++)
		if (dp_idna_name(&name, argv[i], &diag) != DP_OK ||
		    !say(policy, &name))
			code = DP_EXIT_FINDING;
	dp_policy_close(&policy);
	return code;
}
