#include "dp_config.h"

#include "tests/unit/command_line.h"

#include <time.h>

#include "tools/cli.h"
#include "tools/log/log_options.h"

#define NOW_S UINT64_C(1795375466) /* 2026-11-22T19:24:26Z */

static struct command_line line;
static struct dp_log_options o;

static int parse(const char *text)
{
	int code;

	command_line_begin(&line, text);
	code = dp_log_options_parse(&o, line.argc, line.argv, NOW_S);
	command_line_end(&line);
	return code;
}

static void wrong_words_are_usage_errors(void)
{
	static const char *const cases[][2] = {
		{ "log now", "unexpected argument now" },
		{ "log -x", "unknown option -x" },
		{ "log -f xml", "unknown format xml" },
		{ "log -V maybe", "-V maybe: is no verdict" },
		{ "log -c here", "-c here: " },
		{ "log -n a..b", "-n a..b: " },
		{ "log -O f -s 10", "-s 10: write a size" },
		{ "log -O f -s 10T", "-s 10T: write a size" },
		{ "log -O f -s 1MM", "-s 1MM: write a size" },
		{ "log -O f -s -5M", "-s -5M: write a size" },
		{ "log -O f -s 99999999999G", "write a size" },
		{ "log -O f -s 99999999999999999999", "write a size" },
		{ "log -O f -T 0", "-T 0: write a time" },
		{ "log -O f -T 1w", "-T 1w: write a time" },
		{ "log -S yesterday", "-S yesterday: write 2026" },
		{ "log -S 2026-13-01", "-S 2026-13-01: write 2026" },
		{ "log -S 2026-02-30", "-S 2026-02-30: write 2026" },
		{ "log -S 2026-11-22T19:00:00+01", "write 2026" },
		{ "log -S 1900-01-01T00:00:00Z", "write 2026" },
		{ "log -s 1M", "-s needs a file (-O)" },
		{ "log -T 1d -O -", "-T needs a file (-O)" },
		{ "log -k key", "-k seals a file (-O) of JSON" },
		{ "log -k key -O f -f text", "-k seals a file (-O) of JSON" },
		{ "log -O f -a key.pub", "-a needs a key to seal with (-k)" },
		{ "log -O f -P f2", "-P needs a key to seal with (-k)" },
		{ "log -O f -u s", "-O and -u exclude each other" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(parse(cases[i][0]), DP_EXIT_USAGE);
		if (!strstr(line.err.text, cases[i][1]))
			printf("\n%s: %s", cases[i][0], line.err.text);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i][1]));
		dp_log_options_free(&o);
	}
}

static void defaults_follow_standard_output(void)
{
	CU_ASSERT_EQUAL(parse("log"), DP_EXIT_OK);
	CU_ASSERT_PTR_NULL(o.target.file);
	CU_ASSERT_PTR_NULL(o.target.socket);
	CU_ASSERT_EQUAL(o.target.format, DP_LOG_JSON);
	CU_ASSERT_FALSE(o.once || o.since);
	CU_ASSERT_EQUAL(o.filter.since_us, 0);
	dp_log_options_free(&o);
}

static void what_is_said_is_meant(void)
{
	CU_ASSERT_EQUAL(parse("log -1 -f text -O f -s 100M -T 12h -V deny "
	    "-V error -g a -g b -c 192.0.2.0/24 -n *.x"), DP_EXIT_OK);
	CU_ASSERT(o.once);
	CU_ASSERT_STRING_EQUAL(o.target.file, "f");
	CU_ASSERT_EQUAL(o.target.turns.size_b, 100u << 20);
	CU_ASSERT_EQUAL(o.target.turns.every_s, 43200);
	CU_ASSERT_EQUAL(o.filter.verdicts,
	    1u << DP_EVENT_VERDICT_DENY | 1u << DP_EVENT_VERDICT_ERROR);
	CU_ASSERT_EQUAL(o.filter.group_count, 2);
	CU_ASSERT_EQUAL(o.filter.client_count, 1);
	CU_ASSERT_EQUAL(o.filter.name_count, 1);
	dp_log_options_free(&o);
	CU_ASSERT_EQUAL(parse("log -f dnstap -u /run/tap"), DP_EXIT_OK);
	CU_ASSERT_EQUAL(o.target.format, DP_LOG_DNSTAP);
	CU_ASSERT_STRING_EQUAL(o.target.socket, "/run/tap");
	dp_log_options_free(&o);
}

static void times_are_ago_or_iso(void)
{
	static const struct {
		const char *line;
		uint64_t since_s;
	} cases[] = {
		{ "log -S 10m", NOW_S - 600 },
		{ "log -S 90", NOW_S - 90 },
		{ "log -S 2d", NOW_S - 172800 },
		{ "log -S 99999d", 0 },
		{ "log -S 2026-11-22T19:24:26Z", NOW_S },
		{ "log -S 2024-02-29Z", 1709164800 },
		{ "log -S 2026-11-22T19:24Z", NOW_S - 26 },
		{ "log -S 2026-11-22T20:24:26", NOW_S },
		{ "log -S 2026-11-22", NOW_S - 26 - 24 * 60 - 20 * 3600 },
	};

	setenv("TZ", "XYZ-1", 1); /* an hour ahead of UTC */
	tzset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(parse(cases[i].line), DP_EXIT_OK);
		CU_ASSERT(o.since);
		CU_ASSERT_EQUAL(o.filter.since_us,
		    cases[i].since_s * 1000000);
		dp_log_options_free(&o);
	}
}

UNIT_MAIN("log_options", UNIT(wrong_words_are_usage_errors),
    UNIT(defaults_follow_standard_output), UNIT(what_is_said_is_meant),
    UNIT(times_are_ago_or_iso))
