/*
 * A query state before the policy: everybody who waits for its result is judged
 * on their own, for rules may hold for some clients only. Who waits are the
 * state's own clients and those of states that a module in front began it for
 * (dns64). Callers are inside the worker's epoch.
 */
#ifndef DP_HEARING_H
#define DP_HEARING_H

#include "module/judge.h"

struct mesh_reply;
struct mesh_state;
struct module_qstate;

bool dp_hearing_has_client(const struct module_qstate *q);

/* Does a module in front of this one wait for the result? What dns64 asks for
 * with a query of its own it turns into an answer for a client. What a
 * validator in front asks for (DS, DNSKEY) it only uses itself. */
bool dp_hearing_has_front(const struct dp_module *m,
    const struct module_qstate *q);

/*
 * Judge all who wait for q, on its answer rep or, where that is NULL, on the
 * question. c becomes the case of one whose verdict is ALLOW, where there is
 * one, else of one who is refused; its verdict is returned. Where nobody waits
 * (a prefetch), it is ALLOW when everybody there can be is allowed.
 */
enum dp_verdict dp_hearing(struct dp_case *c, const struct dp_module *m,
    struct module_qstate *q, const struct reply_info *rep);

/*
 * Afterwards, where the verdict of the mode is to refuse: call fn for each
 * state in which clients wait that are denied, with these taken out of it; fn
 * answers them at once (clients.h).
 */
typedef void dp_denied_fn(void *arg, struct mesh_state *state,
    struct mesh_reply *taken);
void dp_hearing_denied(const struct dp_case *c, const struct dp_module *m,
    struct module_qstate *q, const struct reply_info *rep, dp_denied_fn *fn,
    void *arg);

#endif
