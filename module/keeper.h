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

/* Make the keeper, which counts in memory until its first look. False: out of
 * memory. */
bool dp_keeper_create(struct dp_module *m);

/*
 * One look at everything. What is missing or wrong is logged when it is news,
 * shown in the status file, and tried again at the next look: until it is
 * mended the module answers SERVFAIL. Called in init for the first look, then
 * by the thread alone.
 */
void dp_keeper_look(struct dp_module *m);

/* Start the thread, which looks every half second. Without one, which is
 * logged, all stays as it was at the first look. */
void dp_keeper_start(struct dp_module *m);

/* Let the thread look now. From any thread, without a lock. */
void dp_keeper_wake(struct dp_module *m);

/* Stop and join the thread, then the watch's; closes policy, map and status. */
void dp_keeper_destroy(struct dp_module *m);

#endif
