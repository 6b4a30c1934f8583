#include "dp_config.h"

#include "tools/log/log_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "module/core/event.h"
#include "tools/log/dns_word.h"
#include "tools/log/log_word.h"

#define SHOWN 2 /* addresses on a line */

static void add(struct dp_log_batch *to, const char *fmt, ...) DP_PRINTF(2, 3);

static void add(struct dp_log_batch *to, const char *fmt, ...)
{
	char text[DP_NAME_TEXT_MAX + 256];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n > 0)
		dp_log_batch_add(to, text, (size_t)n < sizeof(text) ?
		    (size_t)n : sizeof(text) - 1);
}

static void add_time(struct dp_log_batch *to, uint64_t time_us)
{
	char text[DP_LOG_TIME_MAX];

	dp_log_time_text(time_us, text);
	add(to, "%s", text);
}

static void add_question(struct dp_log_batch *to, const struct dp_event *e)
{
	char client[DP_EVENT_CLIENT_TEXT_MAX], name[DP_NAME_TEXT_MAX] = "-";
	char type[DP_DNS_WORD_MAX], rcode[DP_DNS_WORD_MAX];
	struct dp_name wire;

	dp_event_client_text(e, client);
	if (dp_event_name(e, &wire))
		(void)dp_name_to_text(&wire, name);
	add(to, " %-10s %-15s %-5s %-32s %-8s",
	    dp_event_verdicts[e->fixed.verdict].word,
	    client[0] ? client : "-", dp_dns_type_word(e->fixed.type, type),
	    name, dp_dns_rcode_word(e->fixed.rcode, rcode));
}

static void add_addresses(struct dp_log_batch *to, const struct dp_event *e)
{
	size_t count = e->v4_count + e->v6_count;
	char text[DP_ADDR_TEXT_MAX];

	for (size_t i = 0; i < count && i < SHOWN; i++) {
		dp_log_address_text(e, i, text);
		add(to, " %s", text);
	}
	if (count > SHOWN)
		add(to, " +%zu", count - SHOWN);
}

static void add_event(struct dp_log_batch *to, const struct dp_event *e)
{
	char rule[DP_NAME_TEXT_MAX];

	add_time(to, e->fixed.time_us);
	add_question(to, e);
	add(to, " %-9s %6" PRIu32 "us", dp_event_sources[e->fixed.source].word,
	    e->fixed.latency_us);
	if (dp_event_rule_text(e, rule))
		add(to, " rule=%s", rule);
	for (unsigned bit = 0; dp_event_flags[bit].word; bit++)
		if (e->fixed.flags >> bit & 1)
			add(to, " %s", dp_event_flags[bit].word);
	add_addresses(to, e);
	add(to, "\n");
}

void dp_log_text_item(const struct dp_stream_item *item,
    struct dp_log_batch *to)
{
	switch (item->kind) {
	case DP_STREAM_EVENT:
		add_event(to, &item->event);
		break;
	case DP_STREAM_LOST:
		add_time(to, item->until_us);
		add(to, " LOST %" PRIu64 " events of ring %" PRIu32
		    " before this\n", item->lost, item->ring);
		break;
	case DP_STREAM_ANEW:
		add_time(to, item->until_us);
		add(to, " LOST an unknown number of events before this: ring %"
		    PRIu32 " was made anew\n", item->ring);
		break;
	}
}
