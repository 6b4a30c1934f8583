/* dnspin show: a compiled policy as text. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tools/whom.h"
#include "tools/policy/show.h"
#include "tools/verb.h"

enum format { ZONE, JSON, RPZ, NONE };

struct options {
	enum format format;
	bool has_client;
	struct dp_addr client; /* -c */
};

static enum format find_format(const char *name)
{
	static const char *const names[NONE] = { "zone", "json", "rpz" };
	enum format f = ZONE;

	while (f < NONE && strcmp(names[f], name) != 0)
		f++;
	return f;
}

static int parse(struct options *o, int argc, char **argv)
{
	int letter;

	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		if (letter == 'c') {
			if (!dp_whom_option(&o->client, "show", optarg))
				return DP_EXIT_USAGE;
			o->has_client = true;
			continue;
		}
		if (letter != 'f')
			return DP_EXIT_USAGE;
		o->format = find_format(optarg);
		if (o->format == NONE)
			return dp_cli_usage("show", "unknown format %s: there "
			    "are zone, json and rpz", optarg);
	}
	if (o->has_client && o->format != RPZ)
		return dp_cli_usage("show", "-c goes with -f rpz only: the "
		    "other formats have the rules for all clients");
	if (argc - optind > 1)
		return dp_cli_usage("show", "one POLICY only");
	return DP_EXIT_OK;
}

/* Response Policy Zones know no clients but those that one resolver has. */
static int show_rpz(const struct options *o, const struct dp_policy *policy,
    enum dp_err *err)
{
	uint32_t audience = 0;

	if (o->has_client)
		audience = dp_policy_audience(policy, &o->client);
	else if (dp_policy_audience_count(policy) > 1)
		return dp_cli_fail(DP_EXIT_FAILED, "show", "zones of this "
		    "policy are for some clients only, which -f rpz cannot "
		    "say: choose for whom with -c CLIENT");
	*err = dp_show_rpz(stdout, policy, audience);
	return DP_EXIT_OK;
}

static int show(const struct options *o, const struct dp_policy *policy)
{
	enum dp_err err = DP_OK;
	int code = DP_EXIT_OK;

	switch (o->format) {
	case ZONE:
		err = dp_show_zone(stdout, policy);
		break;
	case JSON:
		err = dp_show_json(stdout, policy);
		break;
	default:
		code = show_rpz(o, policy, &err);
	}
	return err ? dp_cli_fail(DP_EXIT_FAILED, "show", "%s",
			 dp_err_text(err))
		   : code;
}

int dp_verb_show(const struct dp_cli *cli, int argc, char **argv)
{
	struct options o = { .format = ZONE };
	int code = parse(&o, argc, argv);
	struct dp_policy *policy;

	if (code != DP_EXIT_OK)
		return code;
	policy = argc == optind ? dp_cli_policy(cli, &code)
				: dp_cli_policy_at(cli, argv[optind], &code);
	if (!policy)
		return code;
	code = show(&o, policy);
	dp_policy_close(&policy);
	return code;
}
