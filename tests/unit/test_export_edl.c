#include "dp_config.h"

#include "tests/unit/exported.h"

static void sample_is_as_documented(void)
{
	exported_is_golden(dp_export_edl, "export.edl");
}

static void empty_list_has_no_byte(void)
{
	exported_empty_is(dp_export_edl, "");
}

static void family_is_chosen_by_the_list(void)
{
	static const struct {
		struct dp_bindings_filter filter;
		const char *wanted;
	} cases[] = {
		{ { NULL, true, false, 0 },
		    "13.76.177.110\n17.57.144.10\n20.43.129.7\n20.43.129.8\n"
		    "40.83.123.72\n" },
		{ { NULL, false, true, 0 },
		    "2620:149:a44::a\n2620:1ec:4e::42\n" },
	};
	struct sample s;

	sample_make(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t size_b = 0;
		char *text = exported(&s, dp_export_edl, &cases[i].filter,
		    SAMPLE_NOW_S, &size_b);

		CU_ASSERT_STRING_EQUAL(text, cases[i].wanted);
		free(text);
	}
	sample_remove(&s);
}

UNIT_MAIN("export_edl", UNIT(sample_is_as_documented),
    UNIT(empty_list_has_no_byte), UNIT(family_is_chosen_by_the_list))
