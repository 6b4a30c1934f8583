/*
 * The reply callbacks: called once per reply to a client, on every path. They
 * count the verdicts, record what the cache answers and notice answers that
 * must not be there. What Unbound gives itself (a zone transfer waits for it)
 * comes by here without a client and is left as it is.
 *
 * A callback on a cached answer runs under the locks of the cache entry: it
 * must not touch the cache, and what it returns changes nothing.
 */
#ifndef DP_REPLY_H
#define DP_REPLY_H

#include <stdbool.h>

#include "module/compat.h"

struct dp_module;

/* What is called for replies of a type, with the module as its last argument;
 * NULL: nothing is. */
inplace_cb_reply_func_type *dp_reply_callback(enum inplace_cb_list_type type);

/* Register all with dynlibmod and take them back. False: out of memory. */
bool dp_reply_register(struct dp_module *m);
void dp_reply_unregister(struct dp_module *m);

#endif
