#include "dp_config.h"

#include "tests/unit/golden.h"
#include "tests/unit/logged.h"

#include <jansson.h>

#include "tools/log/log_json.h"

static struct dp_log_positions positions;

static struct dp_log_json *json_open(void)
{
	struct dp_log_json *j = dp_log_json_open();

	CU_ASSERT_PTR_NOT_NULL_FATAL(j);
	return j;
}

static void lines_are_as_they_are_described(void)
{
	struct dp_log_json *j = json_open();
	struct dp_log_batch b = { .size_b = 0 };
	struct dp_stream_item item = logged_item(1, 17);

	positions = (struct dp_log_positions){ .count = 2 };
	positions.ring[1] = (struct dp_log_position){ true, 0xabc, 16 };
	dp_log_json_positions(j, &positions, LOGGED_US, &b);
	dp_log_json_item(j, &item, &b);
	item = logged_denial(18);
	dp_log_json_item(j, &item, &b);
	item = logged_loss(DP_STREAM_LOST, 5, 24);
	dp_log_json_item(j, &item, &b);
	item = logged_loss(DP_STREAM_ANEW, 0, 1);
	item.from_us = 0;
	dp_log_json_item(j, &item, &b);
	golden_check("log.json", (const char *)b.bytes, b.size_b);
	dp_log_batch_free(&b);
	dp_log_json_close(&j);
	CU_ASSERT_PTR_NULL(j);
}

/* Any client, any verdict, the largest numbers: each line is JSON. */
static void clients_are_told_as_far_as_they_are_known(void)
{
	static const struct {
		enum dp_event_client kind;
		const char *text;
	} cases[] = {
		{ DP_EVENT_CLIENT_V4, "{\"ip\":\"198.51.100.9\",\"port\":5353}" },
		{ DP_EVENT_CLIENT_V6, "\"client\":{\"ip\":\"c633:6409::\"" },
		{ DP_EVENT_CLIENT_PREFIX4, "{\"address\":\"198.51.100.9/24\"" },
		{ DP_EVENT_CLIENT_PREFIX6, "{\"address\":\"c633:6409::/56\"" },
		{ DP_EVENT_CLIENT_PSEUDONYM,
		    "{\"address\":\"c6336409000000000000000000000000\"" },
	};
	struct dp_log_json *j = json_open();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_log_batch b = { .size_b = 0 };
		struct dp_stream_item item = logged_item(1, 17);

		item.event.fixed.client_kind = (uint8_t)cases[i].kind;
		dp_log_json_item(j, &item, &b);
		CU_ASSERT(logged_has(&b, cases[i].text));
		dp_log_batch_free(&b);
	}
	dp_log_json_close(&j);
}

static void outcomes_follow_verdict_and_code(void)
{
	static const struct {
		uint8_t verdict;
		uint16_t rcode;
		const char *text;
		uint32_t flags;
	} cases[] = {
		{ DP_EVENT_VERDICT_ALLOW, 0,
		    "\"allowed\"],\"outcome\":\"success\"", 0 },
		{ DP_EVENT_VERDICT_ALLOW, 3,
		    "\"allowed\"],\"outcome\":\"success\"", 0 },
		{ DP_EVENT_VERDICT_ALLOW, 2,
		    "\"allowed\"],\"outcome\":\"failure\"", 0 },
		{ DP_EVENT_VERDICT_LOCAL, 0,
		    "\"allowed\"],\"outcome\":\"success\"", 0 },
		{ DP_EVENT_VERDICT_WOULD_DENY, 0,
		    "\"allowed\"],\"outcome\":\"success\"", 0 },
		{ DP_EVENT_VERDICT_DENY, 3,
		    "\"denied\"],\"outcome\":\"failure\"", 0 },
		{ DP_EVENT_VERDICT_DENY, 0,
		    "\"allowed\"],\"outcome\":\"success\"", DP_EVENT_LEAKED },
		{ DP_EVENT_VERDICT_ERROR, 2,
		    "[\"protocol\"],\"outcome\":\"failure\"", 0 },
	};
	struct dp_log_json *j = json_open();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_log_batch b = { .size_b = 0 };
		struct dp_stream_item item = logged_item(1, 17);

		item.event.fixed.verdict = cases[i].verdict;
		item.event.fixed.rcode = cases[i].rcode;
		item.event.fixed.flags = cases[i].flags;
		dp_log_json_item(j, &item, &b);
		CU_ASSERT(logged_has(&b, cases[i].text));
		dp_log_batch_free(&b);
	}
	dp_log_json_close(&j);
}

static void extremes_are_still_json(void)
{
	struct dp_log_json *j = json_open();
	struct dp_log_batch b = { .size_b = 0 };
	struct dp_stream_item item = logged_item(UINT32_MAX, UINT64_MAX);
	struct dp_event_d *d = &item.event.fixed;
	json_t *line;

	d->time_us = UINT64_MAX;
	d->latency_us = d->hold_us = d->ttl_s = d->flags = UINT32_MAX;
	d->type = d->class = d->rcode = UINT16_MAX;
	item.event.name = (const uint8_t *)"\4\"\\\n\xff";
	item.event.name_b = 6;
	d->rule_at = 0;
	item.event.group = "\"\\\n\xff";
	item.event.group_b = 4;
	dp_log_json_item(j, &item, &b);
	line = json_loadb((const char *)b.bytes, b.size_b,
	    JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL(line);
	json_decref(line);
	CU_ASSERT_PTR_EQUAL(memchr(b.bytes, '\n', b.size_b),
	    b.bytes + b.size_b - 1);
	dp_log_batch_free(&b);
	dp_log_json_close(&j);
	dp_log_json_close(&j);
}

UNIT_MAIN("log_json", UNIT(lines_are_as_they_are_described),
    UNIT(clients_are_told_as_far_as_they_are_known),
    UNIT(outcomes_follow_verdict_and_code), UNIT(extremes_are_still_json))
