#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/compiled.h"
#include "tests/unit/sample.h"

#include <sodium.h>

#include "tools/cli.h"

static struct sample sample;
static struct command_line line;

static int run(const char *names)
{
	const struct dp_cli cli = { .conf = sample.conf_path,
		.state_dir = sample.folder };
	char text[512];

	snprintf(text, sizeof(text), "check %s", names);
	return command_line_run(&line, dp_verb_check, &cli, text);
}

static void each_name_gets_a_line(void)
{
	static const struct {
		const char *names;
		int code;
		const char *wanted;
	} cases[] = {
		{ "Manage.Microsoft.Com.", DP_EXIT_OK,
		    "manage.microsoft.com allow group=core "
		    "rule=manage.microsoft.com services=tcp/80,tcp/443 "
		    "pins=1\n" },
		{ "a.b.manage.microsoft.com", DP_EXIT_OK,
		    "a.b.manage.microsoft.com allow group=apps,core "
		    "rule=*.manage.microsoft.com services=tcp/443,udp/443 "
		    "pins=0\n" },
		{ "x.push.apple.com legacy.manage.microsoft.com",
		    DP_EXIT_FINDING,
		    "x.push.apple.com allow group=push rule=*.push.apple.com "
		    "services=any pins=0\n"
		    "legacy.manage.microsoft.com deny group=core "
		    "rule=legacy.manage.microsoft.com\n" },
		{ "B\303\234cher.push.apple.com", DP_EXIT_OK,
		    "xn--bcher-kva.push.apple.com allow group=push "
		    "rule=*.push.apple.com services=any pins=0\n" },
		{ "push.apple.com .", DP_EXIT_FINDING,
		    "push.apple.com deny rule=none\n. deny rule=none\n" },
		{ "a\\010b.odd.example", DP_EXIT_OK,
		    "a\\010b.odd.example allow group=odd\\034\\044\\059 "
		    "rule=*.odd.example services=tcp/8443 pins=0\n" },
	};

	sample_make(&sample);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i].names), cases[i].code);
		CU_ASSERT_STRING_EQUAL(line.out.text, cases[i].wanted);
		CU_ASSERT_STRING_EQUAL(line.err.text, "");
	}
	sample_remove(&sample);
}

/* vlan is 10.20.0.0/16 and fd00:20::/48, lab 10.20.7.0/24 in it. */
static void the_verdict_is_that_for_a_client(void)
{
	static const struct {
		const char *names;
		int code;
		const char *wanted;
	} cases[] = {
		{ "same x.same", DP_EXIT_FINDING,
		    "same allow group=all rule=same services=any pins=0\n"
		    "x.same deny rule=none\n" },
		{ "own", DP_EXIT_FINDING, "own deny rule=none "
		    "clients=0.0.0.0/0,::/0,!10.20.0.0/16,!fd00:20::/48\n" },
		{ "-c 192.0.2.1 own", DP_EXIT_FINDING, "own deny rule=none "
		    "clients=0.0.0.0/0,::/0,!10.20.0.0/16,!fd00:20::/48\n" },
		{ "-c 10.20.1.1 own", DP_EXIT_OK, "own allow group=vlan "
		    "rule=own services=tcp/1 pins=0 "
		    "clients=10.20.0.0/16,fd00:20::/48\n" },
		{ "-c fd00:20::1 own", DP_EXIT_OK, "own allow group=vlan "
		    "rule=own services=tcp/1 pins=0 "
		    "clients=10.20.0.0/16,fd00:20::/48\n" },
		{ "-c ::ffff:10.20.7.1 carved", DP_EXIT_FINDING, "carved deny "
		    "group=all,lab rule=carved clients=10.20.7.0/24\n" },
		{ "carved", DP_EXIT_OK, "carved allow group=all rule=carved "
		    "services=tcp/2 pins=0 "
		    "clients=0.0.0.0/0,::/0,!10.20.7.0/24\n" },
		/* Where another rule is the more specific one. */
		{ "a.wide", DP_EXIT_OK, "a.wide allow group=all rule=*.wide "
		    "services=any pins=0 clients=0.0.0.0/0,::/0,"
		    "!10.20.0.0/16,!fd00:20::/48\n" },
		{ "b.wide", DP_EXIT_OK, "b.wide allow group=all rule=*.wide "
		    "services=any pins=0\n" },
	};

	sample_make(&sample);
	compile_to(sample.policy_path, SOA("all") "same TXT allow\n"
	    "carved TXT allow tcp/2\n*.wide TXT allow\n"
	    SOA("vlan") "@ APL 1:10.20.0.0/16 2:fd00:20::/48\n"
	    "own TXT allow tcp/1\na.wide TXT deny\n"
	    SOA("lab") "@ APL 1:10.20.7.0/24\ncarved TXT deny\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i].names), cases[i].code);
		CU_ASSERT_STRING_EQUAL(line.out.text, cases[i].wanted);
		if (strcmp(line.out.text, cases[i].wanted) != 0)
			fprintf(stderr, "%s", line.out.text);
		CU_ASSERT_STRING_EQUAL(line.err.text, "");
	}
	sample_remove(&sample);
}

/* Not even the names in front of the bad one. */
static void nothing_is_printed_on_failure(void)
{
	static const struct {
		const char *names;
		int code;
		const char *message;
	} cases[] = {
		{ "", DP_EXIT_USAGE, "NAME is missing" },
		{ "-x", DP_EXIT_USAGE, "unknown option -x" },
		{ "-c 10.0.0.0/8 a", DP_EXIT_USAGE,
		    "-c 10.0.0.0/8: not an address: write 192.0.2.1" },
		{ "-c 10.0.0.1", DP_EXIT_USAGE, "NAME is missing" },
		{ "manage.microsoft.com a..b", DP_EXIT_USAGE, "a..b: " },
		{ "manage.microsoft.com \360\237\222\251.la", DP_EXIT_USAGE,
		    "\360\237\222\251.la: not a name: IDNA2008 refuses" },
		{ "manage.microsoft.com", DP_EXIT_FAILED, "no policy" },
	};

	sample_make(&sample);
	unlink(sample.policy_path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i].names), cases[i].code);
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
		    cases[i].message));
	}
	sample_remove(&sample);
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("verb_check", set_up, NULL, UNIT(each_name_gets_a_line),
    UNIT(the_verdict_is_that_for_a_client),
    UNIT(nothing_is_printed_on_failure))
