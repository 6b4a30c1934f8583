#include "module/compat.h"

#include "module/hold.h"

#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "module/barrier.h"
#include "module/watch.h"
#include "module/worker.h"

#define ASK_US 1000 /* between two looks of a hold with a timer */

void dp_holds_init(struct dp_holds *holds, struct dp_module *m)
{
	holds->m = m;
	holds->fd = -1;
	atomic_store(&holds->seq, DP_HOLDS_NONE);
	atomic_store(&holds->until_ns, DP_HOLDS_NONE);
}

void dp_holds_close(struct dp_holds *holds)
{
	if (holds->event)
		ub_event_free(holds->event);
	holds->event = NULL;
	if (holds->fd >= 0)
		(void)close(holds->fd);
	holds->fd = -1;
}

#if DP_OWN_EVENTS
static void on_news(int fd, short bits, void *arg)
{
	struct dp_worker *w = arg;
	uint64_t count;

	(void)bits;
	/* Nothing to read: somebody read it before. */
	if (read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		dp_holds_run(w);
}

/* At the worker's first hold, once. */
static bool open_event(struct dp_worker *w, struct comm_base *base)
{
	struct dp_holds *holds = &w->holds;

	if (holds->opened)
		return holds->event != NULL;
	holds->opened = true;
	if (!base)
		return false;
	holds->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (holds->fd < 0)
		return false;
	holds->event = ub_event_new(comm_base_internal(base), holds->fd,
	    UB_EV_READ | UB_EV_PERSIST, on_news, w);
	if (holds->event && ub_event_add(holds->event, NULL) == 0)
		return true;
	dp_holds_close(holds);
	return false;
}
#else
static bool open_event(struct dp_worker *w, struct comm_base *base)
{
	(void)w;
	(void)base;
	return false;
}
#endif

struct dp_hold *dp_hold_new(struct dp_worker *w, struct module_qstate *q)
{
	struct dp_hold *h = regional_alloc_zero(q->region, sizeof(*h));

	if (!h)
		return NULL;
	h->mark.held = true;
	h->w = w;
	h->q = q;
	return h;
}

static void link_in(struct dp_hold **list, struct dp_hold *h)
{
	h->next = *list;
	h->at = list;
	if (h->next)
		h->next->at = &h->next;
	*list = h;
}

static void unlink_from(struct dp_hold *h)
{
	*h->at = h->next;
	if (h->next)
		h->next->at = h->at;
	h->next = NULL;
	h->at = NULL;
}

/* Let the watch see it; what it is told may be too early, never too late. */
static void show(struct dp_holds *holds, const struct dp_hold *h)
{
	if (h->until_ns < atomic_load(&holds->until_ns))
		atomic_store(&holds->until_ns, h->until_ns);
	if (h->seq < atomic_load(&holds->seq))
		atomic_store(&holds->seq, h->seq);
}

static void show_all(struct dp_holds *holds)
{
	uint64_t seq = DP_HOLDS_NONE, until_ns = DP_HOLDS_NONE;

	for (const struct dp_hold *h = holds->waiting; h; h = h->next) {
		if (h->seq < seq)
			seq = h->seq;
		if (h->until_ns < until_ns)
			until_ns = h->until_ns;
	}
	atomic_store(&holds->until_ns, until_ns);
	atomic_store(&holds->seq, seq);
}

bool dp_hold_is_due(const struct dp_hold *h, const struct dp_barrier_now *now)
{
	return now->kind == DP_BARRIER_OFF || !now->alive ||
	    h->map_id != now->map_id || now->acked >= h->seq ||
	    now->now_ns >= h->until_ns;
}

static bool set_timer(struct dp_hold *h)
{
	struct timeval wait = { 0, ASK_US };

	if (!&validate_suspend_timer_cb || !h->q->env->worker_base)
		return false;
	if (!h->timer)
		h->timer = comm_timer_create(h->q->env->worker_base,
		    validate_suspend_timer_cb, h->q);
	if (!h->timer)
		return false;
	comm_timer_set(h->timer, &wait);
	return true;
}

bool dp_hold_begin(struct dp_module *m, struct dp_hold *h)
{
	struct dp_holds *holds = &h->w->holds;
	struct dp_barrier_now now;

	if (!dp_watch_runs(m) || !open_event(h->w, h->q->env->worker_base))
		return set_timer(h);
	link_in(&holds->waiting, h);
	show(holds, h);
	/* Pairs with the fence in dp_watch_look. */
	atomic_thread_fence(memory_order_seq_cst);
	dp_barrier_look(&now, m);
	if (dp_hold_is_due(h, &now))
		dp_holds_tell(holds);
	else
		dp_watch_wake(m);
	return true;
}

void dp_hold_end(struct dp_hold *h)
{
	struct dp_holds *holds = &h->w->holds;

	if (h->timer)
		comm_timer_delete(h->timer);
	h->timer = NULL;
	if (!h->at)
		return;
	unlink_from(h);
	if (!holds->waiting)
		show_all(holds);
}

static void take_due(struct dp_holds *holds)
{
	struct dp_barrier_now now;
	struct dp_hold *next;

	dp_barrier_look(&now, holds->m);
	for (struct dp_hold *h = holds->waiting; h; h = next) {
		next = h->next;
		if (dp_hold_is_due(h, &now)) {
			unlink_from(h);
			link_in(&holds->due, h);
		}
	}
	show_all(holds);
}

void dp_holds_tell(struct dp_holds *holds)
{
	const uint64_t one = 1;

	if (atomic_exchange(&holds->told, true))
		return;
	/* Only a full counter makes that fail, and then the worker knows. */
	if (write(holds->fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		atomic_store(&holds->told, false);
}

/* As Unbound does before it calls one of its own. */
static void tell_time(const struct module_env *env)
{
	(void)gettimeofday(env->now_tv, NULL);
	*env->now = (time_t)env->now_tv->tv_sec;
}

/* Any query that runs may end others that are due. */
void dp_holds_run(struct dp_worker *w)
{
	struct dp_holds *holds = &w->holds;

	/* What was told before is seen below. */
	(void)atomic_exchange(&holds->told, false);
	dp_worker_enter(holds->m, w);
	take_due(holds);
	dp_worker_leave(holds->m, w);
	if (holds->due)
		tell_time(&w->env);
	while (holds->due) {
		struct module_qstate *q = holds->due->q;

		unlink_from(holds->due);
		mesh_run(q->env->mesh, q->mesh_info, module_event_pass, NULL);
	}
}
