#include "dp_config.h"

#include "tools/log/log_positions.h"

bool dp_log_positions_lack(const struct dp_log_positions *p,
    const struct dp_stream_item *item)
{
	const struct dp_log_position *at;

	if (item->ring >= DP_LOG_RINGS_MAX)
		return false;
	at = &p->ring[item->ring];
	return !at->known || at->id != item->id;
}

static void set(struct dp_log_positions *p, const struct dp_stream_item *item,
    uint64_t number)
{
	if (item->ring >= DP_LOG_RINGS_MAX)
		return;
	p->ring[item->ring] = (struct dp_log_position){
		.known = true,
		.id = item->id,
		.number = number,
	};
	if (p->count <= item->ring)
		p->count = (size_t)item->ring + 1;
}

/* Numbers begin with 1 and losses end before the item's. */
void dp_log_positions_enter(struct dp_log_positions *p,
    const struct dp_stream_item *item)
{
	uint64_t before = 1 + item->lost;

	set(p, item, item->number > before ? item->number - before : 0);
}

void dp_log_positions_pass(struct dp_log_positions *p,
    const struct dp_stream_item *item)
{
	bool is_event = item->kind == DP_STREAM_EVENT;

	if (item->number > 0)
		set(p, item, item->number - !is_event);
}

enum dp_err dp_log_positions_resume(const struct dp_log_positions *p,
    struct dp_stream *stream)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct dp_log_position *at = &p->ring[i];
		enum dp_err err;

		if (!at->known)
			continue;
		err = dp_stream_resume(stream, (uint32_t)i, at->id,
		    at->number);
		if (err != DP_OK)
			return err;
	}
	return DP_OK;
}
