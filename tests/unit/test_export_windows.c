#include "dp_config.h"

#include "tests/unit/exported.h"

#include <ctype.h>

static void sample_is_as_documented(void)
{
	exported_is_golden(dp_export_windows, "export.windows");
}

static void no_name_is_printed(void)
{
	exported_has_no_name(dp_export_windows);
}

/* No lists, and everything of an earlier run is removed. */
static void empty_list_removes(void)
{
	char *text = exported_text(dp_export_windows, SAMPLE_NOW_S + 100000);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n$lists = @(\n)\n"));
	CU_ASSERT_EQUAL(exported_times(text, "Remove-NetFirewall"), 2);
	free(text);
}

/* about_Quoting_Rules: what stands in single quotes is taken as it
 * is, so nothing in them may be a quote, and PowerShell takes typographic ones
 * for quotes as well, which are not ASCII. */
static void quotes_hold_plain_characters(void)
{
	static const char plain[] = "-_.:,{}";
	char *text = exported_text(dp_export_windows, SAMPLE_NOW_S);
	const char *at = strstr(text, "$lists"), *end = strstr(text, "\n)\n");
	bool inside = false;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	for (; at < end; at++) {
		if (*at == '\'')
			inside = !inside;
		else if (inside)
			CU_ASSERT(isalnum((unsigned char)*at) ||
			    strchr(plain, *at));
	}
	CU_ASSERT_FALSE(inside);
	free(text);
}

/* An address object without addresses would be an error, a rule without one
 * would open everything. */
static void every_list_has_addresses(void)
{
	char *text = exported_text(dp_export_windows, SAMPLE_NOW_S);
	size_t lists = exported_times(text, "\t@{ Id = '{");

	CU_ASSERT_EQUAL(lists, 5);
	CU_ASSERT_EQUAL(exported_times(text, "; Addresses = '"), lists);
	CU_ASSERT_EQUAL(exported_times(text, "; Addresses = ''"), 0);
	CU_ASSERT_EQUAL(exported_times(text, ",,"), 0);
	free(text);
}

UNIT_MAIN("export_windows", UNIT(sample_is_as_documented),
    UNIT(no_name_is_printed), UNIT(empty_list_removes),
    UNIT(quotes_hold_plain_characters), UNIT(every_list_has_addresses))
