#include "module/compat.h"

#include "module/module.h"

#include "module/answer.h"
#include "module/judge.h"
#include "module/recording.h"
#include "module/worker.h"

void dp_module_count(struct dp_module *m, const struct dp_worker *w,
    enum dp_counter c, uint64_t n)
{
	dp_status_add(atomic_load(&m->status), (unsigned)w->slot, c, n);
}

void dp_module_record(struct dp_module *m, const struct dp_worker *w,
    const struct dp_case *c, const struct reply_info *rep, time_t ttl_from,
    time_t now)
{
	struct dp_record r = {
		.policy = c->policy,
		.match = c->match,
		.name = &c->name,
		.map = atomic_load(&m->map),
		.status = atomic_load(&m->status),
		.shard = (unsigned)w->slot,
		.now_s = (uint32_t)now,
	};

	if (rep->security != sec_status_bogus)
		dp_answer_walk(rep, ttl_from, dp_record_item, &r);
}
