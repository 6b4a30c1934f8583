#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sched.h>

#include "module/core/epoch.h"

#define READERS 3
#define REPLACEMENTS 2000

static struct dp_epoch epoch;

static void slots_are_given_out_once(void)
{
	dp_epoch_init(&epoch);
	for (int i = 0; i < DP_EPOCH_SLOTS; i++)
		CU_ASSERT_EQUAL(dp_epoch_register(&epoch), i);
	CU_ASSERT_EQUAL(dp_epoch_register(&epoch), -1);
	CU_ASSERT_EQUAL(dp_epoch_register(&epoch), -1);
}

static void publisher_waits_for_those_inside(void)
{
	int a, b;
	uint64_t first, second;

	dp_epoch_init(&epoch);
	CU_ASSERT_TRUE(dp_epoch_passed(&epoch, dp_epoch_advance(&epoch)));
	a = dp_epoch_register(&epoch);
	b = dp_epoch_register(&epoch);
	dp_epoch_enter(&epoch, a);
	first = dp_epoch_advance(&epoch);
	CU_ASSERT_FALSE(dp_epoch_passed(&epoch, first));
	dp_epoch_enter(&epoch, b);
	CU_ASSERT_FALSE(dp_epoch_passed(&epoch, first));
	dp_epoch_leave(&epoch, a);
	/* b came in after the publication: it uses the new one. */
	CU_ASSERT_TRUE(dp_epoch_passed(&epoch, first));
	second = dp_epoch_advance(&epoch);
	CU_ASSERT_TRUE(second > first);
	CU_ASSERT_FALSE(dp_epoch_passed(&epoch, second));
	dp_epoch_leave(&epoch, b);
	CU_ASSERT_TRUE(dp_epoch_passed(&epoch, second));
}

/* What the readers use: plain words, so that ThreadSanitizer sees any use that
 * is not over when the publisher spoils it. */
struct thing {
	int good;
};
static struct thing *_Atomic published;
static atomic_bool stop;
static atomic_int spoilt_seen;
static atomic_long uses;

static void *reader_run(void *arg)
{
	int slot = dp_epoch_register(&epoch);

	(void)arg;
	while (!atomic_load(&stop)) {
		dp_epoch_enter(&epoch, slot);
		if (!atomic_load(&published)->good)
			atomic_fetch_add(&spoilt_seen, 1);
		dp_epoch_leave(&epoch, slot);
		atomic_fetch_add_explicit(&uses, 1, memory_order_relaxed);
	}
	return NULL;
}

static void nothing_is_spoilt_while_in_use(void)
{
	static struct thing things[2] = { { 1 }, { 0 } };
	pthread_t threads[READERS];

	dp_epoch_init(&epoch);
	atomic_store(&published, &things[0]);
	for (int i = 0; i < READERS; i++)
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&threads[i], NULL, reader_run, NULL), 0);
	while (atomic_load(&uses) == 0)
		sched_yield();
	for (int i = 0; i < REPLACEMENTS; i++) {
		struct thing *old = atomic_load(&published);
		struct thing *new = old == &things[0] ? &things[1] : &things[0];
		uint64_t now;

		new->good = 1;
		atomic_store(&published, new);
		now = dp_epoch_advance(&epoch);
		while (!dp_epoch_passed(&epoch, now))
			sched_yield();
		old->good = 0;
	}
	atomic_store(&stop, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(atomic_load(&spoilt_seen), 0);
	CU_ASSERT_TRUE(atomic_load(&uses) > 0);
}

UNIT_MAIN("epoch", UNIT(slots_are_given_out_once),
    UNIT(publisher_waits_for_those_inside),
    UNIT(nothing_is_spoilt_while_in_use))
