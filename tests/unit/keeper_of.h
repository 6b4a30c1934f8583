/*
 * A keeper without its thread, in a real state directory: each look is the
 * test's. What it logs goes to a file of the test's.
 */
#ifndef DP_KEEPER_OF_H
#define DP_KEEPER_OF_H

#include "tests/unit/unit.h"

#include <sys/stat.h>

#include "module/cache.h"
#include "module/core/file.h"
#include "module/keeper.h"
#include "tests/unit/unbound_of.h"
#include "tests/unit/unit_policy.h"

static const char *const one_rule[] __attribute__((unused)) = {
	"g.dnspin: manage.example allow tcp/443",
	NULL,
};
static const char *const two_rules[] __attribute__((unused)) = {
	"g.dnspin: manage.example allow tcp/443",
	"g.dnspin: *.manage.example allow tcp/443",
	NULL,
};

struct bench {
	char dir[32];
	struct config_file *cfg;
	struct module_env env;
	struct dp_module m;
	FILE *log;
};

static inline void path_in(const struct bench *b, const char *name,
    char path[80])
{
	snprintf(path, 80, "%s/%s", b->dir, name);
}

static inline void bench_open(struct bench *b)
{
	static uint64_t instance;

	memset(b, 0, sizeof(*b));
	snprintf(b->dir, sizeof(b->dir), "/tmp/dnspin-keeper.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b->dir));
	b->log = unbound_log_begin();
	/* Not in env: at a reload Unbound deletes it while a keeper runs. */
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->cfg = config_create());
	b->env.msg_cache = unbound_cache_new(1);
	b->m.instance = ++instance;
	b->m.env = &b->env;
	snprintf(b->m.place.dir, sizeof(b->m.place.dir), "%s", b->dir);
	dp_epoch_init(&b->m.epoch);
	CU_ASSERT_TRUE_FATAL(dp_cache_create(&b->m, b->cfg));
	b->m.threads = 1;
	CU_ASSERT_TRUE_FATAL(dp_keeper_create(&b->m));
}

static inline void remove_in(const struct bench *b, const char *name)
{
	char path[80];

	path_in(b, name, path);
	(void)remove(path);
}

static inline void bench_close(struct bench *b)
{
	dp_keeper_destroy(&b->m);
	CU_ASSERT_PTR_NULL(b->m.keeper);
	CU_ASSERT_PTR_NULL(atomic_load(&b->m.policy));
	dp_cache_destroy(&b->m);
	slabhash_delete(b->env.msg_cache);
	config_delete(b->cfg);
	unbound_log_end(b->log);
	remove_in(b, "unbound/map/in-the-way");
	remove_in(b, "unbound/map");
	remove_in(b, "unbound/map.lock");
	remove_in(b, "unbound/status/in-the-way");
	remove_in(b, "unbound/status");
	remove_in(b, "unbound/client-key");
	remove_in(b, "unbound/events/0");
	remove_in(b, "unbound/events/1");
	remove_in(b, "unbound/events/2");
	remove_in(b, "unbound/events");
	remove_in(b, "unbound");
	remove_in(b, "policy");
	CU_ASSERT_EQUAL(rmdir(b->dir), 0);
}

static inline unsigned said(const struct bench *b, const char *text)
{
	return unbound_log_said(b->log, text);
}

static inline void put_policy_for(const struct bench *b,
    const char *const *rules, enum dp_mode mode, uint32_t capacity)
{
	struct dp_settings set;
	char path[80];
	uint8_t *bytes;
	size_t size_b;

	dp_settings_default(&set);
	set.value[DP_SET_MODE] = mode;
	set.value[DP_SET_MAP_CAPACITY] = capacity;
	bytes = unit_policy_bytes(rules, &set, &size_b);
	path_in(b, "policy", path);
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, bytes, size_b, 0644, NULL),
	    DP_OK);
	free(bytes);
}

static inline void put_policy(const struct bench *b, const char *const *rules,
    enum dp_mode mode)
{
	put_policy_for(b, rules, mode, 64);
}

static inline struct dp_status_head head_of(const struct bench *b)
{
	struct dp_status_head head;

	CU_ASSERT_EQUAL_FATAL(dp_status_read(atomic_load(&b->m.status), &head),
	    DP_OK);
	return head;
}

static inline void look(struct bench *b, int times)
{
	while (times-- > 0)
		dp_keeper_look(&b->m);
}

/* A folder that is in the way, and not empty, gives way to no file. */
static inline void block(const struct bench *b, const char *name)
{
	char path[80], inner[80];

	path_in(b, "unbound", path);
	(void)mkdir(path, 0755);
	path_in(b, name, path);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0755), 0);
	snprintf(inner, sizeof(inner), "%.60s/in-the-way", path);
	CU_ASSERT_EQUAL_FATAL(mkdir(inner, 0755), 0);
}

#endif
