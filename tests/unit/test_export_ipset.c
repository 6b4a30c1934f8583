#include "dp_config.h"

#include "tests/unit/exported.h"

static void sample_is_as_documented(void)
{
	exported_is_golden(dp_export_ipset, "export.ipset");
}

static void no_name_is_printed(void)
{
	exported_has_no_name(dp_export_ipset);
}

/* An empty list empties the sets, too. */
static void empty_list_swaps(void)
{
	char *text = exported_text(dp_export_ipset, SAMPLE_NOW_S + 100000);

	CU_ASSERT_EQUAL(exported_times(text, "\ncreate -exist dnspin"), 8);
	CU_ASSERT_EQUAL(exported_times(text, "\nflush dnspin"), 4);
	CU_ASSERT_EQUAL(exported_times(text, "\nswap dnspin"), 4);
	CU_ASSERT_EQUAL(exported_times(text, "\ndestroy dnspin"), 4);
	CU_ASSERT_EQUAL(exported_times(text, "\nadd "), 0);
	free(text);
}

/* To ipset a timeout of 0 means for ever. */
static void timeout_is_never_zero(void)
{
	for (uint32_t t = 0; t < 1000; t++) {
		char *text = exported_text(dp_export_ipset, SAMPLE_NOW_S + t);

		CU_ASSERT_EQUAL(exported_times(text, " timeout 0\n"), 0);
		CU_ASSERT(t >= 960 || exported_times(text, "\nadd ") > 0);
		free(text);
	}
}

/* What changes is in place before anything is swapped in. */
static void swaps_come_last(void)
{
	char *text = exported_text(dp_export_ipset, SAMPLE_NOW_S);
	const char *swap = strstr(text, "\nswap ");

	CU_ASSERT_PTR_NOT_NULL_FATAL(swap);
	CU_ASSERT_EQUAL(exported_times(swap, "\nadd "), 0);
	CU_ASSERT_EQUAL(exported_times(swap, "\ncreate "), 0);
	free(text);
}

UNIT_MAIN("export_ipset", UNIT(sample_is_as_documented),
    UNIT(no_name_is_printed), UNIT(empty_list_swaps),
    UNIT(timeout_is_never_zero), UNIT(swaps_come_last))
