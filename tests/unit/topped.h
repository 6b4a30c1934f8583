/* A struct dp_top that was told something, for the tests of its parts. */
#ifndef DP_TOPPED_H
#define DP_TOPPED_H

#include <string.h>

#include "tests/unit/unit.h"
#include "tools/report/top_private.h"

#define TOPPED_NOW_S UINT64_C(1595000000)

static inline struct dp_top *topped_open(void)
{
	struct dp_top *t = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_top_open(&t, 1), DP_OK);
	return t;
}

/* An answer to www.example.org for 192.0.2.octet, so long after the start. */
static inline void topped_event(struct dp_top *t, unsigned verdict,
    unsigned flags, uint8_t octet, uint64_t after_us, uint32_t hold_us)
{
	static const uint8_t www[] = "\003www\007example\003org";
	struct dp_stream_item item;

	memset(&item, 0, sizeof(item));
	item.kind = DP_STREAM_EVENT;
	item.event.fixed.verdict = (uint8_t)verdict;
	item.event.fixed.flags = flags;
	item.event.fixed.time_us = TOPPED_NOW_S * 1000000 + after_us;
	item.event.fixed.hold_us = hold_us;
	item.event.fixed.client_kind = DP_EVENT_CLIENT_V4;
	memcpy(item.event.fixed.client, (uint8_t[]){ 192, 0, 2, octet }, 4);
	item.event.name = www;
	item.event.name_b = sizeof(www);
	dp_top_item(t, &item);
}

static inline void topped_lost(struct dp_top *t, uint64_t lost)
{
	struct dp_stream_item item;

	memset(&item, 0, sizeof(item));
	item.kind = DP_STREAM_LOST;
	item.lost = lost;
	dp_top_item(t, &item);
}

static inline void topped_binding(struct dp_top *t, const char *name,
    uint8_t octet)
{
	struct dp_binding b;
	struct dp_diag diag;

	memset(&b, 0, sizeof(b));
	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&b.name, name, &diag), DP_OK);
	b.addr = dp_addr_v4((uint8_t[]){ 203, 0, 113, octet });
	b.first_seen_s = (uint32_t)TOPPED_NOW_S - octet;
	dp_top_binding(t, &b);
}

#endif
