#include "module/compat.h"

#include "module/watch.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module/barrier.h"
#include "module/core/sync.h"
#include "module/worker.h"

#define LOOK_NS 10000000u /* at most, while there are holds */
#define LOOKS_MORE 100	  /* after the last one */

struct dp_watch {
	struct dp_module *m;
	pthread_t thread;
	int slot; /* in the epoch */
	uint64_t map_id; /* at the last look */
	atomic_bool runs;
	atomic_bool stop;
	_Atomic uint32_t asleep; /* without a hold; a futex */
};

static void futex(_Atomic uint32_t *at, int operation, uint32_t value)
{
	(void)syscall(SYS_futex, at, operation, value, NULL, NULL, 0);
}

/* moved: what was waited for before is in a map that no longer counts. */
static bool has_news(const struct dp_holds *holds,
    const struct dp_barrier_now *now, bool moved)
{
	return moved || now->kind == DP_BARRIER_OFF || !now->alive ||
	    now->acked >= atomic_load(&holds->seq) ||
	    now->now_ns >= atomic_load(&holds->until_ns);
}

bool dp_watch_look(struct dp_module *m)
{
	struct dp_barrier_now now;
	bool any = false, moved;

	dp_barrier_look(&now, m);
	moved = now.map_id != m->watch->map_id;
	m->watch->map_id = now.map_id;
	/* Pairs with the fence in dp_hold_begin: who is not seen here sees
	 * what was seen here. */
	atomic_thread_fence(memory_order_seq_cst);
	for (struct dp_worker *w = atomic_load(&m->workers); w; w = w->next) {
		if (atomic_load(&w->holds.seq) == DP_HOLDS_NONE)
			continue;
		any = true;
		if (has_news(&w->holds, &now, moved))
			dp_holds_tell(&w->holds);
	}
	return any;
}

/* The agent's word first: what it says after that ends the wait. Inside the
 * epoch, since the keeper may close what is waited at. */
static bool look_and_wait(struct dp_watch *v)
{
	struct dp_module *m = v->m;
	const struct dp_sync *sync;
	uint32_t word = 0;
	bool any;

	dp_epoch_enter(&m->epoch, v->slot);
	sync = atomic_load(&m->sync);
	if (sync)
		word = dp_sync_word(sync);
	any = dp_watch_look(m);
	if (sync)
		dp_sync_wait(sync, word, LOOK_NS);
	dp_epoch_leave(&m->epoch, v->slot);
	if (!sync) {
		struct timespec t = { 0, LOOK_NS };

		(void)nanosleep(&t, NULL);
	}
	return any;
}

static bool any_holds(const struct dp_module *m)
{
	const struct dp_worker *w = atomic_load(&m->workers);

	while (w && atomic_load(&w->holds.seq) == DP_HOLDS_NONE)
		w = w->next;
	return w != NULL;
}

/* Whoever has a hold before it is seen to sleep is seen. */
static void sleep_without(struct dp_watch *v)
{
	atomic_store(&v->asleep, 1);
	if (!any_holds(v->m) && !atomic_load(&v->stop))
		futex(&v->asleep, FUTEX_WAIT_PRIVATE, 1);
	atomic_store(&v->asleep, 0);
}

static void *run(void *arg)
{
	struct dp_watch *v = arg;
	unsigned idle = 0;

	while (!atomic_load(&v->stop)) {
		idle = look_and_wait(v) ? 0 : idle + 1;
		if (idle > LOOKS_MORE) {
			sleep_without(v);
			idle = 0;
		}
	}
	return NULL;
}

bool dp_watch_create(struct dp_module *m)
{
	struct dp_watch *v = calloc(1, sizeof(*v));

	if (!v)
		return false;
	v->m = m;
	v->slot = -1;
	m->watch = v;
	return true;
}

bool dp_watch_start(struct dp_module *m)
{
	struct dp_watch *v = m->watch;
	sigset_t all, before;
	int err;

	if (dp_watch_runs(m))
		return true;
	if (v->slot < 0)
		v->slot = dp_epoch_register(&m->epoch);
	if (v->slot < 0)
		return false;
	sigfillset(&all);
	sigdelset(&all, SIGBUS); /* core/fault.h */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&v->thread, NULL, run, v);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err == 0)
		atomic_store(&v->runs, true);
	return err == 0;
}

bool dp_watch_runs(const struct dp_module *m)
{
	return m->watch && atomic_load(&m->watch->runs);
}

static void wake(struct dp_watch *v)
{
	if (atomic_exchange(&v->asleep, 0) != 0)
		futex(&v->asleep, FUTEX_WAKE_PRIVATE, 1);
}

void dp_watch_wake(struct dp_module *m)
{
	if (atomic_load(&m->watch->asleep) != 0)
		wake(m->watch);
}

void dp_watch_destroy(struct dp_module *m)
{
	struct dp_watch *v = m->watch;

	if (!v)
		return;
	if (dp_watch_runs(m)) {
		atomic_store(&v->stop, true);
		wake(v);
		pthread_join(v->thread, NULL);
	}
	free(v);
	m->watch = NULL;
}
