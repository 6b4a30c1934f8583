#include "dp_config.h"

#include "tests/unit/unit.h"
#include "tools/export/export.h"

static void every_pin_state_has_a_word(void)
{
	CU_ASSERT_STRING_EQUAL(dp_export_pin_word(DP_PIN_NONE), "none");
	CU_ASSERT_STRING_EQUAL(dp_export_pin_word(DP_PIN_INSIDE), "inside");
	CU_ASSERT_STRING_EQUAL(dp_export_pin_word(DP_PIN_OUTSIDE), "outside");
}

static void name_has_a_default(void)
{
	struct dp_export x = { .now_s = 0 };

	CU_ASSERT_STRING_EQUAL(dp_export_name(&x), "dnspin");
	x.name = "egress";
	CU_ASSERT_STRING_EQUAL(dp_export_name(&x), "egress");
}

static void times_are_those_of_the_world(void)
{
	char text[DP_EXPORT_WHEN_MAX];

	dp_export_when(0, text);
	CU_ASSERT_STRING_EQUAL(text, "1970-01-01T00:00:00Z");
	dp_export_when(UINT32_MAX, text);
	CU_ASSERT_STRING_EQUAL(text, "2106-02-07T06:28:15Z");
}

UNIT_MAIN("export", UNIT(every_pin_state_has_a_word),
    UNIT(name_has_a_default), UNIT(times_are_those_of_the_world))
