/* dnspin check-conf: the settings as they are understood. */
#include "dp_config.h"

#include <getopt.h>
#include <glob.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "module/core/state.h"
#include "tools/conf_value.h"
#include "tools/key.h"
#include "tools/verb.h"

struct job {
	const char *file; /* the settings file */
	struct dp_conf conf;
	int code;
};

static void say_from(const struct job *job, int key)
{
	unsigned long from = job->conf.from[key];

	if (from == DP_CONF_FROM_DEFAULT)
		printf("default\n");
	else if (from == DP_CONF_FROM_OVERRIDE)
		printf("-o\n");
	else
		printf("%s:%lu\n", job->file, from);
}

/* What the file says is right, but what it names is not. */
static void complain(struct job *job, int key, const char *object,
    const char *reason)
{
	unsigned long from = job->conf.from[key];
	struct dp_diag diag = { .line = 0 };
	bool in_file = from != DP_CONF_FROM_DEFAULT &&
	    from != DP_CONF_FROM_OVERRIDE;

	dp_diag_set(&diag, in_file ? job->file : "-o", in_file ? from : 0,
	    "%s: %s: %s", dp_conf_key_name(key), object, reason);
	job->code = dp_cli_diag(DP_ERR_SYNTAX, &diag);
}

/* A line for each pattern; the first one is the setting's. */
static void say_zones(struct job *job)
{
	const char *name = dp_conf_key_name(DP_CONF_ZONES);

	if (job->conf.zone_count == 0) {
		printf("%-18s %-24s ", name, "none");
		say_from(job, DP_CONF_ZONES);
	}
	for (size_t i = 0; i < job->conf.zone_count; i++) {
		const char *pattern = job->conf.zones[i];
		glob_t found;

		printf("%-18s %-24s ", i ? "" : name, pattern);
		say_from(job, DP_CONF_ZONES);
		if (glob(pattern, GLOB_ERR, NULL, &found) == 0)
			globfree(&found);
		else
			complain(job, DP_CONF_ZONES, pattern,
			    "no file fits, or a folder cannot be read");
	}
}

static void look_at_keys(struct job *job)
{
	uint8_t secret[DP_KEY_SIGN_B], public[DP_KEY_B];
	struct dp_diag diag = { .line = 0 };

	/* Who may not read it may still check the rest. */
	if (job->conf.sign_key && access(job->conf.sign_key, R_OK) != 0 &&
	    access(job->conf.sign_key, F_OK) == 0)
		printf("%s: for its owner's eyes only: not looked at\n",
		    job->conf.sign_key);
	else if (job->conf.sign_key &&
	    dp_key_secret_read(secret, job->conf.sign_key, &diag))
		complain(job, DP_CONF_SIGN_KEY, diag.object, diag.reason);
	sodium_memzero(secret, sizeof(secret));
	if (job->conf.trusted_key &&
	    dp_key_public_read(public, job->conf.trusted_key, &diag))
		complain(job, DP_CONF_TRUSTED_KEY, diag.object, diag.reason);
}

int dp_verb_check_conf(const struct dp_cli *cli, int argc, char **argv)
{
	struct job job = { .file = cli->conf ? cli->conf : DP_CONF_DEFAULT,
		.code = DP_EXIT_OK };
	char text[DP_PATH_MAX];

	if (dp_verb_getopt(argc, argv) != -1)
		return DP_EXIT_USAGE;
	if (optind < argc)
		return dp_cli_usage(argv[0], "%s: there are no operands",
		    argv[optind]);
	if (!dp_cli_conf(cli, &job.conf, &job.code))
		return job.code;
	for (int key = 0; key < DP_CONF_COUNT; key++) {
		if (key == DP_CONF_ZONES) {
			say_zones(&job);
			continue;
		}
		dp_conf_value_say(text, sizeof(text), &job.conf, key);
		printf("%-18s %-24s ", dp_conf_key_name(key), text);
		say_from(&job, key);
	}
	look_at_keys(&job);
	dp_conf_free(&job.conf);
	return job.code;
}
