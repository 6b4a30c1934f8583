/*
 * The keeper: a thread of the module that does everything that threads that
 * answer must not do. It looks for a new policy, checks it and puts it in
 * force, opens the map, clears the cache, writes the status file, and says what
 * is wrong. It blocks all signals: they are Unbound's.
 */
#ifndef DP_KEEPER_H
#define DP_KEEPER_H

#include <stdbool.h>
#include "module/module.h"

/*
 * Take the first look, then start the thread. What is missing or wrong is
 * logged and shown in the status file, and tried again: until it is mended the
 * module answers SERVFAIL. False: out of memory.
 */
bool dp_keeper_start(struct dp_module *m);

/* Stop and join the thread; closes policy, map and status. */
void dp_keeper_stop(struct dp_module *m);

#endif
