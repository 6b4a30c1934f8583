/* dnspin status: the state of the resolver, its policy and its map. */
#include "dp_config.h"

#include "tools/report/overview.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sys/types.h>
#include <time.h>

#include "module/core/state.h"
#include "tools/verb.h"

static int options_parse(bool *json, int argc, char **argv)
{
	int letter;

	while ((letter = dp_verb_getopt(argc, argv)) != -1)
		if (letter != 'f' || !dp_cli_json(json, "status", optarg))
			return DP_EXIT_USAGE;
	if (optind < argc)
		return dp_cli_usage("status", "unexpected argument %s",
		    argv[optind]);
	return DP_EXIT_OK;
}

/* A number that the status file gives, so 0 and negative ones, which mean
 * groups of processes to kill(2), must not get there. */
static bool process_exists(uint64_t pid)
{
	if (pid == 0 || pid > INT32_MAX)
		return false;
	return kill((pid_t)pid, 0) == 0 || errno == EPERM;
}

static void status_read(struct dp_overview *o, const struct dp_cli *cli)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_status *status = NULL;
	char path[DP_PATH_MAX];
	enum dp_err err =
	    dp_state_path(path, cli->state_dir, DP_STATE_STATUS, &diag);

	if (!err)
		err = dp_status_open_ro(&status, path, &diag);
	if (err == DP_ERR_NOTFOUND) {
		dp_cli_fail(DP_EXIT_FAILED, path,
		    "there is no status: does the resolver run, started since "
		    "dnspin enable, and with this state directory (dnspin -d "
		    "DIR, DNSPIN_DIR)?");
		return;
	}
	if (!err) {
		err = dp_status_read(status, &o->head);
		if (err)
			dp_diag_set(&diag, path, 0,
			    "the resolver died while it wrote: start it again");
	}
	if (err) {
		dp_cli_diag(err, &diag);
	} else {
		for (size_t i = 0; i < DP_COUNTER_COUNT; i++)
			o->counters[i] =
			    dp_status_count(status, (enum dp_counter)i);
		o->process_exists = process_exists(o->head.pid);
		o->has_status = true;
	}
	dp_status_close(&status);
}

static void map_read(struct dp_overview *o, const struct dp_cli *cli)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_map *map = NULL;
	char path[DP_PATH_MAX];
	enum dp_err err =
	    dp_state_path(path, cli->state_dir, DP_STATE_MAP, &diag);

	if (!err)
		err = dp_map_open_ro(&map, path, &diag);
	if (err == DP_ERR_NOTFOUND) {
		dp_cli_fail(DP_EXIT_FAILED, path,
		    "there is no map: the resolver makes it at its start");
		return;
	}
	if (err) {
		dp_cli_diag(err, &diag);
		return;
	}
	dp_map_stats(map, o->now_s, &o->map);
	o->map_id = dp_map_id(map);
	o->map_seq = dp_map_seq(map);
	o->has_map = true;
	dp_map_close(&map);
}

/* To this resolver, with its map and the policy that it uses. */
static void promise_read(struct dp_overview *o, const struct dp_sync *sync)
{
	uint64_t acked = 0;

	if (o->has_map && dp_overview_loaded(o))
		acked = dp_sync_acked(sync, o->map_id, o->head.digest);
	o->agent_promises = acked > 0;
	o->behind = acked > 0 && acked < o->map_seq ? o->map_seq - acked : 0;
}

static bool agent_alive(const struct dp_sync *sync)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return dp_sync_alive(sync,
	    (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

/* Nobody needs an agent: where none ever ran, nothing is said. After the
 * resolver and the map. */
static void agent_read(struct dp_overview *o, const struct dp_cli *cli)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_sync *sync = NULL;
	char path[DP_PATH_MAX];
	enum dp_err err =
	    dp_state_path(path, cli->state_dir, DP_STATE_ACK, &diag);

	if (!err)
		err = dp_sync_open_ro(&sync, path, &diag);
	if (err == DP_ERR_NOTFOUND)
		return;
	if (!err) {
		err = dp_sync_read(sync, &o->agent);
		if (err)
			dp_diag_set(&diag, path, 0,
			    "the agent died while it wrote: start it again");
	}
	if (err) {
		dp_cli_diag(err, &diag);
	} else {
		o->agent_alive = agent_alive(sync);
		promise_read(o, sync);
		o->has_agent = true;
	}
	dp_sync_close(&sync);
}

int dp_status_at(const struct dp_cli *cli, int argc, char **argv,
    uint32_t now_s)
{
	struct dp_overview o = { .now_s = now_s };
	struct dp_policy *policy;
	bool json = false, well;
	enum dp_err err;
	int code = options_parse(&json, argc, argv);

	if (code != DP_EXIT_OK)
		return code;
	/* What is missing was said then; the rest is shown all the same. */
	status_read(&o, cli);
	policy = dp_cli_policy(cli, &code);
	o.policy = policy;
	map_read(&o, cli);
	agent_read(&o, cli);
	err = (json ? dp_overview_json : dp_overview_text)(&o, stdout);
	well = dp_overview_well(&o); /* asks the policy, too */
	dp_policy_close(&policy);
	if (err)
		return dp_cli_fail(DP_EXIT_FAILED, "status", "%s",
		    dp_err_text(err));
	return well ? DP_EXIT_OK : DP_EXIT_FAILED;
}

int dp_verb_status(const struct dp_cli *cli, int argc, char **argv)
{
	return dp_status_at(cli, argc, argv, (uint32_t)time(NULL));
}
