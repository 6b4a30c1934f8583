/*
 * What an answer from the cache and a refusal cost the thread that gives them:
 * what Unbound calls, with policy, map and ring, but no server around it.
 *
 *	tests/bench/bench_hit [NAMES [ADDRESSES [RULES]]]
 *
 * NAMES (20000) that are all allowed and recorded, with ADDRESSES (1) each, by
 * a policy of RULES (200) names more.
 */
#include "module/compat.h"

#include "tests/bench/bench.h"

#include "tests/unit/unit.h"

#include "module/query.h"
#include "module/reply.h"
#include "tests/unit/module_of.h"
#include "tests/unit/reply_of.h"
#include "tests/unit/trail_of.h"

#define NOW 1790000000

static struct {
	struct module_of of;
	struct dynlibmod_env dynlib;
	struct dp_map *map; /* of enough capacity */
	char path[80];
	struct trail_of trail;
	struct question {
		struct dp_name name;
		struct reply_of reply;
	} *questions;
	uint64_t hits;
	struct mesh_state state; /* of a question that is refused */
	uint64_t refused;
} bench;

static unsigned name_count = 20000, address_count = 1, rule_count = 200;

/* All names lie below the first one, half of them below a wildcard. */
static void open_policy(void)
{
	const char **rules = calloc(rule_count + 2u, sizeof(*rules));
	struct dp_settings set;
	char rule[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(rules);
	rules[0] = "bench.dnspin: *.windows.net allow tcp/443";
	for (unsigned i = 1; i <= rule_count; i++) {
		snprintf(rule, sizeof(rule),
		    "bench.dnspin: host%u.region%u.example allow", i, i % 31);
		CU_ASSERT_PTR_NOT_NULL_FATAL(rules[i] = strdup(rule));
	}
	dp_settings_default(&set);
	module_of_open(&bench.of, rules, &set, NOW);
	for (unsigned i = 1; i <= rule_count; i++)
		free((void *)(uintptr_t)rules[i]);
	free(rules);
}

static void open_module(void)
{
	static const uint8_t key[DP_MAP_KEY_B] = { 7 };

	open_policy();
	bench.dynlib.inplace_cb_register_wrapped = &inplace_cb_register_wrapped;
	bench.dynlib.inplace_cb_delete_wrapped = &inplace_cb_delete_wrapped;
	bench.of.env.modinfo[0] = &bench.dynlib;
	CU_ASSERT_TRUE_FATAL(dp_reply_register(&bench.of.m));
	snprintf(bench.path, sizeof(bench.path), "%s/large", bench.of.map.dir);
	CU_ASSERT_EQUAL_FATAL(dp_map_open(&bench.map, bench.path,
	    name_count * address_count, key, NOW, NULL), DP_OK);
	atomic_store(&bench.of.m.map, bench.map);
	trail_of_open(&bench.trail, &bench.of.m);
}

static void close_module(void)
{
	char lock[96];

	/* What nobody has read is not looked at. */
	dp_ring_reader_seek(bench.trail.reader, UINT64_MAX);
	trail_of_close(&bench.trail);
	dp_reply_unregister(&bench.of.m);
	atomic_store(&bench.of.m.map, bench.of.map.map);
	dp_map_close(&bench.map);
	snprintf(lock, sizeof(lock), "%s.lock", bench.path);
	(void)unlink(bench.path);
	(void)unlink(lock);
	module_of_close(&bench.of);
}

/* A message of the cache: one set of addresses. */
static void make_question(struct question *q, unsigned i)
{
	char text[64];

	snprintf(text, sizeof(text), "hot%u.blob.core.windows.net", i);
	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&q->name, text, NULL), DP_OK);
	reply_of_begin(&q->reply);
	for (unsigned k = 0; k < address_count; k++) {
		unsigned n = i * address_count + k;
		uint8_t addr[4] = { (uint8_t)(20 + (n >> 24)),
			(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

		reply_of_add(&q->reply, text, LDNS_RR_TYPE_A, NOW + 600, addr,
		    sizeof(addr));
	}
	q->reply.rep.ttl = NOW + 600;
}

static void hit(struct question *q)
{
	struct comm_reply client = { .client_addrlen = 0 };
	struct timeval start = { .tv_sec = NOW };
	struct edns_data edns = { .edns_present = 0 };
	struct query_info qinfo = { .qname = q->name.wire,
		.qname_len = q->name.len, .qtype = LDNS_RR_TYPE_A,
		.qclass = LDNS_RR_CLASS_IN };

	client.client_addr.ss_family = AF_INET;
	bench.hits++;
	(void)inplace_cb_reply_cache_call(&bench.of.env, &qinfo, NULL,
	    &q->reply.rep, LDNS_RCODE_NOERROR, &edns, &client, NULL, &start);
}

static void hit_key(unsigned thread, uint32_t key)
{
	(void)thread;
	hit(&bench.questions[key]);
}

/* A state as Unbound begins it, with a client. The region is that of the last
 * one, as in Unbound. */
static struct module_qstate *ask(struct dp_name *name,
    struct mesh_reply *client)
{
	struct module_qstate *q = &bench.state.s;
	struct regional *region = q->region;

	memset(&bench.state, 0, sizeof(bench.state));
	rbtree_init(&bench.state.super_set, &mesh_state_ref_compare);
	bench.state.reply_list = client;
	q->mesh_info = &bench.state;
	q->env = &bench.of.env;
	q->region = region;
	q->qinfo = (struct query_info){ .qname = name->wire,
		.qname_len = name->len, .qtype = LDNS_RR_TYPE_A,
		.qclass = LDNS_RR_CLASS_IN };
	return q;
}

static void refuse(unsigned thread, uint32_t key)
{
	struct mesh_reply client = { .qflags = BIT_RD };
	struct dp_module *m = &bench.of.m;
	struct module_qstate *q;
	struct dp_name name;

	(void)thread;
	client.query_reply.client_addr.ss_family = AF_INET;
	client.start_time.tv_sec = NOW;
	q = ask(bench_name(&name, key, ""), &client);
	dp_worker_enter(m, bench.of.w);
	dp_worker_lend_env(m, bench.of.w, q);
	dp_query_begin(m, bench.of.w, q);
	dp_worker_leave(m, bench.of.w);
	if (q->return_msg)
		(void)inplace_cb_reply_call(&bench.of.env, &q->qinfo, q,
		    q->return_msg->rep, LDNS_RCODE_NOERROR, &client.edns,
		    &client.query_reply, q->region, &client.start_time);
	bench.refused += q->ext_state[0] == module_finished && q->return_msg;
	regional_free_all(q->region);
}

static void run(void)
{
	const struct bench_op ops[] = {
		{ .name = "answer from the cache", .run = hit_key,
		    .keys = name_count, .kind = BENCH_SINGLE },
		{ .name = "refusal", .run = refuse, .keys = name_count,
		    .kind = BENCH_SINGLE },
	};
	const struct dp_status *status;

	bench.questions = calloc(name_count, sizeof(*bench.questions));
	CU_ASSERT_PTR_NOT_NULL_FATAL(bench.questions);
	open_module();
	bench.state.s.region = regional_create();
	CU_ASSERT_PTR_NOT_NULL_FATAL(bench.state.s.region);
	for (unsigned i = 0; i < name_count; i++) {
		make_question(&bench.questions[i], i);
		hit(&bench.questions[i]);
	}
	putchar('\n');
	bench_head("hit");
	bench_run(&ops[0]);
	bench_run(&ops[1]);
	status = atomic_load(&bench.of.m.status);
	CU_ASSERT_EQUAL(dp_status_count(status, DP_COUNT_RECORDED),
	    bench.hits * address_count);
	CU_ASSERT_EQUAL(dp_status_count(status, DP_COUNT_UNLOGGED), 0);
	CU_ASSERT_TRUE(bench.refused > 0);
	CU_ASSERT_EQUAL(dp_status_count(status, DP_COUNT_DENY), bench.refused);
	regional_destroy(bench.state.s.region);
	for (unsigned i = 0; i < name_count; i++)
		reply_of_end(&bench.questions[i].reply);
	free(bench.questions);
	close_module();
}

int main(int argc, char **argv)
{
	CU_TestInfo tests[] = { UNIT(run), CU_TEST_INFO_NULL };
	unsigned *const args[] = { &name_count, &address_count, &rule_count };

	for (int i = 1; i < argc && i <= 3; i++)
		*args[i - 1] = (unsigned)strtoul(argv[i], NULL, 10);
	if (name_count < BENCH_HOT || address_count == 0 ||
	    address_count > REPLY_OF_MAX)
		return EXIT_FAILURE;
	return unit_run("bench_hit", NULL, NULL, tests);
}
