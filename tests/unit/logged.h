/* Items of a stream and what a log makes of them. */
#ifndef DP_LOGGED_H
#define DP_LOGGED_H

#include <string.h>
#include "module/core/event.h"
#include "tests/unit/unit.h"
#include "tools/log/event_stream.h"
#include "tools/log/log_batch.h"

#define LOGGED_US UINT64_C(1795375466123456) /* 2026-11-22T19:24:26.123456Z */

static const uint8_t logged_name[] = "\4host\6manage\7example";
static const uint8_t logged_v4[2][4] = { { 192, 0, 2, 7 }, { 192, 0, 2, 8 } };
static const uint8_t logged_v6[1][16] = {
	{ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }
};

/* An allowed answer with all there is; tests change what they are about. */
static inline struct dp_stream_item logged_item(uint32_t ring, uint64_t number)
{
	struct dp_stream_item item;
	struct dp_event *e = &item.event;

	memset(&item, 0, sizeof(item));
	item.kind = DP_STREAM_EVENT;
	item.ring = ring;
	item.id = 0xabc;
	item.number = number;
	e->fixed.time_us = LOGGED_US;
	e->fixed.policy = 0x0123456789abcdef;
	e->fixed.latency_us = 42;
	e->fixed.hold_us = 7;
	e->fixed.ttl_s = 300;
	e->fixed.flags = DP_EVENT_RD | DP_EVENT_AD | DP_EVENT_PIN_OUTSIDE;
	e->fixed.type = e->fixed.class = 1;
	e->fixed.port = 5353;
	e->fixed.source = DP_EVENT_SOURCE_RECURSION;
	e->fixed.transport = DP_EVENT_TRANSPORT_TLS;
	e->fixed.security = DP_EVENT_SECURITY_SECURE;
	e->fixed.client_kind = DP_EVENT_CLIENT_V4;
	memcpy(e->fixed.client, (uint8_t[]){ 198, 51, 100, 9 }, 4);
	e->fixed.rule_kind = DP_EVENT_RULE_WILDCARD;
	e->fixed.rule_at = 5;
	e->name = logged_name;
	e->name_b = sizeof(logged_name);
	e->group = "core";
	e->group_b = 4;
	e->v4 = logged_v4;
	e->v4_count = 2;
	e->v6 = logged_v6;
	e->v6_count = 1;
	return item;
}

/* A denied question of which nothing else is known. */
static inline struct dp_stream_item logged_denial(uint64_t number)
{
	struct dp_stream_item item;

	memset(&item, 0, sizeof(item));
	item.kind = DP_STREAM_EVENT;
	item.id = 0xabc;
	item.number = number;
	item.event.fixed.time_us = LOGGED_US;
	item.event.fixed.type = 28;
	item.event.fixed.class = 1;
	item.event.fixed.rcode = 3;
	item.event.fixed.verdict = DP_EVENT_VERDICT_DENY;
	item.event.fixed.source = DP_EVENT_SOURCE_POLICY;
	item.event.name = logged_name;
	item.event.name_b = sizeof(logged_name);
	return item;
}

static inline struct dp_stream_item logged_loss(enum dp_stream_kind kind,
    uint64_t lost, uint64_t number)
{
	struct dp_stream_item item = logged_item(1, number);

	item.kind = kind;
	item.lost = lost;
	item.from_us = LOGGED_US - 1000000;
	item.until_us = LOGGED_US;
	return item;
}

/* Is text in the batch? Says what is, where it is not. */
static inline bool logged_has(const struct dp_log_batch *b, const char *text)
{
	bool has = b->bytes &&
	    memmem(b->bytes, b->size_b, text, strlen(text)) != NULL;

	if (!has)
		printf("\nno %s in\n%.*s", text, (int)b->size_b,
		    (const char *)b->bytes);
	return has;
}

#endif
