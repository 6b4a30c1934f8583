#include "dp_config.h"

#include "tools/whom.h"

#include "tools/cli.h"

bool dp_whom_option(struct dp_addr *out, const char *verb, const char *word)
{
	struct dp_diag diag;

	if (!dp_addr_from_text(out, word, &diag))
		return true;
	dp_cli_usage(verb, "-c %s: %s", diag.object, diag.reason);
	return false;
}

void dp_whom_say(FILE *out, const struct dp_policy *p, uint64_t audiences,
    const char *separator)
{
	char text[DP_CLIENT_TEXT_MAX];
	const char *between = "";
	struct dp_client client;
	uint32_t cursor = 0;

	while (dp_policy_client_next(p, audiences, &cursor, &client)) {
		dp_client_to_text(&client, text);
		fprintf(out, "%s%s", between, text);
		between = separator;
	}
}

json_t *dp_whom_array(const struct dp_policy *p, uint64_t audiences)
{
	json_t *array = json_array();
	char text[DP_CLIENT_TEXT_MAX];
	struct dp_client client;
	uint32_t cursor = 0;

	if (audiences == dp_policy_audiences(p))
		return array;
	while (array &&
	    dp_policy_client_next(p, audiences, &cursor, &client)) {
		dp_client_to_text(&client, text);
		if (json_array_append_new(array, json_string(text)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

struct dp_match dp_whom_match(const struct dp_policy *p,
    const struct dp_name *name, uint32_t audience, uint64_t *audiences)
{
	uint64_t left = dp_policy_audiences(p), before = left;
	struct dp_match match = { .rule = DP_RULE_NONE };

	do {
		before = left;
	} while (dp_policy_match_next(p, name, &left, &match) &&
	    (left >> audience & 1));
	*audiences = before & ~left;
	return match;
}
