#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/hearing.h"
#include "tests/unit/module_of.h"

/* Clients of two kinds in mesh states that no mesh runs. */
#define NOW 1790000000
#define CLIENTS 6

static const char *const rules[] = {
	"a.dnspin: manage.example allow",
	"m.dnspin: @ 10.20.0.0/16",
	"m.dnspin: vlan.example allow",
	NULL,
};

struct bench {
	struct module_of of;
	struct mesh_state state; /* of the query */
	struct mesh_state front; /* of the module in front that asks */
	struct mesh_state_ref ref;
	struct mesh_reply replies[CLIENTS];
	size_t used;
	struct dp_name name;
};

static void bench_open(struct bench *b, enum dp_mode mode, const char *name)
{
	struct dp_settings set;

	memset(b, 0, sizeof(*b));
	dp_settings_default(&set);
	set.value[DP_SET_MODE] = mode;
	module_of_open(&b->of, rules, &set, NOW);
	b->name = unit_name(name);
	rbtree_init(&b->state.super_set, &mesh_state_ref_compare);
	rbtree_init(&b->front.super_set, &mesh_state_ref_compare);
	b->state.s.mesh_info = &b->state;
	b->state.s.qinfo = (struct query_info){ .qname = b->name.wire,
		.qname_len = b->name.len, .qtype = LDNS_RR_TYPE_A,
		.qclass = LDNS_RR_CLASS_IN };
}

/* kinds: a letter for each client, m of the limited group, o other. */
static void wait_in(struct bench *b, struct mesh_state *state,
    const char *kinds)
{
	for (; *kinds; kinds++) {
		struct mesh_reply *r = &b->replies[b->used++];
		struct sockaddr_in in = { .sin_family = AF_INET };

		in.sin_addr.s_addr =
		    htonl(*kinds == 'm' ? 0x0a140101u : 0x0a150101u);
		memcpy(&r->query_reply.client_addr, &in, sizeof(in));
		r->qid = (uint16_t)*kinds;
		r->next = state->reply_list;
		state->reply_list = r;
	}
}

static void ask_for(struct bench *b)
{
	b->of.m.id = 1;
	b->front.s.curmod = 0;
	b->ref.node.key = &b->ref;
	b->ref.s = &b->front;
	(void)rbtree_insert(&b->state.super_set, &b->ref.node);
}

static void kinds_of(const struct mesh_reply *r, char text[CLIENTS + 1])
{
	size_t n = 0;

	for (; r && n < CLIENTS; r = r->next)
		text[n++] = (char)r->qid;
	text[n] = '\0';
}

struct heard {
	const struct mesh_state *own;
	char own_taken[CLIENTS + 1];
	char front_taken[CLIENTS + 1];
};

static void hear(void *arg, struct mesh_state *state, struct mesh_reply *taken)
{
	struct heard *h = arg;

	kinds_of(taken, state == h->own ? h->own_taken : h->front_taken);
}

static void somebody_allowed_decides(void)
{
	static const struct {
		const char *name;
		const char *own;   /* clients */
		const char *front; /* clients in front; NULL: nobody asks */
		enum dp_mode mode;
		enum dp_verdict verdict;
		const char *own_taken;
		const char *front_taken;
	} cases[] = {
		{ "vlan.example", "m", NULL, DP_MODE_STRICT, DP_VERDICT_ALLOW,
		    "", "" },
		{ "vlan.example", "o", NULL, DP_MODE_STRICT, DP_VERDICT_DENY,
		    "", "" },
		{ "vlan.example", "ommo", NULL, DP_MODE_STRICT,
		    DP_VERDICT_ALLOW, "oo", "" },
		{ "vlan.example", "ommo", NULL, DP_MODE_OBSERVE,
		    DP_VERDICT_ALLOW, "", "" },
		{ "vlan.example", "o", NULL, DP_MODE_OBSERVE,
		    DP_VERDICT_WOULD_DENY, "", "" },
		{ "manage.example", "omo", NULL, DP_MODE_STRICT,
		    DP_VERDICT_ALLOW, "", "" },
		{ "off.example", "om", NULL, DP_MODE_STRICT, DP_VERDICT_DENY,
		    "", "" },
		/* nobody waits: everybody is asked about */
		{ "vlan.example", "", NULL, DP_MODE_STRICT, DP_VERDICT_DENY,
		    "", "" },
		{ "vlan.example", "", NULL, DP_MODE_OBSERVE,
		    DP_VERDICT_WOULD_DENY, "", "" },
		{ "manage.example", "", NULL, DP_MODE_STRICT,
		    DP_VERDICT_ALLOW, "", "" },
		/* those in front wait, too */
		{ "vlan.example", "", "mo", DP_MODE_STRICT, DP_VERDICT_ALLOW,
		    "", "o" },
		{ "vlan.example", "o", "om", DP_MODE_STRICT, DP_VERDICT_ALLOW,
		    "o", "o" },
		{ "vlan.example", "", "oo", DP_MODE_STRICT, DP_VERDICT_DENY,
		    "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct heard heard = { .own_taken = "", .front_taken = "" };
		enum dp_verdict verdict;
		struct dp_case c;
		struct bench b;

		bench_open(&b, cases[i].mode, cases[i].name);
		wait_in(&b, &b.state, cases[i].own);
		if (cases[i].front) {
			ask_for(&b);
			wait_in(&b, &b.front, cases[i].front);
		}
		heard.own = &b.state;
		verdict = dp_hearing(&c, &b.of.m, &b.state.s, NULL);
		CU_ASSERT_EQUAL(verdict, cases[i].verdict);
		CU_ASSERT_EQUAL(c.verdict, verdict);
		if (verdict == DP_VERDICT_ALLOW && c.strict)
			dp_hearing_denied(&c, &b.of.m, &b.state.s, NULL, hear,
			    &heard);
		CU_ASSERT_STRING_EQUAL(heard.own_taken, cases[i].own_taken);
		CU_ASSERT_STRING_EQUAL(heard.front_taken,
		    cases[i].front_taken);
		module_of_close(&b.of);
	}
}

static void the_validators_own_questions_are_not_for_a_client(void)
{
	struct bench b;

	bench_open(&b, DP_MODE_STRICT, "vlan.example");
	ask_for(&b);
	CU_ASSERT_TRUE(dp_hearing_has_front(&b.of.m, &b.state.s));
	b.state.s.is_valrec = 1;
	CU_ASSERT_FALSE(dp_hearing_has_front(&b.of.m, &b.state.s));
	b.state.s.is_valrec = 0;
	b.front.s.curmod = 2; /* the iterator's, behind */
	CU_ASSERT_FALSE(dp_hearing_has_front(&b.of.m, &b.state.s));
	CU_ASSERT_FALSE(dp_hearing_has_client(&b.state.s));
	wait_in(&b, &b.state, "m");
	CU_ASSERT_TRUE(dp_hearing_has_client(&b.state.s));
	module_of_close(&b.of);
}

UNIT_MAIN("hearing", UNIT(somebody_allowed_decides),
    UNIT(the_validators_own_questions_are_not_for_a_client))
