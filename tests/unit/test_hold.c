#include "module/compat.h"

#include "tests/unit/unit.h"

#include "tests/unit/barrier_of.h"

static unsigned ran;
static struct barrier_of *bench;

/* What is run is at its end at once; the loop too. */
static void run(struct module_qstate *q, enum module_ev event, int id,
    struct outbound_entry *outbound)
{
	(void)outbound;
	CU_ASSERT_EQUAL(event, module_event_pass);
	ran++;
	q->ext_state[id] = module_wait_reply;
	comm_base_exit(bench->base);
}

static void bench_open(struct barrier_of *o, unsigned timeout_ms)
{
	struct dp_settings set;

	barrier_of_settings(&set, DP_BARRIER_FAIL_CLOSED);
	set.value[DP_SET_BARRIER_TIMEOUT] = timeout_ms;
	barrier_of_open(o, &set);
	barrier_of_loop(o, run);
	query_of_ask(&o->b, "manage.example", true);
	bench = o;
	ran = 0;
}

static struct dp_hold *hold_new(struct barrier_of *o, uint64_t seq)
{
	struct dp_hold *h = dp_hold_new(o->b.of.w, &o->b.state.s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	h->map_id = dp_map_id(o->b.of.map.map);
	h->seq = seq;
	h->until_ns = barrier_of_clock() + 60000000000u;
	return h;
}

static void a_hold_is_due(void)
{
	static const struct {
		struct dp_barrier_now now;
		bool due;
	} cases[] = {
		{ { DP_BARRIER_FAIL_OPEN, true, 7, 9, 99 }, false },
		{ { DP_BARRIER_FAIL_OPEN, true, 7, 10, 99 }, true },
		{ { DP_BARRIER_FAIL_OPEN, true, 7, 0, 100 }, true },
		{ { DP_BARRIER_FAIL_OPEN, true, 8, 0, 99 }, true },
		{ { DP_BARRIER_FAIL_OPEN, false, 7, 0, 99 }, true },
		{ { DP_BARRIER_OFF, true, 7, 0, 99 }, true },
	};
	struct dp_hold h = { .map_id = 7, .seq = 10, .until_ns = 100 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(dp_hold_is_due(&h, &cases[i].now),
		    cases[i].due);
}

/* With the watch: its thread tells the event loop. */
static void an_ack_runs_what_waits(void)
{
	struct barrier_of o;
	struct dp_hold *h;

	bench_open(&o, 1500);
	CU_ASSERT_TRUE_FATAL(dp_watch_start(&o.b.of.m));
	h = hold_new(&o, 5);
	CU_ASSERT_TRUE_FATAL(dp_hold_begin(&o.b.of.m, h));
	CU_ASSERT_PTR_NULL(h->timer);
	CU_ASSERT_EQUAL(atomic_load(&o.b.of.w->holds.seq), 5);
	dp_sync_ack(o.agent, 5);
	comm_base_dispatch(o.base);
	CU_ASSERT_EQUAL(ran, 1);
	CU_ASSERT_EQUAL(atomic_load(&o.b.of.w->holds.seq), DP_HOLDS_NONE);
	CU_ASSERT_PTR_NULL(h->at);
	barrier_of_close(&o);
}

static void a_deadline_runs_what_waits(void)
{
	struct barrier_of o;
	struct dp_hold *h;

	bench_open(&o, 1500);
	CU_ASSERT_TRUE_FATAL(dp_watch_start(&o.b.of.m));
	h = hold_new(&o, 5);
	h->until_ns = barrier_of_clock() + 1000000;
	CU_ASSERT_TRUE_FATAL(dp_hold_begin(&o.b.of.m, h));
	comm_base_dispatch(o.base);
	CU_ASSERT_EQUAL(ran, 1);
	barrier_of_close(&o);
}

/* Without it a timer does. */
static void without_a_watch_there_are_timers(void)
{
	struct barrier_of o;
	struct dp_hold *h;

	bench_open(&o, 1500);
	h = hold_new(&o, 5);
	CU_ASSERT_TRUE_FATAL(dp_hold_begin(&o.b.of.m, h));
	CU_ASSERT_PTR_NOT_NULL(h->timer);
	CU_ASSERT_EQUAL(atomic_load(&o.b.of.w->holds.seq), DP_HOLDS_NONE);
	comm_base_dispatch(o.base);
	CU_ASSERT_EQUAL(ran, 1);
	dp_hold_end(h);
	CU_ASSERT_PTR_NULL(h->timer);
	barrier_of_close(&o);
}

static void without_an_event_loop_nothing_waits(void)
{
	struct barrier_of o;
	struct dp_hold *h;

	bench_open(&o, 1500);
	o.b.state.s.env->worker_base = NULL;
	h = hold_new(&o, 5);
	CU_ASSERT_FALSE(dp_hold_begin(&o.b.of.m, h));
	CU_ASSERT_TRUE_FATAL(dp_watch_start(&o.b.of.m));
	CU_ASSERT_FALSE(dp_hold_begin(&o.b.of.m, h));
	barrier_of_close(&o);
}

static void ack(struct barrier_of *o)
{
	dp_sync_ack(o->agent, 5);
}

static void move(struct barrier_of *o)
{
	atomic_store(&o->b.of.m.map, o->other.map);
}

/* Between the look that said "wait" and the wait itself anything can happen,
 * the watch saw it before there was a hold: what is due is run all the same. */
static void what_is_due_does_not_wait(void)
{
	static void (*const meanwhile[])(struct barrier_of *o) = {
		ack, move, barrier_of_die,
	};

	for (size_t i = 0; i < sizeof(meanwhile) / sizeof(meanwhile[0]); i++) {
		struct barrier_of o;
		struct dp_hold *h;

		bench_open(&o, 1500);
		CU_ASSERT_TRUE_FATAL(dp_watch_start(&o.b.of.m));
		h = hold_new(&o, 5);
		meanwhile[i](&o);
		CU_ASSERT_TRUE_FATAL(dp_hold_begin(&o.b.of.m, h));
		comm_base_dispatch(o.base);
		CU_ASSERT_EQUAL(ran, 1);
		CU_ASSERT_PTR_NULL(h->at);
		barrier_of_close(&o);
	}
}

/* Of three, the middle one goes away, and one is due. */
static void each_hold_is_for_itself(void)
{
	struct barrier_of o;
	struct dp_hold *h[3];

	bench_open(&o, 1500);
	CU_ASSERT_TRUE_FATAL(dp_watch_start(&o.b.of.m));
	for (unsigned i = 0; i < 3; i++) {
		h[i] = hold_new(&o, 5 + i);
		CU_ASSERT_TRUE_FATAL(dp_hold_begin(&o.b.of.m, h[i]));
	}
	dp_hold_end(h[1]);
	dp_hold_end(h[1]);
	dp_sync_ack(o.agent, 6);
	dp_holds_run(o.b.of.w);
	CU_ASSERT_EQUAL(ran, 1);
	CU_ASSERT_PTR_NULL(h[0]->at);
	CU_ASSERT_PTR_NOT_NULL(h[2]->at);
	CU_ASSERT_EQUAL(atomic_load(&o.b.of.w->holds.seq), 7);
	dp_hold_end(h[2]);
	CU_ASSERT_EQUAL(atomic_load(&o.b.of.w->holds.seq), DP_HOLDS_NONE);
	barrier_of_close(&o);
}

UNIT_MAIN("hold", UNIT(a_hold_is_due), UNIT(an_ack_runs_what_waits),
    UNIT(a_deadline_runs_what_waits), UNIT(without_a_watch_there_are_timers),
    UNIT(without_an_event_loop_nothing_waits),
    UNIT(what_is_due_does_not_wait), UNIT(each_hold_is_for_itself))
