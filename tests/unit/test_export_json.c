#include "dp_config.h"

#include "tests/unit/exported.h"

#include <jansson.h>

static void sample_is_as_documented(void)
{
	exported_is_golden(dp_export_json, "export.json");
}

static void empty_list_is_json(void)
{
	exported_empty_is(dp_export_json, "{\"bindings\":[]}\n");
}

/* What the golden file cannot show: that a parser gets the names back. */
static void parser_gets_names_back(void)
{
	static const struct dp_bindings_filter all = { NULL, true, true, 0 };
	struct sample s;
	size_t size_b = 0, odd = 0;
	json_t *root, *row;
	size_t i;
	char *text;

	sample_make(&s);
	text = exported(&s, dp_export_json, &all, SAMPLE_NOW_S, &size_b);
	root = json_loadb(text, size_b, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	json_array_foreach(json_object_get(root, "bindings"), i, row) {
		const char *name =
		    json_string_value(json_object_get(row, "name"));
		struct dp_name a, b = sample_name("a\\\"b\\,c\\010d\\\\.odd.example");

		CU_ASSERT_PTR_NOT_NULL_FATAL(name);
		a = sample_name(name);
		odd += dp_name_equal(&a, &b);
	}
	CU_ASSERT_EQUAL(i, 8);
	CU_ASSERT_EQUAL(odd, 2);
	json_decref(root);
	free(text);
	sample_remove(&s);
}

UNIT_MAIN("export_json", UNIT(sample_is_as_documented),
    UNIT(empty_list_is_json), UNIT(parser_gets_names_back))
