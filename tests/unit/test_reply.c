#include "module/compat.h"

#include "tests/unit/callback_of.h"

#include "module/query.h"

static void hits_are_counted_and_recorded(void)
{
	struct callback_of b;

	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_ENFORCE);
	callback_of_cached(&b, "manage.example", "20.1.2.3");
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_HIT), 1);
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_ALLOW), 1);
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_LEAK), 0);
	CU_ASSERT_TRUE(module_of_recorded(&b.of));
	callback_of_close(&b);
}

static void what_is_off_the_list_is_a_leak(void)
{
	struct callback_of b;

	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	callback_of_cached(&b, "off.example", "20.1.2.3");
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_LEAK), 1);
	CU_ASSERT_TRUE(atomic_load(&b.of.m.leaked));
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	callback_of_close(&b);
}

/* What a thread remembers of a name is of the policy that said so. */
static void another_policy_is_heeded_at_once(void)
{
	static const char *const others[] = {
		"h.dnspin: other.example allow",
		NULL,
	};
	struct unit_opened other = unit_open(others, NULL);
	struct callback_of b;

	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	for (int i = 0; i < 3; i++)
		callback_of_cached(&b, "manage.example", "20.1.2.3");
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_RECORDED), 3);
	atomic_store(&b.of.m.policy, other.policy);
	callback_of_cached(&b, "manage.example", "20.1.2.3");
	callback_of_cached(&b, "other.example", "20.1.2.3");
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_LEAK), 1);
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_RECORDED), 4);
	atomic_store(&b.of.m.policy, b.of.p.policy);
	callback_of_cached(&b, "manage.example", "20.1.2.3");
	callback_of_cached(&b, "other.example", "20.1.2.3");
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_LEAK), 2);
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_RECORDED), 5);
	callback_of_close(&b);
	unit_opened_close(&other);
}

/* Unless it was let in by the policy that is just being replaced. */
static void settling_is_no_leak(void)
{
	struct callback_of b;

	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	atomic_store(&b.of.m.settling, true);
	callback_of_cached(&b, "off.example", "20.1.2.3");
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_LEAK), 0);
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_WOULD_DENY), 1);
	CU_ASSERT_FALSE(atomic_load(&b.of.m.leaked));
	callback_of_close(&b);
}

/* The rrset cache renewed the records of a message that was admitted. */
static void renewed_records_are_judged(void)
{
	struct callback_of b;

	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_ENFORCE);
	callback_of_cached(&b, "manage.example", "21.1.2.3");
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_LEAK), 1);
	CU_ASSERT_TRUE(atomic_load(&b.of.m.leaked));
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	callback_of_close(&b);

	callback_of_open(&b, DP_MODE_OBSERVE, DP_PINS_ENFORCE);
	callback_of_cached(&b, "manage.example", "21.1.2.3");
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_LEAK), 0);
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_WOULD_DENY), 1);
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_ALLOW), 0);
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	callback_of_close(&b);
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
		struct callback_of b;

		callback_of_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
		b.of.m.around.validates = cases[i].validates;
		callback_of_secured(&b, "manage.example", "20.1.2.3",
		    cases[i].message, cases[i].record);
		CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_LEAK), 0);
		CU_ASSERT_EQUAL(module_of_recorded(&b.of), cases[i].recorded);
		callback_of_close(&b);
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
	struct timeval start = { .tv_sec = CALLBACK_OF_NOW };
	struct edns_data edns = { .edns_present = 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_name name = unit_name(cases[i].name);
		struct query_info qinfo = { .qname = name.wire,
			.qname_len = name.len, .qtype = LDNS_RR_TYPE_A,
			.qclass = LDNS_RR_CLASS_IN };
		struct reply_of reply;
		struct callback_of b;

		callback_of_open(&b, cases[i].mode, DP_PINS_REPORT);
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
		CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_LEAK), 0);
		reply.rep.an_numrrsets = 1; /* for its end */
		reply_of_end(&reply);
		atomic_store(&b.of.m.policy, b.of.p.policy);
		callback_of_close(&b);
	}
}

static const struct expired {
	const char *name;
	const char *addr;
	enum dp_mode mode;
	bool map;
	int rcode;
	bool recorded;
} expired[] = {
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

/* To a client, and then to a transfer that waits for the same, which gets it
 * as it was. */
static void expired_is_answered(struct callback_of *b,
    const struct expired *c, struct module_qstate *q, struct reply_info *rep)
{
	struct edns_data edns = { .edns_present = 1 };
	struct timeval start = { .tv_sec = CALLBACK_OF_NOW };
	struct comm_reply client = { .client_addrlen = 0 };
	bool good = c->rcode == LDNS_RCODE_NOERROR;

	CU_ASSERT_TRUE(inplace_cb_reply_call(&b->of.env, &q->qinfo, q, rep, 0,
	    &edns, &client, q->region, &start));
	CU_ASSERT_EQUAL(FLAGS_GET_RCODE(rep->flags), c->rcode);
	CU_ASSERT_EQUAL(rep->an_numrrsets, good ? 1 : 0);
	CU_ASSERT_EQUAL(rep->ns_numrrsets,
	    c->rcode == LDNS_RCODE_NXDOMAIN ? 1 : 0);
	CU_ASSERT_EQUAL(edns.opt_list_inplace_cb_out != NULL, !good);
	CU_ASSERT_TRUE(inplace_cb_reply_call(&b->of.env, &q->qinfo, q, rep, 0,
	    &edns, NULL, q->region, NULL));
	CU_ASSERT_EQUAL(rep->an_numrrsets, c->map ? 1 : 0);
}

/* serve-expired: an answer out of the cache of recursion, while the modules
 * still work or when they have failed. */
static void expired_answers_are_judged(void)
{
	for (size_t i = 0; i < sizeof(expired) / sizeof(expired[0]); i++) {
		const struct expired *c = &expired[i];
		struct dp_name name = unit_name(c->name);
		struct mesh_state state = { .reply_list = NULL };
		struct module_qstate *q = &state.s;
		struct reply_of reply;
		struct dp_map *map;
		struct dp_addr a;
		struct callback_of b;

		callback_of_open(&b, c->mode, DP_PINS_ENFORCE);
		map = atomic_load(&b.of.m.map);
		if (!c->map)
			atomic_store(&b.of.m.map, NULL);
		q->mesh_info = &state;
		q->env = &b.of.env;
		CU_ASSERT_PTR_NOT_NULL_FATAL(q->region = regional_create());
		q->qinfo = (struct query_info){ .qname = name.wire,
			.qname_len = name.len, .qtype = LDNS_RR_TYPE_A,
			.qclass = LDNS_RR_CLASS_IN };
		CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&a, c->addr, NULL),
		    DP_OK);
		reply_of_begin(&reply);
		reply_of_add(&reply, c->name, LDNS_RR_TYPE_A, 30, a.bytes, 4);
		expired_is_answered(&b, c, q, &reply.rep);
		atomic_store(&b.of.m.map, map);
		CU_ASSERT_EQUAL(module_of_recorded(&b.of), c->recorded);
		reply.rep.an_numrrsets = 1;
		reply_of_end(&reply);
		regional_destroy(q->region);
		callback_of_close(&b);
	}
}

/* Unbound gives the callbacks on local data NULL for almost everything. */
static void local_answers_need_nothing(void)
{
	struct edns_data edns = { .edns_present = 0 };
	struct callback_of b;

	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	CU_ASSERT_TRUE(inplace_cb_reply_local_call(&b.of.env, NULL, NULL, NULL,
	    LDNS_RCODE_NOERROR, &edns, NULL, NULL, NULL));
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_LOCAL), 1);
	callback_of_close(&b);
}

/* Each reply to a client is counted by the verdict on its query. */
static void replies_and_failures_are_counted(void)
{
	static const struct dp_mark allow = { .verdict = DP_VERDICT_ALLOW };
	static const struct dp_mark not_ready = {
		.verdict = DP_VERDICT_NOT_READY };
	struct timeval start = { .tv_sec = CALLBACK_OF_NOW };
	struct edns_data edns = { .edns_present = 1 };
	struct module_qstate q = { .env = NULL };
	struct query_info qinfo = { .qname = (uint8_t *)"", .qname_len = 1 };
	struct comm_reply client = { .client_addrlen = 0 };
	struct callback_of b;

	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	q.env = &b.of.env;
	q.qinfo = qinfo;
	CU_ASSERT_PTR_NOT_NULL_FATAL(q.region = regional_create());
	q.minfo[0] = (void *)(uintptr_t)&allow;
	CU_ASSERT_TRUE(inplace_cb_reply_call(&b.of.env, &qinfo, &q, NULL, 0,
	    &edns, &client, q.region, &start));
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_ALLOW), 1);

	CU_ASSERT_TRUE(inplace_cb_reply_servfail_call(&b.of.env, &qinfo, &q,
	    NULL, LDNS_RCODE_SERVFAIL, &edns, &client, q.region, &start));
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_ERROR), 1);
	CU_ASSERT_PTR_NULL(edns.opt_list_inplace_cb_out);

	q.minfo[0] = (void *)(uintptr_t)&not_ready;
	CU_ASSERT_TRUE(inplace_cb_reply_servfail_call(&b.of.env, &qinfo, &q,
	    NULL, LDNS_RCODE_SERVFAIL, &edns, &client, q.region, &start));
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_NOT_READY), 1);
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_ERROR), 1);
	CU_ASSERT_PTR_NOT_NULL(edns.opt_list_inplace_cb_out);

	/* Before any module, as for a query that finds no room. */
	CU_ASSERT_TRUE(inplace_cb_reply_servfail_call(&b.of.env, &qinfo, NULL,
	    NULL, LDNS_RCODE_SERVFAIL, &edns, &client, q.region, &start));
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_ERROR), 2);
	regional_destroy(q.region);
	callback_of_close(&b);
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
	struct callback_of b;

	callback_of_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
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
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_ALLOW), 0);
	CU_ASSERT_EQUAL(callback_of_counted(&b, DP_COUNT_ERROR), 0);
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	reply_of_end(&reply);
	b.of.m.id = 0;
	callback_of_close(&b);
}

UNIT_MAIN("reply", UNIT(hits_are_counted_and_recorded),
    UNIT(what_is_off_the_list_is_a_leak), UNIT(settling_is_no_leak),
    UNIT(another_policy_is_heeded_at_once),
    UNIT(renewed_records_are_judged),
    UNIT(what_nobody_vouches_for_is_not_recorded), UNIT(referrals_are_refused),
    UNIT(expired_answers_are_judged), UNIT(local_answers_need_nothing),
    UNIT(replies_and_failures_are_counted),
    UNIT(who_is_no_client_is_not_counted))
