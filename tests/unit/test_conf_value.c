#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "tools/conf_value.h"

static void every_key_is_found_by_its_name(void)
{
	for (int key = 0; key < DP_CONF_COUNT; key++)
		CU_ASSERT_EQUAL(dp_conf_key_of(dp_conf_key_name(key)), key);
	CU_ASSERT_EQUAL(dp_conf_key_of(""), DP_CONF_COUNT);
	CU_ASSERT_EQUAL(dp_conf_key_of("MODE"), DP_CONF_COUNT);
	CU_ASSERT_EQUAL(dp_conf_key_of("mode "), DP_CONF_COUNT);
}

static void unknown_names_get_the_nearest(void)
{
	static const char *const cases[][2] = {
		{ "mod", "unknown setting mod: is mode meant?" },
		{ "Grace", "is grace meant?" },
		{ "mode:", "a line is KEY = VALUE, write mode = " },
		{ "zone", "is zones meant?" },
		{ "bogus", "unknown setting bogus: there are mode, " },
		{ "signkey", "is sign-key meant?" },
		{ "colour", "unknown setting colour: there are mode, chain" },
		{ "", "unknown setting : there are mode, chain" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_diag diag = { .line = 7 };

		dp_conf_key_unknown(cases[i][0], &diag);
		CU_ASSERT_EQUAL(diag.line, 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, cases[i][1]));
	}
}

/* A key with one value that is right and one that is not. */
static void wrong_values_change_nothing(void)
{
	static const struct {
		const char *name;
		const char *right;
		const char *wrong;
		const char *reason;
	} cases[] = {
		{ "mode", "observe", "Observe", "must be one of: strict" },
		{ "pins", "enforce", "", "must be one of: " },
		{ "grace", "0", "86401", "grace = 86401: must be 0 to 86400" },
		{ "grace", "86400", "4294967297", "must be 0 to 86400 s" },
		{ "grace", "007", "+7", "must be a plain number (s)" },
		{ "map-capacity", "64", "63", "must be 64 to" },
		{ "nft-table", "t_1", "1t", "nftables table's name" },
		{ "nft-table", "tables", "table", "a word of nft's" },
	};
	struct dp_conf conf = { .sign_key = NULL }, before;
	struct dp_diag diag = { .line = 0 };

	dp_settings_default(&conf.settings);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int key = dp_conf_key_of(cases[i].name);

		before = conf;
		CU_ASSERT_EQUAL(dp_conf_value_set(&conf, key, cases[i].right,
		    "", &diag), DP_OK);
		CU_ASSERT_NOT_EQUAL(memcmp(&conf.settings, &before.settings,
		    sizeof(conf.settings)), 0);
		before = conf;
		CU_ASSERT_EQUAL(dp_conf_value_set(&conf, key, cases[i].wrong,
		    "", &diag), DP_ERR_SYNTAX);
		CU_ASSERT_EQUAL(memcmp(&conf.settings, &before.settings,
		    sizeof(conf.settings)), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, cases[i].reason));
	}
}

static void what_to_do_on_a_misfit_is_a_word(void)
{
	static const struct {
		const char *text;
		enum dp_on_misfit wanted;
	} cases[] = {
		{ "fail-open", DP_ON_MISFIT_OPEN },
		{ "fail-closed", DP_ON_MISFIT_CLOSED },
		{ "auto", DP_ON_MISFIT_AUTO },
	};
	struct dp_conf conf = { .sign_key = NULL };
	struct dp_diag diag;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(dp_conf_value_set(&conf, DP_CONF_ON_MISFIT,
		    cases[i].text, "", &diag), DP_OK);
		CU_ASSERT_EQUAL(conf.on_misfit, cases[i].wanted);
		CU_ASSERT_EQUAL(dp_conf_value_set(&conf, DP_CONF_ON_MISFIT,
		    "open", "", &diag), DP_ERR_SYNTAX);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason,
		    "on-misfit = open: must be one of: auto"));
		CU_ASSERT_EQUAL(conf.on_misfit, cases[i].wanted);
	}
}

static void paths_count_from_the_folder_given(void)
{
	static const struct {
		const char *folder, *text, *wanted;
	} cases[] = {
		{ "", "k", "k" },
		{ "/etc/dnspin/", "k", "/etc/dnspin/k" },
		{ "/etc/dnspin/", "../k", "/etc/dnspin/../k" },
		{ "/etc/dnspin/", "/k", "/k" },
		{ "/etc/dnspin/", "", NULL },
	};
	struct dp_conf conf = { .sign_key = NULL };
	struct dp_diag diag;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(dp_conf_value_set(&conf, DP_CONF_SIGN_KEY,
		    cases[i].text, cases[i].folder, &diag), DP_OK);
		CU_ASSERT_EQUAL(dp_conf_value_set(&conf, DP_CONF_TRUSTED_KEY,
		    cases[i].text, cases[i].folder, &diag), DP_OK);
		if (!cases[i].wanted) {
			CU_ASSERT_PTR_NULL(conf.sign_key);
			CU_ASSERT_PTR_NULL(conf.trusted_key);
			continue;
		}
		CU_ASSERT_STRING_EQUAL(conf.sign_key, cases[i].wanted);
		CU_ASSERT_STRING_EQUAL(conf.trusted_key, cases[i].wanted);
	}
	dp_conf_free(&conf);
}

static void zones_come_one_by_one(void)
{
	static const char *const globs[] = { "a/*.zone", "", "/b", "a/*.zone" };
	static const char *const wanted[] = { "/f/a/*.zone", "/b",
		"/f/a/*.zone" };
	struct dp_conf conf = { .sign_key = NULL };
	struct dp_diag diag;

	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
		CU_ASSERT_EQUAL(dp_conf_zone_add(&conf, globs[i], "/f/",
		    &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(conf.zone_count, 3);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_STRING_EQUAL(conf.zones[i], wanted[i]);
	dp_conf_zones_clear(&conf);
	CU_ASSERT_EQUAL(conf.zone_count, 0);
	CU_ASSERT_PTR_NULL(conf.zones);
	dp_conf_zones_clear(&conf);
}

static void values_are_said_as_they_are_written(void)
{
	static const char *const cases[][2] = {
		{ "mode", "observe" }, { "grace", "7" }, { "nft-table", "t_1" },
		{ "sign-key", "/k" }, { "trusted-key", "/k.pub" },
		{ "on-misfit", "fail-open" },
	};
	struct dp_conf conf = { .zone_count = 0 };
	char text[64];

	dp_settings_default(&conf.settings);
	dp_conf_value_say(text, sizeof(text), &conf, DP_CONF_SIGN_KEY);
	CU_ASSERT_STRING_EQUAL(text, "none");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int key = dp_conf_key_of(cases[i][0]);

		CU_ASSERT_EQUAL_FATAL(dp_conf_value_set(&conf, key,
		    cases[i][1], "", NULL), DP_OK);
		dp_conf_value_say(text, sizeof(text), &conf, key);
		CU_ASSERT_STRING_EQUAL(text, cases[i][1]);
	}
	dp_conf_free(&conf);
}

UNIT_MAIN("conf_value", UNIT(values_are_said_as_they_are_written),
    UNIT(every_key_is_found_by_its_name),
    UNIT(unknown_names_get_the_nearest), UNIT(wrong_values_change_nothing),
    UNIT(what_to_do_on_a_misfit_is_a_word),
    UNIT(paths_count_from_the_folder_given), UNIT(zones_come_one_by_one))
