/* dnspin compile: zones and settings into the policy. */
#include "dp_config.h"

#include <errno.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/core/state.h"
#include "tools/key.h"
#include "tools/out_file.h"
#include "tools/policy/changes.h"
#include "tools/policy/gather.h"
#include "tools/policy/policy_write.h"
#include "tools/verb.h"

struct job {
	const struct dp_cli *cli;
	bool only_check; /* -n */
	bool forced; /* -F */
	bool first; /* the first policy there is: it may be empty */
	const char *key; /* -k */
	const char *out; /* -O, NULL: STATE/policy */
	char **zones;
	size_t zone_count;

	FILE *report;
	struct dp_conf conf;
	uint8_t trusted[DP_KEY_B]; /* where conf has trusted_key */
	char in_force[DP_PATH_MAX];
	uint8_t *bytes;
	size_t size_b;
	struct dp_policy *policy; /* borrows bytes */
	struct dp_policy *before; /* the policy in force; NULL: none */
	struct dp_diag diag;
};

static enum dp_err compile(struct job *job)
{
	struct dp_ruleset *rs = NULL;
	enum dp_err err = dp_ruleset_new(&rs);

	if (!err && job->zone_count > 0)
		err = dp_gather_files(rs, job->zones, job->zone_count,
		    &job->diag);
	else if (!err)
		err = dp_gather_globs(rs, job->conf.zones,
		    job->conf.zone_count, &job->diag);
	if (!err)
		dp_gather_progress("dnspin: writing the policy");
	if (!err)
		err = dp_ruleset_write(rs, &job->conf.settings, &job->bytes,
		    &job->size_b, &job->diag);
	dp_gather_progress(NULL);
	dp_ruleset_close(&rs);
	return err;
}

/* Sign, where a key is set; a check alone needs none, so that everybody who
 * may read the zones can check them. */
static enum dp_err sign(struct job *job)
{
	const char *path = job->key ? job->key : job->conf.sign_key;
	uint8_t key[DP_KEY_SIGN_B];
	enum dp_err err;

	if (!path || job->only_check)
		return DP_OK;
	err = dp_key_secret_read(key, path, &job->diag);
	if (!err)
		dp_policy_sign(job->bytes, job->size_b, key);
	sodium_memzero(key, sizeof(key));
	return err;
}

/* Read what was made as the resolver will read it. */
static enum dp_err check(struct job *job)
{
	bool wants_key = job->conf.trusted_key && !job->only_check;
	enum dp_err err = DP_OK;

	if (wants_key)
		err = dp_key_public_read(job->trusted, job->conf.trusted_key,
		    &job->diag);
	if (err)
		return err;
	return dp_policy_from_bytes(&job->policy, job->bytes, job->size_b,
	    wants_key ? job->trusted : NULL, "the new policy", &job->diag);
}

static enum dp_err compare(struct job *job)
{
	enum dp_err err;

	err = dp_state_path(job->in_force, job->cli->state_dir,
	    DP_STATE_POLICY, &job->diag);
	if (err)
		return err;
	err = dp_changes_table(job->report, job->policy);
	if (err)
		return err;
	err = dp_policy_open(&job->before, job->in_force, NULL, &job->diag);
	if (!err)
		dp_changes_say(job->report, job->before, job->policy);
	else if (err == DP_ERR_NOTFOUND)
		fprintf(job->report, "there is no policy in force to compare "
		    "with\n");
	else
		fprintf(job->report, "the policy in force is unfit to compare "
		    "with: %s: %s\n", job->diag.object, job->diag.reason);
	job->diag = (struct dp_diag){ .line = 0 };
	return DP_OK;
}

/* Its folder is ours to make, but no folder above it: a mistyped -d should
 * not leave a tree. */
static enum dp_err make_state_dir(struct job *job, bool *made)
{
	const char *dir = job->cli->state_dir;

	*made = mkdir(dir, 0755) == 0;
	if (!*made && errno == EEXIST)
		return DP_OK;
	/* Unbound's user must get to the policy, whatever root's umask. */
	if (*made && chmod(dir, 0755) == 0)
		return DP_OK;
	dp_diag_set(&job->diag, dir, 0, "the state directory cannot be made: "
	    "%s", strerror(errno));
	return DP_ERR_IO;
}

static bool same_as_before(const struct job *job)
{
	const uint8_t *signer = dp_policy_signer(job->policy), *was;

	if (!job->before ||
	    memcmp(dp_policy_digest(job->before),
		dp_policy_digest(job->policy), DP_POLICY_DIGEST_B) != 0)
		return false;
	was = dp_policy_signer(job->before);
	if (!signer || !was)
		return signer == was;
	return memcmp(signer, was, DP_POLICY_KEY_B) == 0;
}

static bool allows_anything(const struct dp_policy *policy)
{
	struct dp_rule_info rule = { .allow = false };

	for (uint32_t i = 0;
	     i < dp_policy_rule_count(policy) && !rule.allow; i++)
		dp_policy_rule(policy, i, &rule);
	return rule.allow;
}

/* Also of a policy that this version cannot read: the resolver's may. */
static bool was_signed(const struct job *job)
{
	return job->before ? dp_policy_signer(job->before) != NULL
			   : dp_policy_claims_signature(job->in_force);
}

static enum dp_err put_in_force(struct job *job)
{
	bool made = false;
	enum dp_err err;

	if (same_as_before(job)) {
		fprintf(job->report, "%s is this policy already\n",
		    job->in_force);
		return DP_OK;
	}
	if (!job->forced && !allows_anything(job->policy)) {
		dp_diag_set(&job->diag, job->in_force, 0, "the new policy "
		    "allows no name, so that every query would be refused: "
		    "add a rule, or force it with -F");
		return DP_ERR_SYNTAX;
	}
	if (!job->forced && !dp_policy_signer(job->policy) &&
	    was_signed(job)) {
		dp_diag_set(&job->diag, job->in_force, 0, "is signed, and the "
		    "new policy would not be: give the key with -k or "
		    "sign-key, or force it with -F");
		return DP_ERR_SIGNATURE;
	}
	err = make_state_dir(job, &made);
	if (!err)
		err = dp_out_file(job->in_force, job->bytes, job->size_b,
		    &job->diag);
	if (err && made)
		rmdir(job->cli->state_dir); /* nothing half-done */
	if (!err)
		fprintf(job->report, "wrote %s, %s\n", job->in_force,
		    dp_policy_signer(job->policy) ? "signed" : "not signed");
	return err;
}

/* Not onto the policy in force: that has rules of its own, and -F. */
static enum dp_err put_elsewhere(struct job *job)
{
	struct stat in_force, out;

	if (stat(job->in_force, &in_force) == 0 &&
	    stat(job->out, &out) == 0 && in_force.st_dev == out.st_dev &&
	    in_force.st_ino == out.st_ino) {
		dp_diag_set(&job->diag, job->out, 0,
		    "is the policy in force: leave -O out to replace it");
		return DP_ERR_FORMAT;
	}
	return dp_out_file(job->out, job->bytes, job->size_b, &job->diag);
}

static enum dp_err put_out(struct job *job)
{
	enum dp_err err = DP_OK;

	if (job->only_check) {
		fprintf(job->report, "nothing written (-n)\n");
	} else if (!job->out) {
		err = put_in_force(job);
	} else if (strcmp(job->out, "-") == 0) {
		/* main looks whether that went well. */
		fwrite(job->bytes, 1, job->size_b, stdout);
	} else {
		err = put_elsewhere(job);
		if (!err)
			fprintf(job->report, "wrote %s, %s\n", job->out,
			    dp_policy_signer(job->policy) ? "signed"
							  : "not signed");
	}
	return err;
}

static int run(struct job *job)
{
	enum dp_err err;
	int code;

	if (!dp_cli_conf(job->cli, &job->conf, &code))
		return code;
	if (job->zone_count == 0 && job->conf.zone_count == 0 && !job->first)
		return dp_cli_usage("compile", "no zones: name zone files, or "
		    "set zones in dnspin.conf");
	err = compile(job);
	if (!err)
		err = sign(job);
	if (!err)
		err = check(job);
	if (!err)
		err = compare(job);
	if (!err)
		err = put_out(job);
	return err ? dp_cli_diag(err, &job->diag) : DP_EXIT_OK;
}

static int parse(struct job *job, int argc, char **argv)
{
	int letter;

	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		switch (letter) {
		case 'n':
			job->only_check = true;
			break;
		case 'k':
			job->key = optarg;
			break;
		case 'O':
			job->out = optarg;
			break;
		case 'F':
			job->forced = true;
			break;
		default:
			return DP_EXIT_USAGE;
		}
	}
	job->zones = argv + optind;
	job->zone_count = (size_t)(argc - optind);
	if (job->out && strcmp(job->out, "-") == 0) {
		if (isatty(STDOUT_FILENO) && !job->only_check)
			return dp_cli_usage("compile", "a policy is no text "
			    "for a terminal: write it to a file or a pipe");
		job->report = stderr;
	}
	return DP_EXIT_OK;
}

static int run_and_close(struct job *job)
{
	int code = run(job);

	dp_policy_close(&job->before);
	dp_policy_close(&job->policy);
	free(job->bytes);
	dp_conf_free(&job->conf);
	return code;
}

int dp_verb_compile(const struct dp_cli *cli, int argc, char **argv)
{
	struct job job = { .cli = cli, .report = stdout };
	int code = parse(&job, argc, argv);

	return code == DP_EXIT_OK ? run_and_close(&job) : code;
}

int dp_cli_compile_first(const struct dp_cli *cli, bool only_check)
{
	struct job job = { .cli = cli, .first = true, .forced = true,
		.only_check = only_check };
	int code;

	job.report = fopen("/dev/null", "we");
	if (!job.report)
		return dp_cli_fail(DP_EXIT_FAILED, "/dev/null", "%s",
		    strerror(errno));
	code = run_and_close(&job);
	fclose(job.report);
	return code;
}
