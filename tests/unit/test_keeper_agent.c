#include "module/compat.h"

#include "tests/unit/keeper_of.h"

#include <pthread.h>

#include "module/barrier.h"
#include "module/core/sync.h"
#include "module/watch.h"

#define NO_AGENT "no dnspin sync is running"

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void put_barrier(struct bench *b, enum dp_barrier barrier)
{
	struct dp_settings set;
	char path[80];
	uint8_t *bytes;
	size_t size_b;

	dp_settings_default(&set);
	set.value[DP_SET_BARRIER] = barrier;
	set.value[DP_SET_MAP_CAPACITY] = 64;
	bytes = unit_policy_bytes(one_rule, &set, &size_b);
	path_in(b, "policy", path);
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, bytes, size_b, 0644, NULL),
	    DP_OK);
	free(bytes);
}

static struct dp_sync *agent_new(struct bench *b)
{
	struct dp_sync *agent;
	char path[80];

	path_in(b, "sync", path);
	(void)mkdir(path, 0755);
	path_in(b, "sync/ack", path);
	CU_ASSERT_EQUAL_FATAL(dp_sync_create(&agent, path, NULL), DP_OK);
	dp_sync_beat(agent, clock_ns());
	return agent;
}

static bool in_trouble(struct bench *b)
{
	return strstr((char *)head_of(b).trouble, NO_AGENT) != NULL;
}

static void an_agent_comes_goes_and_is_replaced(void)
{
	struct dp_sync *agent, *other;
	const struct dp_sync *seen;
	struct bench b;

	bench_open(&b);
	CU_ASSERT_TRUE_FATAL(dp_watch_create(&b.m));
	put_barrier(&b, DP_BARRIER_OFF);
	agent = agent_new(&b);
	look(&b, 2);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.sync));
	CU_ASSERT_FALSE(dp_watch_runs(&b.m));
	remove_in(&b, "sync/ack");
	dp_sync_close(&agent);

	put_barrier(&b, DP_BARRIER_FAIL_OPEN);
	look(&b, 3);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.sync));
	CU_ASSERT_TRUE(in_trouble(&b));
	CU_ASSERT_EQUAL(head_of(&b).ready, 1);
	CU_ASSERT_EQUAL(said(&b, NO_AGENT), 1);
	CU_ASSERT_TRUE(dp_watch_runs(&b.m));

	agent = agent_new(&b);
	look(&b, 2);
	seen = atomic_load(&b.m.sync);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
	CU_ASSERT_FALSE(in_trouble(&b));
	CU_ASSERT_EQUAL(said(&b, "the firewall agent is there"), 1);
	dp_sync_beat(agent, 0);
	look(&b, 1);
	CU_ASSERT_TRUE(in_trouble(&b));
	CU_ASSERT_PTR_EQUAL(atomic_load(&b.m.sync), seen);

	remove_in(&b, "sync/ack");
	other = agent_new(&b);
	look(&b, 1);
	CU_ASSERT_FALSE(in_trouble(&b));
	CU_ASSERT_TRUE(dp_sync_alive(atomic_load(&b.m.sync), clock_ns()));
	put_barrier(&b, DP_BARRIER_OFF);
	look(&b, 1);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.sync));
	dp_sync_close(&agent);
	dp_sync_close(&other);
	remove_in(&b, "sync/ack");
	remove_in(&b, "sync");
	dp_watch_destroy(&b.m);
	bench_close(&b);
}

/* A thread that answers, and stays in its epoch until it has seen what is there
 * with the policy that has a barrier: the keeper gets no further. */
static void *first_answer(void *arg)
{
	struct bench *b = arg;
	int slot = dp_epoch_register(&b->m.epoch);
	const struct dp_policy *p;

	dp_epoch_enter(&b->m.epoch, slot);
	do
		p = atomic_load(&b->m.policy);
	while (!p || dp_barrier_of(p) == DP_BARRIER_OFF);
	p = atomic_load(&b->m.sync) && dp_watch_runs(&b->m) ? p : NULL;
	dp_epoch_leave(&b->m.epoch, slot);
	return p ? b : NULL;
}

static void the_first_answer_finds_the_agent(void)
{
	struct dp_sync *agent;
	pthread_t thread;
	struct bench b;
	void *found;

	bench_open(&b);
	CU_ASSERT_TRUE_FATAL(dp_watch_create(&b.m));
	agent = agent_new(&b);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, first_answer, &b),
	    0);
	put_barrier(&b, DP_BARRIER_FAIL_CLOSED);
	look(&b, 1);
	CU_ASSERT_EQUAL(pthread_join(thread, &found), 0);
	CU_ASSERT_PTR_EQUAL(found, &b);
	dp_sync_close(&agent);
	remove_in(&b, "sync/ack");
	remove_in(&b, "sync");
	dp_watch_destroy(&b.m);
	bench_close(&b);
}

/* What a module in front makes of an answer cannot be withheld. */
static void behind_others_nothing_is_withheld(void)
{
	struct bench b;

	bench_open(&b);
	CU_ASSERT_TRUE_FATAL(dp_watch_create(&b.m));
	b.m.id = 1;
	put_barrier(&b, DP_BARRIER_FAIL_CLOSED);
	look(&b, 2);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.policy));
	CU_ASSERT_EQUAL(said(&b, "cannot wait for the firewall"), 1);
	put_barrier(&b, DP_BARRIER_FAIL_OPEN);
	look(&b, 1);
	CU_ASSERT_PTR_NOT_NULL(atomic_load(&b.m.policy));
	dp_watch_destroy(&b.m);
	bench_close(&b);
}

static void what_is_no_ack_is_said(void)
{
	struct bench b;
	char path[80];

	bench_open(&b);
	CU_ASSERT_TRUE_FATAL(dp_watch_create(&b.m));
	put_barrier(&b, DP_BARRIER_FAIL_CLOSED);
	path_in(&b, "sync", path);
	CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
	path_in(&b, "sync/ack", path);
	CU_ASSERT_EQUAL(dp_file_replace(path, "none", 4, 0644, NULL), DP_OK);
	look(&b, 3);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.sync));
	CU_ASSERT_EQUAL(said(&b, "is not a file of this release"), 1);
	remove_in(&b, "sync/ack");
	look(&b, 3);
	CU_ASSERT_EQUAL(said(&b, "answers with addresses are SERVFAIL"), 1);
	remove_in(&b, "sync");
	dp_watch_destroy(&b.m);
	bench_close(&b);
}

/* An agent that lives has nothing to confirm then, but is there. */
static void without_a_map_no_agent_is_missed(void)
{
	struct dp_sync *agent;
	struct bench b;

	bench_open(&b);
	CU_ASSERT_TRUE_FATAL(dp_watch_create(&b.m));
	block(&b, "unbound/map");
	put_barrier(&b, DP_BARRIER_FAIL_CLOSED);
	agent = agent_new(&b);
	look(&b, 3);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.map));
	CU_ASSERT_FALSE(in_trouble(&b));
	CU_ASSERT_EQUAL(said(&b, NO_AGENT), 0);
	CU_ASSERT_NOT_EQUAL(head_of(&b).trouble[0], 0);
	remove_in(&b, "sync/ack");
	remove_in(&b, "sync");
	dp_sync_close(&agent);
	dp_watch_destroy(&b.m);
	bench_close(&b);
}

UNIT_MAIN("keeper_agent", UNIT(an_agent_comes_goes_and_is_replaced),
    UNIT(the_first_answer_finds_the_agent),
    UNIT(behind_others_nothing_is_withheld), UNIT(what_is_no_ack_is_said),
    UNIT(without_a_map_no_agent_is_missed))
