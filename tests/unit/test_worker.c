#include "module/compat.h"

#include "tests/unit/unit.h"

#include <pthread.h>

#include "tests/unit/module_of.h"

#define NOW 1790000000

static const char *const rules[] = {
	"g.dnspin: manage.example allow",
	NULL,
};

static void bench_open(struct module_of *o)
{
	struct dp_settings set;

	memset(o, 0, sizeof(*o));
	dp_settings_default(&set);
	module_of_open(o, rules, &set, NOW);
}

static void *get(void *module)
{
	return dp_worker_get(module);
}

static void *get_elsewhere(struct dp_module *m)
{
	pthread_t thread;
	void *worker;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, get, m), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_join(thread, &worker), 0);
	return worker;
}

static void each_thread_has_one(void)
{
	const struct dp_worker *other;
	struct module_of o;

	bench_open(&o);
	CU_ASSERT_PTR_EQUAL(dp_worker_get(&o.m), o.w);
	other = get_elsewhere(&o.m);
	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	CU_ASSERT_PTR_NOT_EQUAL(other, o.w);
	CU_ASSERT_NOT_EQUAL(other->slot, o.w->slot);
	module_of_close(&o);
}

/* What an earlier load left with the thread is not taken for this one's. */
static void a_new_load_has_its_own(void)
{
	struct module_of o, next;

	bench_open(&o);
	bench_open(&next);
	CU_ASSERT_PTR_NOT_EQUAL(next.w, o.w);
	CU_ASSERT_PTR_EQUAL(dp_worker_get(&next.m), next.w);
	module_of_close(&next);
	module_of_close(&o);
}

static void without_a_slot_there_is_none(void)
{
	struct module_of o;

	bench_open(&o);
	while (dp_epoch_register(&o.m.epoch) >= 0)
		;
	CU_ASSERT_PTR_NULL(get_elsewhere(&o.m));
	CU_ASSERT_PTR_EQUAL(dp_worker_get(&o.m), o.w);
	module_of_close(&o);
}

static void inside_until_the_last_leaves(void)
{
	struct module_of o;
	uint64_t epoch;

	bench_open(&o);
	dp_worker_enter(&o.m, o.w);
	dp_worker_enter(&o.m, o.w);
	epoch = dp_epoch_advance(&o.m.epoch);
	dp_worker_leave(&o.m, o.w);
	CU_ASSERT_FALSE(dp_epoch_passed(&o.m.epoch, epoch));
	dp_worker_leave(&o.m, o.w);
	CU_ASSERT_TRUE(dp_epoch_passed(&o.m.epoch, epoch));
	module_of_close(&o);
}

static void the_environment_is_a_copy(void)
{
	struct module_qstate q = { .env = NULL };
	struct module_of o;

	bench_open(&o);
	q.env = &o.env;
	dp_worker_lend_env(&o.m, o.w, &q);
	CU_ASSERT_PTR_EQUAL(q.env, &o.w->env);
	CU_ASSERT_PTR_EQUAL(o.w->real, &o.env);
	CU_ASSERT_PTR_EQUAL(q.env->msg_cache, o.m.internal);
	CU_ASSERT_PTR_EQUAL(o.env.msg_cache, o.m.admitted);
	o.env.msg_cache = o.m.internal; /* all else is the same */
	CU_ASSERT_EQUAL(memcmp(q.env, &o.env, sizeof(o.env)), 0);
	o.env.msg_cache = o.m.admitted;
	dp_worker_lend_env(&o.m, o.w, &q); /* a later event changes nothing */
	CU_ASSERT_PTR_EQUAL(q.env, &o.w->env);
	CU_ASSERT_PTR_EQUAL(o.w->real, &o.env);
	CU_ASSERT_PTR_EQUAL(q.env->msg_cache, o.m.internal);
	module_of_close(&o);
}

/* What dns64 makes of q's answer it stores for who asked dns64. */
static void who_waits_in_front_gets_it_too(void)
{
	struct mesh_state sub = { .s.env = NULL }, super = { .s.env = NULL };
	struct mesh_state_ref ref = { .s = &super };
	struct module_of o;

	bench_open(&o);
	rbtree_init(&sub.super_set, &mesh_state_ref_compare);
	ref.node.key = &ref;
	rbtree_insert(&sub.super_set, &ref.node);
	sub.s.mesh_info = &sub;
	for (int id = 0; id < 2; id++) {
		o.m.id = id;
		sub.s.env = super.s.env = &o.env;
		dp_worker_lend_env(&o.m, o.w, &sub.s);
		CU_ASSERT_PTR_EQUAL(super.s.env, id ? &o.w->env : &o.env);
		super.s.env = &o.env; /* it comes to wait later */
		dp_worker_lend_env(&o.m, o.w, &sub.s);
		CU_ASSERT_PTR_EQUAL(super.s.env, id ? &o.w->env : &o.env);
	}
	module_of_close(&o);
}

/* The policy of the other mode takes over: a query that is under way follows at
 * its next event, one that has none by the keeper's hand. */
static void recursion_has_the_cache_of_the_mode(void)
{
	struct module_qstate q = { .env = NULL };
	struct unit_opened observe;
	struct dp_settings set;
	struct module_of o;

	bench_open(&o);
	dp_settings_default(&set);
	set.value[DP_SET_MODE] = DP_MODE_OBSERVE;
	observe = unit_open(rules, &set);
	q.env = &o.env;
	dp_worker_lend_env(&o.m, o.w, &q);
	CU_ASSERT_PTR_EQUAL(q.env->msg_cache, o.m.internal);
	CU_ASSERT_TRUE(dp_worker_all_apart(&o.m));

	atomic_store(&o.m.policy, observe.policy);
	dp_worker_lend_env(&o.m, o.w, &q);
	CU_ASSERT_PTR_EQUAL(q.env->msg_cache, o.m.admitted);
	CU_ASSERT_FALSE(dp_worker_all_apart(&o.m));

	atomic_store(&o.m.policy, o.p.policy);
	CU_ASSERT_PTR_EQUAL(q.env->msg_cache, o.m.admitted);
	dp_worker_part_all(&o.m);
	CU_ASSERT_PTR_EQUAL(q.env->msg_cache, o.m.internal);
	CU_ASSERT_TRUE(dp_worker_all_apart(&o.m));

	atomic_store(&o.m.policy, NULL); /* closed */
	dp_worker_lend_env(&o.m, o.w, &q);
	CU_ASSERT_PTR_EQUAL(q.env->msg_cache, o.m.internal);
	unit_opened_close(&observe);
	module_of_close(&o);
}

/* A thread that has only answered from a cache that somebody filled. */
static void answering_is_enough_to_be_adopted(void)
{
	struct comm_point c = { .cb_arg = NULL };
	struct comm_reply client = { .c = &c };
	struct dynlibmod_env dynlib;
	struct worker server;
	struct module_of o;

	memset(&server, 0, sizeof(server));
	bench_open(&o);
	o.env.modinfo[0] = &dynlib;
	dp_worker_adopt_client(&o.m, o.w, NULL);
	dp_worker_adopt_client(&o.m, o.w, &client);
	CU_ASSERT_PTR_NULL(o.w->real);
	c.cb_arg = &server; /* whose modules are others */
	dp_worker_adopt_client(&o.m, o.w, &client);
	CU_ASSERT_PTR_NULL(o.w->real);
	CU_ASSERT_PTR_NULL(server.env.msg_cache);
	server.env.modinfo[0] = &dynlib;
	dp_worker_adopt_client(&o.m, o.w, &client);
	CU_ASSERT_PTR_EQUAL(o.w->real, &server.env);
	CU_ASSERT_PTR_EQUAL(server.env.msg_cache, o.m.admitted);
	CU_ASSERT_PTR_EQUAL(o.w->env.msg_cache, o.m.internal);
	module_of_close(&o);
}

/* A cache with one entry, as load_cache fills it. */
static struct slabhash *loaded(void)
{
	struct slabhash *cache = slabhash_create(1, 16, 10000,
	    test_slabhash_sizefunc, test_slabhash_compfunc,
	    test_slabhash_delkey, test_slabhash_deldata, NULL);
	struct slabhash_testkey *key = calloc(1, sizeof(*key));
	struct slabhash_testdata *data = calloc(1, sizeof(*data));

	CU_ASSERT_TRUE_FATAL(cache && key && data);
	lock_rw_init(&key->entry.lock);
	key->entry.key = key;
	key->entry.data = data;
	slabhash_insert(cache, 0, &key->entry, data, NULL);
	CU_ASSERT_EQUAL_FATAL(count_slabhash_entries(cache), 1);
	return cache;
}

/* The cache that a thread leaves is emptied for the other threads, but not from
 * a callback, which may hold the lock of an entry. */
static void what_was_loaded_is_cleared_by_the_next_query(void)
{
	struct module_qstate q = { .env = NULL };
	struct slabhash *cache = loaded();
	struct dynlibmod_env dynlib;
	struct worker server;
	struct comm_point c = { .cb_arg = &server };
	struct comm_reply client = { .c = &c };
	struct module_of o;

	memset(&server, 0, sizeof(server));
	bench_open(&o);
	o.env.modinfo[0] = server.env.modinfo[0] = &dynlib;
	server.env.msg_cache = cache;
	dp_worker_adopt_client(&o.m, o.w, &client);
	CU_ASSERT_EQUAL(count_slabhash_entries(cache), 1);
	q.env = &server.env;
	dp_worker_lend_env(&o.m, o.w, &q);
	CU_ASSERT_EQUAL(count_slabhash_entries(cache), 0);
	CU_ASSERT_PTR_NULL(o.w->left);
	module_of_close(&o);
	slabhash_delete(cache);
}

UNIT_MAIN("worker", UNIT(each_thread_has_one), UNIT(a_new_load_has_its_own),
    UNIT(without_a_slot_there_is_none), UNIT(inside_until_the_last_leaves),
    UNIT(the_environment_is_a_copy), UNIT(who_waits_in_front_gets_it_too),
    UNIT(recursion_has_the_cache_of_the_mode),
    UNIT(answering_is_enough_to_be_adopted),
    UNIT(what_was_loaded_is_cleared_by_the_next_query))
