#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/compiled.h"
#include "tests/unit/sample.h"

#include <sodium.h>

#include "tools/cli.h"
#include "tools/policy/show.h"

static struct sample sample;
static struct command_line line;

static int run(const char *state_dir, const char *options)
{
	const struct dp_cli cli = { .conf = sample.conf_path,
		.state_dir = state_dir };
	char text[512];

	snprintf(text, sizeof(text), "show %s", options);
	return command_line_run(&line, dp_verb_show, &cli, text);
}

/* The caller frees. */
static char *shown(enum dp_err (*format)(FILE *, const struct dp_policy *))
{
	struct dp_policy *policy = NULL;
	char *text = NULL;
	size_t size_b;
	FILE *out = open_memstream(&text, &size_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL_FATAL(dp_policy_open(&policy, sample.policy_path, NULL,
	    NULL), DP_OK);
	CU_ASSERT_EQUAL(format(out, policy), DP_OK);
	dp_policy_close(&policy);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	return text;
}

static enum dp_err show_rpz(FILE *out, const struct dp_policy *policy)
{
	return dp_show_rpz(out, policy, 0);
}

static void formats_are_chosen(void)
{
	static const struct {
		const char *options;
		enum dp_err (*format)(FILE *, const struct dp_policy *);
	} cases[] = {
		{ "", dp_show_zone },
		{ "-f zone", dp_show_zone },
		{ "-f json", dp_show_json },
		{ "-f rpz", show_rpz },
		{ "-f json -f rpz", show_rpz },
		{ "-f rpz -c 192.0.2.1", show_rpz },
	};

	sample_make(&sample);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *wanted = shown(cases[i].format);

		CU_ASSERT_EQUAL(run(sample.folder, cases[i].options),
		    DP_EXIT_OK);
		CU_ASSERT_STRING_EQUAL(line.out.text, wanted);
		CU_ASSERT_STRING_EQUAL(line.err.text, "");
		free(wanted);
	}
	sample_remove(&sample);
}

static void a_file_may_stand_for_the_policy_in_force(void)
{
	char *wanted;

	sample_make(&sample);
	wanted = shown(dp_show_zone);
	CU_ASSERT_EQUAL(run("/nowhere", sample.policy_path), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, wanted);
	free(wanted);
	CU_ASSERT_EQUAL(run("/nowhere", ""), DP_EXIT_FAILED);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "/nowhere/policy: there is no policy"));
	CU_ASSERT_EQUAL(run(sample.folder, sample.conf_path), DP_EXIT_FAILED);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, sample.conf_path));
	sample_remove(&sample);
}

static void rpz_is_for_some_client(void)
{
	sample_make(&sample);
	compile_to(sample.policy_path, SOA("g") "@ APL 1:10.0.0.0/8\n"
	    "a TXT allow\n" SOA("h") "b TXT allow\n");
	CU_ASSERT_EQUAL(run(sample.folder, "-f rpz"), DP_EXIT_FAILED);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "for some clients only"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "with -c CLIENT"));
	CU_ASSERT_EQUAL(run(sample.folder, "-f rpz -c 10.1.2.3"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\na CNAME rpz-passthru.\nb CNAME rpz-passthru.\n"));
	CU_ASSERT_EQUAL(run(sample.folder, "-f rpz -c fd00::1"), DP_EXIT_OK);
	CU_ASSERT_PTR_NULL(strstr(line.out.text, "\na CNAME"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\nb CNAME rpz-passthru.\n"));
	sample_remove(&sample);
}

static void wrong_command_lines_are_told(void)
{
	static const char *const cases[][2] = {
		{ "-f xml", "unknown format xml: there are zone, json and" },
		{ "-f", "needs an argument" },
		{ "-x", "unknown option -x" },
		{ "a b", "one POLICY only" },
		{ "-c 192.0.2.1", "-c goes with -f rpz only" },
		{ "-f rpz -c 192.0.2.0/24", "-c 192.0.2.0/24: not an address" },
	};

	sample_make(&sample);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(sample.folder, cases[i][0]),
		    DP_EXIT_USAGE);
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i][1]));
	}
	sample_remove(&sample);
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("verb_show", set_up, NULL, UNIT(formats_are_chosen),
    UNIT(a_file_may_stand_for_the_policy_in_force),
    UNIT(rpz_is_for_some_client),
    UNIT(wrong_command_lines_are_told))
