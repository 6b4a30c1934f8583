#include "dp_config.h"

#include "tests/unit/logged.h"

#include "tools/log/log_word.h"

static void times_are_utc(void)
{
	static const struct {
		uint64_t time_us;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ LOGGED_US, "2026-11-22T19:24:26.123456Z" },
		{ UINT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z" },
		{ UINT64_C(253402300800000001), "1970-01-01T00:00:00.000001Z" },
		{ UINT64_MAX, "1970-01-01T00:00:00.551615Z" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[DP_LOG_TIME_MAX];

		dp_log_time_text(cases[i].time_us, text);
		CU_ASSERT_STRING_EQUAL(text, cases[i].text);
	}
}

static void groups_are_ascii(void)
{
	struct dp_stream_item item = logged_item(0, 1);
	char text[DP_LOG_GROUP_MAX], octets[UINT8_MAX];

	dp_log_group_text(&item.event, text);
	CU_ASSERT_STRING_EQUAL(text, "core");
	item.event.group = "a b\n\xff";
	item.event.group_b = 5;
	dp_log_group_text(&item.event, text);
	CU_ASSERT_STRING_EQUAL(text, "a\\032b\\010\\255");
	memset(octets, 0, sizeof(octets));
	item.event.group = octets;
	item.event.group_b = sizeof(octets);
	dp_log_group_text(&item.event, text);
	CU_ASSERT_EQUAL(strlen(text), DP_LOG_GROUP_MAX - 1);
}

static void addresses_are_ipv4_first(void)
{
	struct dp_stream_item item = logged_item(0, 1);
	char text[DP_ADDR_TEXT_MAX];

	dp_log_address_text(&item.event, 1, text);
	CU_ASSERT_STRING_EQUAL(text, "192.0.2.8");
	dp_log_address_text(&item.event, 2, text);
	CU_ASSERT_STRING_EQUAL(text, "2001:db8::1");
}

UNIT_MAIN("log_word", UNIT(times_are_utc), UNIT(groups_are_ascii),
    UNIT(addresses_are_ipv4_first))
