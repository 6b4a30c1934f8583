#include "dp_config.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/conf.h"

static char folder[] = "/tmp/dnspin-conf-XXXXXX";
static char path[64];

static int set_up(void)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/dnspin.conf", folder);
	return 0;
}

static int tear_down(void)
{
	unlink(path);
	return rmdir(folder);
}

static void write_file(const char *text, size_t len)
{
	CU_ASSERT_TRUE_FATAL(unit_write(path, text, len));
}

static enum dp_err load(struct dp_conf *conf, const char *text,
    const char *override, struct dp_diag *diag)
{
	write_file(text, strlen(text));
	memset(diag, 0, sizeof(*diag));
	return dp_conf_load(conf, path, &override, override ? 1 : 0, diag);
}

static void empty_file_means_defaults(void)
{
	struct dp_settings defaults;
	struct dp_conf conf;
	struct dp_diag diag;

	dp_settings_default(&defaults);
	CU_ASSERT_EQUAL_FATAL(load(&conf, "", NULL, &diag), DP_OK);
	CU_ASSERT_EQUAL(memcmp(&conf.settings, &defaults, sizeof(defaults)),
	    0);
	CU_ASSERT_PTR_NULL(conf.sign_key);
	CU_ASSERT_PTR_NULL(conf.trusted_key);
	CU_ASSERT_EQUAL(conf.zone_count, 0);
	dp_conf_free(&conf);
}

static void every_setting_is_read(void)
{
	for (int i = 0; i < DP_SETTING_COUNT; i++) {
		const struct dp_setting_info *info = &dp_setting_info[i];
		char text[128], word[64];
		uint32_t value = info->words ? 1 : info->def - 1;
		struct dp_conf conf;
		struct dp_diag diag;

		snprintf(word, sizeof(word), "%u", value);
		if (info->words)
			dp_setting_word((enum dp_setting)i, value, word,
			    sizeof(word));
		snprintf(text, sizeof(text), "%s = %s\n", info->name, word);
		CU_ASSERT_EQUAL_FATAL(load(&conf, text, NULL, &diag), DP_OK);
		CU_ASSERT_EQUAL(conf.settings.value[i], value);
		dp_conf_free(&conf);
		/* The same on the command line. */
		snprintf(text, sizeof(text), "%s=%s", info->name, word);
		CU_ASSERT_EQUAL_FATAL(load(&conf, "", text, &diag), DP_OK);
		CU_ASSERT_EQUAL(conf.settings.value[i], value);
		dp_conf_free(&conf);
	}
}

static void paths_count_from_the_folder(void)
{
	struct dp_conf conf;
	struct dp_diag diag;
	char want[128];

	CU_ASSERT_EQUAL_FATAL(load(&conf,
	    "# a comment\n"
	    "zones = { \"a/*.zone\", '/b/#.zone' } # another \"\n"
	    "sign-key = k\ntrusted-key = \"/k.pub\"\nnft-table = t_1\n",
	    NULL, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(conf.zone_count, 2);
	snprintf(want, sizeof(want), "%s/a/*.zone", folder);
	CU_ASSERT_STRING_EQUAL(conf.zones[0], want);
	CU_ASSERT_STRING_EQUAL(conf.zones[1], "/b/#.zone");
	snprintf(want, sizeof(want), "%s/k", folder);
	CU_ASSERT_STRING_EQUAL(conf.sign_key, want);
	CU_ASSERT_STRING_EQUAL(conf.trusted_key, "/k.pub");
	CU_ASSERT_STRING_EQUAL(conf.settings.nft_table, "t_1");
	dp_conf_free(&conf);
}

static void overrides_come_last(void)
{
	static const char *const overrides[] = {
		"mode=strict", "zones=x/*.zone", "mode=observe", "sign-key=",
		"trusted-key=a$b\"c\\d",
	};
	static const char file[] = "sign-key = k\nzones = { a, b }\n";
	struct dp_conf conf;
	struct dp_diag diag;

	write_file(file, strlen(file));
	CU_ASSERT_EQUAL_FATAL(dp_conf_load(&conf, path, overrides, 5, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL(conf.settings.value[DP_SET_MODE], DP_MODE_OBSERVE);
	CU_ASSERT_EQUAL_FATAL(conf.zone_count, 1);
	CU_ASSERT_STRING_EQUAL(conf.zones[0], "x/*.zone");
	CU_ASSERT_PTR_NULL(conf.sign_key);
	CU_ASSERT_STRING_EQUAL(conf.trusted_key, "a$b\"c\\d");
	dp_conf_free(&conf);
}

static void it_is_known_where_a_setting_is_from(void)
{
	struct dp_conf conf;
	struct dp_diag diag;

	CU_ASSERT_EQUAL_FATAL(load(&conf, "# a comment\nmode = observe\n"
	    "grace = 7\nzones = { a,\n b }\n", "mode=strict", &diag), DP_OK);
	CU_ASSERT_EQUAL(conf.from[DP_SET_MODE], DP_CONF_FROM_OVERRIDE);
	CU_ASSERT_EQUAL(conf.from[DP_SET_GRACE], 3);
	CU_ASSERT_EQUAL(conf.from[DP_CONF_ZONES], 4);
	CU_ASSERT_EQUAL(conf.from[DP_SET_PINS], DP_CONF_FROM_DEFAULT);
	dp_conf_free(&conf);
}

static void wrong_lines_are_said(void)
{
	static const struct {
		const char *text;
		unsigned long line;
		const char *reason;
	} cases[] = {
		{ "# a\n# b\n\nmod = strict\n", 4, "is mode meant?" },
		{ "grase = 1\n", 1, "is grace meant?" },
		{ "colour = red\n", 1, "there are mode, chain, pins, " },
		{ "barrier = on\n", 1, "one of: off fail-open fail-closed" },
		{ "barrier-timeout = 1501\n", 1, "must be 10 to 1500 ms" },
		{ "event-ring = 4194305\n", 1, "must be 0 to 4194304 events" },
		{ "client-privacy = hash\n", 1, "none pseudonym prefix omit" },
		{ "mode = lax\n", 1, "must be one of: strict observe" },
		{ "\ngrace = 86401\n", 2, "must be 0 to 86400 s" },
		{ "map-capacity = 63\n", 1, "must be 64 to 4194304 bindings" },
		{ "grace = 99999999999999999999\n", 1, "must be 0 to" },
		{ "grace = 60s\n", 1, "must be a plain number (s)" },
		{ "grace = -1\n", 1, "must be a plain number" },
		{ "grace = 0x10\n", 1, "must be a plain number" },
		{ "grace = \"\"\n", 1, "must be a plain number" },
		{ "mode = strict\n\nmode = observe\n", 3, "is on line 1" },
		{ "zones = {a}\n\nzones = {b}\n", 3, "is on line 1" },
		{ "zones = {\na,\nb}\nzones += {c}\n", 4, "is on line 2" },
		{ "nft-table = \"a b\"\n", 1, "nftables table's name" },
		{ "nft-table = a23456789012345678901234567890123\n", 1,
		    "nftables table's name" },
		{ "mode strict\n", 1, "a line is KEY = VALUE" },
		{ "mode\n", 2, "a line is KEY = VALUE" },
		{ "mode = {strict}\n", 1, "a line is KEY = VALUE" },
		{ "zones = {\"a\"\n", 2, "a line is KEY = VALUE" },
		{ "mode = \"strict\n", 2, "end of file" },
		{ "include(\"/etc/passwd\")\n", 1, "unknown setting include" },
		{ "min-lifetime = 600\nmax-lifetime = 500\n", 0,
		    "min-lifetime is above max-lifetime" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_conf conf = { .zone_count = 77 };
		struct dp_diag diag;

		CU_ASSERT_EQUAL(load(&conf, cases[i].text, NULL, &diag),
		    DP_ERR_SYNTAX);
		CU_ASSERT_STRING_EQUAL(diag.object, path);
		CU_ASSERT_EQUAL(diag.line, cases[i].line);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, cases[i].reason));
		CU_ASSERT_EQUAL(conf.zone_count, 77);
		if (!strstr(diag.reason, cases[i].reason) ||
		    diag.line != cases[i].line)
			printf("\n%s:%lu: %s\n", cases[i].text, diag.line,
			    diag.reason);
	}
}

static void wrong_overrides_are_said(void)
{
	static const struct {
		const char *override, *reason;
	} cases[] = {
		{ "mode", "must be KEY=VALUE" },
		{ "=x", "must be KEY=VALUE" },
		{ "", "must be KEY=VALUE" },
		{ "mode=lax", "must be one of" },
		{ "mode=strict\nmode=observe", "control character" },
		{ "mode=\"strict\" grace", "must be one of" },
		{ "mod=lax", "is mode meant?" },
		{ "mode =strict", "unknown setting" },
		{ "min-lifetime=604800", "above max-lifetime" },
	};
	char text[2000] = "sign-key=";

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_conf conf;
		struct dp_diag diag;

		CU_ASSERT_EQUAL(load(&conf, "", cases[i].override, &diag),
		    DP_ERR_SYNTAX);
		CU_ASSERT_EQUAL(strncmp(diag.object, DP_CONF_OVERRIDE, 3), 0);
		CU_ASSERT_EQUAL(diag.line, 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, cases[i].reason));
	}
	for (size_t len = 1000; len < sizeof(text); len += 50) {
		struct dp_conf conf;
		struct dp_diag diag;
		enum dp_err err;

		memset(text + 9, '"', len - 10);
		text[len - 1] = '\0';
		err = load(&conf, "", text, &diag);
		CU_ASSERT_EQUAL(err, len < 1034 ? DP_OK : DP_ERR_SYNTAX);
		if (!err)
			dp_conf_free(&conf);
	}
}

static void what_is_no_text_file_is_an_error(void)
{
	struct dp_conf conf;
	struct dp_diag diag;
	char *large = calloc(1, (1 << 20) + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(large);
	unlink(path);
	CU_ASSERT_EQUAL(dp_conf_load(&conf, path, NULL, 0, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_STRING_EQUAL(diag.object, path);
	CU_ASSERT_EQUAL(dp_conf_load(&conf, folder, NULL, 0, &diag),
	    DP_ERR_IO);
	write_file("mode\0= strict", 13);
	CU_ASSERT_EQUAL(dp_conf_load(&conf, path, NULL, 0, &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "NUL"));
	memset(large, '\n', (1 << 20) + 1);
	write_file(large, 1 << 20);
	CU_ASSERT_EQUAL(dp_conf_load(&conf, path, NULL, 0, &diag), DP_OK);
	dp_conf_free(&conf);
	write_file(large, (1 << 20) + 1);
	CU_ASSERT_EQUAL(dp_conf_load(&conf, path, NULL, 0, &diag),
	    DP_ERR_SYNTAX);
	free(large);
}

UNIT_MAIN_WITH("conf", set_up, tear_down, UNIT(empty_file_means_defaults),
    UNIT(every_setting_is_read), UNIT(paths_count_from_the_folder),
    UNIT(overrides_come_last), UNIT(it_is_known_where_a_setting_is_from),
    UNIT(wrong_lines_are_said),
    UNIT(wrong_overrides_are_said), UNIT(what_is_no_text_file_is_an_error))
