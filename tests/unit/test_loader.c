#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/loader/loader.h"
#include "tests/unit/unbound_of.h"

/* In this program the log is Unbound's own. */
void dp_standin_log_to(dp_standin_say_fn *say, int verbosity_level)
{
	(void)say;
	(void)verbosity_level;
}

static char script[] = "/etc/unbound/dnspin-python.py";

struct bench {
	FILE *log;
	struct config_file *cfg;
	struct config_strlist scripts[2];
	struct module_env env;
	struct dnspin_python_seen seen;
	int pythons;
};

static void hear(int level, const char *text)
{
	(void)level;
	(void)text;
}

static void bench_open(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->log = unbound_log_begin();
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->cfg = config_create());
	b->scripts[0].str = script;
	b->cfg->python_script = b->scripts;
	b->env.cfg = b->cfg;
	b->env.msg_cache = unbound_cache_new(4);
	b->env.modinfo[0] = b->env.modinfo[1] = &b->pythons;
	b->seen = (struct dnspin_python_seen){
		.cfg = (uintptr_t)b->cfg,
		.msg_cache = (uintptr_t)b->env.msg_cache,
		.modinfo = (uintptr_t)b->env.modinfo,
		.callbacks = (uintptr_t)b->env.inplace_cb_lists,
		.options = b->env.edns_known_options_num,
		.threads = (uint64_t)b->cfg->num_threads,
		.msg_cache_b = b->cfg->msg_cache_size,
		.neg_cache_b = b->cfg->neg_cache_size,
		.control_port = (uint64_t)b->cfg->control_port,
		.script = (uintptr_t)b->scripts,
	};
	setenv("DNSPIN_BUILD_CHECK", "probe", 1);
	setenv("DNSPIN_DIR", "/nonexistent/dnspin/unit", 1);
}

static void bench_close(struct bench *b)
{
	b->cfg->python_script = NULL;
	config_delete(b->cfg);
	slabhash_delete(b->env.msg_cache);
	unbound_log_end(b->log);
}

static void expect_refused(struct bench *b, int id, const char *why)
{
	CU_ASSERT_FALSE(dnspin_python_init(&b->env, id, &b->seen, hear));
	CU_ASSERT_TRUE(unbound_log_said(b->log, why) > 0);
	dnspin_python_deinit();
}

static void it_comes_and_goes_twice(void)
{
	struct bench b;

	bench_open(&b);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_TRUE_FATAL(
		    dnspin_python_init(&b.env, 0, &b.seen, hear));
		/* The script registers callbacks; nobody takes them back. */
		CU_ASSERT_TRUE(inplace_cb_register(&b, inplace_cb_reply, NULL,
		    &b.env, 0));
		CU_ASSERT_FALSE(dnspin_python_init(&b.env, 0, &b.seen, hear));
		dnspin_python_deinit();
		CU_ASSERT_PTR_NULL(b.env.inplace_cb_lists[inplace_cb_reply]);
	}
	dnspin_python_deinit();
	bench_close(&b);
}

static void structs_elsewhere_are_refused(void)
{
	struct bench b;

	bench_open(&b);
	for (size_t at = 0; at < sizeof(b.seen) / sizeof(uint64_t); at++) {
		uint64_t value;
		uint8_t *field = (uint8_t *)&b.seen + at * sizeof(value);

		memcpy(&value, field, sizeof(value));
		value++;
		memcpy(field, &value, sizeof(value));
		rewind(b.log);
		CU_ASSERT_EQUAL(ftruncate(fileno(b.log), 0), 0);
		expect_refused(&b, 0, "not where this library expects them");
		value--;
		memcpy(field, &value, sizeof(value));
	}
	bench_close(&b);
}

/* A pointer that leads out of the executable is none of the server's. */
static void a_strange_cache_is_refused(void)
{
	lruhash_sizefunc_type strange;
	void *elsewhere = &strange;
	struct bench b;

	bench_open(&b);
	memcpy(&strange, &elsewhere, sizeof(strange));
	b.env.msg_cache->array[0]->sizefunc = strange;
	expect_refused(&b, 0, "not where this library expects them");
	b.env.msg_cache->array[0]->sizefunc = msgreply_sizefunc;
	bench_close(&b);
}

static void what_would_pass_it_by_is_refused(void)
{
	struct bench b;

	bench_open(&b);
	expect_refused(&b, 1, "put python first");
	b.scripts[0].next = &b.scripts[1];
	expect_refused(&b, 0, "more than one python-script");
	unsetenv("DNSPIN_BUILD_CHECK"); /* this program is no server */
	expect_refused(&b, 0, "build-id");
	bench_close(&b);
}

static void a_strange_query_is_an_error(void)
{
	struct mesh_state strange = { .reply_list = NULL };
	struct module_qstate q = { .mesh_info = &strange };
	struct bench b;

	bench_open(&b);
	CU_ASSERT_TRUE_FATAL(dnspin_python_init(&b.env, 0, &b.seen, hear));
	q.env = &b.env;
	dnspin_python_operate(&q, module_event_new);
	CU_ASSERT_EQUAL(q.ext_state[0], module_error);
	/* Services that a worker has and this environment has not. */
	strange.s.mesh_info = &strange;
	strange.s.env = &b.env;
	dnspin_python_operate(&strange.s, module_event_new);
	CU_ASSERT_EQUAL(strange.s.ext_state[0], module_error);
	dnspin_python_deinit();
	bench_close(&b);
}

UNIT_MAIN("loader", UNIT(it_comes_and_goes_twice),
    UNIT(structs_elsewhere_are_refused), UNIT(a_strange_cache_is_refused),
    UNIT(what_would_pass_it_by_is_refused), UNIT(a_strange_query_is_an_error))
