#include "dp_config.h"

#include "tests/unit/command_line.h"

#include "tools/cli.h"

static struct command_line line;

static int run(const char *text)
{
	const struct dp_cli cli = { .conf = "/dev/null",
		.state_dir = "/nowhere/at/all" };

	return command_line_run(&line, dp_verb_log, &cli, text);
}

static void wrong_words_are_usage_errors(void)
{
	CU_ASSERT_EQUAL(run("log -f xml"), DP_EXIT_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "dnspin log: unknown format xml"));
}

static void a_file_that_cannot_be_opened_is_said(void)
{
	CU_ASSERT_EQUAL(run("log -1 -O /nowhere/at/all/log"), DP_EXIT_FAILED);
	CU_ASSERT_STRING_EQUAL(line.err.text, "dnspin: /nowhere/at/all/log: "
	    "cannot open: No such file or directory\n");
}

UNIT_MAIN("verb_log", UNIT(wrong_words_are_usage_errors),
    UNIT(a_file_that_cannot_be_opened_is_said))
