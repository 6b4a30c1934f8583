#include "module/compat.h"

#include <sys/stat.h>

#include "tests/unit/unit.h"

#include "module/module.h"
#include "tests/unit/unbound_of.h"
#include "tests/unit/unit_policy.h"

/* The entry points, as dynlibmod calls them. */
int init(struct module_env *env, int id);
void deinit(struct module_env *env, int id);
void operate(struct module_qstate *q, enum module_ev event, int id,
    struct outbound_entry *outbound);
void clear(struct module_qstate *q, int id);
size_t get_mem(struct module_env *env, int id);

static char own_file[] = "/usr/lib/dnspin/dnspin.so";
static char other_file[] = "/usr/lib/other.so";

struct bench {
	char dir[32];
	FILE *log;
	struct config_file *cfg;
	struct module_env env;
	struct dynlibmod_env dynlib;
	struct config_strlist files[4];
};

/* dynlib-file: the module's own and these two. */
static void bench_open(struct bench *b, char *second, char *third)
{
	memset(b, 0, sizeof(*b));
	snprintf(b->dir, sizeof(b->dir), "/tmp/dnspin-entry.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->dir));
	b->log = unbound_log_begin();
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->cfg = config_create());
	b->files[0] = (struct config_strlist){ &b->files[1], own_file };
	b->files[1] = (struct config_strlist){ &b->files[2],
		second ? second : b->dir };
	b->files[2] = (struct config_strlist){ NULL, third };
	b->cfg->dynlib_file = b->files;
	b->env.cfg = b->cfg;
	b->env.msg_cache = unbound_cache_new(1);
	b->dynlib.fname = own_file;
	b->dynlib.inplace_cb_register_wrapped = &inplace_cb_register_wrapped;
	b->dynlib.inplace_cb_delete_wrapped = &inplace_cb_delete_wrapped;
	b->env.modinfo[0] = &b->dynlib;
	setenv("DNSPIN_BUILD_CHECK", "probe", 1);
	unsetenv("DNSPIN_DIR");
	unsetenv("DNSPIN_TRUSTED_KEY");
}

static void bench_close(struct bench *b)
{
	static const char *const names[] = { "/unbound/status", "/unbound", "" };
	char path[80];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", b->dir, names[i]);
		(void)remove(path);
	}
	CU_ASSERT_NOT_EQUAL(access(b->dir, F_OK), 0);
	b->cfg->dynlib_file = NULL;
	config_delete(b->cfg);
	slabhash_delete(b->env.msg_cache);
	unbound_log_end(b->log);
}

/* Nothing is left: no state, no callbacks, and deinit finds nothing to do. */
static void expect_refused(struct bench *b, const char *why)
{
	CU_ASSERT_EQUAL(init(&b->env, 0), 0);
	CU_ASSERT_PTR_NULL(b->dynlib.dyn_env);
	for (int i = 0; i < inplace_cb_types_total; i++)
		CU_ASSERT_PTR_NULL(b->env.inplace_cb_lists[i]);
	CU_ASSERT_TRUE(unbound_log_said(b->log, why) > 0);
	CU_ASSERT_EQUAL(get_mem(&b->env, 0), 0);
	deinit(&b->env, 0);
}

static void it_comes_and_goes_twice(void)
{
	struct bench b;

	bench_open(&b, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		const struct dp_module *m;

		CU_ASSERT_EQUAL_FATAL(init(&b.env, 0), 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m = b.dynlib.dyn_env);
		CU_ASSERT_STRING_EQUAL(m->place.dir, b.dir);
		CU_ASSERT_STRING_EQUAL(m->place.trusted, "");
		CU_ASSERT_TRUE(get_mem(&b.env, 0) > sizeof(*m));
		CU_ASSERT_PTR_NOT_NULL(
		    b.env.inplace_cb_lists[inplace_cb_reply_cache]);
		deinit(&b.env, 0);
		CU_ASSERT_PTR_NULL(b.dynlib.dyn_env);
		CU_ASSERT_PTR_NULL(
		    b.env.inplace_cb_lists[inplace_cb_reply_cache]);
	}
	bench_close(&b);
}

static void another_build_is_refused(void)
{
	struct bench b;

	bench_open(&b, NULL, NULL);
	unsetenv("DNSPIN_BUILD_CHECK"); /* this program is no server */
	expect_refused(&b, "build dnspin against this server");
	setenv("DNSPIN_BUILD_CHECK", "probe", 1);
	b.dynlib.inplace_cb_delete_wrapped = NULL;
	expect_refused(&b, "not where this module expects them");
	bench_close(&b);
}

static void a_relative_path_is_refused(void)
{
	static char relative[] = "state";
	struct bench b;

	bench_open(&b, relative, NULL);
	expect_refused(&b, "absolute path");
	bench_close(&b);
}

static void the_words_after_its_own_file_are_read(void)
{
	static char key[] = "/nonexistent/trusted.pub";
	struct bench b;

	bench_open(&b, NULL, key);
	CU_ASSERT_EQUAL_FATAL(init(&b.env, 0), 1);
	CU_ASSERT_STRING_EQUAL(
	    ((struct dp_module *)b.dynlib.dyn_env)->place.trusted, key);
	deinit(&b.env, 0);
	/* What ends in .so is the file of the next dynlib. */
	b.files[2].str = other_file;
	CU_ASSERT_EQUAL_FATAL(init(&b.env, 0), 1);
	CU_ASSERT_STRING_EQUAL(
	    ((struct dp_module *)b.dynlib.dyn_env)->place.trusted, "");
	deinit(&b.env, 0);
	bench_close(&b);
}

/* Structs that are not where they should be: nothing is read from them. */
static void a_strange_query_fails_closed(void)
{
	struct mesh_state strange = { .reply_list = NULL };
	struct module_qstate q = { .mesh_info = &strange };
	struct bench b;

	bench_open(&b, NULL, NULL);
	CU_ASSERT_EQUAL_FATAL(init(&b.env, 0), 1);
	q.env = &b.env;
	operate(&q, module_event_new, 0, NULL);
	CU_ASSERT_EQUAL(q.ext_state[0], module_error);
	CU_ASSERT_PTR_NULL(q.minfo[0]);
	CU_ASSERT_PTR_EQUAL(q.env, &b.env);
	clear(&q, 0);
	deinit(&b.env, 0);
	bench_close(&b);
}

UNIT_MAIN("dnspin", UNIT(it_comes_and_goes_twice),
    UNIT(another_build_is_refused), UNIT(a_relative_path_is_refused),
    UNIT(the_words_after_its_own_file_are_read),
    UNIT(a_strange_query_fails_closed))
