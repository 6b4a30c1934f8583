#include "dp_config.h"

#include "tools/report/top_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FADE_S 10.0 /* until a weight is down to a third or so (1/e) */

enum dp_err dp_top_open(struct dp_top **out, uint64_t seed)
{
	struct dp_top *t = calloc(1, sizeof(*t));
	enum dp_err err = t ? DP_OK : DP_ERR_NOMEM;

	for (int i = 0; err == DP_OK && i < DP_TOP_LISTS; i++)
		err = dp_tally_open(&t->lists[i], seed);
	if (err != DP_OK) {
		dp_top_close(&t);
		return err;
	}
	*out = t;
	return DP_OK;
}

void dp_top_close(struct dp_top **t)
{
	if (!*t)
		return;
	for (int i = 0; i < DP_TOP_LISTS; i++)
		dp_tally_close(&(*t)->lists[i]);
	free(*t);
	*t = NULL;
}

static void fade(struct dp_top *t, double factor)
{
	for (int i = 0; i < DP_TOP_LISTS; i++)
		dp_tally_fade(t->lists[i], factor);
	for (int i = 0; i < DP_EVENT_VERDICT_COUNT; i++)
		t->verdicts[i] *= factor;
	t->held *= factor;
	t->seconds *= factor;
}

void dp_top_reset(struct dp_top *t)
{
	struct dp_tally *lists[DP_TOP_LISTS];

	fade(t, 0);
	memcpy(lists, t->lists, sizeof(lists));
	memset(t, 0, sizeof(*t));
	memcpy(t->lists, lists, sizeof(lists));
}

static bool is_refused(unsigned verdict)
{
	return verdict == DP_EVENT_VERDICT_DENY ||
	    verdict == DP_EVENT_VERDICT_WOULD_DENY;
}

static void add_client(struct dp_top *t, const struct dp_event *e)
{
	char text[DP_EVENT_CLIENT_TEXT_MAX];

	dp_event_client_text(e, text);
	if (text[0])
		dp_tally_add(t->lists[DP_TOP_CLIENTS], text, strlen(text));
}

static void fade_due(struct dp_top *t)
{
	if (t->due_s > 0)
		fade(t, exp(-t->due_s / FADE_S));
	t->due_s = 0;
}

static void add_event(struct dp_top *t, const struct dp_event *e)
{
	const struct dp_event_d *d = &e->fixed;

	fade_due(t);
	t->events++;
	t->verdicts[d->verdict]++;
	for (unsigned bit = 0; bit < DP_EVENT_FLAGS_MAX; bit++)
		t->flagged[bit] += d->flags >> bit & 1;
	if (d->hold_us > 0) {
		t->held++;
		t->held_events++;
	}
	if (d->hold_us > t->hold_max_us)
		t->hold_max_us = d->hold_us;
	if (t->first_us == 0 || d->time_us < t->first_us)
		t->first_us = d->time_us;
	if (d->time_us > t->last_us)
		t->last_us = d->time_us;
	add_client(t, e);
	if (e->name_b == 0)
		return;
	dp_tally_add(t->lists[DP_TOP_NAMES], e->name, e->name_b);
	if (is_refused(d->verdict))
		dp_tally_add(t->lists[DP_TOP_REFUSED], e->name, e->name_b);
	if (d->flags & DP_EVENT_PIN_OUTSIDE)
		dp_tally_add(t->lists[DP_TOP_OUTSIDE], e->name, e->name_b);
}

void dp_top_item(struct dp_top *t, const struct dp_stream_item *item)
{
	if (item->kind == DP_STREAM_EVENT)
		add_event(t, &item->event);
	else
		t->lost += item->lost;
}

void dp_top_binding(struct dp_top *t, const struct dp_binding *b)
{
	size_t kept = t->new_count < DP_TOP_NEW_MAX ? (size_t)t->new_count :
						      DP_TOP_NEW_MAX;
	size_t at = kept;

	t->new_count++;
	while (at > 0 && t->new_ones[at - 1].first_seen_s <= b->first_seen_s)
		at--;
	if (at == DP_TOP_NEW_MAX)
		return;
	if (kept == DP_TOP_NEW_MAX)
		kept--;
	memmove(&t->new_ones[at + 1], &t->new_ones[at],
	    (kept - at) * sizeof(*t->new_ones));
	t->new_ones[at] = *b;
}

void dp_top_pass(struct dp_top *t, double seconds)
{
	fade_due(t);
	t->seconds += seconds;
	t->due_s = seconds;
}

uint64_t dp_top_first_us(const struct dp_top *t)
{
	return t->first_us;
}

void dp_top_whole(struct dp_top *t)
{
	t->whole = true;
	t->seconds = (double)(t->last_us - t->first_us) / 1e6;
}
