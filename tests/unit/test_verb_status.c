#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/sample.h"
#include "tools/report/overview.h"

#include <jansson.h>
#include <sodium.h>
#include <sys/wait.h>
#include <time.h>

static struct sample sample;
static char status_path[DP_PATH_MAX];
static struct dp_status *status;
static struct command_line line;

static int run(const char *options)
{
	const struct dp_cli cli = { .conf = sample.conf_path,
		.state_dir = sample.folder };
	char text[512];
	int code;

	snprintf(text, sizeof(text), "status %s", options);
	command_line_begin(&line, text);
	code = dp_status_at(&cli, line.argc, line.argv, SAMPLE_NOW_S);
	command_line_end(&line);
	return code;
}

static void head_publish(uint64_t pid, uint64_t heartbeat_s, uint32_t ready)
{
	struct dp_status_head head = {
		.pid = pid,
		.started_s = SAMPLE_NOW_S - 60,
		.heartbeat_s = heartbeat_s,
		.generation = 1,
		.ready = ready,
		.unbound = "1.17.1",
	};

	dp_status_publish(status, &head);
}

/* This very process plays the resolver. */
static void begin(void)
{
	struct dp_diag diag = { .line = 0 };

	sample_make(&sample);
	CU_ASSERT_EQUAL_FATAL(dp_state_path(status_path, sample.folder,
	    DP_STATE_STATUS, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_status_create(&status, status_path, &diag),
	    DP_OK);
	head_publish((uint64_t)getpid(), SAMPLE_NOW_S, 1);
}

static void end(void)
{
	dp_status_close(&status);
	unlink(status_path);
	sample_remove(&sample);
}

/* The number of a process that is gone for sure. */
static uint64_t gone_process(void)
{
	pid_t pid = fork();

	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0)
		_exit(0);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, NULL, 0), pid);
	return (uint64_t)pid;
}

static void exit_tells_alive_and_ready(void)
{
	static const struct {
		int64_t pid; /* 0: a process that is gone, -1: this one */
		uint32_t ago_s;
		uint32_t ready;
		int code;
		const char *wanted;
	} cases[] = {
		{ -1, 0, 1, DP_EXIT_OK, "resolver    ready\n" },
		{ -1, 5, 1, DP_EXIT_OK, "resolver    ready\n" },
		{ -1, 6, 1, DP_EXIT_FAILED, "no sign of life" },
		{ -1, 0, 0, DP_EXIT_FAILED, "not ready" },
		{ 0, 0, 1, DP_EXIT_FAILED, "is gone" },
		/* what kill(2) would take for a group of processes */
		{ 0x100000000, 0, 1, DP_EXIT_FAILED, "is gone" },
		{ 0xffffffff, 0, 1, DP_EXIT_FAILED, "is gone" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t pid = (uint64_t)cases[i].pid;

		if (cases[i].pid <= 0)
			pid = cases[i].pid ? (uint64_t)getpid()
					   : gone_process();
		head_publish(pid, SAMPLE_NOW_S - cases[i].ago_s,
		    cases[i].ready);
		CU_ASSERT_EQUAL(run(""), cases[i].code);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, cases[i].wanted));
		CU_ASSERT_STRING_EQUAL(line.err.text, "");
	}
	end();
}

/* This very process plays the agent, too. */
static struct dp_sync *agent_begin(char path[DP_PATH_MAX])
{
	struct dp_diag diag = { .line = 0 };
	struct dp_sync *sync = NULL;
	char folder[DP_PATH_MAX];

	CU_ASSERT_EQUAL_FATAL(dp_state_path(folder, sample.folder,
	    DP_STATE_SYNC, NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0755), 0);
	CU_ASSERT_EQUAL_FATAL(dp_state_path(path, sample.folder, DP_STATE_ACK,
	    NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_sync_create(&sync, path, &diag), DP_OK);
	return sync;
}

static void agent_end(struct dp_sync *sync, const char *path)
{
	char folder[DP_PATH_MAX];

	dp_sync_close(&sync);
	unlink(path);
	CU_ASSERT_EQUAL_FATAL(dp_state_path(folder, sample.folder,
	    DP_STATE_SYNC, NULL), DP_OK);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* Of the map of the sample, under the policy on disk, which is in use. */
static void agent_promise(struct dp_sync *sync, uint64_t behind)
{
	struct dp_status_head head = {
		.pid = (uint64_t)getpid(),
		.heartbeat_s = SAMPLE_NOW_S,
		.generation = 1,
		.ready = 1,
	};
	struct dp_policy *policy = NULL;
	struct dp_map *map = NULL;
	struct timespec now;

	CU_ASSERT_EQUAL_FATAL(dp_policy_open(&policy, sample.policy_path, NULL,
	    NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_map_open_ro(&map, sample.map_path, NULL),
	    DP_OK);
	memcpy(head.digest, dp_policy_digest(policy), sizeof(head.digest));
	dp_status_publish(status, &head);
	clock_gettime(CLOCK_BOOTTIME, &now);
	dp_sync_beat(sync, (uint64_t)now.tv_sec * 1000000000u +
	    (uint64_t)now.tv_nsec);
	dp_sync_subject(sync, dp_map_id(map), dp_policy_digest(policy));
	dp_sync_ack(sync, dp_map_seq(map) - behind);
	dp_map_close(&map);
	dp_policy_close(&policy);
}

/* Resolver well, answers not: what watches the exit status has to know. */
static void exit_tells_that_nobody_confirms(void)
{
	struct dp_settings settings;
	char path[DP_PATH_MAX];
	struct dp_sync *sync;

	begin();
	dp_settings_default(&settings);
	settings.value[DP_SET_BARRIER] = DP_BARRIER_FAIL_OPEN;
	sample_policy_write(&sample, &settings);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "resolver    ready\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "nobody confirms"));
	sync = agent_begin(path);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
	agent_promise(sync, 3);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, ", 3 changes behind\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "the agent confirms"));
	dp_sync_withdraw(sync);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
	agent_promise(sync, 0);
	dp_sync_beat(sync, 1); /* long ago */
	CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "agent       not running"));
	agent_end(sync, path);
	end();
}

static void counters_and_map_are_read(void)
{
	json_t *root;
	json_int_t deny = 0, live = 0, capacity = 0, recorded = 0;

	begin();
	dp_status_add(status, 0, DP_COUNT_DENY, 40);
	dp_status_add(status, 31, DP_COUNT_DENY, 2);
	CU_ASSERT_EQUAL(run("-f json"), DP_EXIT_OK);
	root = json_loads(line.out.text, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	CU_ASSERT_EQUAL(json_unpack(root, "{s:{s:{s:I}}, s:{s:I, s:I, s:I}}",
	    "resolver", "counters", "deny", &deny, "map", "live", &live,
	    "capacity", &capacity, "recorded", &recorded), 0);
	CU_ASSERT_EQUAL(deny, 42);
	CU_ASSERT_EQUAL(live, 12);
	CU_ASSERT_EQUAL(capacity, 64);
	CU_ASSERT_EQUAL(recorded, 13);
	json_decref(root);
	end();
}

static void missing_files_are_told(void)
{
	begin();
	unlink(status_path);
	unlink(sample.map_path);
	unlink(sample.policy_path);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "/unbound/status: there is no status: does the resolver run"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "/unbound/map: there is no"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "/policy: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "resolver    not known"));
	end();
}

static void bad_files_are_told(void)
{
	begin();
	CU_ASSERT_TRUE_FATAL(unit_write(status_path, "x", 1));
	CU_ASSERT_TRUE_FATAL(unit_write(sample.map_path, "x", 1));
	CU_ASSERT_TRUE_FATAL(unit_write(sample.policy_path, "x", 1));
	CU_ASSERT_EQUAL(run("-f json"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "/unbound/status: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "/unbound/map: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "/policy: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "\"resolver\": null"));
	end();
}

static void wrong_command_lines_are_told(void)
{
	static const char *const cases[][2] = {
		{ "-f xml", "unknown format xml" },
		{ "-f", "needs an argument" },
		{ "-x", "unknown option -x" },
		{ "now", "unexpected argument now" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i][0]), DP_EXIT_USAGE);
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i][1]));
	}
	end();
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("verb_status", set_up, NULL, UNIT(exit_tells_alive_and_ready),
    UNIT(exit_tells_that_nobody_confirms),
    UNIT(counters_and_map_are_read), UNIT(missing_files_are_told),
    UNIT(bad_files_are_told), UNIT(wrong_command_lines_are_told))
