#include "module/compat.h"

#include "module/worker.h"

#include <stdlib.h>

#include "module/core/fault.h"

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
	/* Unbound's threads block all signals. */
	dp_fault_unblock();
	w->shard = (unsigned)w->slot + 1;
	w->number = atomic_fetch_add(&m->worker_count, 1);
	dp_holds_init(&w->holds, m);
	w->memos = dp_memos_new(m->messages);
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

/* The keeper may store the same into a worker's copy. */
static void set_recursion_cache(struct dp_worker *w, struct slabhash *cache)
{
	__atomic_store_n(&w->env.msg_cache, cache, __ATOMIC_RELEASE);
}

/* Queries of the thread that are under way follow: they share the copy. */
static void choose_recursion_cache(const struct dp_module *m,
    struct dp_worker *w)
{
	const struct dp_policy *p = atomic_load(&m->policy);
	bool apart = !p ||
	    dp_policy_settings(p)->value[DP_SET_MODE] == DP_MODE_STRICT;

	set_recursion_cache(w, apart ? m->internal : m->admitted);
	if (apart != atomic_load(&w->apart))
		atomic_store(&w->apart, apart);
}

/* From its first query on the thread answers from `admitted`. */
static void adopt(struct dp_module *m, struct dp_worker *w,
    struct module_env *env)
{
	w->real = env;
	if (env->msg_cache != m->admitted)
		w->left = env->msg_cache;
	env->msg_cache = m->admitted;
	w->env = *env;
	choose_recursion_cache(m, w);
}

/* A module in front stores what it makes of q's answer in the name of the state
 * that it began q for. That one has not come by here where q is all that it
 * asked for (dns64-synthall). */
static void lend_to_front(const struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q)
{
	struct mesh_state_ref *ref;

	if (m->id == 0)
		return;
	RBTREE_FOR(ref, struct mesh_state_ref *, &q->mesh_info->super_set)
		ref->s->s.env = &w->env;
}

void dp_worker_lend_env(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q)
{
	lend_to_front(m, w, q);
	if (q->env == &w->env) {
		choose_recursion_cache(m, w);
		return;
	}
	adopt(m, w, q->env);
	q->env = &w->env;
	/* Not when it is left: a callback may hold the lock of an entry. */
	if (w->left)
		slabhash_clear(w->left);
	w->left = NULL;
}

bool dp_worker_all_apart(const struct dp_module *m)
{
	const struct dp_worker *w = atomic_load(&m->workers);

	while (w && atomic_load(&w->apart))
		w = w->next;
	return !w;
}

void dp_worker_part_all(struct dp_module *m)
{
	struct dp_worker *w = atomic_load(&m->workers);

	for (; w; w = w->next) {
		if (atomic_load(&w->apart))
			continue;
		set_recursion_cache(w, m->internal);
		atomic_store(&w->apart, true);
	}
}

void dp_worker_adopt_client(struct dp_module *m, struct dp_worker *w,
    const struct comm_reply *client)
{
	struct worker *server;

	if (w->real || !client || !client->c || !client->c->cb_arg)
		return;
	/* What handles requests gets the server's worker as its argument. */
	server = client->c->cb_arg;
	if (server->env.modinfo[m->id] == m->env->modinfo[m->id])
		adopt(m, w, &server->env);
}

void dp_worker_free_all(struct dp_module *m)
{
	struct dp_worker *w = atomic_exchange(&m->workers, NULL);

	while (w) {
		struct dp_worker *next = w->next;

		dp_holds_close(&w->holds);
		dp_memos_free(&w->memos);
		free(w);
		w = next;
	}
}
