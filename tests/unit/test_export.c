#include "dp_config.h"

#include "tests/unit/unit.h"
#include "tools/export.h"

static void every_pin_state_has_a_word(void)
{
	CU_ASSERT_STRING_EQUAL(dp_export_pin_word(DP_PIN_NONE), "none");
	CU_ASSERT_STRING_EQUAL(dp_export_pin_word(DP_PIN_INSIDE), "inside");
	CU_ASSERT_STRING_EQUAL(dp_export_pin_word(DP_PIN_OUTSIDE), "outside");
}

UNIT_MAIN("export", UNIT(every_pin_state_has_a_word))
