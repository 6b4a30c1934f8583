/*
 * Unbound messages for tests, built as the iterator builds them: each rrset
 * with its data packed into one block (util/data/packed_rrset.h), the record at
 * its end so that a sanitizer sees each overrun.
 */
#ifndef DP_REPLY_OF_H
#define DP_REPLY_OF_H

#include "module/compat.h"

#include <CUnit/CUnit.h>

#include "module/core/name.h"

#define REPLY_OF_MAX 16 /* rrsets */

struct reply_of_packed {
	struct packed_rrset_data data;
	size_t len;
	uint8_t *rdata;
	time_t ttl;
	uint8_t bytes[]; /* length, rdata */
};

struct reply_of {
	struct reply_info rep;
	struct ub_packed_rrset_key keys[REPLY_OF_MAX];
	struct ub_packed_rrset_key *list[REPLY_OF_MAX];
	struct reply_of_packed *packed[REPLY_OF_MAX];
	struct dp_name owners[REPLY_OF_MAX];
};

static inline void reply_of_begin(struct reply_of *r)
{
	memset(r, 0, sizeof(*r));
	r->rep.rrsets = r->list;
	r->rep.flags = BIT_QR | BIT_RA;
	r->rep.qdcount = 1;
	r->rep.security = sec_status_insecure;
}

/* One record; rdata without its length octets. */
static inline void reply_of_add(struct reply_of *r, const char *owner,
    uint16_t type, time_t ttl, const void *rdata, size_t size_b)
{
	size_t i = r->rep.an_numrrsets++;
	struct reply_of_packed *p;

	CU_ASSERT_TRUE_FATAL(i < REPLY_OF_MAX);
	r->rep.rrset_count++;
	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&r->owners[i], owner, NULL),
	    DP_OK);
	p = malloc(sizeof(*p) + 2 + size_b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->bytes[0] = (uint8_t)(size_b >> 8);
	p->bytes[1] = (uint8_t)size_b;
	memcpy(p->bytes + 2, rdata, size_b);
	p->len = size_b + 2;
	p->rdata = p->bytes;
	p->ttl = ttl;
	p->data = (struct packed_rrset_data){
		.ttl = ttl,
		.count = 1,
		.security = sec_status_insecure,
		.rr_len = &p->len,
		.rr_ttl = &p->ttl,
		.rr_data = &p->rdata,
	};
	r->packed[i] = p;
	r->keys[i].entry.key = &r->keys[i];
	r->keys[i].entry.data = p;
	r->keys[i].rk.dname = r->owners[i].wire;
	r->keys[i].rk.dname_len = r->owners[i].len;
	r->keys[i].rk.type = htons(type);
	r->keys[i].rk.rrset_class = htons(LDNS_RR_CLASS_IN);
	r->list[i] = &r->keys[i];
}

static inline void reply_of_cname(struct reply_of *r, const char *owner,
    const char *target, time_t ttl)
{
	struct dp_name t;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&t, target, NULL), DP_OK);
	reply_of_add(r, owner, LDNS_RR_TYPE_CNAME, ttl, t.wire, t.len);
}

static inline void reply_of_end(struct reply_of *r)
{
	for (size_t i = 0; i < r->rep.an_numrrsets; i++)
		free(r->packed[i]);
}

#endif
