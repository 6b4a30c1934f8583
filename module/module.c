#include "module/compat.h"

#include "module/module.h"

#include "module/answer.h"
#include "module/judge.h"
#include "module/worker.h"

void **dp_module_own(const struct dp_module *m, const struct module_qstate *q)
{
	int place = m->guest ? MAX_MODULE - 1 : m->id;

	return (void **)(uintptr_t)&q->minfo[place];
}

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

static struct dp_record record_of(struct dp_module *m,
    const struct dp_worker *w, const struct dp_case *c, time_t now)
{
	return (struct dp_record){
		.policy = c->policy,
		.match = c->match,
		.name = &c->name,
		.no_pins = c->memo ? !c->memo->pinned :
				     c->told && !c->told->pinned,
		.map = c->map,
		.status = atomic_load(&m->status),
		.shard = w->shard,
		.now_s = (uint32_t)now,
		.spots = c->memo ? c->memo->spot : NULL,
		.spot_count = c->memo ? DP_MEMO_SPOTS : 0,
	};
}

static struct dp_recorded record_each(const struct dp_module *m,
    struct dp_record *r, const struct reply_info *rep, time_t ttl_from)
{
	if (dp_module_trusts(m, rep))
		dp_answer_walk(rep, ttl_from, dp_record_item, r);
	r->sum.map = r->map;
	return r->sum;
}

struct dp_recorded dp_module_record(struct dp_module *m, const struct dp_worker *w,
    const struct dp_case *c, const struct reply_info *rep, time_t ttl_from,
    time_t now)
{
	struct dp_record r = record_of(m, w, c, now);

	return record_each(m, &r, rep, ttl_from);
}

struct dp_recorded dp_module_record_again(struct dp_module *m,
    const struct dp_worker *w, const struct dp_case *c,
    const struct reply_info *rep, const struct dp_gathered *g, time_t now)
{
	struct dp_record r = record_of(m, w, c, now);
	size_t count = g->v4_count + g->v6_count;

	if (count == 0 || (r.no_pins && dp_module_trusts(m, rep) &&
			      dp_record_again(&r, g->first, count)))
		return r.sum;
	return record_each(m, &r, rep, now);
}
