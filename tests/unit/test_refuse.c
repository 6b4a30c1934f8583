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

UNIT_MAIN("refuse", UNIT(a_refusal_is_cacheable_and_says_why),
    UNIT(the_soa_has_the_class_of_the_question))
