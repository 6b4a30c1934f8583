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
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "\033[2Jx\r\n\177", "?[2Jx???" },
		{ "b\303\274cher", "b\303\274cher" },
		{ "\346\227\245\360\237\222\251",
		    "\346\227\245\360\237\222\251" },
		/* No UTF-8: alone, cut off, overlong, surrogate, too high. */
		{ "a\233b\374c", "a?b?c" },
		{ "a\303", "a?" },
		{ "\346\227", "??" },
		{ "\300\256", "??" },
		{ "\340\202\233", "???" },
		{ "\355\240\200", "???" },
		{ "\364\220\200\200", "????" },
		{ "\303(", "?(" },
		/* U+009B, a terminal's command; U+2028; bidi controls. */
		{ "a\302\233b", "a??b" },
		{ "a\342\200\250b", "a???b" },
		{ "a\342\200\256b", "a???b" },
		{ "a\342\201\246b\330\234", "a???b??" },
	};
	struct dp_diag d;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dp_diag_set(&d, cases[i].text, 1, "%s", cases[i].text);
		CU_ASSERT_STRING_EQUAL(d.object, cases[i].want);
		CU_ASSERT_STRING_EQUAL(d.reason, cases[i].want);
	}
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
