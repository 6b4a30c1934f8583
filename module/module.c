#include "module/compat.h"

#include "module/module.h"

#include "module/answer.h"
#include "module/judge.h"
#include "module/worker.h"

void dp_module_count(struct dp_module *m, const struct dp_worker *w,
    enum dp_counter c, uint64_t n)
{
	dp_status_add(atomic_load(&m->status), w->shard, c, n);
}

/* Has the validator looked at all records and found none to be bogus? */
static bool is_checked(const struct reply_info *rep)
{
	for (size_t i = 0; i < rep->an_numrrsets; i++) {
		const struct packed_rrset_data *d = rep->rrsets[i]->entry.data;

		if (d->security == sec_status_unchecked ||
		    d->security == sec_status_bogus)
			return false;
	}
	return true;
}

bool dp_module_trusts(const struct dp_module *m, const struct reply_info *rep)
{
	switch (rep->security) {
	case sec_status_bogus:
	case sec_status_secure_sentinel_fail:
		return false;
	case sec_status_insecure:
		return true;
	default:
		/* The validator leaves messages unchecked that are below no
		 * trust anchor, and those that it was told not to validate.
		 * One in a cache stays secure when its records are renewed
		 * with what nobody has validated: CD lets a client have it. */
		return !m->around.validates || is_checked(rep);
	}
}

struct dp_recorded dp_module_record(struct dp_module *m, const struct dp_worker *w,
    const struct dp_case *c, const struct reply_info *rep, time_t ttl_from,
    time_t now)
{
	struct dp_record r = {
		.policy = c->policy,
		.match = c->match,
		.name = &c->name,
		.map = atomic_load(&m->map),
		.status = atomic_load(&m->status),
		.shard = w->shard,
		.now_s = (uint32_t)now,
		.hints = c->memo ? c->memo->hint : NULL,
		.hint_count = c->memo ? DP_MEMO_HINTS : 0,
	};

	if (dp_module_trusts(m, rep))
		dp_answer_walk(rep, ttl_from, dp_record_item, &r);
	r.sum.map = r.map;
	return r.sum;
}
