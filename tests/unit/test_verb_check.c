#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/sample.h"

#include <sodium.h>

#include "tools/cli.h"

static struct sample sample;
static struct command_line line;

static int run(const char *names)
{
	const struct dp_cli cli = { .conf = sample.conf_path,
		.state_dir = sample.folder };
	char text[512];
	int code;

	snprintf(text, sizeof(text), "check %s", names);
	command_line_begin(&line, text);
	code = dp_verb_check(&cli, line.argc, line.argv);
	command_line_end(&line);
	return code;
}

static void each_name_gets_a_line(void)
{
	static const struct {
		const char *names;
		int code;
		const char *wanted;
	} cases[] = {
		{ "Manage.Microsoft.Com.", DP_EXIT_OK,
		    "manage.microsoft.com allow group=core "
		    "rule=manage.microsoft.com services=tcp/80,tcp/443 "
		    "pins=1\n" },
		{ "a.b.manage.microsoft.com", DP_EXIT_OK,
		    "a.b.manage.microsoft.com allow group=apps,core "
		    "rule=*.manage.microsoft.com services=tcp/443,udp/443 "
		    "pins=0\n" },
		{ "x.push.apple.com legacy.manage.microsoft.com",
		    DP_EXIT_FINDING,
		    "x.push.apple.com allow group=push rule=*.push.apple.com "
		    "services=any pins=0\n"
		    "legacy.manage.microsoft.com deny group=core "
		    "rule=legacy.manage.microsoft.com\n" },
		{ "B\303\234cher.push.apple.com", DP_EXIT_OK,
		    "xn--bcher-kva.push.apple.com allow group=push "
		    "rule=*.push.apple.com services=any pins=0\n" },
		{ "push.apple.com .", DP_EXIT_FINDING,
		    "push.apple.com deny rule=none\n. deny rule=none\n" },
		{ "a\\010b.odd.example", DP_EXIT_OK,
		    "a\\010b.odd.example allow group=odd\\034\\044\\059 "
		    "rule=*.odd.example services=tcp/8443 pins=0\n" },
	};

	sample_make(&sample);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i].names), cases[i].code);
		CU_ASSERT_STRING_EQUAL(line.out.text, cases[i].wanted);
		CU_ASSERT_STRING_EQUAL(line.err.text, "");
	}
	sample_remove(&sample);
}

/* Not even the names in front of the bad one. */
static void nothing_is_printed_on_failure(void)
{
	static const struct {
		const char *names;
		int code;
		const char *message;
	} cases[] = {
		{ "", DP_EXIT_USAGE, "NAME is missing" },
		{ "-x", DP_EXIT_USAGE, "unknown option -x" },
		{ "manage.microsoft.com a..b", DP_EXIT_USAGE, "a..b: " },
		{ "manage.microsoft.com \360\237\222\251.la", DP_EXIT_USAGE,
		    "\360\237\222\251.la: not a name: IDNA2008 refuses" },
		{ "manage.microsoft.com", DP_EXIT_FAILED, "no policy" },
	};

	sample_make(&sample);
	unlink(sample.policy_path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i].names), cases[i].code);
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
		    cases[i].message));
	}
	sample_remove(&sample);
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("verb_check", set_up, NULL, UNIT(each_name_gets_a_line),
    UNIT(nothing_is_printed_on_failure))
