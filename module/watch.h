/*
 * The watch: a thread of the module that waits for the firewall agent, so that
 * no worker does. When the agent has confirmed what a worker waits for, when
 * that worker's first deadline has passed, or when nothing is to be waited for
 * any more, it writes to the worker's eventfd (hold.h). Without holds it sleeps.
 * It blocks all signals: they are Unbound's.
 */
#ifndef DP_WATCH_H
#define DP_WATCH_H

#include <stdbool.h>
#include "module/module.h"

/* Make it, without its thread. False: out of memory. */
bool dp_watch_create(struct dp_module *m);

/* Keeper: start the thread, once. False: there is none. */
bool dp_watch_start(struct dp_module *m);
bool dp_watch_runs(const struct dp_module *m);

/* A worker has a hold. From any thread, without a lock; costs a system call
 * where the thread sleeps, which it does a second after the last hold. */
void dp_watch_wake(struct dp_module *m);

/* One look at all workers, for those that have something to do. True: there are
 * holds. Inside the epoch; the thread does it, and tests. */
bool dp_watch_look(struct dp_module *m);

/* Stop and join the thread. */
void dp_watch_destroy(struct dp_module *m);

#endif
