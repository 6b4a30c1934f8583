#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/compiled.h"
#include "tests/unit/exported.h"
#include "tools/export/export.h"

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
		{ "-c 10.0.0.0/8", DP_EXIT_USAGE, "-c 10.0.0.0/8: not an " },
		{ "-t egress", DP_EXIT_USAGE, "-t does not go with -f json" },
		{ "-f nft -t 4you", DP_EXIT_USAGE, "-t 4you: the nftables " },
		{ "-f nft -t a1234567890123456789012345678901", DP_EXIT_USAGE,
		    "must be 1 to 31 letters" },
		{ "-f nft -t table", DP_EXIT_USAGE, "a word of nft's own" },
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

/* The sample's names, and push for 10/8 only. */
static void limit_push(void)
{
	compile_to(sample.policy_path, SOA("all")
	    "manage.microsoft.com TXT allow tcp/443\n"
	    SOA("push") "@ APL 1:10.0.0.0/8\n*.push.apple.com TXT allow\n"
	    "manage.microsoft.com TXT allow tcp/80\n");
}

static size_t times(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

static void lists_for_all_hold_what_all_may_reach(void)
{
	begin();
	limit_push();
	CU_ASSERT_EQUAL(run("-f edl -4"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, "13.76.177.110\n40.83.123.72\n");
	CU_ASSERT_STRING_EQUAL(line.err.text, "dnspin: export: 1 element is "
	    "left out, open to some clients only: -c CLIENT exports what one "
	    "client may reach\n");
	CU_ASSERT_EQUAL(run("-f edl -4 -c 10.1.2.3"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, "13.76.177.110\n17.57.144.10\n"
	    "40.83.123.72\n");
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
	CU_ASSERT_EQUAL(run("-f edl -4 -c 11.1.2.3"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, "13.76.177.110\n40.83.123.72\n");
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
	CU_ASSERT_EQUAL(run("-f nft"), DP_EXIT_OK);
	CU_ASSERT_EQUAL(times(line.out.text, " . tcp . 443 timeout"), 2);
	CU_ASSERT_EQUAL(times(line.out.text, " . tcp . 80 timeout"), 0);
	CU_ASSERT_EQUAL(times(line.out.text, "17.57.144.10"), 0);
	CU_ASSERT_EQUAL(times(line.out.text, "# 4 elements are left out"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "4 elements are left"));
	CU_ASSERT_EQUAL(run("-f nft -c ::ffff:10.1.2.3 -t egress"), DP_EXIT_OK);
	CU_ASSERT_EQUAL(times(line.out.text, " . tcp . 80 timeout"), 2);
	CU_ASSERT_EQUAL(times(line.out.text, "\t17.57.144.10 timeout"), 1);
	CU_ASSERT_EQUAL(times(line.out.text, "left out"), 0);
	CU_ASSERT_EQUAL(times(line.out.text, "\nadd table inet egress\n"), 1);
	CU_ASSERT_EQUAL(times(line.out.text, " inet dnspin "), 0);
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
	end();
}

/* A list that is empty for that reason is an empty list. */
static void nothing_for_all_needs_force(void)
{
	begin();
	limit_push();
	CU_ASSERT_TRUE_FATAL(unit_write(file, "old", 3));
	CU_ASSERT_EQUAL(run("-f edl -g push -4 -O /dev/null"), DP_EXIT_FAILED);
	CU_ASSERT_EQUAL(run("-f nft -g push"), DP_EXIT_FAILED);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "open to some clients only; -c CLIENT exports"));
	CU_ASSERT_EQUAL(run("-f edl -g push -4 -F"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_EQUAL(run("-f edl -g push -4 -c 10.0.0.1"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text, "13.76.177.110\n17.57.144.10\n"
	    "40.83.123.72\n");
	end();
}

static void rows_say_for_whom_they_are(void)
{
	begin();
	limit_push();
	CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
	/* Two addresses of manage.microsoft.com for either kind of client, two
	 * of push. */
	CU_ASSERT_EQUAL(times(line.out.text, "\"name\":"), 6);
	CU_ASSERT_EQUAL(times(line.out.text,
	    "\"clients\":[\"10.0.0.0/8\"]}"), 4);
	CU_ASSERT_EQUAL(times(line.out.text, "\"services\":[\"tcp/443\"]"), 2);
	CU_ASSERT_EQUAL(times(line.out.text, "\"clients\":"
	    "[\"0.0.0.0/0\",\"::/0\",\"!10.0.0.0/8\"]}"), 2);
	CU_ASSERT_EQUAL(run("-f csv -c 10.0.0.1"), DP_EXIT_OK);
	CU_ASSERT_EQUAL(times(line.out.text, ",\"10.0.0.0/8\"\r\n"), 4);
	CU_ASSERT_EQUAL(times(line.out.text, "\r\n"), 5);
	CU_ASSERT_EQUAL(run("-f csv -c 11.0.0.1"), DP_EXIT_OK);
	CU_ASSERT_EQUAL(times(line.out.text,
	    ",\"0.0.0.0/0;::/0;!10.0.0.0/8\"\r\n"), 2);
	CU_ASSERT_EQUAL(times(line.out.text, "\r\n"), 3);
	end();
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("verb_export", set_up, NULL, UNIT(formats_are_chosen),
    UNIT(options_choose_bindings), UNIT(wrong_command_lines_are_told),
    UNIT(file_is_replaced_whole), UNIT(empty_list_needs_force),
    UNIT(lists_for_all_hold_what_all_may_reach),
    UNIT(nothing_for_all_needs_force), UNIT(rows_say_for_whom_they_are),
    UNIT(missing_and_bad_files_are_told))
