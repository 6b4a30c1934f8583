#include "dp_config.h"

#include "tests/unit/command_line.h"

#include <sodium.h>

#include "tests/unit/folder_of.h"
#include "tools/conf.h"
#include "tools/key.h"

static struct command_line line;

static int set_up(void)
{
	return sodium_init() < 0 || folder_make();
}

/* The code of check-conf for a file with this text. */
static int run(const char *text, const char *override)
{
	char conf[128];
	const struct dp_cli cli = { .conf = conf, .state_dir = "/nowhere",
		.overrides = &override, .override_count = override ? 1 : 0 };

	snprintf(conf, sizeof(conf), "%s", folder_path("dnspin.conf"));
	CU_ASSERT_TRUE_FATAL(unit_write(conf, text, strlen(text)));
	return command_line_run(&line, dp_verb_check_conf, &cli, "check-conf");
}

static void must_say(const char *name, const char *value, const char *from)
{
	char want[256];

	snprintf(want, sizeof(want), "%-18s %-24s %s\n", name, value, from);
	if (!strstr(line.out.text, want))
		printf("\nlacks: %s", want);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, want));
}

static void every_setting_has_its_line(void)
{
	size_t lines = 0;
	char from[128];

	CU_ASSERT_EQUAL(run("\nmode = observe\n", "grace=7"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
	snprintf(from, sizeof(from), "%s:2", folder_path("dnspin.conf"));
	must_say("mode", "observe", from);
	must_say("grace", "7", "-o");
	must_say("zones", "none", "default");
	must_say("sign-key", "none", "default");
	for (const char *p = line.out.text; (p = strchr(p, '\n')); p++)
		lines++;
	CU_ASSERT_EQUAL(lines, DP_CONF_COUNT);
}

static void what_is_named_must_be_there(void)
{
	char want[256];

	CU_ASSERT_TRUE_FATAL(unit_write(folder_path("a.zone"), "", 0));
	CU_ASSERT_EQUAL(run("zones = { \"*.zone\" }\n", NULL), DP_EXIT_OK);
	CU_ASSERT_EQUAL(run("\nzones = { \"*.zone\", \"b/*\" }\n", NULL),
	    DP_EXIT_FAILED);
	snprintf(want, sizeof(want), "dnspin: %s:2: zones: %s: no file fits",
	    folder_path("dnspin.conf"), folder_path("b/*"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, want));
	CU_ASSERT_EQUAL(run("sign-key = \"a.zone\"\n", NULL), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "dnspin.conf:1: sign-key"));
	CU_ASSERT_EQUAL(run("", "trusted-key=/nonexistent"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "-o: trusted-key"));
	folder_empty();
	CU_ASSERT_EQUAL_FATAL(dp_key_make(folder_path("k"),
	    folder_path("k.pub"), NULL), DP_OK);
	CU_ASSERT_EQUAL(run("sign-key = k\ntrusted-key = \"k.pub\"\n", NULL),
	    DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
}

static void a_wrong_file_is_told_with_its_line(void)
{
	CU_ASSERT_EQUAL(run("# a\nmode = lax\n", NULL), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "dnspin.conf:2: "));
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_EQUAL(run("", "mode=lax"), DP_EXIT_USAGE);
}

UNIT_MAIN_WITH("verb_check_conf", set_up, folder_remove,
    UNIT(every_setting_has_its_line), UNIT(what_is_named_must_be_there),
    UNIT(a_wrong_file_is_told_with_its_line))
