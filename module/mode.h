/*
 * What of Unbound's own settings must give way in strict mode, and comes back
 * when observing: answers from expired cache entries skip the modules' last
 * word, and sections that were not asked for speak of names off the list.
 *
 * Unbound frees and replaces its configuration at a reload while the keeper
 * still runs, so that the keeper only sets the mode; the threads that answer,
 * which the configuration outlives, make the settings fit.
 */
#ifndef DP_MODE_H
#define DP_MODE_H

#include <stdbool.h>

struct config_file;
struct dp_module;

/* Remember what is configured; once, in init. */
void dp_mode_init(struct dp_module *m, const struct config_file *cfg);

/*
 * Init and keeper: choose the cache that recursion uses. True when the change
 * was from observe to strict. Threads take it up with their next query; see
 * dp_worker_switch_all.
 */
bool dp_mode_set(struct dp_module *m, bool strict);

/* Init and threads that answer: make the settings fit the mode. */
void dp_mode_apply(const struct dp_module *m, struct config_file *cfg);

#endif
