#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tools/export/export_options.h"

static struct command_line line;
static struct dp_export_options options;

static int parse(const char *text)
{
	int code;

	command_line_begin(&line, text);
	code = dp_export_options_parse(&options, line.argc, line.argv);
	command_line_end(&line);
	return code;
}

static void defaults(void)
{
	CU_ASSERT_EQUAL(parse("export"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(options.format->name, "json");
	CU_ASSERT_PTR_NULL(options.file);
	CU_ASSERT_PTR_NULL(options.name);
	CU_ASSERT_FALSE(options.has_client || options.force);
	CU_ASSERT_FALSE(options.v4_only || options.v6_only);
	CU_ASSERT_EQUAL(options.group_count, 0);
	dp_export_options_free(&options);
	CU_ASSERT_PTR_NULL(options.groups);
}

static void all_are_taken(void)
{
	CU_ASSERT_EQUAL(parse("export -4F -f ipset -g a -g b -c 10.0.0.1 -t t "
	    "-O file"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(options.format->name, "ipset");
	CU_ASSERT_STRING_EQUAL(options.file, "file");
	CU_ASSERT_STRING_EQUAL(options.name, "t");
	CU_ASSERT(options.has_client && options.force && options.v4_only);
	CU_ASSERT_EQUAL_FATAL(options.group_count, 2);
	CU_ASSERT_STRING_EQUAL(options.groups[0], "a");
	CU_ASSERT_STRING_EQUAL(options.groups[1], "b");
	dp_export_options_free(&options);
	CU_ASSERT_EQUAL(parse("export -O f -w 86400"), DP_EXIT_OK);
	CU_ASSERT_EQUAL(options.watch_s, 86400);
	dp_export_options_free(&options);
	CU_ASSERT_EQUAL(parse("export -O -"), DP_EXIT_OK);
	CU_ASSERT_PTR_NULL(options.file);
	dp_export_options_free(&options);
	/* The name is judged when the format is known. */
	CU_ASSERT_EQUAL(parse("export -t x_y -f ipset"), DP_EXIT_OK);
	dp_export_options_free(&options);
}

static void wrong_ones_are_told(void)
{
	static const char *const cases[][2] = {
		{ "export -f xml", "unknown format xml: there are json, csv, "
		    "nft, ipset, edl, pf, cilium, k8s, windows\n" },
		{ "export -f", "needs an argument" },
		{ "export -t x", "-t does not go with -f json" },
		{ "export -t x -f pf", "-t does not go with -f pf" },
		{ "export -f k8s -t x_y", "-t x_y: the name must be" },
		{ "export -4 -6", "exclude each other" },
		{ "export -c x", "-c x: not an " },
		{ "export -w 0 -O f", "0: SECONDS must be 1 to 86400" },
		{ "export -w 86401 -O f", "86401: SECONDS must be" },
		{ "export -w 1s -O f", "1s: SECONDS must be" },
		{ "export -w -1 -O f", "-1: SECONDS must be" },
		{ "export -w 99999999999999999999 -O f", "must be 1 to" },
		{ "export -w 5", "-w needs -O FILE" },
		{ "export -w 5 -O -", "-w needs -O FILE" },
		{ "export x", "unexpected argument x" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(parse(cases[i][0]), DP_EXIT_USAGE);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i][1]));
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
		dp_export_options_free(&options);
	}
}

UNIT_MAIN("export_options", UNIT(defaults), UNIT(all_are_taken),
    UNIT(wrong_ones_are_told))
