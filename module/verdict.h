/*
 * Verdicts: what a client may get to see. Plain decisions on plain data,
 * without a line of Unbound, so that a unit test can put every case. Pure
 * functions for any thread.
 */
#ifndef DP_VERDICT_H
#define DP_VERDICT_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/name.h"
#include "module/core/policy.h"

enum dp_verdict {
	DP_VERDICT_ALLOW,
	DP_VERDICT_DENY,       /* NXDOMAIN */
	DP_VERDICT_WOULD_DENY, /* observe: answered, strict would refuse */
	DP_VERDICT_NOT_READY,  /* no policy or no map: SERVFAIL */
	DP_VERDICT_WITHHELD    /* not confirmed by the firewall: SERVFAIL */
};

/* What an answer holds, one thing at a time (answer.h). */
enum dp_item_kind {
	DP_ITEM_NAME, /* owner of a record, or target of a CNAME */
	DP_ITEM_ADDR  /* address of A, AAAA or an HTTPS/SVCB hint */
};
struct dp_item {
	enum dp_item_kind kind;
	struct dp_name name; /* for ADDR: the owner of the record */
	struct dp_addr addr; /* ADDR only */
	uint32_t ttl_s;	     /* ADDR only, as the client is given it */
};
/* An address alone. */
struct dp_seen {
	struct dp_addr addr;
	uint32_t ttl_s;
};
/* Called for each item; false ends the walk. */
typedef bool dp_item_fn(void *arg, const struct dp_item *item);

/* The name that was asked, in class IN or another, by a client of audience;
 * *match is filled. */
enum dp_verdict dp_verdict_name(const struct dp_policy *p,
    const struct dp_name *name, bool class_in, uint32_t audience,
    struct dp_match *match);

/* What match, of a name, means. */
enum dp_verdict dp_verdict_of(const struct dp_policy *p,
    const struct dp_match *match);

/* True when the answer itself can change the verdict, so that it must be
 * walked: `chain: inspect` or `pins: enforce`. */
bool dp_verdict_needs_answer(const struct dp_policy *p);

/* A dp_item_fn over a dp_verdict_answer: judges the items of an answer to a
 * name that match allows audience, after `chain` and `pins`. */
struct dp_verdict_answer {
	const struct dp_policy *policy;
	uint32_t audience;
	struct dp_match match;
	enum dp_verdict verdict; /* ALLOW to begin with */
};
bool dp_verdict_item(void *answer, const struct dp_item *item);

#endif
