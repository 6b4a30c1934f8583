#include "module/compat.h"

#include "tests/unit/unit.h"

#include "tests/unit/query_of.h"

/* Queries that a module in front of this one (dns64) has begun. */
static const char *const rules[] = {
	"g.dnspin: manage.example allow 20.0.0.0/8",
	NULL,
};

/* The same name for some clients only. */
static const char *const limited[] = {
	"g.dnspin: @ 10.20.0.0/16",
	"g.dnspin: manage.example allow",
	NULL,
};

/* dns64 in front of the module asks for A in a query of its own. */
static void queries_of_modules_in_front_are_judged(void)
{
	struct mesh_state front = { .s = { .curmod = 0 } };
	struct mesh_state_ref ref = { .node = { .key = &ref }, .s = &front };
	struct module_qstate *q;
	struct query_of b;

	query_of_open(&b, rules, DP_MODE_STRICT, DP_PINS_ENFORCE);
	b.of.m.id = 1;
	q = query_of_ask(&b, "off.example", false);
	(void)rbtree_insert(&b.state.super_set, &ref.node);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[1], module_finished);
	CU_ASSERT_EQUAL(q->return_rcode, LDNS_RCODE_NXDOMAIN);
	CU_ASSERT_PTR_NULL(q->return_msg); /* nothing that dns64 could store */
	CU_ASSERT_PTR_NOT_NULL(q->edns_opts_front_out);

	q = query_of_ask(&b, "manage.example", false);
	(void)rbtree_insert(&b.state.super_set, &ref.node);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[1], module_wait_module);
	query_of_found(&b, "21.1.2.3");
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->return_rcode, LDNS_RCODE_NXDOMAIN);
	CU_ASSERT_PTR_NULL(q->return_msg);

	/* what the iterator behind asks for is not */
	front.s.curmod = 3;
	q = query_of_ask(&b, "off.example", false);
	(void)rbtree_insert(&b.state.super_set, &ref.node);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[1], module_wait_module);
	/* nor what a validator in front does */
	front.s.curmod = 0;
	q->is_valrec = 1;
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[1], module_wait_module);
	query_of_close(&b);
}

/* A mesh state in front in which two clients wait. It drops its replies, so
 * that answering needs no socket. */
struct front {
	struct mesh_area mesh;
	struct mesh_state state;
	struct mesh_state_ref ref;
	struct mesh_reply replies[2]; /* one who may ask, one who may not */
	struct comm_point point;
	struct timeval now;
};

static void front_open(struct front *f, struct query_of *b)
{
	struct module_qstate *q = &f->state.s;

	memset(f, 0, sizeof(*f));
	b->of.m.id = 1;
	b->of.cfg->wait_limit = 0;
	b->of.cfg->discard_timeout = 0;
	b->of.env.mesh = &f->mesh;
	b->of.env.now_tv = &f->now;
	f->mesh.num_reply_states = 1;
	f->point.type = comm_udp;
	f->ref.node.key = &f->ref;
	f->ref.s = &f->state;
	for (size_t i = 0; i < 2; i++) {
		struct sockaddr_in in = { .sin_family = AF_INET };

		in.sin_addr.s_addr = htonl(i == 0 ? 0x0a140101u : 0x0a150101u);
		memcpy(&f->replies[i].query_reply.client_addr, &in,
		    sizeof(in));
		f->replies[i].query_reply.c = &f->point;
	}
	f->replies[0].next = &f->replies[1];
	f->state.reply_list = f->replies;
	rbtree_init(&f->state.super_set, &mesh_state_ref_compare);
	q->mesh_info = &f->state;
	q->env = &b->of.env;
	q->is_drop = 1;
	q->qinfo = b->state.s.qinfo;
	CU_ASSERT_PTR_NOT_NULL_FATAL(q->region = regional_create());
}

/* Who waits on there gets the answer, and the verdict that goes with it. */
static void refusing_some_in_front_leaves_the_rest(void)
{
	struct module_qstate *q;
	struct front front;
	struct query_of b;

	query_of_open(&b, limited, DP_MODE_STRICT, DP_PINS_REPORT);
	q = query_of_ask(&b, "manage.example", false);
	front_open(&front, &b);
	dp_query_begin(&b.of.m, b.of.w, &front.state.s);
	(void)rbtree_insert(&b.state.super_set, &front.ref.node);
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[1], module_wait_module);
	query_of_found(&b, "20.1.2.3");
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_PTR_EQUAL(q->return_msg, &b.msg);
	CU_ASSERT_PTR_EQUAL(front.state.reply_list, &front.replies[0]);
	CU_ASSERT_PTR_NULL(front.replies[0].next);
	CU_ASSERT_EQUAL(query_of_verdict(&b, &front.state.s),
	    DP_VERDICT_ALLOW);
	CU_ASSERT_PTR_NULL(front.state.s.edns_opts_front_out);
	CU_ASSERT_FALSE(query_of_admitted(&b));
	regional_destroy(front.state.s.region);
	query_of_close(&b);
}

UNIT_MAIN("query front", UNIT(queries_of_modules_in_front_are_judged),
    UNIT(refusing_some_in_front_leaves_the_rest))
