/*
 * Refusals: NXDOMAIN with an SOA, so that stub resolvers can cache it
 * (RFC 2308, 3), and Extended DNS Error 15, Blocked (RFC 8914, 4.16).
 */
#ifndef DP_REFUSE_H
#define DP_REFUSE_H

#include <stdbool.h>

struct module_qstate;

#define DP_REFUSE_TTL_S 60 /* negative TTL: how late a stub sees a new rule */

/* Make q's result a refusal. False: out of memory; q's result is SERVFAIL. */
bool dp_refuse(struct module_qstate *q);

/* The same without a message, and so without the SOA. */
void dp_refuse_bare(struct module_qstate *q);

#endif
