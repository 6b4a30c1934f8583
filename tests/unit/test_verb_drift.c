#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/sample.h"
#include "tools/report/drift.h"

static struct sample sample;
static struct command_line line;

static int run(const char *text)
{
	const struct dp_cli cli = { .conf = sample.conf_path,
		.state_dir = sample.folder };
	int code;

	command_line_begin(&line, text);
	code = dp_drift_at(&cli, line.argc, line.argv, SAMPLE_NOW_S);
	command_line_end(&line);
	return code;
}

static void the_map_is_read(void)
{
	sample_make(&sample);
	CU_ASSERT_EQUAL(run("drift -u"), DP_EXIT_FINDING);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "manage.microsoft.com (core): 2 addresses outside its 1 pin\n"
	    "    10.0.0.1\n    13.76.177.110\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\ncore"));
	CU_ASSERT_EQUAL(run("drift -f json"), DP_EXIT_FINDING);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "\"13.76.177.110\""));
	CU_ASSERT_EQUAL(unlink(sample.map_path), 0);
	CU_ASSERT_EQUAL(run("drift"), DP_EXIT_FAILED);
	sample_remove(&sample);
}

static void a_log_is_read(void)
{
	char path[DP_PATH_MAX + 8], text[DP_PATH_MAX + 40];
	FILE *out;

	sample_make(&sample);
	snprintf(path, sizeof(path), "%s/log", sample.folder);
	snprintf(text, sizeof(text), "drift %s", path);
	out = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs("{\"dns\":{\"question\":{\"name\":\"manage.microsoft.com\"},"
	      "\"resolved_ip\":[\"40.83.123.1\",\"40.83.123.2\",\"x\",7]},"
	      "\"dnspin\":{\"verdict\":\"allow\"}}\njunk\n", out);
	fclose(out);
	CU_ASSERT_EQUAL(run(text), DP_EXIT_OK);
	CU_ASSERT_PTR_NULL(strstr(line.out.text, "outside its"));
	snprintf(text, sizeof(text), "drift -f json %s", path);
	CU_ASSERT_EQUAL(run(text), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "\"answers\": 1,"));
	CU_ASSERT_PTR_NULL(strstr(line.out.text, "\"answers\": 2,"));
	snprintf(text, sizeof(text), "drift %s", path);
	out = fopen(path, "a");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	/* off-list then, allowed today */
	fputs("{\"dns\":{\"question\":{\"name\":\"manage.microsoft.com\"},"
	      "\"resolved_ip\":[\"40.83.124.1\"]},"
	      "\"dnspin\":{\"verdict\":\"would-deny\"}}\n", out);
	fclose(out);
	CU_ASSERT_EQUAL(run(text), DP_EXIT_FINDING);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "manage.microsoft.com (core): 1 address outside its 1 pin\n"
	    "    40.83.124.1\n"));
	unlink(path);
	sample_remove(&sample);
}

static void what_is_wrong_is_said(void)
{
	sample_make(&sample);
	CU_ASSERT_EQUAL(run("drift -f xml"), DP_EXIT_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "unknown format xml"));
	CU_ASSERT_EQUAL(run("drift /nowhere"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "/nowhere: cannot open"));
	CU_ASSERT_EQUAL(unlink(sample.policy_path), 0);
	CU_ASSERT_EQUAL(run("drift"), DP_EXIT_FAILED);
	sample_remove(&sample);
}

UNIT_MAIN("verb_drift", UNIT(the_map_is_read),
    UNIT(a_log_is_read),
    UNIT(what_is_wrong_is_said))
