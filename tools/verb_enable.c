/* dnspin enable: let Unbound load the module. */
#include "dp_config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/enable/map_folder.h"
#include "tools/enable/module_files.h"
#include "tools/enable/module_words.h"
#include "tools/enable/target.h"
#include "tools/verb.h"

struct job {
	const struct dp_cli *cli;
	struct dp_target target;
	struct dp_target_conf had;
	struct dp_conf conf;
	struct dp_module_files files;
	char id[DP_BUILD_ID_TEXT_MAX];
	char words[DP_MODULE_WORDS_MAX]; /* module-config as it is to be */
	char text[DP_MODULE_FILES_TEXT_MAX];
	bool made_policy, made_folder, wrote; /* what undo takes back */
	bool changed; /* or would have to be */
	struct dp_diag diag;
};

static void say(const char *what, const char *fmt, ...) DP_PRINTF(2, 3);
static void say(const char *what, const char *fmt, ...)
{
	va_list args;

	printf("%-14s ", what);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

/* "made", or with -n "would be made". */
static const char *done(const struct job *job)
{
	return job->target.only_say ? "would be " : "";
}

static enum dp_err wrong(struct job *job, const char *object,
    const char *fmt, ...) DP_PRINTF(3, 4);
static enum dp_err wrong(struct job *job, const char *object,
    const char *fmt, ...)
{
	char reason[sizeof(job->diag.reason)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	dp_diag_set(&job->diag, object, 0, "%s", reason);
	return DP_ERR_SYNTAX;
}

/* Another module of another's, or this one by hand, is not ours to move. */
static enum dp_err look_at_others(struct job *job)
{
	if (dp_module_files_any(&job->files) ||
	    (!dp_module_words_hold(job->had.words, "dynlib") &&
		!job->had.files[0]))
		return DP_OK;
	return wrong(job, "dynlib", "the configuration has module-config "
	    "\"%s\" and dynlib-file \"%.*s\" already, from elsewhere than %s: "
	    "take that out first", job->had.words,
	    (int)strcspn(job->had.files, "\n"), job->had.files,
	    job->target.folder);
}

/* What the configuration is to say. */
static enum dp_err plan(struct job *job)
{
	const char *module, *state, *key = NULL;
	bool no_subnets = !job->had.sends_subnets;
	struct dp_module_lines lines;
	enum dp_err err;

	err = dp_module_words_with(job->words, job->had.words,
	    no_subnets ? "subnetcache" : NULL, &job->diag);
	if (err)
		return err;
	module = dp_target_sees(job->had.chroot, job->target.module);
	state = dp_target_sees(job->had.chroot, job->cli->state_dir);
	if (job->conf.trusted_key)
		key = dp_target_sees(job->had.chroot, job->conf.trusted_key);
	if (!module || !state || (job->conf.trusted_key && !key))
		return wrong(job, "chroot", "the server runs in %s: module "
		    "(-m), state directory (-d) and trusted-key must lie in "
		    "it", job->had.chroot);
	lines = (struct dp_module_lines){ job->words, module, state, key };
	return dp_module_files_text(job->text, &lines, &job->diag);
}

/* The folder that Unbound's user writes in. */
static enum dp_err make_folder(struct job *job, bool only_look, bool *made)
{
	uid_t uid;
	gid_t gid;
	enum dp_err err = dp_map_folder_user(job->had.user, &uid, &gid,
	    &job->diag);

	*made = false;
	if (err)
		return err;
	return dp_map_folder_make(job->cli->state_dir, uid, gid, only_look,
	    made, &job->diag);
}

/* What is bad before anything is changed is not of our making. */
static enum dp_err look_at_conf(struct job *job)
{
	const struct dp_checkconf *c = &job->target.checkconf;
	enum dp_err err = dp_checkconf_passes(c, &job->diag);

	if (err != DP_ERR_SYNTAX)
		return err;
	return wrong(job, c->conf ? c->conf : c->program, "the server's "
	    "configuration has errors already, mend them first: %s",
	    job->diag.reason);
}

/* All that can be known before anything is changed. */
static enum dp_err look(struct job *job)
{
	enum dp_err err;

	err = dp_target_fits(&job->target, job->id, &job->diag);
	if (err)
		return err;
	err = dp_module_files_read(&job->files, job->target.folder,
	    &job->diag);
	if (err == DP_ERR_NOTFOUND && access(job->target.folder, F_OK) != 0)
		return wrong(job, job->target.folder, "there is no such "
		    "folder: make it, and put this line at the end of the "
		    "server's configuration: include-toplevel: \"%s/*.conf\"",
		    job->target.folder);
	if (!err && dp_module_files_closed(&job->files))
		return wrong(job, job->target.folder, "dnspin guard has closed "
		    "the server (closed.conf), with a module-config that is "
		    "not the server's own: run dnspin guard, which takes the "
		    "module back, or dnspin disable first");
	if (!err)
		err = look_at_conf(job);
	if (!err)
		err = dp_target_read(&job->target, &job->had, &job->diag);
	if (!err)
		err = look_at_others(job);
	if (!err) /* before root writes a policy there, where it may lead */
		err = make_folder(job, true, &(bool){ false });
	return err ? err : plan(job);
}

/* The policy in force is taken as it is; false: said. */
static bool take_policy(struct job *job, const char *path, int *code)
{
	struct dp_policy *policy = dp_cli_policy(job->cli, code);
	char mode[16];

	if (!policy)
		return false;
	dp_setting_word(DP_SET_MODE,
	    dp_policy_settings(policy)->value[DP_SET_MODE], mode,
	    sizeof(mode));
	say("policy", "%s stays: mode %s%s", path, mode,
	    strcmp(mode, "strict") == 0
		? ", names off the list are refused from the restart on"
		: "");
	dp_policy_close(&policy);
	return true;
}

/* A module without a policy answers SERVFAIL to everything, so that there must
 * be one; it begins by refusing nothing. */
static bool give_policy(struct job *job, int *code)
{
	struct dp_cli cli = *job->cli;
	char path[DP_PATH_MAX];
	const char **overrides;
	enum dp_err err = dp_state_path(path, cli.state_dir, DP_STATE_POLICY,
	    &job->diag);

	if (err) {
		*code = dp_cli_diag(err, &job->diag);
		return false;
	}
	if (access(path, F_OK) == 0)
		return take_policy(job, path, code);
	overrides = calloc(cli.override_count + 1, sizeof(*overrides));
	if (!overrides) {
		*code = dp_cli_fail(DP_EXIT_FAILED, "enable", "%s",
		    dp_err_text(DP_ERR_NOMEM));
		return false;
	}
	for (size_t i = 0; i < cli.override_count; i++)
		overrides[i] = cli.overrides[i];
	overrides[cli.override_count++] = "mode=observe";
	cli.overrides = overrides;
	*code = dp_cli_compile_first(&cli, job->target.only_say);
	free(overrides);
	if (*code != DP_EXIT_OK)
		return false;
	job->made_policy = !job->target.only_say;
	job->changed = true;
	say("policy", "%s: %smade, mode observe%s", path, done(job),
	    job->conf.zone_count ? ""
				 : ", without rules: there are no zones yet");
	return true;
}

static enum dp_err give_folder(struct job *job)
{
	bool made;
	enum dp_err err = make_folder(job, job->target.only_say, &made);

	if (err || !made)
		return err;
	job->changed = true;
	job->made_folder = !job->target.only_say;
	say("map", "%s/%s: %smade for user %s", job->cli->state_dir,
	    DP_STATE_UNBOUND, done(job),
	    job->had.user[0] ? job->had.user : "root");
	return DP_OK;
}

/* Is what the server reads now what was written? */
static enum dp_err look_again(struct job *job)
{
	struct dp_target_conf has;
	enum dp_err err;
	const char *module;
	size_t len;

	err = dp_checkconf_passes(&job->target.checkconf, &job->diag);
	if (!err)
		err = dp_target_read(&job->target, &has, &job->diag);
	if (err)
		return err;
	if (!has.files[0])
		return wrong(job, job->target.folder, "the server's "
		    "configuration does not include it: put this line at its "
		    "end: include-toplevel: \"%s/*.conf\"",
		    job->target.folder);
	if (strcmp(has.words, job->words) != 0)
		return wrong(job, "module-config", "\"%s\" stands behind the "
		    "place where %s is included, and counts: move that line "
		    "to the end of the configuration", has.words,
		    job->target.folder);
	len = strcspn(has.files, "\n");
	module = dp_target_sees(job->had.chroot, job->target.module);
	if (strlen(module) != len || memcmp(has.files, module, len) != 0)
		return wrong(job, "dynlib-file", "\"%.*s\" stands before the "
		    "place where %s is included: take it out", (int)len,
		    has.files, job->target.folder);
	return DP_OK;
}

static enum dp_err switch_on(struct job *job)
{
	enum dp_err err;

	if (dp_module_files_are(&job->files, job->text))
		return look_again(job);
	job->changed = true;
	if (!job->target.only_say) {
		job->wrote = true;
		err = dp_module_files_write(&job->files, job->text,
		    &job->diag);
		if (!err)
			err = look_again(job);
		if (err)
			return err;
	}
	say("module-config", "\"%s\", %s\"%s\"", job->words,
	    job->target.only_say ? "now " : "before ", job->had.words);
	if (dp_module_words_hold(job->had.words, "subnetcache") &&
	    !dp_module_words_hold(job->words, "subnetcache"))
		say("subnetcache", "%sleft out: no client subnet is sent to "
		    "anybody, and it would keep answers out of the cache",
		    done(job));
	say("file", "%s/module.conf: %swritten", job->target.folder,
	    done(job));
	return DP_OK;
}

/* Leave nothing behind but what was there. */
static void undo(struct job *job)
{
	struct dp_diag diag = { .line = 0 };
	char path[DP_PATH_MAX];
	enum dp_err err = DP_OK;

	if (job->wrote)
		err = dp_module_files_restore(&job->files, &diag);
	if (!err && job->made_policy)
		err = dp_state_path(path, job->cli->state_dir,
		    DP_STATE_POLICY, &diag);
	if (!err && job->made_policy)
		unlink(path);
	if (!err && job->made_folder)
		err = dp_state_path(path, job->cli->state_dir,
		    DP_STATE_UNBOUND, &diag);
	if (!err && job->made_folder)
		rmdir(path);
	/* Only where it is empty now, as it was made by compile. */
	if (!err && job->made_policy && job->made_folder)
		rmdir(job->cli->state_dir);
	if (err)
		(void)dp_cli_diag(err, &diag);
	else if (job->changed && !job->target.only_say)
		(void)dp_cli_fail(DP_EXIT_FAILED, "enable",
		    "everything was put back as it was");
}

static void say_next(const struct job *job)
{
	const char *dir = job->cli->state_dir;
	bool other = strcmp(dir, DP_STATE_DIR_DEFAULT) != 0;
	const char *flag = other ? " -d " : "";

	if (!other)
		dir = "";
	printf("next:\n"
	    "  restart Unbound             systemctl restart unbound\n"
	    "  does it run?                dnspin%s%s status\n"
	    "  what would be refused?      dnspin%s%s suggest\n"
	    "  a zone of it, then strict   dnspin%s%s -o mode=strict compile "
	    "ZONE...\n", flag, dir, flag, dir, flag, dir);
}

static int enable(struct job *job)
{
	enum dp_err err;
	int code;

	if (!dp_cli_conf(job->cli, &job->conf, &code))
		return code;
	err = look(job);
	if (err)
		return dp_cli_diag(err, &job->diag);
	say("server", "%s, build %s: the module is made for it",
	    job->target.server, job->id[0] ? job->id : "(no build-id)");
	if (!give_policy(job, &code))
		return code;
	err = give_folder(job);
	if (!err)
		err = switch_on(job);
	if (err) {
		code = dp_cli_diag(err, &job->diag);
		undo(job);
		return code;
	}
	if (!job->changed)
		printf("is enabled: nothing changed\n");
	else if (job->target.only_say)
		printf("nothing changed (-n)\n");
	else
		say_next(job);
	return DP_EXIT_OK;
}

int dp_verb_enable(const struct dp_cli *cli, int argc, char **argv)
{
	struct job *job = calloc(1, sizeof(*job));
	int code = DP_EXIT_FAILED;

	if (!job)
		return dp_cli_fail(code, "enable", "%s",
		    dp_err_text(DP_ERR_NOMEM));
	job->cli = cli;
	if (!dp_target_parse(&job->target, argc, argv))
		code = DP_EXIT_USAGE;
	else if (dp_target_may(&job->target, argv[0]))
		code = enable(job);
	dp_module_files_free(&job->files);
	dp_conf_free(&job->conf);
	free(job);
	return code;
}
