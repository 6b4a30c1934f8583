/*
 * dnspin guard: before the server starts, does the module fit it? It never
 * keeps the server from starting, and says in one line what it did.
 */
#include "dp_config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/guard/guard.h"
#include "tools/verb.h"

/*
 * Where the module looks for its policy: the environment counts for it first,
 * then what enable wrote. That may lack the chroot in front. -d says that whoever
 * calls this knows better.
 */
static const char *state_dir(const struct dp_cli *cli,
    const struct dp_guard *guard, char named[DP_PATH_MAX])
{
	const char *dir = cli->state_dir, *env = getenv("DNSPIN_DIR");
	size_t dir_b = strlen(dir), named_b;

	if ((env && env[0]) || strcmp(dir, DP_STATE_DIR_DEFAULT) != 0 ||
	    !dp_guard_state_dir(guard, named))
		return dir;
	named_b = strlen(named);
	return named_b <= dir_b && strcmp(dir + dir_b - named_b, named) == 0 ?
	    dir :
	    named;
}

/* Only a policy that is known to refuse nothing may be left out. Why it is not
 * known was said. */
static bool refuses(const struct dp_cli *cli, const struct dp_guard *guard)
{
	struct dp_cli with = *cli;
	struct dp_policy *policy;
	char named[DP_PATH_MAX];
	bool strict;
	int code;

	with.state_dir = state_dir(cli, guard, named);
	policy = dp_cli_policy(&with, &code);
	if (!policy)
		return true;
	strict = dp_policy_settings(policy)->value[DP_SET_MODE] !=
	    DP_MODE_OBSERVE;
	dp_policy_close(&policy);
	return strict;
}

static bool wants_closed(const struct dp_cli *cli,
    const struct dp_guard *guard)
{
	enum dp_on_misfit choice = DP_ON_MISFIT_CLOSED;
	struct dp_conf conf;
	int code;

	/* Settings that cannot be read leave no choice, and were said. */
	if (dp_cli_conf(cli, &conf, &code)) {
		choice = conf.on_misfit;
		dp_conf_free(&conf);
	}
	return choice == DP_ON_MISFIT_CLOSED ||
	    (choice == DP_ON_MISFIT_AUTO && refuses(cli, guard));
}

static int put_aside(const struct dp_cli *cli, const struct dp_guard *guard,
    const struct dp_diag *why)
{
	struct dp_diag diag = { .line = 0 };
	bool closed = wants_closed(cli, guard);
	enum dp_err err;

	err = dp_guard_aside(guard, closed, &diag);
	if (err)
		return dp_cli_diag(err, &diag);
	return dp_cli_fail(DP_EXIT_FINDING, why->object,
	    "%s: Unbound starts without it and %s; dnspin-rebuild, or building "
	    "dnspin against this server, mends it, dnspin disable does without "
	    "it", why->reason,
	    closed ? "refuses all clients" : "answers everything");
}

static bool parse(struct dp_guard *guard, int argc, char **argv)
{
	int letter;

	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		switch (letter) {
		case 's':
			guard->server = optarg;
			break;
		case 'm':
			guard->module = optarg;
			break;
		case 'D':
			guard->folder = optarg;
			break;
		default:
			return false;
		}
	}
	if (optind == argc)
		return true;
	dp_cli_usage("guard", "no operands are wanted");
	return false;
}

int dp_verb_guard(const struct dp_cli *cli, int argc, char **argv)
{
	struct dp_guard guard = { "/usr/sbin/unbound", DP_MODULE_DEFAULT,
		DP_INCLUDED_DEFAULT };
	struct dp_diag diag = { .line = 0 };
	bool changed = false;
	enum dp_err err;

	if (!parse(&guard, argc, argv))
		return DP_EXIT_USAGE;
	if (!dp_guard_is_enabled(&guard))
		return DP_EXIT_OK;
	err = dp_guard_fits(&guard, &diag);
	if (err)
		return put_aside(cli, &guard, &diag);
	err = dp_guard_back(&guard, &changed, &diag);
	if (err)
		return dp_cli_diag(err, &diag);
	if (changed)
		printf("%s: fits %s again, which loads it when it starts\n",
		    guard.module, guard.server);
	return DP_EXIT_OK;
}
