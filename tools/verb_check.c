/* dnspin check: what the policy in force decides for names. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tools/whom.h"
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

static void say_rule(const struct dp_policy *p, const struct dp_match *match)
{
	char text[DP_NAME_TEXT_MAX];
	struct dp_rule_info rule;

	if (match->rule == DP_RULE_NONE) {
		printf(" rule=none");
		return;
	}
	dp_policy_rule(p, match->rule, &rule);
	say_groups(p, match->rule, rule.group_count);
	dp_policy_rule_text(p, match->rule, text);
	printf(" rule=%s", text);
	if (match->allow) {
		say_services(p, match->rule, rule.service_count);
		printf(" pins=%u", rule.pin_count);
	}
}

/* A line for name; returns whether the audience may have it. */
static bool say(const struct dp_policy *p, uint32_t audience,
    const struct dp_name *name)
{
	uint64_t audiences;
	struct dp_match match = dp_whom_match(p, name, audience,
	    &audiences);
	char text[DP_NAME_TEXT_MAX];

	dp_name_to_text(name, text);
	printf("%s %s", text, match.allow ? "allow" : "deny");
	say_rule(p, &match);
	if (audiences != dp_policy_audiences(p)) {
		printf(" clients=");
		dp_whom_say(stdout, p, audiences, ",");
	}
	putchar('\n');
	return match.allow;
}

/* All names first, so that no half of an answer is printed. */
static int check_names(int count, char **names)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_name name;

	if (count == 0)
		return dp_cli_usage("check", "NAME is missing");
	for (int i = 0; i < count; i++) {
		enum dp_err err = dp_idna_name(&name, names[i], &diag);

		if (err == DP_ERR_SYNTAX)
			return dp_cli_usage("check", "%s: %s", diag.object,
			    diag.reason);
		if (err)
			return dp_cli_diag(err, &diag);
	}
	return DP_EXIT_OK;
}

int dp_verb_check(const struct dp_cli *cli, int argc, char **argv)
{
	struct dp_diag diag = { .line = 0 };
	bool has_client = false;
	struct dp_policy *policy;
	struct dp_addr client;
	uint32_t audience = 0;
	struct dp_name name;
	int code, letter;

	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		if (letter != 'c' ||
		    !dp_whom_option(&client, "check", optarg))
			return DP_EXIT_USAGE;
		has_client = true;
	}
	code = check_names(argc - optind, argv + optind);
	if (code != DP_EXIT_OK)
		return code;
	policy = dp_cli_policy(cli, &code);
	if (!policy)
		return code;
	if (has_client)
		audience = dp_policy_audience(policy, &client);
	for (int i = optind; i < argc; i++)
		if (dp_idna_name(&name, argv[i], &diag) != DP_OK ||
		    !say(policy, audience, &name))
			code = DP_EXIT_FINDING;
	dp_policy_close(&policy);
	return code;
}
