#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/query.h"
#include "module/reply.h"
#include "sldns/sbuffer.h"
#include "tests/unit/module_of.h"
#include "tests/unit/reply_of.h"
#include "tests/unit/trail_of.h"

/* The callbacks, in Unbound's own lists and called through them. */
#define NOW 1790000000

static const char *const rules[] = {
	"g.dnspin: manage.example allow 20.0.0.0/8",
	NULL,
};

struct bench {
	struct module_of of;
	struct dynlibmod_env dynlib;
};

static void bench_open(struct bench *b, enum dp_mode mode, enum dp_pins pins)
{
	struct dp_settings set;

	memset(b, 0, sizeof(*b));
	dp_settings_default(&set);
	set.value[DP_SET_MODE] = mode;
	set.value[DP_SET_PINS] = pins;
	module_of_open(&b->of, rules, &set, NOW);
	b->dynlib.inplace_cb_register_wrapped = &inplace_cb_register_wrapped;
	b->dynlib.inplace_cb_delete_wrapped = &inplace_cb_delete_wrapped;
	b->of.env.modinfo[0] = &b->dynlib;
	CU_ASSERT_TRUE_FATAL(dp_reply_register(&b->of.m));
}

static void bench_close(struct bench *b)
{
	dp_reply_unregister(&b->of.m);
	for (int i = 0; i < inplace_cb_types_total; i++)
		CU_ASSERT_PTR_NULL(b->of.env.inplace_cb_lists[i]);
	module_of_close(&b->of);
}

static uint64_t counted(const struct bench *b, enum dp_counter c)
{
	return dp_status_count(atomic_load(&b->of.m.status), c);
}

/* The cache answers a question for name with this address; security: of the
 * message and of its record. */
static void answer_secured(struct bench *b, const char *text, const char *addr,
    enum sec_status message, enum sec_status record)
{
	struct comm_reply client = { .client_addrlen = 0 };
	struct timeval start = { .tv_sec = NOW };
	struct edns_data edns = { .edns_present = 0 };
	struct dp_name name;
	struct query_info qinfo = { .qname = name.wire,
		.qtype = LDNS_RR_TYPE_A, .qclass = LDNS_RR_CLASS_IN };
	struct reply_of reply;
	struct dp_addr a;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, text, NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&a, addr, NULL), DP_OK);
	qinfo.qname_len = name.len;
	reply_of_begin(&reply);
	reply_of_add(&reply, text, LDNS_RR_TYPE_A, NOW + 600, a.bytes, 4);
	reply.rep.ttl = NOW + 600;
	reply.rep.security = message;
	reply.packed[0]->data.security = record;
	CU_ASSERT_TRUE(inplace_cb_reply_cache_call(&b->of.env, &qinfo, NULL,
	    &reply.rep, LDNS_RCODE_NOERROR, &edns, &client, NULL, &start));
	reply_of_end(&reply);
}

static void answer_from_cache(struct bench *b, const char *text,
    const char *addr)
{
	answer_secured(b, text, addr, sec_status_insecure, sec_status_insecure);
}

static void hits_are_counted_and_recorded(void)
{
	struct bench b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_ENFORCE);
	answer_from_cache(&b, "manage.example", "20.1.2.3");
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_HIT), 1);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_ALLOW), 1);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_LEAK), 0);
	CU_ASSERT_TRUE(module_of_recorded(&b.of));
	bench_close(&b);
}

static void what_is_off_the_list_is_a_leak(void)
{
	struct bench b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	answer_from_cache(&b, "off.example", "20.1.2.3");
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_LEAK), 1);
	CU_ASSERT_TRUE(atomic_load(&b.of.m.leaked));
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	bench_close(&b);
}

/* Unless it was let in by the policy that is just being replaced. */
static void settling_is_no_leak(void)
{
	struct bench b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	atomic_store(&b.of.m.settling, true);
	answer_from_cache(&b, "off.example", "20.1.2.3");
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_LEAK), 0);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_WOULD_DENY), 1);
	CU_ASSERT_FALSE(atomic_load(&b.of.m.leaked));
	bench_close(&b);
}

/* The rrset cache renewed the records of a message that was admitted. */
static void renewed_records_are_judged(void)
{
	struct bench b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_ENFORCE);
	answer_from_cache(&b, "manage.example", "21.1.2.3");
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_LEAK), 1);
	CU_ASSERT_TRUE(atomic_load(&b.of.m.leaked));
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	bench_close(&b);

	bench_open(&b, DP_MODE_OBSERVE, DP_PINS_ENFORCE);
	answer_from_cache(&b, "manage.example", "21.1.2.3");
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_LEAK), 0);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_WOULD_DENY), 1);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_ALLOW), 0);
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	bench_close(&b);
}

/* The record of an expired message was renewed; CD lets the client have it. */
static void what_nobody_vouches_for_is_not_recorded(void)
{
	static const struct {
		bool validates;
		enum sec_status message, record;
		bool recorded;
	} cases[] = {
		{ true, sec_status_secure, sec_status_secure, true },
		{ true, sec_status_secure, sec_status_unchecked, false },
		{ true, sec_status_secure, sec_status_bogus, false },
		{ true, sec_status_insecure, sec_status_unchecked, true },
		{ true, sec_status_indeterminate, sec_status_unchecked, false },
		{ false, sec_status_unchecked, sec_status_unchecked, true },
		{ false, sec_status_bogus, sec_status_unchecked, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b;

		bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
		b.of.m.around.validates = cases[i].validates;
		answer_secured(&b, "manage.example", "20.1.2.3",
		    cases[i].message, cases[i].record);
		CU_ASSERT_EQUAL(counted(&b, DP_COUNT_LEAK), 0);
		CU_ASSERT_EQUAL(module_of_recorded(&b.of), cases[i].recorded);
		bench_close(&b);
	}
}

/* What Unbound answers without RD from records of its own (allow_snoop). */
static void referrals_are_refused(void)
{
	static const struct {
		const char *name;
		enum dp_mode mode;
		bool policy;
		bool refused;
	} cases[] = {
		{ "off.example", DP_MODE_STRICT, true, true },
		{ "manage.example", DP_MODE_STRICT, true, true },
		{ "off.example", DP_MODE_OBSERVE, true, false },
		{ "manage.example", DP_MODE_STRICT, false, true },
	};
	struct timeval start = { .tv_sec = NOW };
	struct edns_data edns = { .edns_present = 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_name name = unit_name(cases[i].name);
		struct query_info qinfo = { .qname = name.wire,
			.qname_len = name.len, .qtype = LDNS_RR_TYPE_A,
			.qclass = LDNS_RR_CLASS_IN };
		struct reply_of reply;
		struct bench b;

		bench_open(&b, cases[i].mode, DP_PINS_REPORT);
		if (!cases[i].policy)
			atomic_store(&b.of.m.policy, NULL);
		reply_of_begin(&reply);
		reply_of_add(&reply, "example", LDNS_RR_TYPE_NS, 600,
		    "\2ns\3off", 8);
		reply.rep.an_numrrsets = 0;
		reply.rep.ns_numrrsets = 1;
		CU_ASSERT_TRUE(inplace_cb_reply_cache_call(&b.of.env, &qinfo,
		    NULL, &reply.rep, 0, &edns, NULL, NULL, &start));
		CU_ASSERT_EQUAL(FLAGS_GET_RCODE(reply.rep.flags),
		    cases[i].refused ? LDNS_RCODE_REFUSED : LDNS_RCODE_NOERROR);
		CU_ASSERT_EQUAL(reply.rep.rrset_count,
		    cases[i].refused ? 0 : 1);
		CU_ASSERT_EQUAL(reply.rep.ns_numrrsets,
		    cases[i].refused ? 0 : 1);
		CU_ASSERT_EQUAL(counted(&b, DP_COUNT_LEAK), 0);
		reply.rep.an_numrrsets = 1; /* for its end */
		reply_of_end(&reply);
		atomic_store(&b.of.m.policy, b.of.p.policy);
		bench_close(&b);
	}
}

/* serve-expired: an answer out of the cache of recursion, while the modules
 * still work or when they have failed. */
static void expired_answers_are_judged(void)
{
	static const struct {
		const char *name;
		const char *addr;
		enum dp_mode mode;
		bool map;
		int rcode;
		bool recorded;
	} cases[] = {
		{ "manage.example", "20.1.2.3", DP_MODE_STRICT, true,
		    LDNS_RCODE_NOERROR, true },
		{ "manage.example", "21.1.2.3", DP_MODE_STRICT, true,
		    LDNS_RCODE_NXDOMAIN, false },
		{ "off.example", "20.1.2.3", DP_MODE_STRICT, true,
		    LDNS_RCODE_NXDOMAIN, false },
		{ "off.example", "20.1.2.3", DP_MODE_OBSERVE, true,
		    LDNS_RCODE_NOERROR, false },
		{ "manage.example", "20.1.2.3", DP_MODE_STRICT, false,
		    LDNS_RCODE_SERVFAIL, false },
	};
	struct edns_data edns = { .edns_present = 1 };
	struct timeval start = { .tv_sec = NOW };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_name name = unit_name(cases[i].name);
		struct mesh_state state = { .reply_list = NULL };
		struct module_qstate *q = &state.s;
		struct comm_reply client = { .client_addrlen = 0 };
		struct reply_of reply;
		struct dp_map *map;
		struct dp_addr a;
		struct bench b;
		bool good = cases[i].rcode == LDNS_RCODE_NOERROR;

		bench_open(&b, cases[i].mode, DP_PINS_ENFORCE);
		map = atomic_load(&b.of.m.map);
		if (!cases[i].map)
			atomic_store(&b.of.m.map, NULL);
		q->mesh_info = &state;
		q->env = &b.of.env;
		CU_ASSERT_PTR_NOT_NULL_FATAL(q->region = regional_create());
		q->qinfo = (struct query_info){ .qname = name.wire,
			.qname_len = name.len, .qtype = LDNS_RR_TYPE_A,
			.qclass = LDNS_RR_CLASS_IN };
		CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&a, cases[i].addr, NULL),
		    DP_OK);
		reply_of_begin(&reply);
		reply_of_add(&reply, cases[i].name, LDNS_RR_TYPE_A, 30, a.bytes,
		    4);
		CU_ASSERT_TRUE(inplace_cb_reply_call(&b.of.env, &q->qinfo, q,
		    &reply.rep, 0, &edns, &client, q->region, &start));
		CU_ASSERT_EQUAL(FLAGS_GET_RCODE(reply.rep.flags),
		    cases[i].rcode);
		CU_ASSERT_EQUAL(reply.rep.an_numrrsets, good ? 1 : 0);
		CU_ASSERT_EQUAL(reply.rep.ns_numrrsets,
		    cases[i].rcode == LDNS_RCODE_NXDOMAIN ? 1 : 0);
		CU_ASSERT_EQUAL(edns.opt_list_inplace_cb_out != NULL, !good);
		/* A transfer that waits for the same gets it as it was. */
		CU_ASSERT_TRUE(inplace_cb_reply_call(&b.of.env, &q->qinfo, q,
		    &reply.rep, 0, &edns, NULL, q->region, NULL));
		CU_ASSERT_EQUAL(reply.rep.an_numrrsets, cases[i].map ? 1 : 0);
		atomic_store(&b.of.m.map, map);
		CU_ASSERT_EQUAL(module_of_recorded(&b.of), cases[i].recorded);
		reply.rep.an_numrrsets = 1;
		reply_of_end(&reply);
		regional_destroy(q->region);
		bench_close(&b);
	}
}

/* Unbound gives the callbacks on local data NULL for almost everything. */
static void local_answers_need_nothing(void)
{
	struct edns_data edns = { .edns_present = 0 };
	struct bench b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	CU_ASSERT_TRUE(inplace_cb_reply_local_call(&b.of.env, NULL, NULL, NULL,
	    LDNS_RCODE_NOERROR, &edns, NULL, NULL, NULL));
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_LOCAL), 1);
	bench_close(&b);
}

/* Each reply to a client is counted by the verdict on its query. */
static void replies_and_failures_are_counted(void)
{
	static const struct dp_mark allow = { .verdict = DP_VERDICT_ALLOW };
	static const struct dp_mark not_ready = {
		.verdict = DP_VERDICT_NOT_READY };
	struct timeval start = { .tv_sec = NOW };
	struct edns_data edns = { .edns_present = 1 };
	struct module_qstate q = { .env = NULL };
	struct query_info qinfo = { .qname = (uint8_t *)"", .qname_len = 1 };
	struct comm_reply client = { .client_addrlen = 0 };
	struct bench b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	q.env = &b.of.env;
	q.qinfo = qinfo;
	CU_ASSERT_PTR_NOT_NULL_FATAL(q.region = regional_create());
	q.minfo[0] = (void *)(uintptr_t)&allow;
	CU_ASSERT_TRUE(inplace_cb_reply_call(&b.of.env, &qinfo, &q, NULL, 0,
	    &edns, &client, q.region, &start));
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_ALLOW), 1);

	CU_ASSERT_TRUE(inplace_cb_reply_servfail_call(&b.of.env, &qinfo, &q,
	    NULL, LDNS_RCODE_SERVFAIL, &edns, &client, q.region, &start));
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_ERROR), 1);
	CU_ASSERT_PTR_NULL(edns.opt_list_inplace_cb_out);

	q.minfo[0] = (void *)(uintptr_t)&not_ready;
	CU_ASSERT_TRUE(inplace_cb_reply_servfail_call(&b.of.env, &qinfo, &q,
	    NULL, LDNS_RCODE_SERVFAIL, &edns, &client, q.region, &start));
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_NOT_READY), 1);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_ERROR), 1);
	CU_ASSERT_PTR_NOT_NULL(edns.opt_list_inplace_cb_out);

	/* Before any module, as for a query that finds no room. */
	CU_ASSERT_TRUE(inplace_cb_reply_servfail_call(&b.of.env, &qinfo, NULL,
	    NULL, LDNS_RCODE_SERVFAIL, &edns, &client, q.region, &start));
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_ERROR), 2);
	regional_destroy(q.region);
	bench_close(&b);
}

/* A zone transfer can wait for the addresses of its primary. */
static void who_is_no_client_is_not_counted(void)
{
	static const struct dp_mark allow = { .verdict = DP_VERDICT_ALLOW };
	struct dp_name name = unit_name("manage.example");
	struct edns_data edns = { .edns_present = 0 };
	struct module_qstate q = { .qinfo = { .qname = name.wire,
		.qname_len = name.len, .qclass = LDNS_RR_CLASS_IN } };
	struct dns_msg msg = { .qinfo = q.qinfo };
	struct reply_of reply;
	struct dp_addr a;
	struct bench b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	b.of.m.id = 1; /* replies are recorded as they go out */
	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&a, "20.1.2.3", NULL), DP_OK);
	reply_of_begin(&reply);
	reply_of_add(&reply, "manage.example", LDNS_RR_TYPE_A, 600, a.bytes, 4);
	msg.rep = &reply.rep;
	q.env = &b.of.env;
	q.return_msg = &msg;
	q.minfo[1] = (void *)(uintptr_t)&allow;
	CU_ASSERT_TRUE(inplace_cb_reply_call(&b.of.env, &q.qinfo, &q,
	    &reply.rep, 0, &edns, NULL, NULL, NULL));
	CU_ASSERT_TRUE(inplace_cb_reply_servfail_call(&b.of.env, &q.qinfo, &q,
	    NULL, LDNS_RCODE_SERVFAIL, &edns, NULL, NULL, NULL));
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_ALLOW), 0);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_ERROR), 0);
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	reply_of_end(&reply);
	b.of.m.id = 0;
	bench_close(&b);
}

/* What events say of it. */
static bool says(struct trail_of *trail, enum dp_event_verdict verdict,
    enum dp_event_source source, uint32_t flags, int rcode)
{
	struct dp_event e = trail_of_one(trail);

	return e.fixed.verdict == verdict && e.fixed.source == source &&
	    e.fixed.flags == flags && e.fixed.rcode == rcode;
}

static void what_the_cache_answers_is_an_event(void)
{
	struct trail_of trail;
	struct bench b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	trail_of_open(&trail, &b.of.m);
	answer_from_cache(&b, "manage.example", "20.1.2.3");
	CU_ASSERT_TRUE(says(&trail, DP_EVENT_VERDICT_ALLOW,
	    DP_EVENT_SOURCE_CACHE, 0, 0));
	answer_from_cache(&b, "manage.example", "21.1.2.3");
	CU_ASSERT_TRUE(says(&trail, DP_EVENT_VERDICT_ALLOW,
	    DP_EVENT_SOURCE_CACHE, DP_EVENT_PIN_OUTSIDE, 0));
	answer_from_cache(&b, "off.example", "20.1.2.3");
	CU_ASSERT_TRUE(says(&trail, DP_EVENT_VERDICT_DENY,
	    DP_EVENT_SOURCE_CACHE, DP_EVENT_LEAKED, 0));
	atomic_store(&b.of.m.map, NULL);
	answer_from_cache(&b, "manage.example", "20.1.2.3");
	CU_ASSERT_TRUE(says(&trail, DP_EVENT_VERDICT_ALLOW,
	    DP_EVENT_SOURCE_CACHE, DP_EVENT_MAP_FULL, 0));
	atomic_store(&b.of.m.map, b.of.map.map);
	CU_ASSERT_EQUAL(counted(&b, DP_COUNT_UNLOGGED), 0);
	trail_of_close(&trail);
	bench_close(&b);
}

/* A query state that ended with nothing but a code, for a client. */
struct ended {
	struct mesh_state state;
	struct mesh_reply client;
	struct dp_name name;
};

static struct module_qstate *end(struct bench *b, struct ended *e,
    const struct dp_mark *mark)
{
	struct module_qstate *q = &e->state.s;

	memset(e, 0, sizeof(*e));
	e->name = unit_name("manage.example");
	q->mesh_info = &e->state;
	q->env = &b->of.env;
	q->minfo[0] = (void *)(uintptr_t)mark;
	q->qinfo = (struct query_info){ .qname = e->name.wire,
		.qname_len = e->name.len, .qtype = LDNS_RR_TYPE_A,
		.qclass = LDNS_RR_CLASS_IN };
	e->client.qflags = BIT_RD;
	e->client.start_time.tv_sec = NOW - 1;
	e->state.reply_list = &e->client;
	return q;
}

static void what_modules_answered_is_an_event(void)
{
	static const struct {
		struct dp_mark mark;
		int rcode;
		enum dp_event_verdict verdict;
		enum dp_event_source source;
		uint32_t flags;
	} cases[] = {
		{ { .verdict = DP_VERDICT_ALLOW, .hold_us = 7 }, 3,
		    DP_EVENT_VERDICT_ALLOW, DP_EVENT_SOURCE_RECURSION, 0 },
		{ { .verdict = DP_VERDICT_ALLOW,
		      .flags = DP_EVENT_UNCONFIRMED }, 0,
		    DP_EVENT_VERDICT_ALLOW, DP_EVENT_SOURCE_RECURSION,
		    DP_EVENT_UNCONFIRMED },
		{ { .verdict = DP_VERDICT_DENY, .at_once = true }, 3,
		    DP_EVENT_VERDICT_DENY, DP_EVENT_SOURCE_POLICY, 0 },
		{ { .verdict = DP_VERDICT_ALLOW }, LDNS_RCODE_SERVFAIL,
		    DP_EVENT_VERDICT_ERROR, DP_EVENT_SOURCE_RECURSION, 0 },
		{ { .verdict = DP_VERDICT_WITHHELD }, LDNS_RCODE_SERVFAIL,
		    DP_EVENT_VERDICT_ERROR, DP_EVENT_SOURCE_RECURSION,
		    DP_EVENT_WITHHELD },
		{ { .verdict = DP_VERDICT_NOT_READY, .at_once = true },
		    LDNS_RCODE_SERVFAIL, DP_EVENT_VERDICT_ERROR,
		    DP_EVENT_SOURCE_POLICY, DP_EVENT_NOT_READY },
	};
	struct trail_of trail;
	struct bench b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	trail_of_open(&trail, &b.of.m);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ended e;
		struct module_qstate *q = end(&b, &e, &cases[i].mark);
		struct dp_event event;

		CU_ASSERT_TRUE((cases[i].rcode == LDNS_RCODE_SERVFAIL ?
		    inplace_cb_reply_servfail_call : inplace_cb_reply_call)(
		    &b.of.env, &q->qinfo, q, NULL, cases[i].rcode,
		    &e.client.edns, &e.client.query_reply, NULL,
		    &e.client.start_time));
		event = trail_of_one(&trail);
		CU_ASSERT_EQUAL(event.fixed.verdict, cases[i].verdict);
		CU_ASSERT_EQUAL(event.fixed.source, cases[i].source);
		CU_ASSERT_EQUAL(event.fixed.flags,
		    cases[i].flags | DP_EVENT_RD);
		CU_ASSERT_EQUAL(event.fixed.rcode, cases[i].rcode);
		CU_ASSERT_EQUAL(event.fixed.hold_us, cases[i].mark.hold_us);
		CU_ASSERT_EQUAL(event.fixed.latency_us, 1000000);
		CU_ASSERT_EQUAL(event.fixed.rule_kind, DP_EVENT_RULE_EXACT);
	}
	trail_of_close(&trail);
	bench_close(&b);
}

/* CHAOS: nothing is told but in the query as it came. */
static void what_the_operator_answers_is_an_event(void)
{
	static const uint8_t query[] = { 0, 1, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0,
		2, 'i', 'd', 6, 's', 'e', 'r', 'v', 'e', 'r', 0, 0, 16, 0, 3 };
	struct sldns_buffer *buffer = sldns_buffer_new(512);
	struct comm_point c = { .buffer = buffer };
	struct comm_reply client = { .c = &c };
	struct edns_data edns = { .edns_present = 0 };
	struct timeval start = { .tv_sec = NOW };
	struct trail_of trail;
	struct dp_event e;
	struct bench b;

	CU_ASSERT_PTR_NOT_NULL_FATAL(buffer);
	sldns_buffer_write(buffer, query, sizeof(query));
	sldns_buffer_flip(buffer);
	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	trail_of_open(&trail, &b.of.m);
	CU_ASSERT_TRUE(inplace_cb_reply_local_call(&b.of.env, NULL, NULL, NULL,
	    LDNS_RCODE_NOERROR, &edns, &client, NULL, &start));
	e = trail_of_one(&trail);
	CU_ASSERT_EQUAL(e.fixed.verdict, DP_EVENT_VERDICT_LOCAL);
	CU_ASSERT_EQUAL(e.fixed.source, DP_EVENT_SOURCE_LOCAL);
	CU_ASSERT_EQUAL(e.fixed.flags, DP_EVENT_RD);
	CU_ASSERT_EQUAL(e.fixed.type, 16);
	CU_ASSERT_EQUAL(e.fixed.class, 3);
	CU_ASSERT_EQUAL_FATAL(e.name_b, 11);
	CU_ASSERT_EQUAL(memcmp(e.name, query + 12, 11), 0);
	trail_of_close(&trail);
	bench_close(&b);
	sldns_buffer_free(buffer);
}

UNIT_MAIN("reply", UNIT(hits_are_counted_and_recorded),
    UNIT(what_is_off_the_list_is_a_leak), UNIT(settling_is_no_leak),
    UNIT(renewed_records_are_judged),
    UNIT(what_nobody_vouches_for_is_not_recorded), UNIT(referrals_are_refused),
    UNIT(expired_answers_are_judged), UNIT(local_answers_need_nothing),
    UNIT(replies_and_failures_are_counted),
    UNIT(who_is_no_client_is_not_counted),
    UNIT(what_the_cache_answers_is_an_event),
    UNIT(what_modules_answered_is_an_event),
    UNIT(what_the_operator_answers_is_an_event))
