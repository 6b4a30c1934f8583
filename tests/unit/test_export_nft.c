#include "dp_config.h"

#include "tests/unit/exported.h"

static const struct dp_bindings_filter all = { NULL, true, true, 0 };

static void sample_is_as_documented(void)
{
	exported_is_golden(dp_export_nft, "export.nft");
}

static size_t times(const char *text, const char *word)
{
	size_t count = 0;

	while ((text = strstr(text, word))) {
		count++;
		text += strlen(word);
	}
	return count;
}

/* An empty list still empties the sets, and holds no empty braces, which nft
 * refuses. */
static void empty_list_flushes(void)
{
	struct sample s;
	size_t size_b = 0;
	char *text;

	sample_make(&s);
	text = exported(&s, dp_export_nft, &all, SAMPLE_NOW_S + 100000,
	    &size_b);
	CU_ASSERT_EQUAL(times(text, "\nflush set "), 4);
	CU_ASSERT_EQUAL(times(text, "\nadd rule "), 4);
	CU_ASSERT_EQUAL(times(text, "add element"), 0);
	free(text);
	sample_remove(&s);
}

/* To the last second of the last binding no element has a timeout of 0, which
 * to nft means for ever. */
static void timeout_is_never_zero(void)
{
	struct sample s;

	sample_make(&s);
	for (uint32_t t = 0; t < 1000; t++) {
		size_t size_b = 0;
		char *text = exported(&s, dp_export_nft, &all,
		    SAMPLE_NOW_S + t, &size_b);

		CU_ASSERT_EQUAL(times(text, " timeout 0s"), 0);
		CU_ASSERT(t >= 960 || times(text, " timeout ") > 0);
		CU_ASSERT(t < 960 || times(text, " timeout ") == 0);
		free(text);
	}
	sample_remove(&s);
}

/* 40.83.123.72 . tcp . 443 comes from two names: the longer life counts. */
static void shared_key_is_one_element(void)
{
	struct sample s;
	size_t size_b = 0;
	char *text;

	sample_make(&s);
	text = exported(&s, dp_export_nft, &all, SAMPLE_NOW_S, &size_b);
	CU_ASSERT_EQUAL(times(text, "40.83.123.72 . tcp . 443 "), 1);
	CU_ASSERT_EQUAL(times(text, "40.83.123.72 . tcp . 443 timeout 960s, "
	    "# fef.manage.microsoft.com and 1 more\n"), 1);
	CU_ASSERT_EQUAL(times(text, "40.83.123.72 . tcp . 80 timeout 300s, "
	    "# manage.microsoft.com\n"), 1);
	free(text);
	sample_remove(&s);
}

static void table_is_named_by_the_settings(void)
{
	struct dp_settings settings;
	struct sample s;
	size_t size_b = 0;
	char *text;

	sample_make(&s);
	dp_settings_default(&settings);
	strcpy(settings.nft_table, "egress");
	sample_policy_write(&s, &settings);
	text = exported(&s, dp_export_nft, &all, SAMPLE_NOW_S, &size_b);
	CU_ASSERT_EQUAL(times(text, " inet dnspin "), 0);
	CU_ASSERT_EQUAL(times(text, "\nadd table inet egress\n"), 1);
	CU_ASSERT_EQUAL(times(text, "set inet egress allowed4 "), 1);
	free(text);
	sample_remove(&s);
}

UNIT_MAIN("export_nft", UNIT(sample_is_as_documented),
    UNIT(empty_list_flushes), UNIT(timeout_is_never_zero),
    UNIT(shared_key_is_one_element), UNIT(table_is_named_by_the_settings))
