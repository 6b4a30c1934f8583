#include "module/recording.h"

#include "module/core/event.h"
#include "module/memo.h"

uint32_t dp_record_lifetime(const struct dp_settings *set, uint32_t ttl_s)
{
	uint64_t life = (uint64_t)ttl_s + set->value[DP_SET_GRACE];

	if (life < set->value[DP_SET_MIN_LIFETIME])
		life = set->value[DP_SET_MIN_LIFETIME];
	if (life > set->value[DP_SET_MAX_LIFETIME])
		life = set->value[DP_SET_MAX_LIFETIME];
	return (uint32_t)life;
}

bool dp_record_wants(const struct dp_settings *set, const struct dp_addr *addr)
{
	return set->value[DP_SET_PRIVATE] != DP_PRIVATE_REFUSE ||
	    !dp_addr_special(addr);
}

static void count(struct dp_record *r, enum dp_counter c)
{
	dp_status_add(r->status, r->shard, c, 1);
}

bool dp_record_again(struct dp_record *r, const struct dp_seen *seen,
    size_t count)
{
	const struct dp_settings *set = dp_policy_settings(r->policy);
	struct dp_sighting sightings[DP_MEMO_SPOTS];
	size_t most = r->spot_count < DP_MEMO_SPOTS ? r->spot_count :
						      DP_MEMO_SPOTS;

	if (!r->map)
		return false;
	if (most > count)
		most = count;
	for (size_t i = 0; i < most; i++) {
		sightings[i].addr = seen[i].addr;
		sightings[i].ttl_s = seen[i].ttl_s;
		sightings[i].lifetime_s =
		    dp_record_lifetime(set, seen[i].ttl_s);
		sightings[i].spot = &r->spots[i];
	}
	r->done = (unsigned)dp_map_record_again(r->map, sightings, most,
	    r->now_s);
	r->sum.kept += r->done;
	dp_status_add(r->status, r->shard, DP_COUNT_RECORDED, r->done);
	return r->done == count;
}

uint32_t dp_recorded_flags(const struct dp_recorded *sum)
{
	return (sum->lost > 0 ? DP_EVENT_MAP_FULL : 0u) |
	    (sum->outside > 0 ? DP_EVENT_PIN_OUTSIDE : 0u);
}

bool dp_record_item(void *arg, const struct dp_item *item)
{
	struct dp_record *r = arg;
	const struct dp_settings *set = dp_policy_settings(r->policy);
	struct dp_sighting sighting;

	if (item->kind != DP_ITEM_ADDR)
		return true;
	if (r->done > 0) {
		r->done--;
		r->spots++;
		r->spot_count--;
		return true;
	}
	if (!dp_record_wants(set, &item->addr)) {
		count(r, DP_COUNT_SPECIAL);
		return true;
	}
	if (!r->no_pins && set->value[DP_SET_PINS] != DP_PINS_IGNORE &&
	    dp_policy_pin(r->policy, r->match.rule, &item->addr) ==
		DP_PIN_OUTSIDE) {
		r->sum.outside++;
		count(r, DP_COUNT_PIN_OUTSIDE);
	}

	sighting.name = r->name;
	sighting.final = &item->name;
	sighting.addr = item->addr;
	sighting.ttl_s = item->ttl_s;
	sighting.lifetime_s = dp_record_lifetime(set, item->ttl_s);
	sighting.spot = r->spot_count > 0 ? r->spots++ : NULL;
	r->spot_count -= r->spot_count > 0;
	if (r->map && dp_map_record(r->map, &sighting, r->now_s) == DP_OK) {
		r->sum.kept++;
		count(r, DP_COUNT_RECORDED);
	} else {
		r->sum.lost++;
		count(r, DP_COUNT_MAP_FULL);
	}
	return true;
}
