#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "module/core/settings.h"

static void defaults_fit(void)
{
	struct dp_settings s;

	dp_settings_default(&s);
	CU_ASSERT_PTR_NULL(dp_settings_wrong(&s));
	CU_ASSERT_STRING_EQUAL(s.nft_table, "dnspin");
	CU_ASSERT_EQUAL(s.value[DP_SET_MODE], DP_MODE_STRICT);
	CU_ASSERT_EQUAL(s.value[DP_SET_PINS], DP_PINS_REPORT);
	CU_ASSERT_EQUAL(s.value[DP_SET_GRACE], 60);
	CU_ASSERT_EQUAL(s.value[DP_SET_MAP_CAPACITY], 65536);
}

static void every_setting_is_described(void)
{
	for (int i = 0; i < DP_SETTING_COUNT; i++) {
		const struct dp_setting_info *info = &dp_setting_info[i];

		CU_ASSERT_PTR_NOT_NULL_FATAL(info->name);
		CU_ASSERT(strlen(info->brief) > 0);
		CU_ASSERT(strlen(info->text) > 0);
		CU_ASSERT_EQUAL(info->words == NULL, info->unit != NULL);
	}
}

static void words_have_values(void)
{
	static const struct {
		enum dp_setting id;
		uint32_t value;
		const char *word;
	} cases[] = {
		{ DP_SET_MODE, DP_MODE_STRICT, "strict" },
		{ DP_SET_MODE, DP_MODE_OBSERVE, "observe" },
		{ DP_SET_MODE, 2, "?" },
		{ DP_SET_CHAIN, DP_CHAIN_INHERIT, "inherit" },
		{ DP_SET_CHAIN, DP_CHAIN_INSPECT, "inspect" },
		{ DP_SET_PINS, DP_PINS_IGNORE, "ignore" },
		{ DP_SET_PINS, DP_PINS_REPORT, "report" },
		{ DP_SET_PINS, DP_PINS_ENFORCE, "enforce" },
		{ DP_SET_PINS, UINT32_MAX, "?" },
		{ DP_SET_PRIVATE, DP_PRIVATE_REFUSE, "refuse" },
		{ DP_SET_PRIVATE, DP_PRIVATE_ALLOW, "allow" },
		{ DP_SET_GRACE, 0, "?" },
		{ DP_SETTING_COUNT, 0, "?" },
	};
	char word[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dp_setting_word(cases[i].id, cases[i].value, word,
		    sizeof(word));
		CU_ASSERT_STRING_EQUAL(word, cases[i].word);
	}
	dp_setting_word(DP_SET_MODE, DP_MODE_OBSERVE, word, 4);
	CU_ASSERT_STRING_EQUAL(word, "obs");
}

static void ranges_are_kept(void)
{
	static const struct {
		enum dp_setting id;
		uint32_t value;
		const char *wrong; /* NULL: fine */
	} cases[] = {
		{ DP_SET_MODE, 1, NULL },
		{ DP_SET_MODE, 2, "mode is none of: strict observe" },
		{ DP_SET_PINS, 3, "pins is none of: ignore report enforce" },
		{ DP_SET_PRIVATE, UINT32_MAX, "private-addresses is none of" },
		{ DP_SET_GRACE, 0, NULL },
		{ DP_SET_GRACE, 86400, NULL },
		{ DP_SET_GRACE, 86401, "grace is not within 0 and 86400 s" },
		{ DP_SET_MAX_LIFETIME, 300, NULL },
		{ DP_SET_MAX_LIFETIME, 299, "min-lifetime is above" },
		{ DP_SET_MAX_LIFETIME, 0, "max-lifetime is not within" },
		{ DP_SET_MIN_LIFETIME, 86401, "min-lifetime is above" },
		{ DP_SET_MAP_CAPACITY, 63, "map-capacity is not within" },
		{ DP_SET_MAP_CAPACITY, 4194304, NULL },
		{ DP_SET_MAP_CAPACITY, 4194305, "map-capacity is not within" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_settings s;
		const char *wrong;

		dp_settings_default(&s);
		s.value[cases[i].id] = cases[i].value;
		wrong = dp_settings_wrong(&s);
		if (!cases[i].wrong) {
			CU_ASSERT_PTR_NULL(wrong);
			continue;
		}
		CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
		CU_ASSERT_PTR_NOT_NULL(strstr(wrong, cases[i].wrong));
	}
}

static void table_names_are_identifiers(void)
{
	static const struct {
		const char *name;
		bool fits;
	} cases[] = {
		{ "dnspin", true }, { "_t-1", true }, { "T", true },
		{ "", false }, { "1t", false }, { "-t", false },
		{ "a b", false },
		{ "a;b", false }, { "a\nb", false }, { "a{", false },
		{ "a.b", false }, { "\303\244", false },
		{ "a234567890123456789012345678901", true },
	};
	struct dp_settings s;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dp_settings_default(&s);
		memset(s.nft_table, 0, sizeof(s.nft_table));
		memcpy(s.nft_table, cases[i].name, strlen(cases[i].name));
		CU_ASSERT_EQUAL(dp_settings_wrong(&s) == NULL, cases[i].fits);
	}
	dp_settings_default(&s);
	memset(s.nft_table, 'a', sizeof(s.nft_table)); /* no NUL */
	CU_ASSERT_PTR_NOT_NULL(dp_settings_wrong(&s));
}

UNIT_MAIN("settings", UNIT(defaults_fit), UNIT(every_setting_is_described),
    UNIT(words_have_values), UNIT(ranges_are_kept),
    UNIT(table_names_are_identifiers))
