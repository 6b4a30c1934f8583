#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "module/core/event.h"

static const uint8_t www[] = "\003www\007example\003org"; /* with its root */

static struct dp_event event(void)
{
	static const uint8_t v4[][4] = { { 192, 0, 2, 1 }, { 192, 0, 2, 2 } };
	static const uint8_t v6[][16] = { { 0x20, 1, 0xd, 0xb8, [15] = 1 } };

	return (struct dp_event){
		.fixed = {
			.time_us = 1595000000000001,
			.policy = 77,
			.latency_us = 1500,
			.hold_us = 300,
			.ttl_s = 60,
			.flags = DP_EVENT_RD | DP_EVENT_DO,
			.type = 1,
			.class = 1,
			.rcode = 0,
			.port = 5353,
			.verdict = DP_EVENT_VERDICT_ALLOW,
			.source = DP_EVENT_SOURCE_RECURSION,
			.transport = DP_EVENT_TRANSPORT_TCP,
			.security = DP_EVENT_SECURITY_SECURE,
			.client_kind = DP_EVENT_CLIENT_V4,
			.rule_kind = DP_EVENT_RULE_WILDCARD,
			.rule_at = 4,
			.client = { 198, 51, 100, 7 },
		},
		.name = www,
		.name_b = sizeof(www),
		.group = "intune-core",
		.group_b = 11,
		.v4 = v4,
		.v4_count = 2,
		.v6 = v6,
		.v6_count = 1,
	};
}

static void what_is_encoded_is_decoded(void)
{
	uint64_t words[DP_EVENT_WORDS_MAX];
	struct dp_event in = event(), out;
	size_t count = dp_event_encode(words, &in);
	char text[DP_NAME_TEXT_MAX];
	char client[DP_EVENT_CLIENT_TEXT_MAX];
	struct dp_name name;

	CU_ASSERT_EQUAL(count, (72 + 17 + 11 + 8 + 16 + 7) / 8);
	CU_ASSERT_EQUAL_FATAL(dp_event_decode(&out, (const uint8_t *)words,
				  count * 8), DP_OK);
	CU_ASSERT_EQUAL(out.fixed.time_us, in.fixed.time_us);
	CU_ASSERT_EQUAL(out.fixed.hold_us, 300);
	CU_ASSERT_EQUAL(out.fixed.flags, in.fixed.flags);
	CU_ASSERT_EQUAL(out.group_b, 11);
	CU_ASSERT_EQUAL(memcmp(out.group, "intune-core", 11), 0);
	CU_ASSERT_EQUAL(out.v4_count, 2);
	CU_ASSERT_EQUAL(memcmp(out.v4, in.v4, 8), 0);
	CU_ASSERT_EQUAL(out.v6_count, 1);
	CU_ASSERT_EQUAL(memcmp(out.v6, in.v6, 16), 0);
	CU_ASSERT(dp_event_name(&out, &name));
	CU_ASSERT_EQUAL(dp_name_to_text(&name, text), 15);
	CU_ASSERT_STRING_EQUAL(text, "www.example.org");
	CU_ASSERT(dp_event_rule_text(&out, text));
	CU_ASSERT_STRING_EQUAL(text, "*.example.org");
	dp_event_client_text(&out, client);
	CU_ASSERT_STRING_EQUAL(client, "198.51.100.7");
}

static const struct {
	uint8_t kind;
	uint8_t client[16];
	const char *text;
} clients[] = {
	{ DP_EVENT_CLIENT_NONE, { 1 }, "" },
	{ DP_EVENT_CLIENT_V4, { 192, 0, 2, 9 }, "192.0.2.9" },
	{ DP_EVENT_CLIENT_V6, { 0x20, 1, 0xd, 0xb8, [15] = 1 },
	    "2001:db8::1" },
	{ DP_EVENT_CLIENT_PREFIX4, { 192, 0, 2, 0 }, "192.0.2.0/24" },
	{ DP_EVENT_CLIENT_PREFIX6, { 0x20, 1, 0xd, 0xb8, 0, 0, 1 },
	    "2001:db8:0:100::/56" },
	{ DP_EVENT_CLIENT_PSEUDONYM, { 0xab, 1, [15] = 0xff },
	    "ab0100000000000000000000000000ff" },
};

static void clients_are_told_as_the_privacy_has_it(void)
{
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		struct dp_event e = event();
		char text[DP_EVENT_CLIENT_TEXT_MAX];

		e.fixed.client_kind = clients[i].kind;
		memcpy(e.fixed.client, clients[i].client, 16);
		dp_event_client_text(&e, text);
		CU_ASSERT_STRING_EQUAL(text, clients[i].text);
	}
}

static const struct {
	uint8_t kind;
	uint8_t at;
	const char *text; /* NULL: no rule */
} rules[] = {
	{ DP_EVENT_RULE_NONE, 0, NULL },
	{ DP_EVENT_RULE_EXACT, 0, "www.example.org" },
	{ DP_EVENT_RULE_WILDCARD, 12, "*.org" },
	{ DP_EVENT_RULE_WILDCARD, 16, "*." },
};

static void rules_are_suffixes_of_the_name(void)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct dp_event e = event();
		char text[DP_NAME_TEXT_MAX] = "";

		e.fixed.rule_kind = rules[i].kind;
		e.fixed.rule_at = rules[i].at;
		CU_ASSERT_EQUAL(dp_event_rule_text(&e, text),
		    rules[i].text != NULL);
		if (rules[i].text)
			CU_ASSERT_STRING_EQUAL(text, rules[i].text);
	}
}

static void too_many_addresses_are_cut_and_said_so(void)
{
	static uint8_t many[200][4];
	uint64_t words[DP_EVENT_WORDS_MAX];
	struct dp_event e = event(), out;
	size_t count;

	e.v4 = (const void *)many;
	e.v4_count = 200;
	count = dp_event_encode(words, &e);
	CU_ASSERT_EQUAL_FATAL(dp_event_decode(&out, (const uint8_t *)words,
				  count * 8), DP_OK);
	CU_ASSERT_EQUAL(out.v4_count, DP_EVENT_ADDRESSES_MAX);
	CU_ASSERT(out.fixed.flags & DP_EVENT_CUT);
	CU_ASSERT_EQUAL(out.v6_count, 1);
}

static void an_event_without_a_name_is_one(void)
{
	uint64_t words[DP_EVENT_WORDS_MAX];
	struct dp_event e, out;
	struct dp_name name;
	size_t count;

	memset(&e, 0, sizeof(e));
	count = dp_event_encode(words, &e);
	CU_ASSERT_EQUAL(count, sizeof(struct dp_event_d) / 8);
	CU_ASSERT_EQUAL_FATAL(dp_event_decode(&out, (const uint8_t *)words,
				  count * 8), DP_OK);
	CU_ASSERT_FALSE(dp_event_name(&out, &name));
}

static void short_ones_are_refused(void)
{
	uint64_t words[DP_EVENT_WORDS_MAX];
	struct dp_event e = event(), out;
	size_t size_b = dp_event_encode(words, &e) * 8;

	for (size_t i = 0; i + 8 <= size_b; i++)
		CU_ASSERT_EQUAL(dp_event_decode(&out, (const uint8_t *)words,
				    i), DP_ERR_FORMAT);
}

/* Whatever is flipped: refused, or everything that is told lies inside. */
static void flipped_ones_stay_in_their_bounds(void)
{
	uint64_t words[DP_EVENT_WORDS_MAX];
	struct dp_event e = event(), out;
	size_t size_b = dp_event_encode(words, &e) * 8;
	const uint8_t *bytes = (const uint8_t *)words;
	uint8_t copy[DP_RING_PAYLOAD_MAX];
	unsigned refused = 0;

	for (size_t i = 0; i < size_b * 8; i++) {
		char text[DP_NAME_TEXT_MAX];
		char client[DP_EVENT_CLIENT_TEXT_MAX];

		memcpy(copy, bytes, size_b);
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		if (dp_event_decode(&out, copy, size_b) != DP_OK) {
			refused++;
			continue;
		}
		CU_ASSERT(out.fixed.verdict < DP_EVENT_VERDICT_COUNT);
		CU_ASSERT((const uint8_t *)(out.v6 + out.v6_count) <=
		    copy + size_b);
		(void)dp_event_rule_text(&out, text);
		dp_event_client_text(&out, client);
	}
	CU_ASSERT(refused > 50);
}

static void words_are_there_for_all_numbers(void)
{
	for (int i = 0; i < DP_EVENT_VERDICT_COUNT; i++)
		CU_ASSERT_PTR_NOT_NULL(dp_event_verdicts[i].word);
	for (int i = 0; i < DP_EVENT_SECURITY_COUNT; i++)
		CU_ASSERT_PTR_NOT_NULL(dp_event_securities[i].word);
	CU_ASSERT_STRING_EQUAL(dp_event_flags[4].word, "leaked");
	CU_ASSERT_PTR_NULL(dp_event_flags[DP_EVENT_FLAGS_MAX].word);
}

UNIT_MAIN("event", UNIT(what_is_encoded_is_decoded),
    UNIT(clients_are_told_as_the_privacy_has_it),
    UNIT(rules_are_suffixes_of_the_name),
    UNIT(too_many_addresses_are_cut_and_said_so),
    UNIT(an_event_without_a_name_is_one),
    UNIT(short_ones_are_refused),
    UNIT(flipped_ones_stay_in_their_bounds),
    UNIT(words_are_there_for_all_numbers))
