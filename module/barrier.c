#include "module/compat.h"

#include "module/barrier.h"

#include "module/answer.h"
#include "module/core/sync.h"
#include "module/hold.h"
#include "module/worker.h"

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

enum dp_barrier dp_barrier_of(const struct dp_policy *p)
{
	const uint32_t *set = dp_policy_settings(p)->value;

	if (set[DP_SET_MODE] != DP_MODE_STRICT)
		return DP_BARRIER_OFF;
	return (enum dp_barrier)set[DP_SET_BARRIER];
}

bool dp_barrier_goes_by(const struct dp_module *m, const struct dp_policy *p)
{
	return dp_barrier_of(p) != DP_BARRIER_OFF &&
	    (m->id > 0 || SERVE_EXPIRED || SERVE_ORIGINAL_TTL);
}

/* What the agent has said of this map and this policy, which may be NULL. */
static void look(struct dp_barrier_now *out, const struct dp_module *m,
    const struct dp_policy *policy, const struct dp_map *map)
{
	const struct dp_sync *sync = atomic_load(&m->sync);

	memset(out, 0, sizeof(*out));
	out->kind = policy ? dp_barrier_of(policy) : DP_BARRIER_OFF;
	out->map_id = map ? dp_map_id(map) : 0;
	out->now_ns = now_ns();
	if (!sync || !map || out->kind == DP_BARRIER_OFF)
		return;
	out->alive = dp_sync_alive(sync, out->now_ns);
	out->acked = dp_sync_acked(sync, out->map_id,
	    dp_policy_digest(policy));
}

void dp_barrier_look(struct dp_barrier_now *out, const struct dp_module *m)
{
	look(out, m, atomic_load(&m->policy), atomic_load(&m->map));
}

/* What is left of the longest life without its grace. */
static uint32_t longest_ttl(const struct dp_settings *set)
{
	uint32_t life = set->value[DP_SET_MAX_LIFETIME];
	uint32_t grace = set->value[DP_SET_GRACE];

	return life > grace ? life - grace : 0;
}

/* A dp_item_fn: are all addresses bound to the name that was asked? */
struct lookup {
	const struct dp_case *c;
	const struct dp_map *map;
	uint32_t now_s;
	bool any, all;
};

static bool look_up(void *arg, const struct dp_item *item)
{
	struct lookup *l = arg;

	if (item->kind != DP_ITEM_ADDR ||
	    !dp_record_wants(dp_policy_settings(l->c->policy), &item->addr))
		return true;
	l->any = true;
	l->all = l->map &&
	    dp_map_lives(l->map, &l->c->name, &item->addr, l->now_s);
	return l->all;
}

static uint64_t id_of(const struct dp_policy *p)
{
	uint64_t id;

	memcpy(&id, dp_policy_digest(p), sizeof(id));
	return id;
}

/* Where q stands with what was recorded in map: its hold, new when it has
 * none. The keeper may replace map and policy while this goes on; the hold is
 * of those that were recorded with, and due at once where others are in force
 * by then. */
static enum dp_passage wait_for(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, const struct dp_case *c, struct dp_hold *h,
    const struct dp_map *map, uint64_t seq, uint32_t flags)
{
	uint32_t timeout_ms =
	    dp_policy_settings(c->policy)->value[DP_SET_BARRIER_TIMEOUT];
	struct dp_barrier_now now;

	look(&now, m, c->policy, map);
	if (now.alive && now.acked >= seq)
		return DP_PASSAGE_FREE;
	if (!now.alive || (h && now.now_ns >= h->until_ns))
		return DP_PASSAGE_FAILED;
	if (!h) {
		h = dp_hold_new(w, q);
		if (!h)
			return DP_PASSAGE_FAILED;
		h->until_ns = now.now_ns + timeout_ms * UINT64_C(1000000);
		h->began = *q->env->now_tv;
	}
	h->map_id = now.map_id;
	h->policy_id = id_of(c->policy);
	h->seq = seq;
	h->since = *q->env->now;
	h->mark.verdict = c->verdict;
	h->mark.flags = flags;
	if (!dp_hold_begin(m, h))
		return DP_PASSAGE_FAILED;
	*dp_module_own(m, q) = h;
	if (!h->counted)
		dp_module_count(m, w, DP_COUNT_HELD, 1);
	h->counted = true;
	return DP_PASSAGE_WAIT;
}

/* Was the answer recorded where, and as, it would be now? */
static bool is_recorded(const struct dp_hold *h, const struct dp_map *map,
    const struct dp_policy *p)
{
	return map && h->map_id == dp_map_id(map) && h->policy_id == id_of(p);
}

enum dp_passage dp_barrier_pass(struct dp_module *m, struct dp_worker *w,
    struct module_qstate *q, const struct dp_case *c, struct dp_hold *h,
    uint32_t *flags)
{
	struct reply_info *rep = q->return_msg->rep;
	bool off = dp_barrier_of(c->policy) == DP_BARRIER_OFF;
	time_t now = *q->env->now;
	struct dp_recorded sum;

	if (h && now > h->since)
		dp_answer_age(rep, (uint32_t)(now - h->since));
	if (h) {
		const struct dp_map *map = atomic_load(&m->map);

		*flags = h->mark.flags;
		if (is_recorded(h, map, c->policy))
			return wait_for(m, w, q, c, h, map, h->seq, *flags);
	}
	sum = dp_module_record(m, w, c, rep, 0, now);
	*flags = dp_recorded_flags(&sum);
	if (off || sum.kept + sum.lost == 0)
		return DP_PASSAGE_FREE;
	dp_answer_limit(rep, longest_ttl(dp_policy_settings(c->policy)));
	if (sum.lost > 0)
		return DP_PASSAGE_FAILED;
	return wait_for(m, w, q, c, h, sum.map, dp_map_seq(sum.map), *flags);
}

bool dp_barrier_pass_now(struct dp_module *m, struct dp_worker *w,
    const struct dp_case *c, struct reply_info *rep, time_t now,
    uint32_t *flags)
{
	struct dp_map *map = atomic_load(&m->map);
	struct lookup l = { c, map, (uint32_t)now, false, true };
	struct dp_barrier_now agent;
	struct dp_recorded sum;
	uint64_t seq;

	if (dp_barrier_of(c->policy) == DP_BARRIER_OFF) {
		sum = dp_module_record(m, w, c, rep, 0, now);
		*flags = dp_recorded_flags(&sum);
		return true;
	}
	if (dp_module_trusts(m, rep))
		dp_answer_walk(rep, 0, look_up, &l);
	/* After all of them: what was found is among the changes below. */
	seq = map ? dp_map_seq(map) : 0;
	look(&agent, m, c->policy, map);
	dp_answer_limit(rep, longest_ttl(dp_policy_settings(c->policy)));
	sum = dp_module_record(m, w, c, rep, 0, now);
	*flags = dp_recorded_flags(&sum);
	return !l.any || (l.all && agent.alive && agent.acked >= seq);
}
