#include "tests/unit/unit.h"

#include <string.h>

#include "module/place.h"

static void the_first_source_wins(void)
{
	static const struct {
		const char *env_dir, *env_trusted, *words[2], *dir, *trusted;
	} cases[] = {
		{ NULL, NULL, { NULL, NULL }, DP_STATE_DIR_DEFAULT, "" },
		{ "", "", { "", "" }, DP_STATE_DIR_DEFAULT, "" },
		{ NULL, NULL, { "/w", NULL }, "/w", "" },
		{ NULL, NULL, { "/w/", "/k.pub" }, "/w", "/k.pub" },
		{ "/e//", NULL, { "/w", "/k" }, "/e", "/k" },
		{ "/e", "/ek", { "/w", "/k" }, "/e", "/ek" },
		{ "/", NULL, { NULL, NULL }, "/", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_place p;

		CU_ASSERT_EQUAL_FATAL(dp_place_find(&p, cases[i].env_dir,
		    cases[i].env_trusted, cases[i].words, NULL), DP_OK);
		CU_ASSERT_STRING_EQUAL(p.dir, cases[i].dir);
		CU_ASSERT_STRING_EQUAL(p.trusted, cases[i].trusted);
	}
}

static void bad_paths_are_refused(void)
{
	const char *none[2] = { NULL, NULL }, *relative[2] = { "state", NULL };
	char text[DP_PATH_MAX + 1];
	struct dp_place p = { .dir = "untouched" };
	struct dp_diag diag;

	CU_ASSERT_EQUAL(dp_place_find(&p, NULL, NULL, relative, &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_STRING_EQUAL(diag.object, "state");
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "absolute"));
	CU_ASSERT_EQUAL(dp_place_find(&p, NULL, "key.pub", none, &diag),
	    DP_ERR_SYNTAX);
	memset(text, 'a', sizeof(text) - 1);
	text[0] = '/';
	text[sizeof(text) - 1] = '\0';
	CU_ASSERT_EQUAL(dp_place_find(&p, text, NULL, none, &diag),
	    DP_ERR_LIMIT);
	CU_ASSERT_STRING_EQUAL(p.dir, "untouched");
}

UNIT_MAIN("place", UNIT(the_first_source_wins), UNIT(bad_paths_are_refused))
