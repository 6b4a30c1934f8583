#include "module/compat.h"

#include "tests/unit/unit.h"

#include "module/refuse.h"
#include "sldns/sbuffer.h"
#include "util/data/msgencode.h"

static struct module_qstate query(struct regional *region, uint8_t *name,
    size_t len, uint16_t qclass)
{
	struct module_qstate q;

	memset(&q, 0, sizeof(q));
	q.region = region;
	q.qinfo.qname = name;
	q.qinfo.qname_len = len;
	q.qinfo.qtype = LDNS_RR_TYPE_AAAA;
	q.qinfo.qclass = qclass;
	return q;
}

/* Encode q's result as Unbound does for a client; returns the size. */
static size_t encode(struct module_qstate *q, struct regional *region,
    struct sldns_buffer *buffer)
{
	struct edns_data edns;

	memset(&edns, 0, sizeof(edns));
	edns.edns_present = 1;
	edns.udp_size = 1232;
	edns.opt_list_inplace_cb_out = q->edns_opts_front_out;
	CU_ASSERT_TRUE_FATAL(reply_info_answer_encode(&q->qinfo,
	    q->return_msg->rep, 7, BIT_RD, buffer, 0, 1, region, 1232, &edns, 0,
	    0));
	return sldns_buffer_limit(buffer);
}

static const char *const names[] = { "\0", "\3com", "\1*\3com",
	"\4evil\6manage\7example" };
static const size_t sizes[] = { 1, 5, 7, 21 };

static void a_refusal_is_cacheable_and_says_why(void)
{
	static const char why[] = "dnspin: not on the allowlist";

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct regional *region = regional_create();
		struct sldns_buffer *buffer = sldns_buffer_new(4096);
		struct module_qstate q;
		const uint8_t *p;
		size_t size_b;

		CU_ASSERT_PTR_NOT_NULL_FATAL(region);
		CU_ASSERT_PTR_NOT_NULL_FATAL(buffer);
		q = query(region, (uint8_t *)(uintptr_t)names[i], sizes[i],
		    LDNS_RR_CLASS_IN);
		CU_ASSERT_TRUE_FATAL(dp_refuse(&q));
		CU_ASSERT_EQUAL(q.return_rcode, LDNS_RCODE_NOERROR);
		size_b = encode(&q, region, buffer);
		p = sldns_buffer_begin(buffer);
		/* QR RD RA, not AA; NXDOMAIN; 1 question, 0, 1, OPT */
		CU_ASSERT_EQUAL(p[2], 0x81);
		CU_ASSERT_EQUAL(p[3], 0x83);
		CU_ASSERT_EQUAL(memcmp(p + 4, "\0\1\0\0\0\1\0\1", 8), 0);
		/* the SOA: owner root, type, class, TTL */
		p += 12 + sizes[i] + 4;
		CU_ASSERT_EQUAL(memcmp(p, "\0\0\6\0\1\0\0\0", 8), 0);
		CU_ASSERT_EQUAL(p[8], DP_REFUSE_TTL_S);
		/* the OPT ends with EDE 15 and its text */
		p = sldns_buffer_begin(buffer) + size_b - strlen(why) - 6;
		CU_ASSERT_EQUAL(memcmp(p, "\0\17\0", 3), 0);
		CU_ASSERT_EQUAL(p[5], 15);
		CU_ASSERT_EQUAL(memcmp(p + 6, why, strlen(why)), 0);
		sldns_buffer_free(buffer);
		regional_destroy(region);
	}
}

/* All that the module does not mean to be other. */
static void a_refusal_begins_as_unbounds_messages_do(void)
{
	struct regional *region = regional_create();
	struct reply_info *rep;
	struct module_qstate q;
	struct dns_msg *msg;

	CU_ASSERT_PTR_NOT_NULL_FATAL(region);
	q = query(region, (uint8_t *)(uintptr_t)names[3], sizes[3],
	    LDNS_RR_CLASS_IN);
	CU_ASSERT_TRUE_FATAL(dp_refuse(&q));
	rep = q.return_msg->rep;
	msg = dns_msg_create(q.qinfo.qname, q.qinfo.qname_len, q.qinfo.qtype,
	    q.qinfo.qclass, region, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(msg);
	CU_ASSERT_EQUAL(query_info_compare(&q.return_msg->qinfo, &msg->qinfo),
	    0);
	CU_ASSERT_PTR_NULL(q.return_msg->qinfo.local_alias);
	msg->rep->flags = rep->flags;
	msg->rep->ttl = rep->ttl;
	msg->rep->prefetch_ttl = rep->prefetch_ttl;
	msg->rep->serve_expired_ttl = rep->serve_expired_ttl;
	msg->rep->security = rep->security;
	msg->rep->ns_numrrsets = msg->rep->rrset_count = 1;
	msg->rep->rrsets = rep->rrsets;
	CU_ASSERT_EQUAL(memcmp(rep, msg->rep, offsetof(struct reply_info, ref)),
	    0);
	regional_destroy(region);
}

static void reasons_are_appended(void)
{
	struct regional *region = regional_create();
	struct edns_option *options = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(region);
	CU_ASSERT_TRUE_FATAL(edns_opt_list_append(&options, 10, 0, NULL,
	    region));
	dp_refuse_explain(&options, region);
	dp_refuse_explain(&options, region);
	CU_ASSERT_EQUAL(options->opt_code, 10);
	CU_ASSERT_PTR_NOT_NULL_FATAL(options->next);
	CU_ASSERT_EQUAL(options->next->opt_code, LDNS_EDNS_EDE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(options->next->next);
	CU_ASSERT_PTR_NULL(options->next->next->next);
	regional_destroy(region);
}

static void the_soa_has_the_class_of_the_question(void)
{
	struct regional *region = regional_create();
	struct module_qstate q;

	CU_ASSERT_PTR_NOT_NULL_FATAL(region);
	q = query(region, (uint8_t *)(uintptr_t)names[1], sizes[1],
	    LDNS_RR_CLASS_CH);
	CU_ASSERT_TRUE_FATAL(dp_refuse(&q));
	CU_ASSERT_EQUAL(q.return_msg->rep->rrsets[0]->rk.rrset_class,
	    htons(LDNS_RR_CLASS_CH));
	regional_destroy(region);
}

#define CLIENTS 3

/* Clients 0 to 2 wait for q. */
static void wait_for(struct mesh_state *state, struct mesh_reply *replies)
{
	memset(replies, 0, CLIENTS * sizeof(*replies));
	state->s.mesh_info = state;
	for (int i = CLIENTS; i-- > 0;) {
		replies[i].qflags = BIT_RD | BIT_AD;
		replies[i].edns.bits = EDNS_DO;
		replies[i].next = state->reply_list;
		state->reply_list = &replies[i];
	}
}

static struct dns_msg *stale(struct mesh_state *state, size_t records)
{
	struct dns_msg *msg = dns_msg_create(state->s.qinfo.qname,
	    state->s.qinfo.qname_len, LDNS_RR_TYPE_AAAA, LDNS_RR_CLASS_IN,
	    state->s.region, records);

	CU_ASSERT_PTR_NOT_NULL_FATAL(msg);
	msg->rep->flags = BIT_QR | BIT_RA;
	msg->rep->security = sec_status_secure;
	msg->rep->an_numrrsets = msg->rep->rrset_count = records;
	for (size_t i = 0; i < records; i++) {
		msg->rep->rrsets[i] = regional_alloc_zero(state->s.region,
		    sizeof(struct ub_packed_rrset_key));
		CU_ASSERT_PTR_NOT_NULL_FATAL(msg->rep->rrsets[i]);
	}
	return msg;
}

/* One expired answer for several clients, of whom some may have it. */
static void a_refused_reply_is_what_it_was_for_the_next(void)
{
	for (size_t records = 0; records < 3; records++) {
		struct regional *region = regional_create();
		struct mesh_state state = { .reply_list = NULL };
		struct mesh_reply replies[CLIENTS];
		struct ub_packed_rrset_key *first;
		struct reply_info *rep, was;
		const uint32_t *behind;

		CU_ASSERT_PTR_NOT_NULL_FATAL(region);
		state.s = query(region, (uint8_t *)(uintptr_t)names[1],
		    sizes[1], LDNS_RR_CLASS_IN);
		wait_for(&state, replies);
		rep = stale(&state, records)->rep;
		behind = regional_alloc_init(region, "next", 4);
		first = records > 0 ? rep->rrsets[0] : NULL;
		memcpy(&was, rep, offsetof(struct reply_info, ref));
		for (int round = 0; round < 2; round++) {
			dp_refuse_undo(rep);
			dp_refuse_reply(&state.s, rep, &replies[1].query_reply);
			CU_ASSERT_EQUAL(FLAGS_GET_RCODE(rep->flags),
			    LDNS_RCODE_NXDOMAIN);
			CU_ASSERT_EQUAL(rep->an_numrrsets, 0);
			CU_ASSERT_EQUAL(rep->ns_numrrsets, 1);
			CU_ASSERT_EQUAL(rep->security, sec_status_insecure);
		}
		dp_refuse_undo(rep);
		dp_refuse_undo(rep);
		CU_ASSERT_EQUAL(memcmp(rep, &was,
		    offsetof(struct reply_info, ref)), 0);
		CU_ASSERT_TRUE(records == 0 || rep->rrsets[0] == first);
		CU_ASSERT_EQUAL(memcmp(behind, "next", 4), 0);
		regional_destroy(region);
	}
}

/* What is said of the answer is not said of its refusal. */
static void a_refused_reply_is_neither_authentic_nor_stale(void)
{
	struct regional *region = regional_create();
	struct mesh_state state = { .reply_list = NULL };
	struct mesh_reply replies[CLIENTS], *denied = &replies[1];
	struct reply_info *rep;

	CU_ASSERT_PTR_NOT_NULL_FATAL(region);
	state.s = query(region, (uint8_t *)(uintptr_t)names[1], sizes[1],
	    LDNS_RR_CLASS_IN);
	wait_for(&state, replies);
	rep = stale(&state, 1)->rep;
	CU_ASSERT_TRUE(edns_opt_list_append_ede(&denied->edns.opt_list_out,
	    region, LDNS_EDE_STALE_ANSWER, ""));
	CU_ASSERT_TRUE(edns_opt_list_append(&denied->edns.opt_list_out,
	    LDNS_EDNS_NSID, 0, NULL, region));
	dp_refuse_reply(&state.s, rep, &denied->query_reply);
	CU_ASSERT_EQUAL(denied->qflags, BIT_RD);
	CU_ASSERT_EQUAL(denied->edns.bits, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(denied->edns.opt_list_out);
	CU_ASSERT_EQUAL(denied->edns.opt_list_out->opt_code, LDNS_EDNS_NSID);
	CU_ASSERT_PTR_NULL(denied->edns.opt_list_out->next);
	CU_ASSERT_EQUAL(replies[0].qflags, BIT_RD | BIT_AD);
	CU_ASSERT_EQUAL(replies[2].edns.bits, EDNS_DO);

	dp_refuse_undo(rep); /* one that was not secure */
	rep->security = sec_status_insecure;
	dp_refuse_reply(&state.s, rep, &replies[2].query_reply);
	CU_ASSERT_EQUAL(replies[2].qflags, BIT_RD | BIT_AD);
	CU_ASSERT_EQUAL(replies[2].edns.bits, EDNS_DO);
	regional_destroy(region);
}

/* What the module made itself stays. */
static void a_refusal_of_its_own_is_not_undone(void)
{
	struct regional *region = regional_create();
	struct module_qstate q;

	CU_ASSERT_PTR_NOT_NULL_FATAL(region);
	q = query(region, (uint8_t *)(uintptr_t)names[1], sizes[1],
	    LDNS_RR_CLASS_IN);
	CU_ASSERT_TRUE_FATAL(dp_refuse(&q));
	dp_refuse_undo(q.return_msg->rep);
	CU_ASSERT_EQUAL(FLAGS_GET_RCODE(q.return_msg->rep->flags),
	    LDNS_RCODE_NXDOMAIN);
	CU_ASSERT_EQUAL(q.return_msg->rep->ns_numrrsets, 1);
	regional_destroy(region);
}

UNIT_MAIN("refuse", UNIT(a_refusal_is_cacheable_and_says_why),
    UNIT(a_refusal_begins_as_unbounds_messages_do),
    UNIT(reasons_are_appended),
    UNIT(the_soa_has_the_class_of_the_question),
    UNIT(a_refused_reply_is_what_it_was_for_the_next),
    UNIT(a_refused_reply_is_neither_authentic_nor_stale),
    UNIT(a_refusal_of_its_own_is_not_undone))
