/*
 * The module's two message caches (module.h) and admission to the one that
 * clients are answered from.
 */
#ifndef DP_CACHE_H
#define DP_CACHE_H

#include "module/worker.h"

/* Make both, as large as the configured msg-cache. False: out of memory. */
bool dp_cache_create(struct dp_module *m, const struct config_file *cfg);
void dp_cache_destroy(struct dp_module *m);

/*
 * Put the answer of q, which policy has passed for everybody, where Unbound
 * finds it before any module runs. Answers that failed validation or recursion,
 * those that a module wants kept out of caches, and those that other modules
 * made for some clients only are left out. In strict mode only: otherwise
 * recursion stores there by itself. The caller is inside the epoch; see
 * dp_cache_clear.
 *
 * apart: with records of its own. Those that Unbound keeps for all can get
 * other addresses under a message that is in the cache (a prefetch of another
 * name that leads there), which the firewall may not hold.
 */
void dp_cache_admit(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, bool apart);

/*
 * Keeper: forget all admitted answers, and the records apart. Called after every thread has left the
 * epoch of the old policy, nothing that was judged by it can come in later.
 */
void dp_cache_clear(struct dp_module *m);

size_t dp_cache_size_b(const struct dp_module *m);

#endif
