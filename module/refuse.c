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

static const uint8_t root[1];

/* The SOA of one refusal, and what the refusal stands for. */
struct refused {
	struct ub_packed_rrset_key soa;
	struct ub_packed_rrset_key *rrsets[1];
	struct reply_info was; /* without rrsets: it never was anything else */
};

/* A refusal as a message: one piece of memory. */
struct message {
	struct dns_msg msg;
	struct reply_info rep;
	struct refused refused;
};

/* The part of a reply that is kept: in a region it ends where one in a cache has
 * its references. */
#define REPLY_B offsetof(struct reply_info, ref)

/* r is all zero. */
static void begin(struct refused *r, const struct module_qstate *q)
{
	r->rrsets[0] = &r->soa;
	r->soa.entry.key = &r->soa;
	r->soa.entry.data = &soa;
	r->soa.rk.dname = (uint8_t *)(uintptr_t)root;
	r->soa.rk.dname_len = sizeof(root);
	r->soa.rk.type = htons(LDNS_RR_TYPE_SOA);
	r->soa.rk.rrset_class = htons(q->qinfo.qclass);
}

/* An empty answer with the SOA of r, without it where r is NULL. */
static void fill(struct reply_info *rep, uint16_t rcode, struct refused *r)
{
	rep->flags = (uint16_t)(BIT_QR | BIT_RA | rcode);
	rep->authoritative = 0;
	rep->ttl = DP_REFUSE_TTL_S;
	rep->prefetch_ttl = DP_REFUSE_TTL_S;
	rep->serve_expired_ttl = DP_REFUSE_TTL_S;
	/* Below insecure it would become SERVFAIL. */
	rep->security = sec_status_insecure;
	rep->an_numrrsets = 0;
	rep->ns_numrrsets = r ? 1 : 0;
	rep->ar_numrrsets = 0;
	rep->rrset_count = rep->ns_numrrsets;
	if (r)
		rep->rrsets = r->rrsets;
}

/* As dns_msg_create has it, which asks for memory five times. */
static struct dns_msg *refusal(struct module_qstate *q)
{
	struct message *m = regional_alloc_zero(q->region, sizeof(*m));

	if (!m)
		return NULL;
	m->msg.qinfo = q->qinfo;
	m->msg.qinfo.local_alias = NULL;
	m->msg.rep = &m->rep;
	m->rep.qdcount = 1;
	m->rep.reason_bogus = LDNS_EDE_NONE;
	begin(&m->refused, q);
	fill(&m->rep, LDNS_RCODE_NXDOMAIN, &m->refused);
	return &m->msg;
}

/* The data of the option, which is shared and only read: code and text. */
static const uint8_t blocked[] = "\0\017dnspin: not on the allowlist";
_Static_assert(LDNS_EDE_BLOCKED == 017, "the code is in the data");

void dp_refuse_explain(struct edns_option **options, struct regional *region)
{
	struct edns_option *o = regional_alloc(region, sizeof(*o));

	/* Without room for the explanation the refusal stands all the same. */
	if (!o)
		return;
	o->next = NULL;
	o->opt_code = LDNS_EDNS_EDE;
	o->opt_len = sizeof(blocked) - 1;
	o->opt_data = (uint8_t *)(uintptr_t)blocked;
	while (*options)
		options = &(*options)->next;
	*options = o;
}

void dp_refuse_explain_failure(struct edns_option **options,
    struct regional *region, const char *reason)
{
	(void)edns_opt_list_append_ede(options, region, LDNS_EDE_NOT_READY,
	    reason);
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

/*
 * Unbound has made up its mind about an answer before it asks what to do with
 * it: that it is authentic (AD, where the client set that or DO), and that it is
 * stale (RFC 8914, 4.4). A refusal is neither.
 */
static void unsay(struct mesh_reply *reply, bool authentic)
{
	struct edns_option **at = &reply->edns.opt_list_out;

	if (authentic) {
		reply->qflags &= (uint16_t)~BIT_AD;
		reply->edns.bits &= (uint16_t)~EDNS_DO;
	}
	while (*at) {
		if ((*at)->opt_code == LDNS_EDNS_EDE)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
}

void dp_refuse_reply(struct module_qstate *q, struct reply_info *rep,
    const struct comm_reply *client)
{
	bool authentic = rep->security == sec_status_secure;
	struct refused *r = regional_alloc_zero(q->region, sizeof(*r));

	for (struct mesh_reply *to = q->mesh_info->reply_list; to; to = to->next)
		if (&to->query_reply == client)
			unsay(to, authentic);
	if (!r) {
		dp_refuse_fail(rep);
		return;
	}
	begin(r, q);
	memcpy(&r->was, rep, REPLY_B);
	fill(rep, LDNS_RCODE_NXDOMAIN, r);
}

/* Only the SOA of a refusal has this data. */
bool dp_refuse_is(const struct reply_info *rep)
{
	return rep->rrset_count == 1 && rep->rrsets[0]->entry.data == &soa;
}

void dp_refuse_undo(struct reply_info *rep)
{
	struct refused *r;

	if (!dp_refuse_is(rep))
		return;
	r = (struct refused *)rep->rrsets[0]->entry.key;
	if (r->was.rrsets)
		memcpy(rep, &r->was, REPLY_B);
}

void dp_refuse_take_back(struct reply_info *rep, const struct reply_info *was)
{
	memcpy(rep, was, REPLY_B);
}

void dp_refuse_fail(struct reply_info *rep)
{
	fill(rep, LDNS_RCODE_SERVFAIL, NULL);
}
