#include "module/compat.h"

#include "module/refuse.h"

/*
 * The SOA of the root, an ancestor of every name. Its parts are shared by all
 * refusals and never written to: encoding only reads.
 */
static const uint8_t soa_rdata[] = {
	0, 47,						      /* length */
	9, 'l', 'o', 'c', 'a', 'l', 'h', 'o', 's', 't', 0,    /* mname */
	6, 'n', 'o', 'b', 'o', 'd', 'y',		      /* rname */
	7, 'i', 'n', 'v', 'a', 'l', 'i', 'd', 0,
	0, 0, 0, 1,					      /* serial */
	0, 0, 14, 16, 0, 0, 4, 176, 0, 9, 58, 128,	      /* 3600 1200 604800 */
	0, 0, 0, DP_REFUSE_TTL_S,			      /* minimum */
};
_Static_assert(sizeof(soa_rdata) == 2 + 47, "rdata length");
_Static_assert(DP_REFUSE_TTL_S < 256, "minimum takes one octet");

static size_t soa_len[] = { sizeof(soa_rdata) };
static time_t soa_ttl[] = { DP_REFUSE_TTL_S };
static uint8_t *soa_data[] = { (uint8_t *)(uintptr_t)soa_rdata };
static struct packed_rrset_data soa = {
	.ttl = DP_REFUSE_TTL_S,
	.count = 1,
	.trust = rrset_trust_ultimate,
	.security = sec_status_insecure,
	.rr_len = soa_len,
	.rr_ttl = soa_ttl,
	.rr_data = soa_data,
};

static struct ub_packed_rrset_key *soa_key(struct module_qstate *q)
{
	struct ub_packed_rrset_key *key =
	    regional_alloc_zero(q->region, sizeof(*key));

	if (!key)
		return NULL;
	key->entry.key = key;
	key->entry.data = &soa;
	key->rk.dname = regional_alloc_zero(q->region, 1); /* the root */
	if (!key->rk.dname)
		return NULL;
	key->rk.dname_len = 1;
	key->rk.type = htons(LDNS_RR_TYPE_SOA);
	key->rk.rrset_class = htons(q->qinfo.qclass);
	return key;
}

static struct dns_msg *refusal(struct module_qstate *q)
{
	struct ub_packed_rrset_key *key = soa_key(q);
	struct dns_msg *msg;

	if (!key)
		return NULL;
	msg = dns_msg_create(q->qinfo.qname, q->qinfo.qname_len,
	    q->qinfo.qtype, q->qinfo.qclass, q->region, 1);
	if (!msg)
		return NULL;
	msg->rep->flags = BIT_QR | BIT_RA | LDNS_RCODE_NXDOMAIN;
	msg->rep->authoritative = 0;
	msg->rep->ttl = DP_REFUSE_TTL_S;
	msg->rep->prefetch_ttl = DP_REFUSE_TTL_S;
	msg->rep->serve_expired_ttl = DP_REFUSE_TTL_S;
	/* Below insecure it would become SERVFAIL. */
	msg->rep->security = sec_status_insecure;
	msg->rep->rrsets[0] = key;
	msg->rep->ns_numrrsets = 1;
	msg->rep->rrset_count = 1;
	return msg;
}

static void explain(struct module_qstate *q)
{
	/* Without room for the explanation the refusal stands all the same. */
	(void)edns_opt_list_append_ede(&q->edns_opts_front_out, q->region,
	    LDNS_EDE_BLOCKED, "dnspin: not on the allowlist");
}

void dp_refuse_bare(struct module_qstate *q)
{
	q->return_msg = NULL;
	q->return_rcode = LDNS_RCODE_NXDOMAIN;
	explain(q);
}

bool dp_refuse(struct module_qstate *q)
{
	struct dns_msg *msg = refusal(q);

	q->return_msg = msg;
	q->return_rcode = msg ? LDNS_RCODE_NOERROR : LDNS_RCODE_SERVFAIL;
	if (!msg)
		return false;
	explain(q);
	return true;
}
