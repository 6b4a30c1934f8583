#include "module/compat.h"

#include "tests/unit/query_of.h"

/* As pythonmod's guest, which cannot answer some ahead of others. */

static const char *const rules[] = {
	"g.dnspin: manage.example allow",
	NULL,
};

static void bench_open(struct query_of *b)
{
	query_of_open(b, rules, DP_MODE_STRICT, DP_PINS_REPORT);
	b->of.m.guest = true;
	b->of.m.admits = false;
}

static bool is_refusal(const struct reply_info *rep)
{
	return FLAGS_GET_RCODE(rep->flags) == LDNS_RCODE_NXDOMAIN &&
	    rep->an_numrrsets == 0;
}

static void pythons_place_is_left_alone(void)
{
	struct module_qstate *q;
	struct query_of b;
	int theirs;

	bench_open(&b);
	q = query_of_ask(&b, "manage.example", true);
	q->minfo[0] = &theirs;
	CU_ASSERT_PTR_NULL(dp_query_mark(&b.of.m, q));
	CU_ASSERT_FALSE(dp_query_is_held(&b.of.m, q));
	dp_query_begin(&b.of.m, b.of.w, q);
	query_of_found(&b, "20.0.0.1");
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_PTR_EQUAL(q->minfo[0], &theirs);
	CU_ASSERT_EQUAL(query_of_verdict(&b, q), DP_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(q->ext_state[0], module_finished);
	CU_ASSERT_TRUE(module_of_recorded(&b.of));
	CU_ASSERT_FALSE(query_of_admitted(&b));
	query_of_close(&b);
}

/* Unbound takes what there is for clients, calls back for each of them, and
 * tells the others after that. */
static void clients_are_refused_and_others_get_the_truth(void)
{
	struct mesh_cb transfer = { .next = NULL };
	struct reply_info *for_clients;
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b);
	q = query_of_ask(&b, "off.example", true);
	b.state.cb_list = &transfer;
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_wait_module);
	query_of_found(&b, "20.0.0.1");
	dp_query_end(&b.of.m, b.of.w, q);
	CU_ASSERT_EQUAL(q->ext_state[0], module_finished);
	CU_ASSERT_PTR_NOT_NULL_FATAL(q->return_msg);
	for_clients = q->return_msg->rep;
	CU_ASSERT_TRUE(is_refusal(for_clients));
	CU_ASSERT_EQUAL(query_of_verdict(&b, q), DP_VERDICT_DENY);

	CU_ASSERT_TRUE(dp_query_put_back(&b.of.m, q, NULL));
	CU_ASSERT_PTR_EQUAL(q->return_msg, &b.msg);
	CU_ASSERT_TRUE(is_refusal(for_clients));
	/* Every client is refused; then comes the transfer. */
	CU_ASSERT_TRUE(dp_query_put_back(&b.of.m, q, NULL));
	CU_ASSERT_TRUE(is_refusal(for_clients));
	CU_ASSERT_TRUE(dp_query_put_back(&b.of.m, q, for_clients));
	CU_ASSERT_FALSE(is_refusal(for_clients));
	CU_ASSERT_EQUAL(for_clients->an_numrrsets, 1);
	CU_ASSERT_FALSE(module_of_recorded(&b.of));
	query_of_close(&b);
}

static void nobody_else_waits_nothing_is_put_back(void)
{
	struct module_qstate *q;
	struct query_of b;

	bench_open(&b);
	q = query_of_ask(&b, "off.example", true);
	CU_ASSERT_FALSE(dp_query_put_back(&b.of.m, q, NULL));
	dp_query_begin(&b.of.m, b.of.w, q);
	CU_ASSERT_PTR_NOT_NULL_FATAL(q->return_msg);
	CU_ASSERT_TRUE(is_refusal(q->return_msg->rep));
	CU_ASSERT_FALSE(dp_query_put_back(&b.of.m, q, q->return_msg->rep));
	CU_ASSERT_TRUE(is_refusal(q->return_msg->rep));
	query_of_close(&b);
}

UNIT_MAIN("query_guest", UNIT(pythons_place_is_left_alone),
    UNIT(clients_are_refused_and_others_get_the_truth),
    UNIT(nobody_else_waits_nothing_is_put_back))
