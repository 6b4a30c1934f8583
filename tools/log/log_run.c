#include "dp_config.h"

#include "tools/log/log_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/log/event_stream.h"
#include "tools/log/log_form.h"

#define US UINT64_C(1000000)
#define BATCH_B (256u << 10)
#define POSITIONS_EVERY_B (1u << 20) /* so far back the next run reads */
#define IDLE_MS_MAX 20
#define RETRY_MS 250
#define LEAVE_MS 5000 /* at the end, for a reader that does not read */
#define EMPTY_US (3 * US)
#define NO_EVENTS "there are no events yet: does Unbound run with the " \
	"module, and is event-ring above 0?"

struct run {
	const struct dp_log_options *o;
	struct dp_stream *stream;
	struct dp_log_form *form;
	struct dp_log_out *out;
	struct dp_log_batch batch;
	bool keeps_positions;
	bool moved;	   /* since the last line of positions, */
	size_t unmarked_b; /* in so many octets */
	struct dp_log_positions now;	 /* behind the batch */
	struct dp_log_positions written; /* before it */
	uint64_t begun_us;
	uint64_t end_us; /* later events are for the next run */
	bool stops;
	bool said_empty;
	bool troubled;
	struct dp_diag trouble;
	bool took; /* something, when it last looked */
	int signals;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * US + (uint64_t)t.tv_nsec / 1000;
}

/* --- from the rings to the batch ------------------------------------------ */

static void mark(struct run *r)
{
	dp_log_form_positions(r->form, &r->now, now_us(), &r->batch);
	r->unmarked_b = 0;
	r->moved = false;
}

static void take(struct run *r, const struct dp_stream_item *item,
    uint64_t at_us)
{
	bool anew = dp_log_positions_lack(&r->now, item);
	size_t before_b = r->batch.size_b;

	r->moved = true;
	if (item->kind == DP_STREAM_EVENT &&
	    !dp_log_filter_fits(&r->o->filter, &item->event)) {
		dp_log_positions_pass(&r->now, item);
		return;
	}
	if (r->keeps_positions && item->kind != DP_STREAM_ANEW && anew) {
		dp_log_positions_enter(&r->now, item);
		mark(r);
	}
	dp_log_form_item(r->form, item, anew, at_us, &r->batch);
	dp_log_positions_pass(&r->now, item);
	r->unmarked_b += r->batch.size_b - before_b;
	if (r->keeps_positions && (item->kind == DP_STREAM_ANEW ||
		r->unmarked_b >= POSITIONS_EVERY_B))
		mark(r);
}

static bool is_full(const struct run *r)
{
	const struct dp_log_seal *seal = dp_log_form_seal_of(r->form);
	size_t waits_b = seal ? dp_log_seal_output_b(seal) : r->batch.size_b;

	return waits_b >= BATCH_B || (seal && dp_log_seal_has_ended(seal));
}

/* Did it come after the stop? It did not where its time has yet to come: then
 * the clock was set back. */
static bool is_late(const struct run *r, const struct dp_stream_item *item,
    uint64_t at_us)
{
	uint64_t time_us = item->kind == DP_STREAM_EVENT ?
	    item->event.fixed.time_us : item->until_us;

	return time_us > r->end_us && time_us <= at_us;
}

/* False: there was no more to take. */
static bool gather(struct run *r)
{
	uint64_t at_us = now_us(), until_us = r->stops ? UINT64_MAX : at_us;
	struct dp_stream_item item;

	r->took = false;
	while (!is_full(r)) {
		if (!dp_stream_next(r->stream, until_us, &item))
			return false;
		if (r->stops && is_late(r, &item, at_us))
			return false;
		take(r, &item, at_us);
		r->took = true;
	}
	return true;
}

/* --- from the batch to the log -------------------------------------------- */

static enum dp_log_wrote flush(struct run *r)
{
	enum dp_log_wrote wrote;

	dp_log_form_output(r->form, now_us(), &r->batch);
	if (r->batch.starved) {
		dp_cli_fail(0, "log", "out of memory");
		return DP_LOG_ENDED;
	}
	wrote = dp_log_out_write(r->out, &r->batch, &r->written, now_us());
	if (wrote == DP_LOG_WROTE)
		r->written = r->now;
	return wrote;
}

static void stop(struct run *r)
{
	r->stops = true;
	r->end_us = now_us();
}

/* Wait, but for a signal or a reader that reads no longer than that. */
static void rest(struct run *r, int wait_ms, bool for_reader)
{
	struct pollfd wake[] = {
		{ .fd = r->signals, .events = POLLIN },
		{ .fd = for_reader ? dp_log_out_fd(r->out) : -1,
		    .events = POLLOUT },
	};
	struct signalfd_siginfo info;

	if (poll(wake, 2, wait_ms) <= 0 || !wake[0].revents)
		return;
	while (read(r->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			dp_log_out_reopen(r->out);
		else
			stop(r);
	}
}

static void say_stream(struct run *r)
{
	struct dp_diag diag;
	bool troubled = dp_stream_trouble(r->stream, &diag);

	if (troubled && (!r->troubled ||
		strcmp(r->trouble.reason, diag.reason) != 0)) {
		(void)dp_cli_diag(DP_ERR_IO, &diag);
		r->trouble = diag;
	}
	r->troubled = troubled;
	if (!troubled && !r->said_empty && dp_stream_count(r->stream) == 0 &&
	    now_us() - r->begun_us > EMPTY_US) {
		r->said_empty = true;
		dp_cli_fail(0, "log", NO_EVENTS);
	}
}

/* Everything that is there now, to its end. */
static int finish(struct run *r)
{
	uint64_t late_us = now_us() + LEAVE_MS * UINT64_C(1000);
	enum dp_log_wrote wrote = flush(r);
	bool more = true;

	while ((more || r->batch.size_b > 0) && wrote != DP_LOG_ENDED &&
	    wrote != DP_LOG_FAILED && now_us() < late_us) {
		if (wrote == DP_LOG_WROTE && more) {
			late_us = now_us() + LEAVE_MS * UINT64_C(1000);
			more = gather(r);
			if (!more && r->keeps_positions && r->moved)
				mark(r);
		} else if (wrote == DP_LOG_WAITS) {
			rest(r, RETRY_MS, true);
		}
		wrote = flush(r);
	}
	say_stream(r);
	if (r->o->once && !r->troubled && dp_stream_count(r->stream) == 0)
		return dp_cli_fail(DP_EXIT_FAILED, "log", NO_EVENTS);
	if (!more && r->batch.size_b == 0)
		return dp_log_out_end(r->out, now_us()) == DP_OK &&
		    !(r->o->once && r->troubled) ?
		    DP_EXIT_OK : DP_EXIT_FAILED;
	if (wrote == DP_LOG_WAITS)
		dp_cli_fail(0, "log", "nobody reads: ended before all was "
		    "written");
	return DP_EXIT_FAILED;
}

static int follow(struct run *r)
{
	int idle_ms = 1;

	for (;;) {
		enum dp_log_wrote wrote;
		bool more;

		rest(r, 0, false);
		if (r->stops)
			return finish(r);
		more = gather(r);
		idle_ms = r->took ? 1 : idle_ms;
		say_stream(r);
		wrote = flush(r);
		if (wrote == DP_LOG_ENDED)
			return DP_EXIT_FAILED;
		if (wrote != DP_LOG_WROTE) {
			rest(r, RETRY_MS, wrote == DP_LOG_WAITS);
		} else if (!more) {
			rest(r, idle_ms, false);
			idle_ms = idle_ms < IDLE_MS_MAX / 2 ? idle_ms * 2 :
							      IDLE_MS_MAX;
		}
	}
}

/* --- beginning and end ---------------------------------------------------- */

static bool signals_block(struct run *r)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signals >= 0;
}

/* A file of JSON goes on where it ended and else begins with the oldest event;
 * who watches sees what is new, or from -S on. */
static enum dp_err open_all(struct run *r, const char *state_dir,
    struct dp_diag *diag)
{
	bool resumes;
	enum dp_err err = dp_stream_open(&r->stream, state_dir, diag);

	if (err != DP_OK)
		return err;
	r->form = dp_log_form_open(r->o->target.format);
	if (!r->form) {
		dp_diag_set(diag, "log", 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	err = dp_log_out_open(&r->out, &r->o->target, r->form, r->begun_us,
	    &r->now, &resumes, diag);
	if (err != DP_OK)
		return err;
	r->written = r->now;
	if (resumes)
		return dp_log_positions_resume(&r->now, r->stream);
	if (!r->keeps_positions && !r->o->target.keys.key && !r->o->since &&
	    !r->o->once)
		dp_stream_skip(r->stream);
	return DP_OK;
}

int dp_log_run(const char *state_dir, const struct dp_log_options *o)
{
	struct run *r = calloc(1, sizeof(*r));
	struct dp_diag diag = { .line = 0 };
	int code = DP_EXIT_FAILED;
	enum dp_err err;

	if (!r)
		return dp_cli_fail(code, "log", "out of memory");
	r->o = o;
	r->begun_us = now_us();
	r->signals = -1;
	r->keeps_positions = o->target.file && !o->target.keys.key &&
	    o->target.format == DP_LOG_JSON;
	if (!signals_block(r)) {
		dp_cli_fail(0, "log", "%s", strerror(errno));
		goto out;
	}
	err = open_all(r, state_dir, &diag);
	if (err != DP_OK) {
		code = dp_cli_diag(err, &diag);
		goto out;
	}
	if (o->once)
		stop(r);
	code = follow(r);
out:
	dp_log_out_close(&r->out);
	dp_log_form_close(&r->form);
	dp_stream_close(&r->stream);
	dp_log_batch_free(&r->batch);
	if (r->signals >= 0)
		close(r->signals);
	free(r);
	return code;
}
