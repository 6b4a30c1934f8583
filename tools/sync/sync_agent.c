#include "dp_config.h"

#include "tools/sync/sync_agent.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "module/core/state.h"
#include "module/core/sync.h"
#include "tools/sync/sync_notify.h"
#include "tools/sync/sync_source.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S UINT64_C(1000000000)
#define CHORES_NS (100 * MS) /* ten for each second: DP_MIRROR_SLICES */
#define PUBLISH_CHORES 3
#define FIRST_RETRY_NS (100 * MS)
#define LAST_RETRY_NS (5 * S)
#define PARTLY_NS (1 * S)
#define PARTLY_TIMES 100 /* as long as a comparison takes */
#define REST_TIMES 2	 /* so long after one: it can be provoked */
#define STIR_NS (5 * MS) /* between looks, however much stirs */
#define STUCK_NS (60 * S)
#define BEAT_US ((DP_SYNC_BEAT_MS - 50) * 1000)
#define RECENT_NS (20 * MS)
#define PAUSE_RECENT_NS (50 * US)
#define PAUSE_BARRIER_NS (200 * US)
#define PAUSE_NS (20 * MS)

struct agent {
	const struct dp_sync_options *options;
	struct dp_sync_source *source;
	struct dp_sync *sync; /* NULL: promises nothing (-n) */
	char ack_path[DP_PATH_MAX];
	bool unseen; /* another file lies where the resolver looks, or none */
	struct dp_sync_report report;
	const char *notify;
	bool promised;
	bool compare_due;
	bool partly; /* something may be open to all that seemed not to be */
	uint64_t seq; /* next change of the map that it wants */
	_Atomic uint64_t turn_ns; /* read by the signal handler, too */
	uint64_t chores_ns, stir_ns, news_ns;
	uint64_t retry_ns, back_off_ns, rest_ns, partly_ns;
	unsigned chores;
	uint64_t clock_offset_ns;
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * S + (uint64_t)t.tv_nsec;
}

static uint32_t now_s(void)
{
	return (uint32_t)(clock_ns(CLOCK_REALTIME) / S);
}

/* Whose heart beats. Of millions of bindings a comparison takes seconds: a
 * timer beats, unless there was no turn for so long that something is stuck. */
static struct agent *beating;

static void on_alarm(int number)
{
	uint64_t now_ns = clock_ns(CLOCK_BOOTTIME);
	struct agent *a = beating;

	(void)number;
	if (a && now_ns - atomic_load_explicit(&a->turn_ns,
		     memory_order_relaxed) < STUCK_NS)
		dp_sync_beat(a->sync, now_ns);
}

static void beat_start(struct agent *a)
{
	const struct itimerval each = { { 0, BEAT_US }, { 0, BEAT_US } };
	struct sigaction action = { .sa_handler = on_alarm,
		.sa_flags = SA_RESTART };

	a->turn_ns = clock_ns(CLOCK_BOOTTIME);
	dp_sync_beat(a->sync, a->turn_ns);
	beating = a;
	sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &each, NULL);
}

static void beat_end(void)
{
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };

	(void)setitimer(ITIMER_REAL, &never, NULL);
	beating = NULL;
}

static void withdraw(struct agent *a)
{
	if (a->sync && a->promised)
		dp_sync_withdraw(a->sync);
	a->promised = false;
}

static void promise(struct agent *a, uint64_t seq)
{
	a->seq = seq;
	if (a->sync)
		dp_sync_ack(a->sync, seq);
	a->promised = true;
}

static void publish(struct agent *a)
{
	struct dp_mirror *mirror = dp_sync_source_mirror(a->source);

	if (mirror) {
		const struct dp_mirror_counts *c = dp_mirror_counts(mirror);

		a->report.elements = dp_mirror_elements(mirror);
		a->report.added = c->added;
		a->report.prolonged = c->prolonged;
		a->report.removed = c->removed;
		a->report.batches = c->batches;
	}
	if (a->sync)
		dp_sync_publish(a->sync, &a->report);
}

/* What is wrong now; said once for as long as it stays the same. */
static void trouble(struct agent *a, const struct dp_diag *diag)
{
	char text[sizeof(a->report.trouble)];

	snprintf(text, sizeof(text), "%.200s: %.300s", diag->object,
	    diag->reason);
	if (strcmp(text, (const char *)a->report.trouble) == 0)
		return;
	dp_cli_fail(0, diag->object, "%s", diag->reason);
	memcpy(a->report.trouble, text, sizeof(text));
}

static void trouble_end(struct agent *a)
{
	if (a->report.trouble[0] != '\0')
		dp_cli_fail(0, "sync", "all is well again");
	memset(a->report.trouble, 0, sizeof(a->report.trouble));
}

/* The account is not sound any more: try anew, less often each time. */
static void failed(struct agent *a, const struct dp_diag *diag)
{
	withdraw(a);
	trouble(a, diag);
	a->report.errors++;
	a->compare_due = true;
	a->back_off_ns = a->back_off_ns == 0 ? FIRST_RETRY_NS
					     : 2 * a->back_off_ns;
	if (a->back_off_ns > LAST_RETRY_NS)
		a->back_off_ns = LAST_RETRY_NS;
	a->retry_ns = clock_ns(CLOCK_BOOTTIME) + a->back_off_ns;
	publish(a);
}

static void compared(struct agent *a, uint64_t seq, size_t missing)
{
	a->compare_due = a->partly = false;
	a->back_off_ns = 0;
	a->report.resyncs++;
	trouble_end(a);
	if (a->sync)
		dp_sync_subject(a->sync,
		    dp_map_id(dp_sync_source_map(a->source)),
		    dp_policy_digest(dp_sync_source_policy(a->source)));
	promise(a, seq);
	publish(a);
	if (a->options->verbose)
		dp_cli_fail(0, "sync", "compared: %" PRIu64 " elements, %zu "
		    "were missing, %" PRIu64 " removed since the start",
		    a->report.elements, missing, a->report.removed);
	if (a->notify && a->report.resyncs == 1)
		dp_sync_notify(a->notify, "READY=1");
}

/* All bindings of the map against all elements in the kernel. */
static bool compare(struct agent *a)
{
	struct dp_map *map = dp_sync_source_map(a->source);
	struct dp_mirror *mirror = dp_sync_source_mirror(a->source);
	struct dp_diag diag = { .line = 0 };
	struct dp_elements e = { NULL, 0, 0 };
	uint64_t seq = dp_map_seq(map);
	uint64_t begin_ns = clock_ns(CLOCK_BOOTTIME), end_ns;
	uint32_t at_s = now_s();
	size_t missing = 0;
	enum dp_err err = dp_sync_source_all(a->source, &e, at_s, &diag);

	if (!err)
		err = dp_mirror_look(mirror, &e, at_s,
		    dp_sync_source_max_life_s(a->source), &missing, &diag);
	/* A promise that does not hold must not stand while it is mended. */
	if (!err && missing > 0)
		withdraw(a);
	if (!err)
		err = dp_mirror_repair(mirror, at_s, &diag);
	dp_elements_free(&e);
	if (err)
		failed(a, &diag);
	else
		compared(a, seq, missing);
	end_ns = clock_ns(CLOCK_BOOTTIME);
	a->rest_ns = end_ns + REST_TIMES * (end_ns - begin_ns);
	a->partly_ns = end_ns + PARTLY_TIMES * (end_ns - begin_ns);
	if (a->partly_ns < end_ns + PARTLY_NS)
		a->partly_ns = end_ns + PARTLY_NS;
	return !err;
}

/* What is open to some clients by one name and to the others by another one is
 * seen by a comparison only, which must not be made for each such name. */
static void partly(struct agent *a, size_t left_out)
{
	if (left_out > 0 && !a->options->has_client)
		a->partly = true;
	if (a->partly && clock_ns(CLOCK_BOOTTIME) >= a->partly_ns)
		a->compare_due = true;
}

/* Changes of the map to the kernel, one batch; false: there was no news. */
static bool news_take(struct agent *a)
{
	struct dp_mirror *mirror = dp_sync_source_mirror(a->source);
	struct dp_diag diag = { .line = 0 };
	struct dp_elements e = { NULL, 0, 0 };
	uint64_t seq = a->seq;
	uint32_t at_s = now_s();
	size_t refused = 0;
	bool disturbed = false;
	enum dp_err err = dp_sync_source_news(a->source, &seq, &e, at_s,
	    &refused, &diag);

	if (err == DP_ERR_LIMIT) { /* too far behind */
		withdraw(a);
		a->compare_due = true;
		return true;
	}
	for (size_t i = 0; !err && i < e.count; i++)
		err = dp_mirror_want(mirror, &e.items[i], at_s, &diag);
	if (!err)
		err = dp_mirror_flush(mirror, &diag);
	/* What somebody took out must not be promised. */
	if (!err && seq != a->seq)
		err = dp_mirror_disturbed(mirror, &disturbed, &diag);
	partly(a, e.left_out);
	dp_elements_free(&e);
	a->report.refused += refused;
	if (err)
		failed(a, &diag);
	else if (disturbed)
		a->compare_due = true;
	else if (seq == a->seq)
		return false;
	else
		promise(a, seq);
	return true;
}

/* The wall clock was set: bindings count in it, the kernel's timeouts do not. */
static void clock_check(struct agent *a, uint64_t now_ns)
{
	uint64_t offset_ns = clock_ns(CLOCK_REALTIME) - now_ns;
	int64_t jump_ns = (int64_t)(offset_ns - a->clock_offset_ns);

	if (jump_ns < -(int64_t)S || jump_ns > (int64_t)S) {
		a->compare_due = true;
		a->clock_offset_ns = offset_ns;
	}
}

static void mirror_care(struct agent *a)
{
	struct dp_mirror *mirror = dp_sync_source_mirror(a->source);
	struct dp_diag diag = { .line = 0 };
	bool disturbed = false;
	enum dp_err err = dp_mirror_disturbed(mirror, &disturbed, &diag);

	if (!err && !disturbed)
		err = dp_mirror_expire(mirror, now_s(), &diag);
	if (err)
		failed(a, &diag);
	if (disturbed)
		a->compare_due = true;
}

static void chores_do(struct agent *a, uint64_t now_ns)
{
	struct dp_diag diag = { .line = 0 };
	bool changed = false;
	enum dp_err err;

	a->chores_ns = now_ns + CHORES_NS;
	a->stir_ns = now_ns + STIR_NS;
	partly(a, 0);
	a->unseen = a->sync && !dp_sync_is_at(a->sync, a->ack_path);
	err = dp_sync_source_look(a->source, &changed, &diag);
	if (changed) {
		withdraw(a);
		a->compare_due = true;
		a->retry_ns = 0;
	}
	if (err)
		trouble(a, &diag);
	clock_check(a, now_ns);
	if (dp_sync_source_ready(a->source) && !a->compare_due)
		mirror_care(a);
	if (++a->chores % PUBLISH_CHORES == 0)
		publish(a);
}

static void pause_for_news(const struct agent *a, uint64_t now_ns)
{
	uint64_t pause_ns = PAUSE_NS;
	struct timespec t = { 0, 0 };
	struct pollfd fd = { .fd = dp_sync_source_fd(a->source),
		.events = POLLIN };

	if (!dp_sync_source_ready(a->source))
		pause_ns = PAUSE_NS;
	else if (now_ns - a->news_ns < RECENT_NS)
		pause_ns = PAUSE_RECENT_NS;
	else if (dp_sync_source_barrier(a->source))
		pause_ns = PAUSE_BARRIER_NS;
	t.tv_nsec = (long)pause_ns;
	/* Who may make files beside the map may make them all the time. */
	(void)ppoll(&fd, now_ns >= a->stir_ns ? 1 : 0, &t, NULL);
}

static void turn(struct agent *a)
{
	uint64_t now_ns = clock_ns(CLOCK_BOOTTIME);
	bool news = false;

	atomic_store_explicit(&a->turn_ns, now_ns, memory_order_relaxed);
	if (now_ns >= a->chores_ns || (now_ns >= a->stir_ns &&
		dp_sync_source_stirred(a->source)))
		chores_do(a, now_ns);
	if (!dp_sync_source_ready(a->source))
		withdraw(a);
	else if (!a->compare_due)
		news = news_take(a);
	else if (now_ns >= a->retry_ns && now_ns >= a->rest_ns)
		news = compare(a);
	if (news)
		a->news_ns = now_ns;
	else
		pause_for_news(a, now_ns);
}

static int agent_open(struct agent *a, const struct dp_cli *cli)
{
	struct dp_diag diag = { .line = 0 };
	enum dp_err err = dp_sync_source_open(&a->source, cli, a->options,
	    &diag);

	a->compare_due = true;
	a->clock_offset_ns = clock_ns(CLOCK_REALTIME) -
	    clock_ns(CLOCK_BOOTTIME);
	return err ? dp_cli_diag(err, &diag) : DP_EXIT_OK;
}

int dp_sync_once(const struct dp_cli *cli, const struct dp_sync_options *o)
{
	struct agent a = { .options = o };
	struct dp_diag diag = { .line = 0 };
	bool changed = false;
	int code = agent_open(&a, cli);

	if (code == DP_EXIT_OK &&
	    dp_sync_source_look(a.source, &changed, &diag))
		code = dp_cli_fail(DP_EXIT_FAILED, diag.object, "%s",
		    diag.reason);
	if (code == DP_EXIT_OK && !compare(&a))
		code = DP_EXIT_FAILED;
	dp_sync_source_close(&a.source);
	return code;
}

int dp_sync_run(const struct dp_cli *cli, const struct dp_sync_options *o,
    struct dp_sync_signals *signals, const char *notify)
{
	struct agent a = { .options = o, .notify = notify };
	struct dp_diag diag = { .line = 0 };
	enum dp_err err = dp_state_path(a.ack_path, cli->state_dir,
	    DP_STATE_ACK, &diag);
	int code;

	if (!err)
		err = dp_sync_create(&a.sync, a.ack_path, &diag);
	if (err)
		return dp_cli_diag(err, &diag);
	a.report.pid = (uint64_t)getpid();
	a.report.started_s = now_s();
	beat_start(&a);
	code = agent_open(&a, cli);
	publish(&a);
	while (code == DP_EXIT_OK && !signals->stop) {
		if (signals->compare) {
			dp_sync_source_again(a.source);
			a.chores_ns = 0;
			a.compare_due = true;
		}
		signals->compare = 0;
		turn(&a);
		if (a.unseen)
			code = dp_cli_fail(DP_EXIT_FAILED, a.ack_path,
			    "removed or replaced: the resolver does not see "
			    "this agent any more; start it again");
	}
	beat_end();
	withdraw(&a);
	publish(&a);
	dp_sync_source_close(&a.source);
	dp_sync_close(&a.sync);
	return code;
}
