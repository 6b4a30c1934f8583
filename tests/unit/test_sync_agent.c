#include "dp_config.h"

#include "tests/unit/capture.h"
#include "tests/unit/synced.h"

#include <sodium.h>
#include <sys/wait.h>

#include "module/core/sync.h"
#include "tools/sync/sync_agent.h"

#define WAIT_S 20

static struct dp_sync_signals signals;
static struct dp_diag diag;

static void on_signal(int number)
{
	if (number == SIGHUP)
		signals.compare = 1;
	else
		signals.stop = 1;
}

/* The agent, in a process of its own. */
static pid_t agent_start(const struct synced *s)
{
	static const struct dp_sync_options o = { .table = NULL };
	char path[128];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/sync", s->dir);
	(void)mkdir(path, 0755);
	fflush(NULL);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid > 0)
		return pid;
	signal(SIGTERM, on_signal);
	signal(SIGHUP, on_signal);
	if (!freopen("/dev/null", "w", stderr))
		_exit(99);
	_exit(dp_sync_run(&s->cli, &o, &signals, NULL));
}

static int agent_end(pid_t pid, int number)
{
	int status = 0;

	CU_ASSERT_EQUAL(kill(pid, number), 0);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return status;
}

static struct dp_sync *promise_open(const struct synced *s)
{
	struct dp_sync *sync = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/sync/ack", s->dir);
	for (time_t end = time(NULL) + WAIT_S; !sync && time(NULL) < end;)
		if (dp_sync_open_ro(&sync, path, &diag))
			usleep(1000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sync);
	return sync;
}

/* Does the agent come to promise seq under the policy on disk? */
static bool promised(const struct synced *s, const struct dp_sync *sync,
    uint64_t seq)
{
	time_t end = time(NULL) + WAIT_S;
	struct dp_policy *policy = NULL;
	bool done = false;

	CU_ASSERT_EQUAL_FATAL(dp_policy_open(&policy, s->policy_path, NULL,
	    &diag), DP_OK);
	while (!done && time(NULL) < end) {
		uint32_t word = dp_sync_word(sync);

		done = dp_sync_acked(sync, dp_map_id(s->map),
		    dp_policy_digest(policy)) >= seq;
		if (!done)
			dp_sync_wait(sync, word, 100000000);
	}
	dp_policy_close(&policy);
	return done;
}

static uint64_t boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void what_is_promised_is_in_the_kernel(void)
{
	struct dp_sync_report report;
	struct dp_sync *sync;
	struct synced s;
	pid_t pid;

	synced_make(&s);
	synced_record(&s, "a", 1, 300);
	pid = agent_start(&s);
	sync = promise_open(&s);
	CU_ASSERT_TRUE_FATAL(promised(&s, sync, dp_map_seq(s.map)));
	CU_ASSERT_TRUE(dp_sync_alive(sync, boot_ns()));
	CU_ASSERT_EQUAL(synced_held("dnspin"), 1);
	for (unsigned n = 2; n < 50; n++) {
		uint64_t seq = synced_record(&s, "b.w", n, 300);

		CU_ASSERT_TRUE_FATAL(promised(&s, sync, seq));
		CU_ASSERT_EQUAL(synced_held("dnspin"), n);
	}
	/* a new policy takes away what it does not allow */
	compile_to(s.policy_path, SOA("u") "a TXT allow tcp/443\n");
	CU_ASSERT_TRUE(promised(&s, sync, dp_map_seq(s.map)));
	CU_ASSERT_EQUAL(synced_held("dnspin"), 1);
	CU_ASSERT_TRUE(promised(&s, sync, synced_record(&s, "off", 99, 300)));
	CU_ASSERT_EQUAL(synced_held("dnspin"), 1);
	CU_ASSERT_EQUAL(agent_end(pid, SIGTERM), 0);
	CU_ASSERT_FALSE(dp_sync_acked(sync, dp_map_id(s.map),
	    (const uint8_t[DP_SYNC_DIGEST_B]){ 0 }));
	CU_ASSERT_EQUAL(synced_held("dnspin"), 1); /* left to its timeout */
	CU_ASSERT_EQUAL(dp_sync_read(sync, &report), DP_OK);
	CU_ASSERT_EQUAL(report.pid, (uint64_t)pid);
	CU_ASSERT_EQUAL(report.refused, 1);
	CU_ASSERT_EQUAL(report.errors, 0);
	CU_ASSERT_EQUAL(report.trouble[0], 0);
	CU_ASSERT(report.resyncs >= 2 && report.batches >= 48);
	dp_sync_close(&sync);
	synced_remove(&s);
}

static bool kernel_comes_to_hold(size_t count)
{
	time_t end = time(NULL) + WAIT_S;

	while (synced_held("dnspin") != count) {
		if (time(NULL) > end)
			return false;
		usleep(10000);
	}
	return true;
}

/* Others' changes, a killed agent, a life that ends: the sets come right. */
static void sets_come_right_again(void)
{
	struct dp_sync *sync;
	struct synced s;
	pid_t pid;

	synced_make(&s);
	pid = agent_start(&s);
	sync = promise_open(&s);
	for (unsigned n = 0; n < 1000; n++)
		synced_record(&s, "b.w", n, n == 0 ? 2 : 300);
	CU_ASSERT_TRUE_FATAL(promised(&s, sync, dp_map_seq(s.map)));
	CU_ASSERT_TRUE(kernel_comes_to_hold(999));
	CU_ASSERT_TRUE(netspace_nft("flush set inet dnspin allowed4_any; "
	    "add element inet dnspin allowed6_any { 2620:1ec::66 }"));
	CU_ASSERT_TRUE(kernel_comes_to_hold(999));
	agent_end(pid, SIGKILL);
	synced_record(&s, "a", 7, 300);
	CU_ASSERT_TRUE(netspace_nft("delete element inet dnspin allowed4_any "
	    "{ 20.0.0.9 }"));
	CU_ASSERT_EQUAL(synced_held("dnspin"), 998);
	pid = agent_start(&s);
	CU_ASSERT_TRUE(kernel_comes_to_hold(1000));
	CU_ASSERT_TRUE(promised(&s, sync, dp_map_seq(s.map)));
	CU_ASSERT_EQUAL(agent_end(pid, SIGTERM), 0);
	dp_sync_close(&sync);
	synced_remove(&s);
}

/* Who removes the file of a running agent gets another agent, not a resolver
 * that waits for the one that it does not see. */
static void an_agent_that_nobody_sees_ends(void)
{
	struct dp_sync *sync;
	struct synced s;
	char path[128];
	int status = 0;
	pid_t pid;

	synced_make(&s);
	pid = agent_start(&s);
	sync = promise_open(&s);
	CU_ASSERT_TRUE(promised(&s, sync, dp_map_seq(s.map)));
	snprintf(path, sizeof(path), "%s/sync/ack", s.dir);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status) &&
	    WEXITSTATUS(status) == DP_EXIT_FAILED);
	dp_sync_close(&sync);
	pid = agent_start(&s);
	sync = promise_open(&s);
	CU_ASSERT_TRUE(promised(&s, sync, dp_map_seq(s.map)));
	CU_ASSERT_EQUAL(agent_end(pid, SIGTERM), 0);
	dp_sync_close(&sync);
	synced_remove(&s);
}

static void once_is_enough_for_cron(void)
{
	static const struct dp_sync_options o = { .table = "once" };
	struct capture err;
	struct synced s;
	int code;

	synced_make(&s);
	synced_record(&s, "a", 1, 300);
	CU_ASSERT_EQUAL(dp_sync_once(&s.cli, &o), DP_EXIT_OK);
	CU_ASSERT_EQUAL(synced_held("once"), 1);
	dp_map_close(&s.map);
	unlink(s.map_path);
	capture_begin(&err, stderr);
	code = dp_sync_once(&s.cli, &o);
	capture_end(&err);
	CU_ASSERT_EQUAL(code, DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "there is no map"));
	CU_ASSERT_EQUAL(synced_held("once"), 1);
	synced_remove(&s);
}

static int set_up(void)
{
	return sodium_init() < 0 || netspace_enter();
}

UNIT_MAIN_WITH("sync_agent", set_up, NULL,
    UNIT(what_is_promised_is_in_the_kernel), UNIT(sets_come_right_again),
    UNIT(an_agent_that_nobody_sees_ends),
    UNIT(once_is_enough_for_cron))
