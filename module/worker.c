#include "module/compat.h"

#include "module/worker.h"

#include <stdlib.h>

#include "module/mode.h"

/* An instance is never 0, so that a fresh thread has no worker. */
static _Thread_local struct {
	uint64_t instance;
	struct dp_worker *worker;
} mine;

static struct dp_worker *worker_new(struct dp_module *m)
{
	struct dp_worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->slot = dp_epoch_register(&m->epoch);
	if (w->slot < 0) {
		free(w);
		return NULL;
	}
	w->next = atomic_load(&m->workers);
	while (!atomic_compare_exchange_weak(&m->workers, &w->next, w))
		;
	return w;
}

struct dp_worker *dp_worker_get(struct dp_module *m)
{
	struct dp_worker *w;

	if (mine.instance == m->instance)
		return mine.worker;
	w = worker_new(m);
	if (w) {
		mine.worker = w;
		mine.instance = m->instance;
	}
	return w;
}

void dp_worker_enter(struct dp_module *m, struct dp_worker *w)
{
	if (w->depth++ == 0)
		dp_epoch_enter(&m->epoch, w->slot);
}

void dp_worker_leave(struct dp_module *m, struct dp_worker *w)
{
	if (--w->depth == 0)
		dp_epoch_leave(&m->epoch, w->slot);
}

/* The keeper may store into a worker's copy while its thread reads it. */
static void set_cache(struct module_env *env, struct slabhash *cache)
{
	__atomic_store_n(&env->msg_cache, cache, __ATOMIC_RELEASE);
}

void dp_worker_lend_env(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q)
{
	if (q->env == &w->env)
		return;
	w->real = q->env;
	dp_mode_apply(m, w->real->cfg);
	w->real->msg_cache = m->admitted;
	w->env = *w->real;
	set_cache(&w->env, atomic_load(&m->recursion_cache));
	q->env = &w->env;
}

void dp_worker_switch_all(struct dp_module *m)
{
	struct slabhash *cache = atomic_load(&m->recursion_cache);

	for (struct dp_worker *w = atomic_load(&m->workers); w; w = w->next)
		set_cache(&w->env, cache);
}

void dp_worker_free_all(struct dp_module *m)
{
	struct dp_worker *w = atomic_exchange(&m->workers, NULL);

	while (w) {
		struct dp_worker *next = w->next;

		free(w);
		w = next;
	}
}
