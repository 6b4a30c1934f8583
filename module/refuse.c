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
	0, 0, 14, 16, 0, 0, 4, 176,			      /* 3600 1200 */
	0, 9, 58, 128,					      /* 604800 */
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

/* An empty answer with the SOA, without it where soa_rrset is NULL. */
static void fill(struct reply_info *rep, uint16_t rcode,
    struct ub_packed_rrset_key *soa_rrset)
{
	rep->flags = (uint16_t)(BIT_QR | BIT_RA | rcode);
	rep->authoritative = 0;
	rep->ttl = DP_REFUSE_TTL_S;
	rep->prefetch_ttl = DP_REFUSE_TTL_S;
	rep->serve_expired_ttl = DP_REFUSE_TTL_S;
	/* Below insecure it would become SERVFAIL. */
	rep->security = sec_status_insecure;
	rep->an_numrrsets = 0;
	rep->ns_numrrsets = soa_rrset ? 1 : 0;
	rep->ar_numrrsets = 0;
	rep->rrset_count = rep->ns_numrrsets;
	if (soa_rrset)
		rep->rrsets[0] = soa_rrset;
}

static struct dns_msg *refusal(struct module_qstate *q)
{
	struct ub_packed_rrset_key *key = soa_key(q);
	struct dns_msg *msg;

	if (!key)
		return NULL;
	msg = dns_msg_create(q->qinfo.qname, q->qinfo.qname_len,
	    q->qinfo.qtype, q->qinfo.qclass, q->region, 1);
	if (msg)
		fill(msg->rep, LDNS_RCODE_NXDOMAIN, key);
	return msg;
}

void dp_refuse_explain(struct edns_option **options, struct regional *region)
{
	/* Without room for the explanation the refusal stands all the same. */
	(void)edns_opt_list_append_ede(options, region, LDNS_EDE_BLOCKED,
	    "dnspin: not on the allowlist");
}

void dp_refuse_bare(struct module_qstate *q)
{
	q->return_msg = NULL;
	q->return_rcode = LDNS_RCODE_NXDOMAIN;
	dp_refuse_explain(&q->edns_opts_front_out, q->region);
}

bool dp_refuse(struct module_qstate *q)
{
	struct dns_msg *msg = refusal(q);

	q->return_msg = msg;
	q->return_rcode = msg ? LDNS_RCODE_NOERROR : LDNS_RCODE_SERVFAIL;
	if (!msg)
		return false;
	dp_refuse_explain(&q->edns_opts_front_out, q->region);
	return true;
}

void dp_refuse_reply(struct module_qstate *q, struct reply_info *rep)
{
	fill(rep, LDNS_RCODE_NXDOMAIN,
	    rep->rrset_count > 0 ? soa_key(q) : NULL);
}

void dp_refuse_shared(struct reply_info *rep)
{
	fill(rep, LDNS_RCODE_SERVFAIL, NULL);
}
