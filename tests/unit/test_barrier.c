#include "module/compat.h"

#include "tests/unit/unit.h"

#include "tests/unit/barrier_of.h"

static void ignore(struct module_qstate *q, enum module_ev event, int id,
    struct outbound_entry *outbound)
{
	(void)q;
	(void)event;
	(void)id;
	(void)outbound;
}

enum agent { ACKS, SILENT, DEAD, NONE };

static void set_agent(struct barrier_of *o, enum agent agent)
{
	struct dp_sync *sync;

	switch (agent) {
	case ACKS: /* all that will be recorded here */
		dp_sync_ack(o->agent, 1000);
		break;
	case SILENT:
		break;
	case DEAD:
		dp_sync_ack(o->agent, 1000);
		barrier_of_die(o);
		break;
	case NONE:
		sync = atomic_exchange(&o->b.of.m.sync, NULL);
		dp_sync_close(&sync);
		break;
	}
}

enum outcome { GIVEN = 1, ADMITTED = 2, HELD = 4, WITHHELD = 8, OPEN = 16 };

static int outcome(struct barrier_of *o)
{
	const struct module_qstate *q = &o->b.state.s;
	enum dp_verdict verdict = query_of_verdict(&o->b, q);
	bool waits = q->ext_state[0] == module_wait_reply;

	CU_ASSERT_EQUAL(dp_query_is_held(&o->b.of.m, q), waits);
	CU_ASSERT_EQUAL(barrier_of_count(o, DP_COUNT_WITHHELD),
	    verdict == DP_VERDICT_WITHHELD);
	return (!waits && q->return_msg == &o->b.msg ? GIVEN : 0) |
	    (query_of_admitted(&o->b) ? ADMITTED : 0) |
	    (waits ? HELD : 0) |
	    (verdict == DP_VERDICT_WITHHELD && !q->return_msg &&
		q->return_rcode == LDNS_RCODE_SERVFAIL ? WITHHELD : 0) |
	    (barrier_of_count(o, DP_COUNT_UNCONFIRMED) == 1 ? OPEN : 0);
}

static struct module_qstate *ask(struct barrier_of *o, const char *name,
    const char *addr)
{
	struct module_qstate *q = query_of_ask(&o->b, name, true);

	dp_query_begin(&o->b.of.m, o->b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_wait_module);
	query_of_found(&o->b, addr);
	dp_query_end(&o->b.of.m, o->b.of.w, q);
	return q;
}

static void an_answer_passes_when_it_is_confirmed(void)
{
	static const struct {
		enum dp_barrier barrier;
		enum dp_mode mode;
		enum agent agent;
		const char *addr;
		int outcome;
	} cases[] = {
		{ DP_BARRIER_OFF, DP_MODE_STRICT, NONE, "20.1.2.3",
		    GIVEN | ADMITTED },
		{ DP_BARRIER_FAIL_OPEN, DP_MODE_STRICT, ACKS, "20.1.2.3",
		    GIVEN | ADMITTED },
		{ DP_BARRIER_FAIL_CLOSED, DP_MODE_STRICT, ACKS, "20.1.2.3",
		    GIVEN | ADMITTED },
		{ DP_BARRIER_FAIL_OPEN, DP_MODE_STRICT, SILENT, "20.1.2.3",
		    HELD },
		{ DP_BARRIER_FAIL_CLOSED, DP_MODE_STRICT, SILENT, "20.1.2.3",
		    HELD },
		{ DP_BARRIER_FAIL_OPEN, DP_MODE_STRICT, DEAD, "20.1.2.3",
		    GIVEN | OPEN },
		{ DP_BARRIER_FAIL_CLOSED, DP_MODE_STRICT, DEAD, "20.1.2.3",
		    WITHHELD },
		{ DP_BARRIER_FAIL_OPEN, DP_MODE_STRICT, NONE, "20.1.2.3",
		    GIVEN | OPEN },
		{ DP_BARRIER_FAIL_CLOSED, DP_MODE_STRICT, NONE, "20.1.2.3",
		    WITHHELD },
		/* special-purpose: not recorded */
		{ DP_BARRIER_FAIL_CLOSED, DP_MODE_STRICT, NONE, "10.1.2.3",
		    GIVEN | ADMITTED },
		{ DP_BARRIER_FAIL_CLOSED, DP_MODE_OBSERVE, NONE, "20.1.2.3",
		    GIVEN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_settings set;
		struct barrier_of o;
		int got;

		barrier_of_settings(&set, cases[i].barrier);
		set.value[DP_SET_MODE] = cases[i].mode;
		barrier_of_open(&o, &set);
		barrier_of_loop(&o, ignore);
		set_agent(&o, cases[i].agent);
		ask(&o, "manage.example", cases[i].addr);
		got = outcome(&o);
		CU_ASSERT_EQUAL(got, cases[i].outcome);
		if (got != cases[i].outcome)
			printf("\ncase %zu: %d\n", i, got);
		CU_ASSERT_EQUAL(barrier_of_count(&o, DP_COUNT_HELD),
		    (got & HELD) != 0);
		barrier_of_close(&o);
	}
}

static void confirm(struct barrier_of *o)
{
	barrier_of_ack(o);
}

static void go_away(struct barrier_of *o)
{
	o->b.state.reply_list = NULL;
	barrier_of_ack(o);
}

static void do_nothing(struct barrier_of *o)
{
	(void)o;
}

/* A policy that did not allow it would not have the name. */
static void lose_policy(struct barrier_of *o)
{
	atomic_store(&o->b.of.m.policy, NULL);
}

/* The keeper has moved the map: what was recorded is recorded there, too. */
static void move_map(struct barrier_of *o)
{
	atomic_store(&o->b.of.m.map, o->other.map);
	barrier_of_ack(o);
}

static void move_map_and_confirm(struct barrier_of *o)
{
	move_map(o);
	dp_sync_subject(o->agent, dp_map_id(o->other.map),
	    dp_policy_digest(o->b.of.p.policy));
	dp_sync_ack(o->agent, 1000);
}

/* The same rules, and the agent knows. */
static void change_policy(struct barrier_of *o)
{
	atomic_store(&o->b.of.m.policy, o->next.policy);
	dp_sync_subject(o->agent, dp_map_id(o->b.of.map.map),
	    dp_policy_digest(o->next.policy));
}

static void pass_time(struct barrier_of *o)
{
	((struct dp_hold *)o->b.state.s.minfo[0])->until_ns = 1;
}

static void a_held_answer_is_looked_at_again(void)
{
	static const struct {
		enum dp_barrier barrier;
		void (*meanwhile)(struct barrier_of *o);
		int outcome; /* 0: SERVFAIL for want of a policy */
		unsigned recorded;
	} cases[] = {
		{ DP_BARRIER_FAIL_OPEN, confirm, GIVEN | ADMITTED, 1 },
		{ DP_BARRIER_FAIL_CLOSED, confirm, GIVEN | ADMITTED, 1 },
		{ DP_BARRIER_FAIL_CLOSED, go_away, GIVEN, 1 },
		{ DP_BARRIER_FAIL_CLOSED, do_nothing, HELD, 1 },
		{ DP_BARRIER_FAIL_OPEN, barrier_of_die, GIVEN | OPEN, 1 },
		{ DP_BARRIER_FAIL_CLOSED, barrier_of_die, WITHHELD, 1 },
		{ DP_BARRIER_FAIL_OPEN, pass_time, GIVEN | OPEN, 1 },
		{ DP_BARRIER_FAIL_CLOSED, pass_time, WITHHELD, 1 },
		{ DP_BARRIER_FAIL_CLOSED, lose_policy, 0, 1 },
		{ DP_BARRIER_FAIL_CLOSED, move_map, HELD, 2 },
		{ DP_BARRIER_FAIL_CLOSED, move_map_and_confirm,
		    GIVEN | ADMITTED, 2 },
		{ DP_BARRIER_FAIL_CLOSED, change_policy, HELD, 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_settings set;
		struct module_qstate *q;
		struct barrier_of o;
		int got;

		barrier_of_settings(&set, cases[i].barrier);
		barrier_of_open(&o, &set);
		barrier_of_loop(&o, ignore);
		q = ask(&o, "manage.example", "20.1.2.3");
		CU_ASSERT_EQUAL_FATAL(outcome(&o), HELD);
		cases[i].meanwhile(&o);
		dp_query_end(&o.b.of.m, o.b.of.w, q);
		got = outcome(&o);
		CU_ASSERT_EQUAL(got, cases[i].outcome);
		if (got != cases[i].outcome)
			printf("\ncase %zu: %d\n", i, got);
		CU_ASSERT_EQUAL(barrier_of_count(&o, DP_COUNT_HELD), 1);
		CU_ASSERT_EQUAL(barrier_of_count(&o, DP_COUNT_RECORDED),
		    cases[i].recorded);
		atomic_store(&o.b.of.m.policy, o.b.of.p.policy);
		atomic_store(&o.b.of.m.map, o.b.of.map.map);
		barrier_of_close(&o);
	}
}

/* A prefetch: nobody waits, but it is not cached before, and recorded. */
static void what_nobody_waits_for_is_held_too(void)
{
	struct sock_list blacklist = { .len = 0 };
	struct dp_settings set;
	struct module_qstate *q;
	struct barrier_of o;

	barrier_of_settings(&set, DP_BARRIER_FAIL_CLOSED);
	barrier_of_open(&o, &set);
	barrier_of_loop(&o, ignore);
	q = query_of_ask(&o.b, "manage.example", false);
	q->blacklist = &blacklist;
	dp_query_begin(&o.b.of.m, o.b.of.w, q);
	query_of_found(&o.b, "20.1.2.3");
	dp_query_end(&o.b.of.m, o.b.of.w, q);
	CU_ASSERT_TRUE(module_of_recorded(&o.b.of));
	CU_ASSERT_EQUAL(outcome(&o), HELD);
	barrier_of_ack(&o);
	dp_query_end(&o.b.of.m, o.b.of.w, q);
	CU_ASSERT_EQUAL(outcome(&o), GIVEN | ADMITTED);
	barrier_of_close(&o);
}

/* What the firewall gets to know is what clients are told, and time that an
 * answer was held is time that it has lived. */
static void ttls_are_no_longer_than_bindings(void)
{
	struct dp_settings set;
	struct module_qstate *q;
	struct barrier_of o;
	const struct packed_rrset_data *d;

	barrier_of_settings(&set, DP_BARRIER_FAIL_CLOSED);
	set.value[DP_SET_MAX_LIFETIME] = 400;
	set.value[DP_SET_GRACE] = 60;
	barrier_of_open(&o, &set);
	barrier_of_loop(&o, ignore);
	q = ask(&o, "manage.example", "20.1.2.3");
	CU_ASSERT_EQUAL_FATAL(outcome(&o), HELD);
	o.b.of.now += 2;
	barrier_of_ack(&o);
	dp_query_end(&o.b.of.m, o.b.of.w, q);
	d = q->return_msg->rep->rrsets[0]->entry.data;
	CU_ASSERT_EQUAL(q->return_msg->rep->ttl, 338);
	CU_ASSERT_EQUAL(d->ttl, 338);
	CU_ASSERT_EQUAL(d->rr_ttl[0], 338);
	CU_ASSERT_EQUAL(q->return_msg->rep->prefetch_ttl,
	    PREFETCH_TTL_CALC(338));
	barrier_of_close(&o);
}

/* The map has room for some only. */
static void what_finds_no_room_fails(void)
{
	struct dp_settings set;
	struct barrier_of o;

	barrier_of_settings(&set, DP_BARRIER_FAIL_CLOSED);
	barrier_of_open(&o, &set);
	barrier_of_loop(&o, ignore);
	dp_sync_ack(o.agent, UINT64_MAX - 1);
	for (unsigned i = 0; barrier_of_count(&o, DP_COUNT_MAP_FULL) == 0; i++) {
		char addr[40];

		CU_ASSERT_TRUE_FATAL(i < 10000);
		CU_ASSERT_EQUAL(barrier_of_count(&o, DP_COUNT_WITHHELD), 0);
		snprintf(addr, sizeof(addr), "20.1.%u.%u", i / 250, i % 250);
		ask(&o, "manage.example", addr);
	}
	CU_ASSERT_EQUAL(barrier_of_count(&o, DP_COUNT_WITHHELD), 1);
	barrier_of_close(&o);
}

/* Expired answers and what modules in front make: with bindings or without. */
static void what_cannot_wait_must_be_known(void)
{
	static const struct {
		enum dp_barrier barrier;
		bool known;
		enum agent agent;
		const char *addr;
		bool passes;
	} cases[] = {
		{ DP_BARRIER_FAIL_CLOSED, true, ACKS, "20.1.2.3", true },
		{ DP_BARRIER_FAIL_CLOSED, false, ACKS, "20.1.2.3", false },
		{ DP_BARRIER_FAIL_CLOSED, true, SILENT, "20.1.2.3", false },
		{ DP_BARRIER_FAIL_CLOSED, true, DEAD, "20.1.2.3", false },
		{ DP_BARRIER_FAIL_OPEN, false, ACKS, "20.1.2.3", false },
		{ DP_BARRIER_FAIL_CLOSED, false, NONE, "10.1.2.3", true },
		{ DP_BARRIER_OFF, false, NONE, "20.1.2.3", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_settings set;
		struct barrier_of o;
		struct dp_case c;
		struct reply_info *rep;
		uint32_t flags = 1;

		barrier_of_settings(&set, cases[i].barrier);
		set.value[DP_SET_MAX_LIFETIME] = 400;
		barrier_of_open(&o, &set);
		query_of_ask(&o.b, "manage.example", true);
		query_of_found(&o.b, cases[i].addr);
		rep = o.b.state.s.return_msg->rep;
		dp_case_open(&c, &o.b.of.m, &o.b.state.s.qinfo);
		dp_case_judge(&c, NULL, rep);
		if (cases[i].known)
			dp_module_record(&o.b.of.m, o.b.of.w, &c, rep, 0, NOW);
		set_agent(&o, cases[i].agent);
		CU_ASSERT_EQUAL(dp_barrier_pass_now(&o.b.of.m, o.b.of.w, &c,
				    rep, NOW, &flags), cases[i].passes);
		CU_ASSERT_EQUAL(flags, 0);
		CU_ASSERT_EQUAL(module_of_recorded(&o.b.of),
		    cases[i].addr[0] == '2');
		CU_ASSERT_EQUAL(rep->ttl,
		    cases[i].barrier == DP_BARRIER_OFF ? 600 : 340);
		barrier_of_close(&o);
	}
}

struct cached {
	uint8_t last; /* octet of the address */
	time_t ttl;
};

/* What a client is given from the cache. */
static struct cached cached(struct barrier_of *o)
{
	struct module_qstate *q = &o->b.state.s;
	struct module_env env = o->b.of.env;
	const struct packed_rrset_data *d;
	const struct reply_info *rep;
	struct msgreply_entry *e;
	struct cached c;

	env.msg_cache = o->b.of.m.admitted;
	e = msg_cache_lookup(&env, q->qinfo.qname, q->qinfo.qname_len,
	    q->qinfo.qtype, q->qinfo.qclass, 0, NOW, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	rep = e->entry.data;
	d = rep->ref[0].key->entry.data;
	c.last = d->rr_data[0][5];
	c.ttl = d->rr_ttl[0] - NOW;
	lock_rw_unlock(&e->entry.lock);
	return c;
}

/* Recursion gets another address for the name, for a prefetch or itself. */
static void cached_records_are_not_renewed(void)
{
	static const struct {
		enum dp_barrier barrier;
		uint8_t last;
	} cases[] = { { DP_BARRIER_OFF, 4 }, { DP_BARRIER_FAIL_OPEN, 3 },
		{ DP_BARRIER_FAIL_CLOSED, 3 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_settings set;
		struct module_qstate *q;
		struct barrier_of o;

		barrier_of_settings(&set, cases[i].barrier);
		barrier_of_open(&o, &set);
		set_agent(&o, ACKS);
		q = ask(&o, "manage.example", "20.1.2.3");
		CU_ASSERT_EQUAL(outcome(&o), GIVEN | ADMITTED);
		CU_ASSERT_EQUAL(q->return_msg->rep->rrsets[0]->rk.flags, 0);
		q = query_of_ask(&o.b, "manage.example", false);
		query_of_found(&o.b, "20.1.2.4");
		CU_ASSERT_TRUE(dp_cache_store(&o.b.of.w->env, q));
		CU_ASSERT_EQUAL(cached(&o).last, cases[i].last);
		barrier_of_close(&o);
	}
}

/* Given without the module, they would outlive their bindings. */
static void what_outlives_its_binding_is_not_cached(void)
{
	int *const options[] = { &SERVE_EXPIRED, &SERVE_ORIGINAL_TTL };

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct dp_settings set;
		struct barrier_of o;

		barrier_of_settings(&set, DP_BARRIER_FAIL_CLOSED);
		barrier_of_open(&o, &set);
		set_agent(&o, ACKS);
		*options[i] = 1;
		ask(&o, "manage.example", "20.1.2.3");
		*options[i] = 0;
		CU_ASSERT_EQUAL(outcome(&o), GIVEN);
		barrier_of_close(&o);
	}
}

/* A new policy lets bindings live for less. Unbound keeps the TTL of a record
 * that it has where it is told the same again. */
static void records_of_before_are_forgotten(void)
{
	struct dp_settings set;
	struct barrier_of o;

	barrier_of_settings(&set, DP_BARRIER_FAIL_CLOSED);
	set.value[DP_SET_MAX_LIFETIME] = 400;
	set.value[DP_SET_GRACE] = 60;
	barrier_of_open(&o, &set);
	unit_opened_close(&o.next);
	set.value[DP_SET_MAX_LIFETIME] = 300;
	o.next = unit_open(barrier_rules, &set);
	set_agent(&o, ACKS);
	ask(&o, "manage.example", "20.1.2.3");
	CU_ASSERT_EQUAL(cached(&o).ttl, 340);

	change_policy(&o);
	dp_cache_clear(&o.b.of.m);
	set_agent(&o, ACKS);
	ask(&o, "manage.example", "20.1.2.3");
	CU_ASSERT_EQUAL(cached(&o).ttl, 240);
	atomic_store(&o.b.of.m.policy, o.b.of.p.policy);
	barrier_of_close(&o);
}

UNIT_MAIN("barrier", UNIT(an_answer_passes_when_it_is_confirmed),
    UNIT(a_held_answer_is_looked_at_again),
    UNIT(what_nobody_waits_for_is_held_too),
    UNIT(ttls_are_no_longer_than_bindings), UNIT(what_finds_no_room_fails),
    UNIT(what_cannot_wait_must_be_known),
    UNIT(cached_records_are_not_renewed),
    UNIT(records_of_before_are_forgotten),
    UNIT(what_outlives_its_binding_is_not_cached))
