#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/core/event.h"
#include "tests/unit/query_of.h"

static const char *const rules[] = {
	"g.dnspin: manage.example allow 20.0.0.0/8",
	NULL,
};

static void bench_open(struct query_of *b, enum dp_mode mode,
    enum dp_pins pins)
{
	query_of_open(b, rules, mode, pins);
}

static bool refused(const struct module_qstate *q)
{
	return q->ext_state[0] == module_finished && q->return_msg &&
	    q->return_rcode == LDNS_RCODE_NOERROR &&
	    FLAGS_GET_RCODE(q->return_msg->rep->flags) == LDNS_RCODE_NXDOMAIN &&
	    q->edns_opts_front_out != NULL;
}

static bool failed(const struct module_qstate *q)
{
	return q->ext_state[0] == module_finished && !q->return_msg &&
	    q->return_rcode == LDNS_RCODE_SERVFAIL;
}

static void clients_are_judged_at_the_beginning(void)
{
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	q = query_of_ask(&b, "manage.example", true);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_wait_module);
	q = query_of_ask(&b, "off.example", true);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_TRUE(refused(q));
	query_of_close(&b);
}

static void unbounds_own_queries_are_left_alone(void)
{
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	q = query_of_ask(&b, "off.example", false);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_wait_module);
	q = query_of_ask(&b, "off.example", false);
	b.state.super_set.count = 1;
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_wait_module);
	query_of_found(&b, "20.1.2.3");
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_finished);
	CU_ASSERT_PTR_EQUAL(q->return_msg, &b.msg);
	CU_ASSERT_FALSE(query_of_admitted(&b));
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	query_of_close(&b);
}

static void prefetches_of_refused_names_go_no_further(void)
{
	struct sock_list blacklist = { .len = 0 };
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	q = query_of_ask(&b, "off.example", false);
	q->blacklist = &blacklist;
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_TRUE(refused(q));
	q = query_of_ask(&b, "manage.example", false);
	q->blacklist = &blacklist;
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_wait_module);
	query_of_found(&b, "20.1.2.3");
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_TRUE(query_of_admitted(&b));
	query_of_close(&b);
}

/* Its super is gone, its blacklist is not. */
static void orphans_are_no_prefetches(void)
{
	struct sock_list blacklist = { .len = 0 };
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	q = query_of_ask(&b, "manage.example", false); /* validator's */
	q->blacklist = &blacklist;
	q->is_valrec = 1;
	b.state.super_set.count = 1;
	dp_query_begin(&b.of.m, b.of.w, q);
	b.state.super_set.count = 0;
	query_of_found(&b, "20.1.2.3");
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_finished);
	CU_ASSERT_FALSE(query_of_admitted(&b));

	q = query_of_ask(&b, "manage.example", false); /* iterator's */
	q->blacklist = &blacklist;
	query_of_found(&b, "20.1.2.3");
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_finished);
	CU_ASSERT_FALSE(query_of_admitted(&b));
	query_of_close(&b);
}

static void forge(struct query_of *b)
{
	b->reply.rep.security = sec_status_bogus;
}

/* Without a validator nothing is checked. */
static void leave_unchecked(struct query_of *b)
{
	b->reply.rep.security = sec_status_unchecked;
	b->reply.packed[0]->data.security = sec_status_unchecked;
}

/* With one it is all the same below no trust anchor, */
static void find_no_anchor(struct query_of *b)
{
	b->of.m.around.validates = true;
	b->reply.rep.security = sec_status_indeterminate;
	b->reply.packed[0]->data.security = sec_status_indeterminate;
}

/* and not when it was told to leave the answer alone: new, or known. */
static void pass_validator_by(struct query_of *b)
{
	find_no_anchor(b);
	b->reply.packed[0]->data.security = sec_status_unchecked;
}

static void pass_validator_by_again(struct query_of *b)
{
	find_no_anchor(b);
	b->reply.packed[0]->data.security = sec_status_bogus;
}

static void fail(struct query_of *b)
{
	b->state.s.return_msg = NULL;
	b->state.s.return_rcode = LDNS_RCODE_SERVFAIL;
}

static void forbid_storing(struct query_of *b)
{
	b->state.s.no_cache_store = 1;
}

/* What respip made for one view; only asked whether it is there. */
static void rewrite(struct query_of *b)
{
	b->state.s.respip_action_info = (void *)b;
}

static void drop(struct query_of *b)
{
	b->state.s.is_drop = 1;
}

/* A client that joins a query which Unbound had begun for itself. */
static void join(struct query_of *b)
{
	b->state.reply_list = &b->client;
}

enum { REFUSED = 1, RECORDED = 2, ADMITTED = 4 };

static int outcome(struct query_of *b)
{
	const struct module_qstate *q = &b->state.s;

	CU_ASSERT_EQUAL(q->ext_state[0], module_finished);
	return (refused(q) ? REFUSED : 0) |
	    (module_of_recorded(&b->of) ? RECORDED : 0) |
	    (query_of_admitted(b) ? ADMITTED : 0);
}

/* Queries from their beginning to their end. */
static void answers_are_judged_recorded_and_admitted(void)
{
	static const struct {
		const char *name;
		const char *addr;
		enum { REPORT, ENFORCE, OBSERVE } how;
		void (*meanwhile)(struct query_of *b);
		int outcome;
	} cases[] = {
		{ "manage.example", "20.1.2.3", REPORT, NULL,
		    RECORDED | ADMITTED },
		{ "manage.example", "21.1.2.3", REPORT, NULL,
		    RECORDED | ADMITTED },
		{ "manage.example", "20.1.2.3", REPORT, forge, 0 },
		{ "manage.example", "20.1.2.3", REPORT, pass_validator_by, 0 },
		{ "manage.example", "20.1.2.3", REPORT, pass_validator_by_again,
		    0 },
		{ "manage.example", "20.1.2.3", REPORT, find_no_anchor,
		    RECORDED | ADMITTED },
		{ "manage.example", "20.1.2.3", REPORT, leave_unchecked,
		    RECORDED | ADMITTED },
		{ "manage.example", "20.1.2.3", REPORT, fail, 0 },
		{ "manage.example", "20.1.2.3", REPORT, forbid_storing,
		    RECORDED },
		{ "manage.example", "20.1.2.3", REPORT, rewrite, RECORDED },
		{ "manage.example", "20.1.2.3", REPORT, drop, RECORDED },
		{ "off.example", "20.1.2.3", REPORT, join, REFUSED },
		{ "manage.example", "21.1.2.3", ENFORCE, NULL, REFUSED },
		/* The rrsets of what pins allow may get other addresses while
		 * the message is in the cache. */
		{ "manage.example", "20.1.2.3", ENFORCE, NULL, RECORDED },
		{ "manage.example", "20.1.2.3", OBSERVE, NULL, RECORDED },
		{ "off.example", "20.1.2.3", OBSERVE, NULL, 0 },
		{ "off.example", "20.1.2.3", OBSERVE, forge, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct module_qstate *q;
		struct query_of b;
		int got;

		bench_open(&b, cases[i].how == OBSERVE ? DP_MODE_OBSERVE
						      : DP_MODE_STRICT,
		    cases[i].how == REPORT ? DP_PINS_REPORT : DP_PINS_ENFORCE);
		q = query_of_ask(&b, cases[i].name, cases[i].meanwhile != join);
		dp_query_begin(&b.of.m, b.of.w, q);
		CU_ASSERT_EQUAL(q->ext_state[0], module_wait_module);
		query_of_found(&b, cases[i].addr);
		if (cases[i].meanwhile)
			cases[i].meanwhile(&b);
		dp_query_end(&b.of.m, b.of.w, q);
		got = outcome(&b);
		CU_ASSERT_EQUAL(got, cases[i].outcome);
		if (got != cases[i].outcome)
			printf("\ncase %zu: %d\n", i, got);
		CU_ASSERT_EQUAL(q->return_rcode == LDNS_RCODE_SERVFAIL,
		    cases[i].meanwhile == fail);
		CU_ASSERT_EQUAL(q->return_msg == &b.msg,
		    !(got & REFUSED) && cases[i].meanwhile != fail);
		dp_cache_clear(&b.of.m);
		CU_ASSERT_FALSE(query_of_admitted(&b));
		query_of_close(&b);
	}
}

/* What subnetcache made for one network. */
static void with_subnetcache_nothing_is_admitted(void)
{
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	dp_cache_destroy(&b.of.m);
	module_of_set_modules(&b.of, "dynlib subnetcache validator iterator");
	CU_ASSERT_TRUE_FATAL(dp_cache_create(&b.of.m, b.of.cfg));
	q = query_of_ask(&b, "manage.example", true);
	dp_query_begin(&b.of.m, b.of.w, q);
	query_of_found(&b, "20.1.2.3");
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(outcome(&b), RECORDED);
	query_of_close(&b);
}

static void observing_marks(void)
{
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b, DP_MODE_OBSERVE, DP_PINS_ENFORCE);
	q = query_of_ask(&b, "off.example", true);
	dp_query_begin(&b.of.m, b.of.w, q);
	query_of_found(&b, "20.1.2.3");
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(query_of_verdict(&b, q), DP_VERDICT_WOULD_DENY);
	query_of_close(&b);
}

static void what_events_say_of_a_query_is_marked(void)
{
	const struct dp_mark *mark;
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	q = query_of_ask(&b, "off.example", true);
	dp_query_begin(&b.of.m, b.of.w, q);
	mark = dp_query_mark(&b.of.m, q);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mark);
	CU_ASSERT_TRUE(mark->at_once);
	q = query_of_ask(&b, "manage.example", true);
	dp_query_begin(&b.of.m, b.of.w, q);
	query_of_found(&b, "21.1.2.3");
	dp_query_end(&b.of.m, b.of.w, q);
	mark = dp_query_mark(&b.of.m, q);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mark);
	CU_ASSERT_FALSE(mark->at_once);
	CU_ASSERT_EQUAL(mark->flags, DP_EVENT_PIN_OUTSIDE);
	CU_ASSERT_EQUAL(mark->hold_us, 0);
	query_of_close(&b);
}

/* One mark, from the beginning to the end. */
static void the_rule_is_looked_up_once(void)
{
	static const char *const pinned[] = { "g.dnspin: manage.example allow "
		"20.0.0.0/8", NULL };
	static const char *const plain[] = { "gg.dnspin: *.example allow",
		NULL };
	static const char *const *const policies[] = { pinned, plain };

	for (size_t i = 0; i < 2; i++) {
		const struct dp_mark *mark;
		struct module_qstate *q;
		struct query_of b;

		query_of_open(&b, policies[i], DP_MODE_STRICT, DP_PINS_REPORT);
		q = query_of_ask(&b, "manage.example", true);
		dp_query_begin(&b.of.m, b.of.w, q);
		mark = dp_query_mark(&b.of.m, q);
		CU_ASSERT_TRUE_FATAL(mark && mark->own);
		CU_ASSERT_EQUAL(mark->told.pinned, i == 0);
		CU_ASSERT_EQUAL(mark->told.wildcard, i == 1);
		CU_ASSERT_EQUAL(mark->told.group_b, 1 + i);
		query_of_found(&b, "21.1.2.3");
		dp_query_end(&b.of.m, b.of.w, q);
		CU_ASSERT_PTR_EQUAL(dp_query_mark(&b.of.m, q), mark);
		CU_ASSERT_EQUAL(mark->verdict, DP_VERDICT_ALLOW);
		CU_ASSERT_EQUAL(mark->flags,
		    i == 0 ? DP_EVENT_PIN_OUTSIDE : 0);
		query_of_close(&b);
	}
}

/* What was looked up when a query began holds for the policy of then. */
static void another_policy_meanwhile_is_heeded(void)
{
	static const char *const others[] = {
		"h.dnspin: other.example allow",
		NULL,
	};
	struct unit_opened other = unit_open(others, NULL);
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	q = query_of_ask(&b, "manage.example", true);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(dp_query_mark(&b.of.m, q)->policy,
	    dp_policy_instance(b.of.p.policy));
	query_of_found(&b, "20.1.2.3");
	atomic_store(&b.of.m.policy, other.policy);
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_TRUE(refused(q));
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	CU_ASSERT_EQUAL(dp_query_mark(&b.of.m, q)->policy,
	    dp_policy_instance(other.policy));
	atomic_store(&b.of.m.policy, b.of.p.policy);
	query_of_close(&b);
	unit_opened_close(&other);
}

static void without_policy_or_map_it_is_closed(void)
{
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b, DP_MODE_STRICT, DP_PINS_REPORT);
	atomic_store(&b.of.m.policy, NULL);
	q = query_of_ask(&b, "manage.example", true);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_TRUE(failed(q));
	atomic_store(&b.of.m.policy, b.of.p.policy);
	atomic_store(&b.of.m.map, NULL);
	q = query_of_ask(&b, "manage.example", true);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_TRUE(failed(q));
	q = query_of_ask(&b, "off.example", false);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_wait_module);
	query_of_close(&b);
}

/* Strict: recursion writes to the internal cache, the worker reads the
 * admitted. */
static void the_caches_are_kept_apart(void)
{
	static const enum dp_mode modes[] = { DP_MODE_STRICT, DP_MODE_OBSERVE };

	for (size_t i = 0; i < 2; i++) {
		struct module_qstate *q;
		struct query_of b;

		bench_open(&b, modes[i], DP_PINS_REPORT);
		q = query_of_ask(&b, "manage.example", true);
		CU_ASSERT_PTR_NOT_EQUAL(q->env, &b.of.env);
		CU_ASSERT_PTR_EQUAL(q->env->msg_cache,
		    modes[i] == DP_MODE_STRICT ? b.of.m.internal :
						 b.of.m.admitted);
		CU_ASSERT_PTR_EQUAL(b.of.env.msg_cache, b.of.m.admitted);
		CU_ASSERT_PTR_EQUAL(q->env->rrset_cache, b.of.env.rrset_cache);
		query_of_close(&b);
	}
}

UNIT_MAIN("query", UNIT(clients_are_judged_at_the_beginning),
    UNIT(unbounds_own_queries_are_left_alone),
    UNIT(prefetches_of_refused_names_go_no_further),
    UNIT(orphans_are_no_prefetches),
    UNIT(answers_are_judged_recorded_and_admitted),
    UNIT(with_subnetcache_nothing_is_admitted),
    UNIT(observing_marks),
    UNIT(what_events_say_of_a_query_is_marked),
    UNIT(the_rule_is_looked_up_once),
    UNIT(another_policy_meanwhile_is_heeded),
    UNIT(without_policy_or_map_it_is_closed), UNIT(the_caches_are_kept_apart))
