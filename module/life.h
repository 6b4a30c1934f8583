/*
 * The life of the module, whoever loads it: dynlibmod, which calls the entry
 * points of dnspin.c, or the script of pythonmod, which calls those of
 * loader/loader.c. Called as Unbound calls the functions of a module: begin,
 * start and end by the main thread while no other runs, operate by every one.
 */
#ifndef DP_LIFE_H
#define DP_LIFE_H

#include <stdbool.h>

#include "module/compat.h"

struct dp_module;

/* Is the running server the one that the module was built for? The log tells
 * why not. Before anything else. */
bool dp_life_fits(void);

/*
 * A module of env, which has place id there, to be given callbacks and to be
 * started. words: state directory and trusted key, where the environment does
 * not say; NULL: defaults. NULL: the log tells why.
 */
struct dp_module *dp_life_begin(struct module_env *env, int id,
    const char *const words[2]);

/* Put the policy in force that is there, and watch for others. */
void dp_life_start(struct dp_module *m);

/* Callbacks are gone. Accepts NULL. */
void dp_life_end(struct dp_module *m);

/* An event of q. Closed: what cannot be worked on is an error. */
void dp_life_operate(struct dp_module *m, struct module_qstate *q,
    enum module_ev event);

#endif
