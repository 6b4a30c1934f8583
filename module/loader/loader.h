/*
 * The module inside Debian's own Unbound, which has no dynlib but pythonmod:
 * the script dnspin-python.py is loaded as a python-script, loads this library
 * with ctypes and hands every event and every reply to it. See
 * dnspin-pythonmod(7) for what it can and cannot do.
 *
 * Everything is as in dnspin.so but for three things. The executable gives out
 * no symbols, so that the library brings its own copies of the code of Unbound
 * that the module calls, built from the source of the same package: they work
 * on the server's structs, through function pointers that they find there
 * (standin.h). The hash of Unbound's caches has a secret start that no copy can
 * know, so that nothing is admitted to the cache of clients: every query runs
 * through recursion's. And answers are never held.
 *
 * The interpreter lock is free while this library runs (ctypes.CDLL): a thread
 * that has the lock never waits for one of Unbound's, while threads that hold
 * one of Unbound's do wait for the interpreter's, in reply callbacks.
 */
#ifndef DP_LOADER_H
#define DP_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "module/compat.h"
#include "module/loader/standin.h"

/* Some of what Unbound's own code sees in its structs, as the script read it
 * through pythonmod. */
struct dnspin_python_seen {
	uint64_t cfg, msg_cache, modinfo, callbacks; /* addresses */
	uint64_t options;			     /* edns_known_options_num */
	uint64_t threads, msg_cache_b, neg_cache_b, control_port;
	uint64_t script; /* address of python_script */
};

/* False, with a line in the log that says why: not to be used. */
bool dnspin_python_init(struct module_env *env, int id,
    const struct dnspin_python_seen *seen, dp_standin_say_fn *say);
void dnspin_python_deinit(void);

void dnspin_python_operate(struct module_qstate *q, int event);

/* A reply goes out: the arguments of Unbound's callback of this type. start_s:
 * when the query came, in seconds. */
void dnspin_python_reply(int type, struct query_info *qinfo,
    struct module_qstate *q, struct reply_info *rep, int rcode,
    struct edns_data *edns, struct edns_option **options,
    struct regional *region, struct comm_reply *client, double start_s);

#endif
