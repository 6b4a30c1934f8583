#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/rings_of.h"

#include "tools/verb.h"

static struct command_line line;

static int run(const char *text)
{
	const struct dp_cli cli = { .state_dir = rings_state };

	return command_line_run(&line, dp_verb_suggest, &cli, text);
}

static int run_log(const char *options)
{
	char text[400];

	snprintf(text, sizeof(text), "suggest %s %s", options,
	    folder_path("log"));
	return run(text);
}

static void log_write(const char *const *names)
{
	FILE *out = fopen(folder_path("log"), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for (; *names; names++)
		fprintf(out, "{\"@timestamp\":\"2026-11-22T19:00:00Z\","
			"\"client\":{\"ip\":\"192.0.2.1\"},"
			"\"dns\":{\"question\":{\"name\":\"%s\"}},"
			"\"dnspin\":{\"verdict\":\"would-deny\"}}\n", *names);
	fclose(out);
}

static const char *const three[] = { "a.example.org", "b.example.org",
	"c.example.org", "x.example.com", "x.example.com", "x.example.com",
	"x.example.com", NULL };

static void a_zone_is_printed(void)
{
	static const char zone[] =
	    "; Proposed by dnspin suggest: strike out what nobody needs.\n"
	    "; 7 events read, 7 of them off-list\n"
	    "$ORIGIN suggested.dnspin.\n"
	    "$TTL 3600\n"
	    "@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60\n"
	    "@ NS localhost.\n"
	    "\n"
	    "; 4 queries by 1 client, 2026-11-22 19:00:00Z to 2026-11-22 "
	    "19:00:00Z\n"
	    "x.example.com TXT \"allow\" \"tcp/443\"\n"
	    "\n"
	    "; 3 queries for 3 names by 1 client, 2026-11-22 19:00:00Z to "
	    "2026-11-22 19:00:00Z\n"
	    "*.example.org TXT \"allow\" \"tcp/443\"\n";

	log_write(three);
	CU_ASSERT_EQUAL(run_log(""), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, zone);
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
}

static void options_shape_it(void)
{
	log_write(three);
	CU_ASSERT_EQUAL(run_log("-m 4 -s udp/53 -s tcp/53"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\nx.example.com TXT \"allow\" \"udp/53\" \"tcp/53\"\n"));
	CU_ASSERT_PTR_NULL(strstr(line.out.text, "example.org TXT"));
	CU_ASSERT_EQUAL(run_log("-k 4 -s any"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\na.example.org TXT \"allow\"\n"));
	CU_ASSERT_EQUAL(run_log("-m 100"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\n; Nothing to propose.\n"));
}

static void it_says_why(void)
{
	log_write(three);
	CU_ASSERT_EQUAL(run_log("-y b.example.org"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text,
	    "b.example.org: *.example.org, since 3 or more names stand side "
	    "by side below it\n"
	    "  3 queries for 3 names by 1 client, 2026-11-22 19:00:00Z to "
	    "2026-11-22 19:00:00Z\n"
	    "    a.example.org: 1 query by 1 client, 2026-11-22 19:00:00Z to "
	    "2026-11-22 19:00:00Z\n"
	    "    b.example.org: 1 query by 1 client, 2026-11-22 19:00:00Z to "
	    "2026-11-22 19:00:00Z\n"
	    "    c.example.org: 1 query by 1 client, 2026-11-22 19:00:00Z to "
	    "2026-11-22 19:00:00Z\n");
	CU_ASSERT_EQUAL(run_log("-y example.net"), DP_EXIT_FINDING);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "no rule, since"));
}

static void names_that_do_not_exist_are_left_out(void)
{
	FILE *out = fopen(folder_path("log"), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs("{\"dns\":{\"question\":{\"name\":\"no.example.org\"},"
	      "\"response_code\":\"NXDOMAIN\"},"
	      "\"dnspin\":{\"verdict\":\"would-deny\"}}\n", out);
	fclose(out);
	CU_ASSERT_EQUAL(run_log(""), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "1 of them off-list\n; left out: 1 query for names that do not "
	    "exist (-x)\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\n; Nothing to propose.\n"));
	CU_ASSERT_EQUAL(run_log("-y no.example.org"), DP_EXIT_FINDING);
	CU_ASSERT_STRING_EQUAL(line.out.text, "no.example.org: no rule, since "
	    "it does not exist: 1 query left out (-x)\n");
	CU_ASSERT_EQUAL(run_log("-x"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\n; 1 query, ? to ?\nno.example.org TXT"));
}

static const struct {
	const char *command;
	int code;
	const char *err;
} wrong[] = {
	{ "suggest -m 0 x", DP_EXIT_USAGE, "0: QUERIES must be 1 to" },
	{ "suggest -k 1x x", DP_EXIT_USAGE, "NAMES must be 1 to" },
	{ "suggest -t -1", DP_EXIT_USAGE, "SECONDS must be 1 to" },
	{ "suggest -t 1 x", DP_EXIT_USAGE, "goes with no LOG" },
	{ "suggest -s any -s tcp/1 x", DP_EXIT_USAGE, "no other service" },
	{ "suggest -s http x", DP_EXIT_USAGE, "http" },
	{ "suggest -w . x", DP_EXIT_USAGE, ".: a wildcard on the root" },
	{ "suggest -w *. x", DP_EXIT_USAGE, "" },
	{ "suggest -y a..b x", DP_EXIT_USAGE, "a..b" },
	{ "suggest /nowhere/log", DP_EXIT_FAILED,
	    "/nowhere/log: cannot open: No such file" },
};

static void what_is_wrong_is_said(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_EQUAL(run(wrong[i].command), wrong[i].code);
		if (!strstr(line.err.text, wrong[i].err))
			printf("\n%s: %s\n", wrong[i].command, line.err.text);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, wrong[i].err));
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
	}
}

static void a_file_of_something_else_is_said_so(void)
{
	FILE *out = fopen(folder_path("log"), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs("unbound[1:0] info: 192.0.2.1 example.org. A IN\n", out);
	fclose(out);
	CU_ASSERT_EQUAL(run_log(""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "1 line is no event of dnspin log -f json"));
}

static void rings_are_read_without_a_log(void)
{
	static const uint8_t name[] = "\001x\007example\003org";
	struct dp_ring *r;
	struct dp_event e;

	CU_ASSERT_EQUAL(run("suggest"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "no events: has a "));
	r = rings_anew(1);
	memset(&e, 0, sizeof(e));
	e.fixed.time_us = 1595000000000000;
	e.fixed.verdict = DP_EVENT_VERDICT_WOULD_DENY;
	e.name = name;
	e.name_b = sizeof(name);
	rings_tell(r, &e);
	CU_ASSERT_EQUAL(run("suggest"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "; 1 query, 2020-07-17 15:33:20Z to "
	    "2020-07-17 15:33:20Z\nx.example.org TXT"));
	dp_ring_close(&r);
}

UNIT_MAIN_WITH("verb_suggest", rings_make, rings_remove,
    UNIT(a_zone_is_printed),
    UNIT(options_shape_it),
    UNIT(it_says_why),
    UNIT(names_that_do_not_exist_are_left_out),
    UNIT(what_is_wrong_is_said),
    UNIT(a_file_of_something_else_is_said_so),
    UNIT(rings_are_read_without_a_log))
