/* dnspin disable: let Unbound load the module no more. */
#include <stdio.h>
#include <string.h>

#include "tools/enable/module_files.h"
#include "tools/enable/module_words.h"
#include "tools/enable/target.h"
#include "tools/verb.h"

/* Without our file: does the configuration load the module all the same? */
static int say_what_is_left(const struct dp_target *target, bool removed)
{
	struct dp_target_conf conf;
	struct dp_diag diag = { .line = 0 };
	enum dp_err err = dp_target_read(target, &conf, &diag);

	if (err)
		return dp_cli_diag(err, &diag);
	if (dp_module_words_hold(conf.words, "dynlib"))
		return dp_cli_fail(DP_EXIT_FAILED, "module-config",
		    "\"%s\" stands elsewhere than in %s: take dynlib out there",
		    conf.words, target->folder);
	if (!removed) {
		printf("is not enabled: nothing changed\n");
		return DP_EXIT_OK;
	}
	printf("%-14s \"%s\" from now on\n", "module-config", conf.words);
	printf("policy, map and events stay; next: restart Unbound "
	    "(systemctl restart unbound)\n");
	return DP_EXIT_OK;
}

static int disable(const struct dp_target *target,
    const struct dp_module_files *files)
{
	struct dp_diag diag = { .line = 0 }, again = { .line = 0 };
	bool passed = dp_checkconf_passes(&target->checkconf, &diag) == DP_OK;
	enum dp_err err, undone;

	err = dp_module_files_write(files, NULL, &diag);
	/* What was bad before is not so for our being gone. */
	if (!err && passed)
		err = dp_checkconf_passes(&target->checkconf, &diag);
	if (!err) {
		printf("%-14s what enable wrote: removed\n", target->folder);
		return say_what_is_left(target, true);
	}
	undone = dp_module_files_restore(files, &again);
	if (undone)
		(void)dp_cli_diag(undone, &again);
	else
		(void)dp_cli_fail(DP_EXIT_FAILED, "disable", "the "
		    "configuration would not be good without the module: "
		    "nothing changed");
	return dp_cli_diag(err, &diag);
}

int dp_verb_disable(const struct dp_cli *cli, int argc, char **argv)
{
	struct dp_module_files files;
	struct dp_diag diag = { .line = 0 };
	struct dp_target target;
	enum dp_err err;
	int code;

	(void)cli;
	if (!dp_target_parse(&target, argc, argv))
		return DP_EXIT_USAGE;
	if (!dp_target_may(&target, argv[0]))
		return DP_EXIT_FAILED;
	err = dp_module_files_read(&files, target.folder, &diag);
	if (err == DP_ERR_NOTFOUND)
		return say_what_is_left(&target, false);
	if (err)
		return dp_cli_diag(err, &diag);
	if (!dp_module_files_any(&files)) {
		code = say_what_is_left(&target, false);
	} else if (target.only_say) {
		printf("%-14s what enable wrote: would be removed\n",
		    target.folder);
		code = DP_EXIT_OK;
	} else {
		code = disable(&target, &files);
	}
	dp_module_files_free(&files);
	return code;
}
