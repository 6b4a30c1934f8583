/* dnspin sync: the agent that keeps nftables in step with the map. */
#include "dp_config.h"

#include "tools/sync/sync_agent.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "module/core/state.h"
#include "tools/choice.h"
#include "tools/sync/sync_guard.h"
#include "tools/verb.h"
#include "tools/whom.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0 /* sanitizers make calls of their own */
#endif

struct options {
	struct dp_sync_options sync;
	const char **groups;
	const char *user;
	bool once;
};

static struct dp_sync_signals signals;

static void on_signal(int number)
{
	if (number == SIGHUP)
		signals.compare = 1;
	else
		signals.stop = 1;
}

/* o->groups has room for argc words. */
static int options_parse(struct options *o, int argc, char **argv)
{
	int letter;

	while ((letter = dp_verb_getopt(argc, argv)) != -1) {
		switch (letter) {
		case 'c':
			if (!dp_whom_option(&o->sync.client, "sync", optarg))
				return DP_EXIT_USAGE;
			o->sync.has_client = true;
			break;
		case 'g':
			o->groups[o->sync.group_count++] = optarg;
			break;
		case 'n':
			o->once = true;
			break;
		case 't':
			if (!dp_choice_table("sync", optarg))
				return DP_EXIT_USAGE;
			o->sync.table = optarg;
			break;
		case 'u':
			o->user = optarg;
			break;
		case 'v':
			o->sync.verbose = true;
			break;
		default:
			return DP_EXIT_USAGE;
		}
	}
	if (optind < argc)
		return dp_cli_usage("sync", "unexpected argument %s",
		    argv[optind]);
	return DP_EXIT_OK;
}

/* Everything that needs more than CAP_NET_ADMIN, then that is given up. */
static int guard(const struct dp_cli *cli, const struct options *o)
{
	char folder[DP_PATH_MAX], lock[DP_PATH_MAX];
	struct dp_diag diag = { .line = 0 };
	bool done = true;
	enum dp_err err = dp_state_path(folder, cli->state_dir, DP_STATE_SYNC,
	    &diag);

	if (!err)
		err = dp_state_path(lock, cli->state_dir, DP_STATE_SYNC_LOCK,
		    &diag);
	if (!err)
		err = dp_guard_become(folder, o->user, &diag);
	if (!err)
		err = dp_guard_lock(lock, &diag);
	if (!err && !SANITIZED)
		err = dp_guard_calls(&done, &diag);
	if (!err && !done)
		dp_cli_fail(0, "sync", "this kernel has no seccomp filters: "
		    "system calls are not limited");
	return err ? dp_cli_diag(err, &diag) : DP_EXIT_OK;
}

static void signals_catch(void)
{
	static const int caught[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction action = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaction(caught[i], &action, NULL);
}

int dp_verb_sync(const struct dp_cli *cli, int argc, char **argv)
{
	struct options o = { .once = false };
	int code;

	o.groups = calloc((size_t)argc, sizeof(*o.groups));
	if (!o.groups)
		return dp_cli_fail(DP_EXIT_FAILED, "sync", "%s",
		    dp_err_text(DP_ERR_NOMEM));
	o.sync.groups = o.groups;
	code = options_parse(&o, argc, argv);
	if (code == DP_EXIT_OK) {
		signals_catch();
		/* Else each wait is 50 us longer. */
		(void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
		code = guard(cli, &o);
	}
	if (code == DP_EXIT_OK)
		code = o.once ? dp_sync_once(cli, &o.sync)
			      : dp_sync_run(cli, &o.sync, &signals,
				    getenv("NOTIFY_SOCKET"));
	free(o.groups);
	return code;
}
