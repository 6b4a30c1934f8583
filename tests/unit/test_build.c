#include "tests/unit/unit.h"

#include <string.h>

#include "module/build.h"

static void the_running_build_is_compared(void)
{
	char have[DP_BUILD_ID_TEXT_MAX];
	struct dp_diag diag;

	dp_build_id_running(have);
	CU_ASSERT_EQUAL_FATAL(strlen(have), 40);
	CU_ASSERT_EQUAL(dp_build_check(have, "v", "c", "/none", &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_build_check("0123", "unbound 9.9", "c", "/none",
	    &diag), DP_ERR_VERSION);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "0123"));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, have));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "unbound 9.9"));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "--with-unbound-src"));
}

static void texts_are_compared_without_a_build_id(void)
{
	struct dp_diag diag;
	/* Made up at run time, so that it stands nowhere in this program. */
	char absent[] = "bcdfghjk";

	for (char *c = absent; *c; c++)
		*c = (char)(*c + 13);
	CU_ASSERT_EQUAL(dp_build_check("", "version that stands here",
	    "line that stands here", "/proc/self/exe", &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_build_check("", "version that stands here", absent,
	    "/proc/self/exe", &diag), DP_ERR_VERSION);
	CU_ASSERT_EQUAL(dp_build_check("", absent, "line that stands here",
	    "/proc/self/exe", &diag), DP_ERR_VERSION);
	CU_ASSERT_NOT_EQUAL(dp_build_check("", "v", "c", "/nonexistent", &diag),
	    DP_OK);
}

UNIT_MAIN("build", UNIT(the_running_build_is_compared),
    UNIT(texts_are_compared_without_a_build_id))
