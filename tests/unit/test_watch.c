#include "module/compat.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#include "tests/unit/barrier_of.h"

static void bench_open(struct barrier_of *o)
{
	struct dp_settings set;

	barrier_of_settings(&set, DP_BARRIER_FAIL_OPEN);
	barrier_of_open(o, &set);
	o->b.of.w->holds.fd = eventfd(0, EFD_NONBLOCK);
	CU_ASSERT_TRUE_FATAL(o->b.of.w->holds.fd >= 0);
}

static bool was_told(const struct barrier_of *o)
{
	uint64_t count;

	return read(o->b.of.w->holds.fd, &count, sizeof(count)) ==
	    (ssize_t)sizeof(count);
}

static void wait_for(struct barrier_of *o, uint64_t seq, uint64_t until_ns)
{
	atomic_store(&o->b.of.w->holds.until_ns, until_ns);
	atomic_store(&o->b.of.w->holds.seq, seq);
	atomic_store(&o->b.of.w->holds.told, false);
}

static void workers_are_told_once_when_there_is_news(void)
{
	struct barrier_of o;

	bench_open(&o);
	CU_ASSERT_FALSE(dp_watch_look(&o.b.of.m));
	wait_for(&o, 5, UINT64_MAX);
	CU_ASSERT_TRUE(dp_watch_look(&o.b.of.m));
	CU_ASSERT_FALSE(was_told(&o));
	dp_sync_ack(o.agent, 5);
	CU_ASSERT_TRUE(dp_watch_look(&o.b.of.m));
	CU_ASSERT_TRUE(was_told(&o));
	dp_watch_look(&o.b.of.m);
	CU_ASSERT_FALSE(was_told(&o)); /* it did not look yet */

	wait_for(&o, 6, 1);
	dp_watch_look(&o.b.of.m);
	CU_ASSERT_TRUE(was_told(&o));

	wait_for(&o, 6, UINT64_MAX);
	dp_watch_look(&o.b.of.m);
	CU_ASSERT_FALSE(was_told(&o));
	barrier_of_die(&o);
	dp_watch_look(&o.b.of.m);
	CU_ASSERT_TRUE(was_told(&o));
	wait_for(&o, DP_HOLDS_NONE, UINT64_MAX);
	CU_ASSERT_FALSE(dp_watch_look(&o.b.of.m));
	barrier_of_close(&o);
}

/* What was waited for there will not be acked any more. */
static void workers_are_told_when_the_map_has_moved(void)
{
	struct barrier_of o;

	bench_open(&o);
	dp_watch_look(&o.b.of.m);
	wait_for(&o, 5, UINT64_MAX);
	dp_watch_look(&o.b.of.m);
	CU_ASSERT_FALSE(was_told(&o));
	atomic_store(&o.b.of.m.map, o.other.map);
	dp_watch_look(&o.b.of.m);
	CU_ASSERT_TRUE(was_told(&o));
	wait_for(&o, 5, UINT64_MAX);
	dp_watch_look(&o.b.of.m);
	CU_ASSERT_FALSE(was_told(&o));
	barrier_of_close(&o);
}

/* The thread sleeps for good without holds; with one it looks. */
static void the_thread_is_woken_and_ends(void)
{
	struct barrier_of o;

	bench_open(&o);
	CU_ASSERT_FALSE(dp_watch_runs(&o.b.of.m));
	CU_ASSERT_TRUE_FATAL(dp_watch_start(&o.b.of.m));
	CU_ASSERT_TRUE(dp_watch_start(&o.b.of.m));
	CU_ASSERT_TRUE(dp_watch_runs(&o.b.of.m));
	wait_for(&o, 5, 1);
	dp_watch_wake(&o.b.of.m);
	while (!was_told(&o))
		;
	barrier_of_close(&o);
	CU_ASSERT_PTR_NULL(o.b.of.m.watch);
	CU_ASSERT_FALSE(dp_watch_runs(&o.b.of.m));
}

UNIT_MAIN("watch", UNIT(workers_are_told_once_when_there_is_news),
    UNIT(workers_are_told_when_the_map_has_moved),
    UNIT(the_thread_is_woken_and_ends))
