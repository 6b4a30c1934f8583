#include "module/compat.h"

#include "module/module.h"

#include "module/worker.h"

void dp_module_count(struct dp_module *m, const struct dp_worker *w,
    enum dp_counter c, uint64_t n)
{
	dp_status_add(atomic_load(&m->status), (unsigned)w->slot, c, n);
}
