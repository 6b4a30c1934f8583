#include "dp_config.h"

#include "tests/unit/command_line.h"

#include "tools/cli.h"

static struct command_line line;

static int run(const char *text)
{
	const struct dp_cli cli = { .conf = "/dev/null",
		.state_dir = "/nowhere/at/all" };

	return command_line_run(&line, dp_verb_sync, &cli, text);
}

static void wrong_words_are_usage_errors(void)
{
	static const char *const cases[][2] = {
		{ "sync now", "unexpected argument now" },
		{ "sync -t table", "-t table: " },
		{ "sync -c here", "here" },
		{ "sync -x", "x" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i][0]), DP_EXIT_USAGE);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i][1]));
	}
}

/* Nothing is given up before that. */
static void a_folder_that_cannot_be_made_is_said(void)
{
	CU_ASSERT_EQUAL(run("sync -n -v -g core -t edge -c 192.0.2.1"),
	    DP_EXIT_FAILED);
	CU_ASSERT_STRING_EQUAL(line.err.text,
	    "dnspin: /nowhere/at/all/sync: there is no state directory to "
	    "make it in: run dnspin compile first, or name the directory with "
	    "dnspin -d DIR or DNSPIN_DIR\n");
}

UNIT_MAIN("verb_sync", UNIT(wrong_words_are_usage_errors),
    UNIT(a_folder_that_cannot_be_made_is_said))
