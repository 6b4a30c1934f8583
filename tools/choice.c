#include "dp_config.h"

#include "tools/choice.h"

#include <stdio.h>
#include <stdlib.h>

#include "tools/cli.h"
#include "tools/idna.h"
#include "tools/nft/nft_table.h"

bool dp_choice_table(const char *verb, const char *name)
{
	const char *wrong = dp_nft_table_wrong(name);

	if (wrong)
		dp_cli_usage(verb, "-t %s: %s", name, wrong);
	return !wrong;
}

static bool group_find(const struct dp_policy *p, const char *word,
    uint32_t *group)
{
	struct dp_name wanted, name;
	char text[DP_NAME_TEXT_MAX];

	if (dp_idna_name(&wanted, word, NULL))
		return false;
	for (uint32_t i = 0; i < dp_policy_group_count(p); i++) {
		struct dp_group_info info;

		dp_policy_group(p, i, &info);
		dp_policy_group_name(p, i, text);
		if (dp_name_equal(&wanted, &info.apex) ||
		    (!dp_name_from_text(&name, text, NULL) &&
			dp_name_equal(&wanted, &name))) {
			*group = i;
			return true;
		}
	}
	return false;
}

static int group_unknown(const char *verb, const struct dp_policy *p,
    const char *word)
{
	uint32_t count = dp_policy_group_count(p);
	char text[DP_NAME_TEXT_MAX];
	struct dp_diag diag;

	if (!dp_cli_first("group", word))
		return DP_EXIT_FAILED;
	dp_diag_set(&diag, word, 0, "unknown"); /* without control characters */
	fprintf(stderr, "dnspin: %s: no group %s in the policy; it has", verb,
	    diag.object);
	for (uint32_t i = 0; i < count; i++) {
		dp_policy_group_name(p, i, text);
		fprintf(stderr, "%s %s", i > 0 ? "," : "", text);
	}
	fputs(count > 0 ? "\n" : " none\n", stderr);
	return DP_EXIT_FAILED;
}

int dp_choice_groups(const char *verb, const struct dp_policy *policy,
    const char *const *words, size_t count, bool **wanted)
{
	bool *chosen;

	if (count == 0)
		return DP_EXIT_OK;
	/* One more, because a policy may have no group at all. */
	chosen = calloc((size_t)dp_policy_group_count(policy) + 1,
	    sizeof(*chosen));
	if (!chosen)
		return dp_cli_fail(DP_EXIT_FAILED, verb, "%s",
		    dp_err_text(DP_ERR_NOMEM));
	for (size_t i = 0; i < count; i++) {
		uint32_t group;

		if (!group_find(policy, words[i], &group)) {
			free(chosen);
			return group_unknown(verb, policy, words[i]);
		}
		chosen[group] = true;
	}
	*wanted = chosen;
	return DP_EXIT_OK;
}
