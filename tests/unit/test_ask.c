#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

#include "tools/report/ask.h"

/* What servers answer is tried by tests/e2e/test_probe.py. */

static void servers_must_be_addresses(void)
{
	static const char *const servers[] = { "nobody", "192.0.2", "::x",
		"192.0.2.1@port", "" };
	struct dp_ask *a = NULL;
	struct dp_diag diag;

	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		CU_ASSERT_NOT_EQUAL(dp_ask_open(&a, servers[i], &diag),
		    DP_OK);
		CU_ASSERT_STRING_EQUAL(diag.object, servers[i]);
		CU_ASSERT_PTR_NULL(a);
	}
}

static void never(void *arg, const struct dp_answered *answered)
{
	(void)arg;
	(void)answered;
	CU_FAIL("nobody was waited for");
}

static void questions_that_are_not_waited_for_are_dropped(void)
{
	struct dp_ask *a = NULL;
	struct dp_diag diag;
	struct dp_name name;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, "a\\032b.example",
				  &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_ask_open(&a, "127.0.0.1@9", &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_ask_addresses(a, &name, 4, 0, never, NULL, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL(dp_ask_addresses(a, &name, 6, 1, never, NULL, &diag),
	    DP_OK);
	dp_ask_close(&a);
	dp_ask_close(&a);
}

UNIT_MAIN("ask", UNIT(servers_must_be_addresses),
    UNIT(questions_that_are_not_waited_for_are_dropped))
