#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/sample.h"
#include "tools/verb.h"

/* What is asked and answered is tried by tests/e2e/test_probe.py. */

static const struct {
	const char *command;
	int code;
	const char *err;
} wrong[] = {
	{ "probe -j 0", DP_EXIT_USAGE, "COUNT must be 1 to 1000" },
	{ "probe -j 1001", DP_EXIT_USAGE, "COUNT must be 1 to 1000" },
	{ "probe -f xml", DP_EXIT_USAGE, "unknown format xml" },
	{ "probe -s 127.0.0.1 a..b", DP_EXIT_USAGE, "a..b" },
	{ "probe -s nobody a.example", DP_EXIT_FAILED, "nobody: " },
};

static void what_is_wrong_is_said(void)
{
	struct command_line line;
	struct sample sample;

	sample_make(&sample);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct dp_cli cli = { .conf = sample.conf_path,
			.state_dir = sample.folder };

		CU_ASSERT_EQUAL(command_line_run(&line, dp_verb_probe, &cli,
		    wrong[i].command), wrong[i].code);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, wrong[i].err));
	}
	sample_remove(&sample);
}

UNIT_MAIN("verb_probe", UNIT(what_is_wrong_is_said))
