#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/sample.h"

#include <sodium.h>

#include "tools/cli.h"

static struct sample sample;
static struct command_line line;

/* %s in format stands for the state directory. */
static int run(const char *state_dir, const char *format)
{
	char text[512], *place = strstr(format, "%s");
	int code;

	snprintf(text, sizeof(text), "dnspin %.*s%s%s",
	    place ? (int)(place - format) : (int)strlen(format), format,
	    place ? sample.folder : "", place ? place + 2 : "");
	command_line_begin(&line, text);
	code = dp_cli_run(state_dir, line.argc, line.argv);
	command_line_end(&line);
	return code;
}

static void global_options_reach_the_verb(void)
{
	static const struct {
		const char *options;
		int code;
		const char *said; /* on one of the streams */
	} cases[] = {
		{ "-C %s/conf check manage.microsoft.com", DP_EXIT_OK,
		    "manage.microsoft.com allow" },
		{ "-C %s/conf -d /nowhere check a", DP_EXIT_FAILED,
		    "/nowhere/policy: there is no policy" },
		/* The last one counts. */
		{ "-C /nowhere -C %s/conf check manage.microsoft.com",
		    DP_EXIT_OK, "manage.microsoft.com allow" },
		{ "-C %s/none check a", DP_EXIT_FAILED, "/none: " },
		/* All of them count, in order. */
		{ "-C %s/conf -o mode=lax -o grace=5 check a", DP_EXIT_USAGE,
		    "-o mode=lax: " },
		{ "-C %s/conf -o grace=5 -o mode=lax check a", DP_EXIT_USAGE,
		    "-o mode=lax: " },
	};

	sample_make(&sample);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(sample.folder, cases[i].options),
		    cases[i].code);
		CU_ASSERT(strstr(line.out.text, cases[i].said) ||
		    strstr(line.err.text, cases[i].said));
	}
	/* -d goes before the default, which may be of the environment. */
	CU_ASSERT_EQUAL(run("/nowhere", "-C %s/conf check a"), DP_EXIT_FAILED);
	CU_ASSERT_EQUAL(run("/nowhere",
	    "-C /dev/null -d %s check manage.microsoft.com"), DP_EXIT_OK);
	sample_remove(&sample);
}

static void help_comes_before_all_else(void)
{
	static const char *const cases[][2] = {
		{ "--help", "usage: dnspin [-C FILE]" },
		{ "-d /nowhere --help fly", "usage: dnspin [-C FILE]" },
		{ "--version", "dnspin " PACKAGE_VERSION "\n" },
		{ "check --help", "usage: dnspin [options] check " },
		{ "check a..b -x -h", "usage: dnspin [options] check " },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run("/nowhere", cases[i][0]), DP_EXIT_OK);
		CU_ASSERT_STRING_EQUAL(line.err.text, "");
		CU_ASSERT_EQUAL(strncmp(line.out.text, cases[i][1],
		    strlen(cases[i][1])), 0);
	}
	/* Behind -- it is an operand. */
	CU_ASSERT_NOT_EQUAL(run("/nowhere", "check -- --help"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
}

static void wrong_command_lines_are_told(void)
{
	static const char *const cases[][2] = {
		{ "", "dnspin: a verb is missing" },
		{ "fly", "dnspin: unknown verb fly" },
		{ "-x check a", "dnspin: unknown option -x" },
		{ "-d", "dnspin: option -d needs an argument" },
		{ "check -d /nowhere a", "dnspin check: " },
	};
	char none[] = "", name[] = "dnspin", option[] = "-d", verb[] = "check";
	char *argv[] = { name, option, none, verb, NULL };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run("/nowhere", cases[i][0]), DP_EXIT_USAGE);
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
		CU_ASSERT_EQUAL(strncmp(line.err.text, cases[i][1],
		    strlen(cases[i][1])), 0);
	}
	command_line_begin(&line, "");
	CU_ASSERT_EQUAL(dp_cli_run("/nowhere", 4, argv), DP_EXIT_USAGE);
	command_line_end(&line);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "argument 2 is empty"));
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("cli_run", set_up, NULL, UNIT(global_options_reach_the_verb),
    UNIT(help_comes_before_all_else), UNIT(wrong_command_lines_are_told))
