#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/exported.h"
#include "tools/export.h"

#include <sodium.h>

static struct sample sample;
static char file[128];
static struct command_line line;

static int run_at(uint32_t now_s, const char *options)
{
	const struct dp_cli cli = { .conf = sample.conf_path,
		.state_dir = sample.folder };
	char text[512];
	int code;

	snprintf(text, sizeof(text), "export %s", options);
	command_line_begin(&line, text);
	code = dp_export_at(&cli, line.argc, line.argv, now_s);
	command_line_end(&line);
	return code;
}

static int run(const char *options)
{
	return run_at(SAMPLE_NOW_S, options);
}

static void begin(void)
{
	sample_make(&sample);
	snprintf(file, sizeof(file), "%s/list", sample.folder);
}

static void end(void)
{
	unlink(file);
	sample_remove(&sample);
}

static void formats_are_chosen(void)
{
	static const struct {
		const char *options;
		const char *golden;
	} cases[] = {
		{ "", "export.json" },
		{ "-f json", "export.json" },
		{ "-f csv", "export.csv" },
		{ "-f nft", "export.nft" },
		{ "-f edl", "export.edl" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i].options), DP_EXIT_OK);
		CU_ASSERT_STRING_EQUAL(line.err.text, "");
		golden_check(cases[i].golden, line.out.text,
		    strlen(line.out.text));
	}
	end();
}

static void options_choose_bindings(void)
{
	static const struct {
		const char *options;
		const char *wanted;
	} cases[] = {
		{ "-f edl -4 -g push", "17.57.144.10\n" },
		{ "-f edl -4 -g push -O -", "17.57.144.10\n" },
		{ "-f edl -6 -g push", "2620:149:a44::a\n" },
		{ "-f edl -g PUSH.dnspin", "17.57.144.10\n2620:149:a44::a\n" },
		{ "-f edl -g apps -6 -g push",
		    "2620:149:a44::a\n2620:1ec:4e::42\n" },
		{ "-f edl -g odd\\034\\,\\;", "20.43.129.7\n20.43.129.8\n" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i].options), DP_EXIT_OK);
		CU_ASSERT_STRING_EQUAL(line.out.text, cases[i].wanted);
		CU_ASSERT_STRING_EQUAL(line.err.text, "");
	}
	end();
}

static void wrong_command_lines_are_told(void)
{
	static const struct {
		const char *options;
		int code;
		const char *message;
	} cases[] = {
		{ "-f xml", DP_EXIT_USAGE, "unknown format xml" },
		{ "-f", DP_EXIT_USAGE, "needs an argument" },
		{ "-x", DP_EXIT_USAGE, "unknown option -x" },
		{ "name", DP_EXIT_USAGE, "unexpected argument name" },
		{ "-4 -6", DP_EXIT_USAGE, "-4 and -6" },
		{ "-g nobody", DP_EXIT_FAILED,
		    "no group nobody in the policy; it has apps, core, " },
		{ "-g a..b", DP_EXIT_FAILED, "no group a..b" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i].options), cases[i].code);
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i].message));
	}
	end();
}

static void file_is_replaced_whole(void)
{
	char options[256], *text;
	size_t size_b;

	begin();
	CU_ASSERT_TRUE_FATAL(unit_write(file, "old", 3));
	snprintf(options, sizeof(options), "-f edl -g push -4 -O %s", file);
	CU_ASSERT_EQUAL(run(options), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	text = golden_read(file, &size_b);
	CU_ASSERT_STRING_EQUAL(text, "17.57.144.10\n");
	free(text);
	snprintf(options, sizeof(options), "-f edl -O %s/no/list",
	    sample.folder);
	CU_ASSERT_EQUAL(run(options), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "/no"));
	end();
}

static void empty_list_needs_force(void)
{
	char options[256], *text;
	size_t size_b;

	begin();
	CU_ASSERT_TRUE_FATAL(unit_write(file, "old", 3));
	snprintf(options, sizeof(options), "-f edl -O %s", file);
	CU_ASSERT_EQUAL(run_at(SAMPLE_NOW_S + 100000, options), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "the file stays as it is"));
	text = golden_read(file, &size_b);
	CU_ASSERT_STRING_EQUAL(text, "old");
	free(text);
	snprintf(options, sizeof(options), "-f edl -F -O %s", file);
	CU_ASSERT_EQUAL(run_at(SAMPLE_NOW_S + 100000, options), DP_EXIT_OK);
	text = golden_read(file, &size_b);
	CU_ASSERT_EQUAL(size_b, 0);
	free(text);

	CU_ASSERT_EQUAL(run_at(SAMPLE_NOW_S + 100000, ""), DP_EXIT_FAILED);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "nothing is printed"));
	CU_ASSERT_EQUAL(run_at(SAMPLE_NOW_S + 100000, "-F"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, "{\"bindings\":[]}\n");
	/* -6 of names that have IPv4 addresses only */
	CU_ASSERT_EQUAL(run("-6 -g odd\\034\\,\\;"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "not chosen by -g"));
	end();
}

/* Nothing but one line of error, whatever is missing or broken. */
static void missing_and_bad_files_are_told(void)
{
	begin();
	unlink(sample.map_path);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "/unbound/map: there is no"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "does the resolver run"));
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_TRUE_FATAL(unit_write(sample.map_path, "DNSPINMA", 8));
	CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "/unbound/map: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "sets it aside"));
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_TRUE_FATAL(unit_write(sample.policy_path, "DNSPINPO", 8));
	CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "/policy: "));
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	unlink(sample.policy_path);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "/policy: there is no policy: "
	    "make it with dnspin compile"));
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	end();
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("verb_export", set_up, NULL, UNIT(formats_are_chosen),
    UNIT(options_choose_bindings), UNIT(wrong_command_lines_are_told),
    UNIT(file_is_replaced_whole), UNIT(empty_list_needs_force),
    UNIT(missing_and_bad_files_are_told))
