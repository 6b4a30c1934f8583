#include "dp_config.h"

#include "tests/unit/capture.h"
#include "tests/unit/compiled.h"

#include "tools/choice.h"
#include "tools/cli.h"

static void groups_go_by_name_or_apex(void)
{
	static const struct {
		const char *words[2];
		size_t count;
		int code;
		const char *chosen; /* a digit per group; "": none asked for */
	} cases[] = {
		{ { NULL }, 0, DP_EXIT_OK, "" },
		{ { "one" }, 1, DP_EXIT_OK, "10" },
		{ { "TWO.dnspin." }, 1, DP_EXIT_OK, "01" },
		{ { "two", "one" }, 2, DP_EXIT_OK, "11" },
		{ { "one", "three" }, 2, DP_EXIT_FAILED, "" },
	};
	struct compiled c = compile(SOA("one.dnspin") "a TXT allow\n"
	    SOA("two.dnspin") "b TXT allow\n");

	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capture err;
		bool *wanted = NULL;
		int code;

		capture_begin(&err, stderr);
		code = dp_choice_groups("sync", c.policy, cases[i].words,
		    cases[i].count, &wanted);
		capture_end(&err);
		CU_ASSERT_EQUAL(code, cases[i].code);
		CU_ASSERT_EQUAL_FATAL(!wanted, !cases[i].chosen[0]);
		for (size_t k = 0; wanted && k < 2; k++)
			CU_ASSERT_EQUAL(wanted[k], cases[i].chosen[k] == '1');
		if (code != DP_EXIT_OK)
			CU_ASSERT_STRING_EQUAL(err.text, "dnspin: sync: no "
			    "group three in the policy; it has one, two\n");
		free(wanted);
	}
	compiled_free(&c);
}

static void a_table_is_a_word(void)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{ "dnspin", true },
		{ "a table", false },
		{ "1234567890123456789012345678901234567890", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capture err;

		capture_begin(&err, stderr);
		CU_ASSERT_EQUAL(dp_choice_table("sync", cases[i].name),
		    cases[i].good);
		capture_end(&err);
		CU_ASSERT_EQUAL(strstr(err.text, "dnspin sync: -t ") != NULL,
		    !cases[i].good);
	}
}

UNIT_MAIN("choice", UNIT(groups_go_by_name_or_apex), UNIT(a_table_is_a_word))
