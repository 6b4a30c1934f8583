#include <string.h>

#include "module/core/key.h"
#include "module/core/state.h"
#include "tools/cli.h"

bool dp_cli_conf(const struct dp_cli *cli, struct dp_conf *out, int *code)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err;

	err = dp_conf_load(out, cli->conf, cli->overrides,
	    cli->override_count, &diag);
	if (!err)
		return true;
	*code = dp_cli_diag(err, &diag);
	/* A wrong -o is a wrong command line. */
	if (strncmp(diag.object, DP_CONF_OVERRIDE,
		strlen(DP_CONF_OVERRIDE)) == 0)
		*code = DP_EXIT_USAGE;
	return false;
}

static struct dp_policy *open_with(const struct dp_conf *conf,
    const char *path, int *code)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_policy *policy = NULL;
	uint8_t key[DP_KEY_B];
	enum dp_err err = DP_OK;

	if (conf->trusted_key)
		err = dp_key_public_read(key, conf->trusted_key, &diag);
	if (!err) {
		err = dp_policy_open(&policy, path,
		    conf->trusted_key ? key : NULL, &diag);
		if (err == DP_ERR_NOTFOUND)
			dp_diag_set(&diag, path, 0,
			    "there is no policy: make it with dnspin compile, "
			    "or name the state directory with dnspin -d DIR or "
			    "DNSPIN_DIR");
	}
	if (err)
		*code = dp_cli_diag(err, &diag);
	return policy;
}

struct dp_policy *dp_cli_policy_at(const struct dp_cli *cli, const char *path,
    int *code)
{
	struct dp_policy *policy;
	struct dp_conf conf;

	if (!dp_cli_conf(cli, &conf, code))
		return NULL;
	policy = open_with(&conf, path, code);
	dp_conf_free(&conf);
	return policy;
}

struct dp_policy *dp_cli_policy(const struct dp_cli *cli, int *code)
{
	struct dp_diag diag = { .line = 0 };
	char path[DP_PATH_MAX];
	enum dp_err err;

	err = dp_state_path(path, cli->state_dir, DP_STATE_POLICY, &diag);
	if (!err)
		return dp_cli_policy_at(cli, path, code);
	*code = dp_cli_diag(err, &diag);
	return NULL;
}
