#include "dp_config.h"

#include <errno.h>
#include <stdio.h>
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

/* Standard input in a file without a name, for it may be a pipe and a policy is
 * mapped; NULL with errno set on failure. Of what is larger than any policy it
 * holds enough to show that. */
static FILE *spool(void)
{
	FILE *file = tmpfile();
	char buffer[65536];
	int failure;
	size_t n, sum_b = 0;

	if (!file)
		return NULL;
	do {
		n = fread(buffer, 1, sizeof(buffer), stdin);
		sum_b += n;
	} while (n > 0 && fwrite(buffer, 1, n, file) == n &&
	    sum_b <= DP_POLICY_FILE_MAX);
	if (!ferror(stdin) && fflush(file) == 0 && !ferror(file))
		return file;
	failure = errno;
	fclose(file);
	errno = failure;
	return NULL;
}

static enum dp_err open_stdin(struct dp_policy **out, const uint8_t *trusted,
    struct dp_diag *diag)
{
	FILE *file = spool();
	enum dp_err err;
	char path[64];

	if (!file) {
		dp_diag_set(diag, "-", 0, "%s", strerror(errno));
		return DP_ERR_IO;
	}
	snprintf(path, sizeof(path), "/dev/fd/%d", fileno(file));
	err = dp_policy_open(out, path, trusted, diag);
	fclose(file);
	snprintf(diag->object, sizeof(diag->object), "-");
	return err;
}

static struct dp_policy *open_with(const struct dp_conf *conf,
    const char *path, bool in_force, int *code)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_policy *policy = NULL;
	uint8_t key[DP_KEY_B], *trusted = NULL;
	enum dp_err err = DP_OK;

	if (conf->trusted_key) {
		err = dp_key_public_read(key, conf->trusted_key, &diag);
		trusted = key;
	}
	if (!err && strcmp(path, "-") == 0) {
		err = open_stdin(&policy, trusted, &diag);
	} else if (!err) {
		err = dp_policy_open(&policy, path, trusted, &diag);
		if (err == DP_ERR_NOTFOUND && in_force)
			dp_diag_set(&diag, path, 0,
			    "there is no policy: make it with dnspin compile, "
			    "or name the state directory with dnspin -d DIR or "
			    "DNSPIN_DIR");
	}
	if (err)
		*code = dp_cli_diag(err, &diag);
	return policy;
}

static struct dp_policy *open_at(const struct dp_cli *cli, const char *path,
    bool in_force, int *code)
{
	struct dp_policy *policy;
	struct dp_conf conf;

	if (!dp_cli_conf(cli, &conf, code))
		return NULL;
	policy = open_with(&conf, path, in_force, code);
	dp_conf_free(&conf);
	return policy;
}

struct dp_policy *dp_cli_policy_at(const struct dp_cli *cli, const char *path,
    int *code)
{
	return open_at(cli, path, false, code);
}

struct dp_policy *dp_cli_policy(const struct dp_cli *cli, int *code)
{
	struct dp_diag diag = { .line = 0 };
	char path[DP_PATH_MAX];
	enum dp_err err;

	err = dp_state_path(path, cli->state_dir, DP_STATE_POLICY, &diag);
	if (!err)
		return open_at(cli, path, true, code);
	*code = dp_cli_diag(err, &diag);
	return NULL;
}
