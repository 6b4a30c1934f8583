#include "module/compat.h"

#include "tests/unit/callback_of.h"

#include "module/query.h"
#include "sldns/sbuffer.h"
#include "tests/unit/trail_of.h"

/* What the events say of answers. */
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
	struct callback_of b;

	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	trail_of_open(&trail, &b.of.m);
	callback_of_cached(&b, "manage.example", "20.1.2.3");
	CU_ASSERT_TRUE(says(&trail, DP_EVENT_VERDICT_ALLOW,
	    DP_EVENT_SOURCE_CACHE, 0, 0));
	callback_of_cached(&b, "manage.example", "21.1.2.3");
	CU_ASSERT_TRUE(says(&trail, DP_EVENT_VERDICT_ALLOW,
	    DP_EVENT_SOURCE_CACHE, DP_EVENT_PIN_OUTSIDE, 0));
	callback_of_cached(&b, "off.example", "20.1.2.3");
	CU_ASSERT_TRUE(says(&trail, DP_EVENT_VERDICT_DENY,
	    DP_EVENT_SOURCE_CACHE, DP_EVENT_LEAKED, 0));
	atomic_store(&b.of.m.map, NULL);
	callback_of_cached(&b, "manage.example", "20.1.2.3");
	CU_ASSERT_TRUE(says(&trail, DP_EVENT_VERDICT_ALLOW,
	    DP_EVENT_SOURCE_CACHE, DP_EVENT_MAP_FULL, 0));
	atomic_store(&b.of.m.map, b.of.map.map);
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_UNLOGGED), 0);
	trail_of_close(&trail);
	callback_of_close(&b);
}

/* A query state that ended with nothing but a code, for a client. */
struct ended {
	struct mesh_state state;
	struct mesh_reply client;
	struct dp_name name;
};

static struct module_qstate *end(struct callback_of *b, struct ended *e,
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
	e->client.start_time.tv_sec = CALLBACK_OF_NOW - 1;
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
	struct callback_of b;

	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
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
	callback_of_close(&b);
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
	struct timeval start = { .tv_sec = CALLBACK_OF_NOW };
	struct trail_of trail;
	struct dp_event e;
	struct callback_of b;

	CU_ASSERT_PTR_NOT_NULL_FATAL(buffer);
	sldns_buffer_write(buffer, query, sizeof(query));
	sldns_buffer_flip(buffer);
	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
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
	callback_of_close(&b);
	sldns_buffer_free(buffer);
}

UNIT_MAIN("reply_events", UNIT(what_the_cache_answers_is_an_event),
    UNIT(what_modules_answered_is_an_event),
    UNIT(what_the_operator_answers_is_an_event))
