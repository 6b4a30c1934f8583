/*
 * Refusals: NXDOMAIN with an SOA, so that stub resolvers can cache it
 * (RFC 2308, 3), and Extended DNS Error 15, Blocked (RFC 8914, 4.16).
 */
#ifndef DP_REFUSE_H
#define DP_REFUSE_H

#include <stdbool.h>

struct comm_reply;
struct edns_option;
struct module_qstate;
struct regional;
struct reply_info;

#define DP_REFUSE_TTL_S 60 /* negative TTL: how late a stub sees a new rule */

/* Make q's result a refusal. False: out of memory; q's result is SERVFAIL. */
bool dp_refuse(struct module_qstate *q);

/*
 * Make rep, an answer that Unbound took out of a cache into q's region, a
 * refusal, as which it goes out to client. q's other clients are given the same
 * rep: undo what was done to it before looking at it. Where memory is short it
 * becomes SERVFAIL, which nobody remembers, for good.
 */
void dp_refuse_reply(struct module_qstate *q, struct reply_info *rep,
    const struct comm_reply *client);
void dp_refuse_undo(struct reply_info *rep);

/* Is it a refusal of the module's own, that nobody has undone? */
bool dp_refuse_is(const struct reply_info *rep);

/* Make rep, a refusal, what was refused, for Unbound itself. */
void dp_refuse_take_back(struct reply_info *rep, const struct reply_info *was);

/* Make rep SERVFAIL, for all who are given it. */
void dp_refuse_fail(struct reply_info *rep);

/* Say why in the EDNS options of a reply: it is not allowed; the module cannot
 * answer, for what reason says (RFC 8914, 4.15). */
void dp_refuse_explain(struct edns_option **options, struct regional *region);
void dp_refuse_explain_failure(struct edns_option **options,
    struct regional *region, const char *reason);

/* The same without a message, and so without the SOA. */
void dp_refuse_bare(struct module_qstate *q);

#endif
