#include "tests/unit/unit.h"

#include <string.h>

#include "module/core/err.h"

static void every_error_has_a_text(void)
{
	for (int err = DP_OK; err <= DP_ERR_BUSY; err++) {
		const char *text = dp_err_text((enum dp_err)err);

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_STRING_NOT_EQUAL(text, "unknown error");
	}
	CU_ASSERT_STRING_EQUAL(dp_err_text((enum dp_err)99), "unknown error");
	CU_ASSERT_STRING_EQUAL(dp_err_text((enum dp_err)-1), "unknown error");
}

static void diag_is_filled(void)
{
	struct dp_diag d;

	dp_diag_set(&d, "a.zone", 7, "%s is %d", "x", 3);
	CU_ASSERT_STRING_EQUAL(d.object, "a.zone");
	CU_ASSERT_EQUAL(d.line, 7);
	CU_ASSERT_STRING_EQUAL(d.reason, "x is 3");
	dp_diag_set(&d, NULL, 0, "again");
	CU_ASSERT_STRING_EQUAL(d.object, "a.zone");
	CU_ASSERT_EQUAL(d.line, 0);
	dp_diag_set(NULL, "a", 1, "nobody listens");
}

static void diag_stays_one_line(void)
{
	struct dp_diag d;

	dp_diag_set(&d, "a\nb", 1, "%s", "\033[2Jx\r\n\177\303\274");
	CU_ASSERT_STRING_EQUAL(d.object, "a?b");
	CU_ASSERT_STRING_EQUAL(d.reason, "?[2Jx???\303\274");
}

static void diag_is_cut_off(void)
{
	char text[2000];
	struct dp_diag d;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	dp_diag_set(&d, text, 1, "%s", text);
	CU_ASSERT_EQUAL(strlen(d.object), sizeof(d.object) - 1);
	CU_ASSERT_EQUAL(strlen(d.reason), sizeof(d.reason) - 1);
}

UNIT_MAIN("err", UNIT(every_error_has_a_text), UNIT(diag_is_filled),
    UNIT(diag_stays_one_line), UNIT(diag_is_cut_off))
