#include "tests/unit/unit.h"

#include <string.h>

#include "tools/enable/module_words.h"

static void dynlib_gets_its_place(void)
{
	static const struct {
		const char *words, *without, *want;
	} cases[] = {
		{ "iterator", NULL, "dynlib iterator" },
		{ "validator iterator", NULL, "dynlib validator iterator" },
		{ " validator\t iterator ", NULL, "dynlib validator iterator" },
		{ "dynlib validator iterator", NULL,
		    "dynlib validator iterator" },
		{ "validator dynlib iterator", NULL,
		    "dynlib validator iterator" },
		{ "dns64 validator iterator", NULL,
		    "dns64 dynlib validator iterator" },
		{ "dns64 dynlib validator iterator", NULL,
		    "dns64 dynlib validator iterator" },
		{ "dynlib dns64 iterator", NULL, "dns64 dynlib iterator" },
		{ "respip dns64 iterator", NULL,
		    "dynlib respip dns64 iterator" },
		{ "respip validator iterator", NULL,
		    "dynlib respip validator iterator" },
		{ "python iterator", NULL, "dynlib python iterator" },
		{ "subnetcache validator iterator", "subnetcache",
		    "dynlib validator iterator" },
		{ "subnetcache validator iterator", NULL,
		    "dynlib subnetcache validator iterator" },
		{ "dns64 subnetcache iterator", "subnetcache",
		    "dns64 dynlib iterator" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[DP_MODULE_WORDS_MAX];

		CU_ASSERT_EQUAL_FATAL(dp_module_words_with(out,
		    cases[i].words, cases[i].without, NULL), DP_OK);
		CU_ASSERT_STRING_EQUAL(out, cases[i].want);
	}
}

static void what_is_no_list_is_refused(void)
{
	static const char *const cases[] = { "", " ", "dynlib", "dns64" };
	char out[DP_MODULE_WORDS_MAX] = "as before", many[600];
	struct dp_diag diag;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(dp_module_words_with(out, cases[i], NULL,
		    &diag), DP_ERR_SYNTAX);
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	CU_ASSERT_EQUAL(dp_module_words_with(out, many, NULL, &diag),
	    DP_ERR_SYNTAX);
	for (size_t i = 1; i < sizeof(many) - 1; i += 2)
		many[i] = ' ';
	CU_ASSERT_EQUAL(dp_module_words_with(out, many, NULL, &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_STRING_EQUAL(out, "as before");
}

static void whole_words_are_looked_for(void)
{
	CU_ASSERT_TRUE(dp_module_words_hold("a dynlib b", "dynlib"));
	CU_ASSERT_TRUE(dp_module_words_hold("dynlib", "dynlib"));
	CU_ASSERT_FALSE(dp_module_words_hold("dynlibs adynlib", "dynlib"));
	CU_ASSERT_FALSE(dp_module_words_hold("", "dynlib"));
}

UNIT_MAIN("module_words", UNIT(dynlib_gets_its_place),
    UNIT(what_is_no_list_is_refused), UNIT(whole_words_are_looked_for))
