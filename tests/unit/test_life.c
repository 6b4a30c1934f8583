#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/life.h"
#include "module/module.h"
#include "tests/unit/unbound_of.h"

/* An environment that a module could begin in. */
static void env_open(struct module_env *env)
{
	memset(env, 0, sizeof(*env));
	CU_ASSERT_PTR_NOT_NULL_FATAL(env->cfg = config_create());
	env->msg_cache = unbound_cache_new(1);
	unsetenv("DNSPIN_DIR");
	unsetenv("DNSPIN_TRUSTED_KEY");
}

static void env_close(struct module_env *env)
{
	slabhash_delete(env->msg_cache);
	config_delete(env->cfg);
}

static void a_server_of_another_build_does_not_fit(void)
{
	unsetenv("DNSPIN_BUILD_CHECK"); /* this program is no server */
	CU_ASSERT_FALSE(dp_life_fits());
	setenv("DNSPIN_BUILD_CHECK", "probe", 1);
	CU_ASSERT_TRUE(dp_life_fits());
}

static void it_begins_where_it_is_told_to(void)
{
	const char *words[2] = { "relative", NULL };
	struct module_env env;
	struct dp_module *m;

	env_open(&env);
	CU_ASSERT_PTR_NULL(dp_life_begin(&env, 0, words));
	words[0] = "/nonexistent/dnspin/unit";
	m = dp_life_begin(&env, 3, words);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->id, 3);
	CU_ASSERT_FALSE(m->guest);
	CU_ASSERT_STRING_EQUAL(m->place.dir, words[0]);
	dp_life_end(m);
	dp_life_end(NULL);
	env_close(&env);
}

static void what_cannot_be_worked_on_is_an_error(void)
{
	const char *const words[2] = { "/nonexistent/dnspin/unit", NULL };
	struct mesh_state strange = { .reply_list = NULL };
	struct module_qstate q = { .mesh_info = &strange };
	struct slabhash *servers;
	struct module_env env;
	struct dp_module *m;

	env_open(&env);
	servers = env.msg_cache;
	m = dp_life_begin(&env, 0, words);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	q.env = &env;
	dp_life_operate(m, &q, module_event_new);
	CU_ASSERT_EQUAL(q.ext_state[0], module_error);
	CU_ASSERT_PTR_EQUAL(q.env, &env);
	strange.s.mesh_info = &strange;
	strange.s.env = &env;
	dp_life_operate(m, &strange.s, module_event_noreply);
	CU_ASSERT_EQUAL(strange.s.ext_state[0], module_error);
	env.msg_cache = servers; /* the module's own was in its place */
	dp_life_end(m);
	env_close(&env);
}

UNIT_MAIN("life", UNIT(a_server_of_another_build_does_not_fit),
    UNIT(it_begins_where_it_is_told_to),
    UNIT(what_cannot_be_worked_on_is_an_error))
