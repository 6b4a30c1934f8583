/*
 * The life of a query state in the module: judged when it begins, judged again
 * with its answer. All functions are called inside the worker's epoch.
 *
 * Who is a client shows only at the end: clients join states that Unbound
 * began for itself without any event, so that the verdict of the beginning is
 * never the last word.
 */
#ifndef DP_QUERY_H
#define DP_QUERY_H

#include "module/worker.h"

/* A state's first event at the module, new or pass: refuse it at once, or let
 * the next module work on it. */
void dp_query_begin(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q);

/* The modules behind are done, or have been and q was held: refuse, or record,
 * hold it until the firewall has confirmed that, admit and let it out. */
void dp_query_end(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q);

/* Does q wait for the firewall? The event is then to be its end, once more. */
bool dp_query_is_held(const struct dp_module *m,
    const struct module_qstate *q);

/* q goes away, held or not; id: of the module. */
void dp_query_forget(struct module_qstate *q, int id);

/* Are addresses recorded when the reply goes out, not when q ends? Where what
 * goes out can be other than what q ended with: a module in front changes
 * it. */
bool dp_query_records_late(const struct dp_module *m);

/*
 * A reply for q goes out: if it was refused to clients while others wait for
 * what it came to, it has that again from now on, and true is returned. rep:
 * what Unbound itself is about to get, which becomes that, too; NULL: a client
 * gets it.
 */
bool dp_query_put_back(const struct dp_module *m, struct module_qstate *q,
    struct reply_info *rep);

/* The last verdict on q and what else there is to tell of its answer, for the
 * reply callbacks; NULL: none yet. Borrowed until q's next event. */
const struct dp_mark *dp_query_mark(const struct dp_module *m,
    const struct module_qstate *q);

#endif
