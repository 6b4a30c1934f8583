#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/hold.h"
#include "module/judge.h"
#include "tests/unit/module_of.h"
#include "tests/unit/reply_of.h"

#define NOW 1790000000

static const char *const everybody[] = {
	"g.dnspin: manage.example allow 20.0.0.0/8",
	NULL,
};
static const char *const by_client[] = {
	"a.dnspin: manage.example allow",
	"a.dnspin: cdn.example allow",
	"m.dnspin: @ 10.20.0.0/16 2001:db8:20::/48",
	"m.dnspin: vlan.example allow 20.0.0.0/8",
	"m.dnspin: cdn.example deny",
	NULL,
};

static void bench_open(struct module_of *o, const char *const *rules,
    enum dp_mode mode, enum dp_setting id, uint32_t value)
{
	struct dp_settings set;

	memset(o, 0, sizeof(*o));
	dp_settings_default(&set);
	set.value[id] = value;
	set.value[DP_SET_MODE] = mode;
	module_of_open(o, rules, &set, NOW);
}

static struct comm_reply client_at(const char *text)
{
	struct comm_reply client = { .client_addrlen = 0 };
	struct dp_addr addr;

	if (!text) /* a family that is no address */
		return client;
	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&addr, text, NULL), DP_OK);
	if (addr.family == 4) {
		struct sockaddr_in in = { .sin_family = AF_INET };

		memcpy(&in.sin_addr, addr.bytes, 4);
		memcpy(&client.client_addr, &in, sizeof(in));
	} else {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

		memcpy(&in6.sin6_addr, addr.bytes, 16);
		memcpy(&client.client_addr, &in6, sizeof(in6));
	}
	return client;
}

static struct dp_case case_of(const struct module_of *o, const char *text,
    uint16_t qclass)
{
	struct dp_name name = unit_name(text);
	struct query_info qinfo = { .qname = name.wire, .qname_len = name.len,
		.qtype = LDNS_RR_TYPE_A, .qclass = qclass };
	struct dp_case c;

	dp_case_open(&c, &o->m, &qinfo);
	return c;
}

static void a_case_is_open_when_policy_and_map_are_there(void)
{
	static const struct {
		enum dp_mode mode;
		bool policy;
		bool map;
		bool ready;
	} cases[] = {
		{ DP_MODE_STRICT, true, true, true },
		{ DP_MODE_STRICT, true, false, false },
		{ DP_MODE_STRICT, false, true, false },
		{ DP_MODE_OBSERVE, true, false, true },
		{ DP_MODE_OBSERVE, false, false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct module_of o;
		struct dp_map *map;
		struct dp_case c;

		bench_open(&o, everybody, cases[i].mode, DP_SET_GRACE, 1);
		map = atomic_load(&o.m.map);
		if (!cases[i].policy)
			atomic_store(&o.m.policy, NULL);
		if (!cases[i].map)
			atomic_store(&o.m.map, NULL);
		c = case_of(&o, "manage.example", LDNS_RR_CLASS_IN);
		CU_ASSERT_EQUAL(c.policy != NULL, cases[i].policy);
		CU_ASSERT_EQUAL(c.ready, cases[i].ready);
		CU_ASSERT_EQUAL(c.verdict, DP_VERDICT_NOT_READY);
		if (c.policy)
			CU_ASSERT_EQUAL(c.strict,
			    cases[i].mode == DP_MODE_STRICT);
		atomic_store(&o.m.map, map);
		module_of_close(&o);
	}
}

static void clients_are_judged_by_their_address(void)
{
	static const struct {
		const char *client;
		const char *name;
		uint16_t qclass;
		bool allow;
	} cases[] = {
		{ "10.20.1.1", "vlan.example", LDNS_RR_CLASS_IN, true },
		{ "10.21.1.1", "vlan.example", LDNS_RR_CLASS_IN, false },
		{ "::ffff:10.20.1.1", "vlan.example", LDNS_RR_CLASS_IN, true },
		{ "2001:db8:20::1", "vlan.example", LDNS_RR_CLASS_IN, true },
		{ "2001:db8:21::1", "vlan.example", LDNS_RR_CLASS_IN, false },
		{ NULL, "vlan.example", LDNS_RR_CLASS_IN, false },
		{ "10.20.1.1", "vlan.example", LDNS_RR_CLASS_CH, false },
		{ "10.20.1.1", "cdn.example", LDNS_RR_CLASS_IN, false },
		{ "10.21.1.1", "cdn.example", LDNS_RR_CLASS_IN, true },
		{ "10.20.1.1", "manage.example", LDNS_RR_CLASS_IN, true },
		{ NULL, "manage.example", LDNS_RR_CLASS_IN, true },
	};
	struct module_of o;

	bench_open(&o, by_client, DP_MODE_STRICT, DP_SET_GRACE, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct comm_reply client = client_at(cases[i].client);
		struct dp_case c = case_of(&o, cases[i].name, cases[i].qclass);
		enum dp_verdict verdict = dp_case_judge(&c, &client, NULL);

		CU_ASSERT_EQUAL(verdict,
		    cases[i].allow ? DP_VERDICT_ALLOW : DP_VERDICT_DENY);
		CU_ASSERT_EQUAL(c.verdict, verdict);
		CU_ASSERT_EQUAL(c.match.allow, cases[i].allow);
	}
	module_of_close(&o);
}

/* Of each question to each audience, whoever asked before. */
static void a_memo_changes_no_verdict(void)
{
	static const char *const clients[] = { "10.20.1.1", "10.21.1.1", NULL };
	static const char *const names[] = { "vlan.example", "cdn.example",
		"manage.example", "off.example" };
	uint64_t state = 1;
	struct module_of o;

	bench_open(&o, by_client, DP_MODE_STRICT, DP_SET_GRACE, 1);
	for (int i = 0; i < 2000; i++) {
		uint64_t r = unit_random(&state);
		struct comm_reply client = client_at(clients[r % 3]);
		uint16_t qclass = r >> 8 & 3 ? LDNS_RR_CLASS_IN :
					       LDNS_RR_CLASS_CH;
		struct dp_memos *memos = r >> 16 & 7 ? o.w->memos : NULL;
		struct dp_case c = case_of(&o, names[r >> 24 & 3], qclass);
		struct dp_case d = c;

		dp_case_expect(&d, memos, LDNS_RR_TYPE_A, &client);
		CU_ASSERT_EQUAL(dp_case_judge_again(&d, memos, NULL),
		    dp_case_judge(&c, &client, NULL));
		CU_ASSERT_EQUAL(d.match.rule, c.match.rule);
		CU_ASSERT_EQUAL(d.match.allow, c.match.allow);
		CU_ASSERT_EQUAL(d.audience, c.audience);
		CU_ASSERT_EQUAL(d.verdict, c.verdict);
		CU_ASSERT_EQUAL(d.memo != NULL,
		    memos && qclass == LDNS_RR_CLASS_IN);
		CU_ASSERT_PTR_NULL(c.memo);
	}
	module_of_close(&o);
}

static void what_some_may_not_have_is_not_for_all(void)
{
	static const struct {
		const char *name;
		bool for_all;
	} cases[] = {
		{ "manage.example", true },
		{ "vlan.example", false },
		{ "cdn.example", false },
		{ "off.example", false },
	};
	struct module_of o;

	bench_open(&o, by_client, DP_MODE_STRICT, DP_SET_GRACE, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_case c =
		    case_of(&o, cases[i].name, LDNS_RR_CLASS_IN);

		CU_ASSERT_EQUAL(dp_case_is_for_all(&c, NULL),
		    cases[i].for_all);
		CU_ASSERT_EQUAL(c.verdict, DP_VERDICT_NOT_READY);
	}
	module_of_close(&o);
}

/* With `chain: inspect` the target counts, for each audience by itself. */
static void answers_are_judged_for_all(void)
{
	static const struct {
		const char *target;
		bool for_all;
	} cases[] = {
		{ "manage.example", true },
		{ "vlan.example", false },
		{ "cdn.example", false },
	};
	struct module_of o;

	bench_open(&o, by_client, DP_MODE_STRICT, DP_SET_CHAIN,
	    DP_CHAIN_INSPECT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_case c =
		    case_of(&o, "manage.example", LDNS_RR_CLASS_IN);
		struct reply_of reply;

		reply_of_begin(&reply);
		reply_of_cname(&reply, "manage.example", cases[i].target, 60);
		CU_ASSERT_EQUAL(dp_case_is_for_all(&c, &reply.rep),
		    cases[i].for_all);
		reply_of_end(&reply);
	}
	module_of_close(&o);
}

static void pins_of_any_audience_count(void)
{
	static const struct {
		const char *name;
		enum dp_pins pins;
		bool needs;
	} cases[] = {
		{ "vlan.example", DP_PINS_ENFORCE, true },
		{ "vlan.example", DP_PINS_REPORT, false },
		{ "manage.example", DP_PINS_ENFORCE, false },
		{ "off.example", DP_PINS_ENFORCE, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct module_of o;
		struct dp_case c;

		bench_open(&o, by_client, DP_MODE_STRICT, DP_SET_PINS,
		    cases[i].pins);
		c = case_of(&o, cases[i].name, LDNS_RR_CLASS_IN);
		CU_ASSERT_EQUAL(dp_case_may_turn(&c, NULL), cases[i].needs);
		module_of_close(&o);
	}
}

/* The target of a CNAME that nothing follows can become any other. */
static void chains_with_an_open_end_may_turn(void)
{
	static const struct {
		enum dp_chain chain;
		bool cname, address;
		bool may;
	} cases[] = {
		{ DP_CHAIN_INSPECT, true, false, true },
		{ DP_CHAIN_INSPECT, true, true, false },
		{ DP_CHAIN_INSPECT, false, true, false },
		{ DP_CHAIN_INSPECT, false, false, false },
		{ DP_CHAIN_INHERIT, true, false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply_of reply;
		struct module_of o;
		struct dp_case c;

		bench_open(&o, by_client, DP_MODE_STRICT, DP_SET_CHAIN,
		    cases[i].chain);
		c = case_of(&o, "manage.example", LDNS_RR_CLASS_IN);
		reply_of_begin(&reply);
		if (cases[i].cname)
			reply_of_cname(&reply, "manage.example",
			    "vlan.example", 60);
		if (cases[i].address)
			reply_of_add(&reply, "vlan.example", LDNS_RR_TYPE_A, 60,
			    "\x14\1\2\3", 4);
		CU_ASSERT_EQUAL(dp_case_may_turn(&c, &reply.rep), cases[i].may);
		reply_of_end(&reply);
		module_of_close(&o);
	}
}

/* The mark says other than the policy does, so that it shows which is heeded. */
static void what_a_mark_has_is_not_looked_up(void)
{
	static const struct {
		bool marked, of_this_policy;
		enum dp_verdict verdict;
	} cases[] = {
		{ false, false, DP_VERDICT_ALLOW },
		{ true, false, DP_VERDICT_ALLOW },
		{ true, true, DP_VERDICT_DENY },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_mark mark = { .match = { .rule = DP_RULE_NONE } };
		struct module_of o;
		struct dp_case c;

		bench_open(&o, everybody, DP_MODE_STRICT, DP_SET_GRACE, 1);
		mark.policy = dp_policy_instance(o.p.policy) +
		    !cases[i].of_this_policy;
		c = case_of(&o, "manage.example", LDNS_RR_CLASS_IN);
		dp_case_recall(&c, cases[i].marked ? &mark : NULL);
		CU_ASSERT_EQUAL(dp_case_judge(&c, NULL, NULL),
		    cases[i].verdict);
		CU_ASSERT_TRUE(c.matched);
		CU_ASSERT_EQUAL(dp_case_judge(&c, NULL, NULL),
		    cases[i].verdict);
		CU_ASSERT_PTR_NULL(c.told);
		mark.match.rule = 0;
		dp_case_recall(&c, cases[i].marked ? &mark : NULL);
		CU_ASSERT_PTR_EQUAL(c.told,
		    cases[i].marked && cases[i].of_this_policy ? &mark.told :
								 NULL);
		(void)dp_case_deny(&c);
		CU_ASSERT_PTR_NULL(c.told);
		module_of_close(&o);
	}
}

static void each_audience_is_looked_up(void)
{
	struct comm_reply inside = client_at("10.20.1.1");
	struct comm_reply outside = client_at("10.21.1.1");
	struct module_of o;
	struct dp_case c;

	bench_open(&o, by_client, DP_MODE_STRICT, DP_SET_GRACE, 1);
	c = case_of(&o, "vlan.example", LDNS_RR_CLASS_IN);
	CU_ASSERT_EQUAL(dp_case_judge(&c, &inside, NULL), DP_VERDICT_ALLOW);
	CU_ASSERT_FALSE(c.matched);
	CU_ASSERT_EQUAL(dp_case_judge(&c, &outside, NULL), DP_VERDICT_DENY);
	CU_ASSERT_EQUAL(dp_case_judge(&c, &inside, NULL), DP_VERDICT_ALLOW);
	module_of_close(&o);
}

UNIT_MAIN("judge", UNIT(a_case_is_open_when_policy_and_map_are_there),
    UNIT(clients_are_judged_by_their_address), UNIT(a_memo_changes_no_verdict),
    UNIT(what_some_may_not_have_is_not_for_all),
    UNIT(answers_are_judged_for_all), UNIT(pins_of_any_audience_count),
    UNIT(chains_with_an_open_end_may_turn),
    UNIT(what_a_mark_has_is_not_looked_up), UNIT(each_audience_is_looked_up))
