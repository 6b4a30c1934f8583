#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/trail.h"
#include "services/localzone.h"
#include "tests/unit/module_of.h"
#include "tests/unit/reply_of.h"
#include "tests/unit/trail_of.h"

#define NOW 1790000000

static const char *const rules[] = {
	"g.dnspin: manage.example allow 20.0.0.0/8",
	"sub.g.dnspin: *.manage.example allow tcp/443",
	"bad.dnspin: bad.manage.example deny",
	NULL,
};

struct bench {
	struct module_of of;
	struct trail_of trail;
	struct dp_name name;
	struct query_info qinfo;
	struct comm_reply client;
	struct timeval start;
	struct edns_data edns;
	struct reply_of reply;
	struct dp_trail t;
	struct dp_case c;
};

static void bench_open(struct bench *b, uint32_t events)
{
	struct dp_settings set;

	memset(b, 0, sizeof(*b));
	dp_settings_default(&set);
	set.value[DP_SET_EVENT_RING] = events;
	module_of_open(&b->of, rules, &set, NOW);
	trail_of_open(&b->trail, &b->of.m);
	b->start.tv_sec = NOW;
	b->start.tv_usec = 250;
	reply_of_begin(&b->reply);
}

static void bench_close(struct bench *b)
{
	b->reply.rep.an_numrrsets = b->reply.rep.rrset_count;
	reply_of_end(&b->reply);
	trail_of_close(&b->trail);
	module_of_close(&b->of);
}

static uint64_t unlogged(const struct bench *b)
{
	return dp_status_count(atomic_load(&b->of.m.status),
	    DP_COUNT_UNLOGGED);
}

/* A client asks for name; what it is to get stands in the reply. */
static void ask(struct bench *b, const char *name)
{
	struct reply_info *rep = &b->reply.rep;

	b->name = unit_name(name);
	b->qinfo = (struct query_info){ .qname = b->name.wire,
		.qname_len = b->name.len, .qtype = LDNS_RR_TYPE_A,
		.qclass = LDNS_RR_CLASS_IN };
	dp_trail_begin(&b->t, &b->qinfo, NULL, rep, 0, &b->edns, &b->client,
	    &b->start);
	dp_case_open(&b->c, &b->of.m, &b->qinfo);
	(void)dp_case_judge(&b->c, &b->client, rep);
}

static struct dp_event answer(struct bench *b, enum dp_verdict verdict)
{
	dp_trail_judged(&b->t, &b->c, verdict);
	dp_trail_write(&b->of.m, b->of.w, &b->t);
	return trail_of_one(&b->trail);
}

static void add(struct bench *b, uint16_t type, time_t ttl, const char *addr)
{
	struct dp_addr a;

	CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&a, addr, NULL), DP_OK);
	reply_of_add(&b->reply, "x.manage.example", type, ttl, a.bytes,
	    dp_addr_size_b(&a));
}

static void the_rule_and_its_group_are_told(void)
{
	static const struct {
		const char *name, *rule, *group;
	} cases[] = {
		{ "manage.example", "manage.example", "g" },
		{ "a.b.Manage.Example", "*.manage.example", "sub.g" },
		{ "bad.manage.example", "bad.manage.example", "bad" },
		{ "off.example", "", "" },
	};
	char text[DP_NAME_TEXT_MAX];
	struct bench b;

	bench_open(&b, 64);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_event e;

		ask(&b, cases[i].name);
		e = answer(&b, b.c.verdict);
		CU_ASSERT_EQUAL(e.fixed.verdict, b.c.match.allow ?
		    DP_EVENT_VERDICT_ALLOW : DP_EVENT_VERDICT_DENY);
		CU_ASSERT_EQUAL(e.name_b, strlen(cases[i].name) + 2);
		if (!dp_event_rule_text(&e, text))
			text[0] = '\0';
		CU_ASSERT_STRING_EQUAL(text, cases[i].rule);
		CU_ASSERT_EQUAL(e.group_b, strlen(cases[i].group));
		CU_ASSERT_EQUAL(memcmp(e.group, cases[i].group, e.group_b), 0);
		CU_ASSERT_EQUAL(e.fixed.time_us, NOW * UINT64_C(1000000) + 250);
		CU_ASSERT_EQUAL(e.fixed.policy >> 56,
		    dp_policy_digest(b.of.p.policy)[0]);
		CU_ASSERT_EQUAL(e.fixed.policy & 0xff,
		    dp_policy_digest(b.of.p.policy)[7]);
	}
	CU_ASSERT_EQUAL(unlogged(&b), 0);
	bench_close(&b);
}

static void the_answer_is_told(void)
{
	struct dp_event e;
	struct bench b;

	bench_open(&b, 64);
	add(&b, LDNS_RR_TYPE_A, NOW + 600, "20.1.2.3");
	add(&b, LDNS_RR_TYPE_AAAA, NOW + 300, "2001:db8::1");
	add(&b, LDNS_RR_TYPE_A, NOW + 900, "20.1.2.4");
	b.reply.rep.security = sec_status_secure;
	for (int i = 0; i < 3; i++)
		b.reply.packed[i]->data.security = sec_status_secure;
	b.edns.bits = EDNS_DO;
	ask(&b, "x.manage.example");
	b.t.ttl_from = NOW;
	b.t.source = DP_EVENT_SOURCE_CACHE;
	e = answer(&b, DP_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(e.fixed.ttl_s, 300);
	CU_ASSERT_EQUAL(e.fixed.rcode, 0);
	CU_ASSERT_EQUAL(e.fixed.source, DP_EVENT_SOURCE_CACHE);
	CU_ASSERT_EQUAL(e.fixed.security, DP_EVENT_SECURITY_SECURE);
	CU_ASSERT_EQUAL(e.fixed.flags, DP_EVENT_AD | DP_EVENT_DO);
	CU_ASSERT_EQUAL_FATAL(e.v4_count, 2);
	CU_ASSERT_EQUAL(e.v4[1][3], 4);
	CU_ASSERT_EQUAL_FATAL(e.v6_count, 1);
	CU_ASSERT_EQUAL(e.v6[0][15], 1);
	/* A record was renewed by what nobody validated. */
	b.reply.packed[2]->data.security = sec_status_unchecked;
	ask(&b, "x.manage.example");
	b.t.ttl_from = NOW;
	e = answer(&b, DP_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(e.fixed.flags, DP_EVENT_DO);
	bench_close(&b);
}

/* Of a negative answer the TTL is that of what proves it. */
static void a_negative_answer_has_the_ttl_of_its_soa(void)
{
	struct dp_event e;
	struct bench b;

	bench_open(&b, 64);
	reply_of_add(&b.reply, "manage.example", LDNS_RR_TYPE_SOA, 60, "x", 1);
	b.reply.rep.an_numrrsets = 0;
	b.reply.rep.ns_numrrsets = 1;
	b.reply.rep.flags |= LDNS_RCODE_NXDOMAIN;
	ask(&b, "off.example");
	e = answer(&b, DP_VERDICT_DENY);
	CU_ASSERT_EQUAL(e.fixed.ttl_s, 60);
	CU_ASSERT_EQUAL(e.fixed.rcode, LDNS_RCODE_NXDOMAIN);
	/* The module's own SOA was not validated. */
	CU_ASSERT_EQUAL(e.fixed.security, DP_EVENT_SECURITY_UNCHECKED);
	bench_close(&b);
}

static void verdicts_of_the_module_become_words(void)
{
	static const struct {
		enum dp_verdict verdict;
		enum dp_event_verdict word;
		uint32_t flags;
	} cases[] = {
		{ DP_VERDICT_ALLOW, DP_EVENT_VERDICT_ALLOW, 0 },
		{ DP_VERDICT_DENY, DP_EVENT_VERDICT_DENY, 0 },
		{ DP_VERDICT_WOULD_DENY, DP_EVENT_VERDICT_WOULD_DENY, 0 },
		{ DP_VERDICT_NOT_READY, DP_EVENT_VERDICT_ERROR,
		    DP_EVENT_NOT_READY },
		{ DP_VERDICT_WITHHELD, DP_EVENT_VERDICT_ERROR,
		    DP_EVENT_WITHHELD },
	};
	struct bench b;

	bench_open(&b, 64);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_event e;

		ask(&b, "manage.example");
		e = answer(&b, cases[i].verdict);
		CU_ASSERT_EQUAL(e.fixed.verdict, cases[i].word);
		CU_ASSERT_EQUAL(e.fixed.flags, cases[i].flags);
	}
	bench_close(&b);
}

/* local-data "alias.corp CNAME manage.example": the client asked for the one,
 * the other was judged. */
static void an_alias_is_told_as_it_was_asked(void)
{
	struct dp_name alias = unit_name("Alias.corp");
	struct ub_packed_rrset_key key = { .rk = { .dname = alias.wire,
		.dname_len = alias.len } };
	struct local_rrset local = { .rrset = &key };
	struct dp_event e;
	struct bench b;

	bench_open(&b, 64);
	ask(&b, "manage.example");
	b.qinfo.local_alias = &local;
	e = answer(&b, DP_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(e.name_b, alias.len);
	CU_ASSERT_EQUAL(memcmp(e.name, "\5alias\4corp", alias.len), 0);
	CU_ASSERT_EQUAL(e.fixed.rule_kind, DP_EVENT_RULE_NONE);
	CU_ASSERT_EQUAL(e.group_b, 1);
	CU_ASSERT_EQUAL(e.fixed.flags, DP_EVENT_ALIAS);
	bench_close(&b);
}

/* How long it took, and no less than nothing where clocks were set. */
static void latency_counts_from_the_question(void)
{
	static const struct {
		time_t s;
		suseconds_t us;
		uint32_t took_us;
	} cases[] = {
		{ NOW, 250, 0 }, { NOW, 1250, 1000 }, { NOW + 2, 0, 1999750 },
		{ NOW - 1, 0, 0 }, { NOW + 100000, 0, UINT32_MAX },
	};
	struct bench b;

	bench_open(&b, 64);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct timeval now = { cases[i].s, cases[i].us };
		struct dp_event e;

		ask(&b, "manage.example");
		b.t.now = &now;
		e = answer(&b, DP_VERDICT_ALLOW);
		CU_ASSERT_EQUAL(e.fixed.latency_us, cases[i].took_us);
	}
	bench_close(&b);
}

/* Without a ring, or without a policy that says whether there is to be one. */
static void what_is_not_written_is_counted(void)
{
	struct dp_trail *t;
	struct bench b;

	bench_open(&b, 64);
	t = &b.t;
	ask(&b, "manage.example");
	dp_trail_judged(t, &b.c, DP_VERDICT_ALLOW);
	atomic_store(&b.of.m.trails.rings[0], NULL);
	dp_trail_write(&b.of.m, b.of.w, t);
	CU_ASSERT_EQUAL(unlogged(&b), 1);
	atomic_store(&b.of.m.trails.rings[0], b.trail.ring);
	t->policy = NULL;
	dp_trail_write(&b.of.m, b.of.w, t);
	CU_ASSERT_EQUAL(unlogged(&b), 2);
	dp_trail_miss(&b.of.m);
	CU_ASSERT_EQUAL(unlogged(&b), 3);
	bench_close(&b);
}

static void nothing_is_written_where_that_is_wanted(void)
{
	struct bench b;

	bench_open(&b, 0);
	ask(&b, "manage.example");
	dp_trail_judged(&b.t, &b.c, DP_VERDICT_ALLOW);
	dp_trail_write(&b.of.m, b.of.w, &b.t);
	CU_ASSERT_EQUAL(unlogged(&b), 0);
	bench_close(&b);
}

UNIT_MAIN("trail", UNIT(the_rule_and_its_group_are_told),
    UNIT(the_answer_is_told), UNIT(a_negative_answer_has_the_ttl_of_its_soa),
    UNIT(verdicts_of_the_module_become_words),
    UNIT(an_alias_is_told_as_it_was_asked),
    UNIT(latency_counts_from_the_question),
    UNIT(what_is_not_written_is_counted),
    UNIT(nothing_is_written_where_that_is_wanted))
