#include "tools/report/overview.h"

#include <string.h>

bool dp_overview_alive(const struct dp_overview *o)
{
	uint64_t now_s = o->now_s, seen_s = o->head.heartbeat_s;

	if (!o->has_status || !o->process_exists)
		return false;
	/* A clock that was set back leaves heartbeats ahead of now. */
	return seen_s > now_s ? seen_s - now_s <= DP_HEARTBEAT_LOST_S
			      : now_s - seen_s <= DP_HEARTBEAT_LOST_S;
}

bool dp_overview_ready(const struct dp_overview *o)
{
	return dp_overview_alive(o) && o->head.ready == 1;
}

bool dp_overview_loaded(const struct dp_overview *o)
{
	return o->has_status && o->head.generation > 0;
}

bool dp_overview_same(const struct dp_overview *o)
{
	return o->policy && dp_overview_loaded(o) &&
	    memcmp(dp_policy_digest(o->policy), o->head.digest,
		sizeof(o->head.digest)) == 0;
}

enum dp_barrier dp_overview_barrier(const struct dp_overview *o)
{
	const struct dp_settings *settings;

	if (!o->policy)
		return DP_BARRIER_OFF;
	settings = dp_policy_settings(o->policy);
	return settings->value[DP_SET_MODE] == DP_MODE_STRICT
	    ? (enum dp_barrier)settings->value[DP_SET_BARRIER] : DP_BARRIER_OFF;
}

bool dp_overview_confirmed(const struct dp_overview *o)
{
	return o->has_agent && o->agent_alive && o->agent_promises;
}

bool dp_overview_well(const struct dp_overview *o)
{
	return dp_overview_ready(o) &&
	    (dp_overview_barrier(o) == DP_BARRIER_OFF ||
		dp_overview_confirmed(o));
}

void dp_overview_clean(char *out, size_t out_b, const uint8_t *text,
    size_t text_b)
{
	size_t i = 0;

	for (; i < text_b && i + 1 < out_b && text[i] != 0; i++)
		out[i] = text[i] >= 0x20 && text[i] < 0x7f ? (char)text[i] :
							     '?';
	out[i] = '\0';
}
