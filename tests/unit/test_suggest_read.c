#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

#include "tools/report/suggest_read.h"

#define LINE(verdict, name, client, time) \
	"{\"@timestamp\":\"" time "\",\"client\":{" client "}," \
	"\"dns\":{\"question\":{\"name\":\"" name "\"}}," \
	"\"dnspin\":{\"verdict\":\"" verdict "\"}}\n"

static void read_on(const char *text, struct dp_suggest *s,
    struct dp_suggest_read *r)
{
	char path[] = "/tmp/dnspin-suggest.XXXXXX";
	int fd = mkstemp(path);
	struct dp_diag diag;

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	close(fd);
	CU_ASSERT_EQUAL(dp_suggest_read_log(s, r, path, &diag), DP_OK);
	unlink(path);
}

static void read_text(const char *text, bool denied, struct dp_suggest *s,
    struct dp_suggest_read *r)
{
	*r = (struct dp_suggest_read){ .denied = denied };
	read_on(text, s, r);
}

static struct dp_suggest *suggest_open(void)
{
	struct dp_suggest *s = NULL;
	struct dp_diag diag;

	CU_ASSERT_EQUAL_FATAL(dp_suggest_open(&s, &diag), DP_OK);
	return s;
}

static size_t make(struct dp_suggest *s, struct dp_suggestion **list)
{
	struct dp_suffix_list *suffixes = NULL;
	struct dp_diag diag;
	size_t count = 0;

	CU_ASSERT_EQUAL_FATAL(dp_suffixes_open(&suffixes, NULL, 0, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_suggest_make(s, suffixes, 1, 4, list,
				  &count), DP_OK);
	dp_suffixes_close(&suffixes);
	return count;
}

static size_t rules(struct dp_suggest *s)
{
	struct dp_suggestion *list = NULL;
	size_t count = make(s, &list);

	free(list);
	return count;
}

/* The one rule that is proposed. */
static struct dp_suggestion only(struct dp_suggest *s)
{
	struct dp_suggestion *list = NULL, one;

	CU_ASSERT_EQUAL_FATAL(make(s, &list), 1);
	one = list[0];
	free(list);
	return one;
}

static void off_list_lines_count(void)
{
	struct dp_suggest *s = suggest_open();
	struct dp_suggest_read r;
	struct dp_suggestion one;

	read_text(
	    LINE("would-deny", "www.example.org", "\"ip\":\"192.0.2.1\"",
		"2020-07-17T15:33:20.000001Z")
	    LINE("would-deny", "www.example.org", "\"address\":\"abcd\"",
		"2020-07-17T15:33:21Z")
	    LINE("allow", "a.example.org", "", "2020-07-17T15:33:20Z")
	    LINE("deny", "b.example.org", "", "2020-07-17T15:33:20Z"),
	    false, s, &r);
	CU_ASSERT_EQUAL(r.events, 4);
	CU_ASSERT_EQUAL(r.off_list, 2);
	CU_ASSERT_EQUAL(r.other, 0);
	one = only(s);
	CU_ASSERT_EQUAL(one.queries, 2);
	CU_ASSERT_EQUAL(one.clients, 2);
	CU_ASSERT_EQUAL(one.first_us, 1595000000000001);
	CU_ASSERT_EQUAL(one.last_us, 1595000001000000);
	dp_suggest_close(&s);
}

static void refused_ones_count_on_request(void)
{
	struct dp_suggest *s = suggest_open();
	struct dp_suggest_read r;

	read_text(LINE("deny", "b.example.org", "", "?"), true, s, &r);
	CU_ASSERT_EQUAL(r.off_list, 1);
	CU_ASSERT_EQUAL(only(s).first_us, 0);
	dp_suggest_close(&s);
}

#define ANSWER(verdict, name, rcode) \
	"{\"dns\":{\"question\":{\"name\":\"" name "\"}," \
	"\"response_code\":\"" rcode "\"}," \
	"\"dnspin\":{\"verdict\":\"" verdict "\"}}\n"

static const char answers[] =
    ANSWER("would-deny", "no.example.org", "NXDOMAIN")
    ANSWER("would-deny", "no.example.org", "NXDOMAIN")
    ANSWER("would-deny", "new.example.org", "NXDOMAIN")
    ANSWER("would-deny", "new.example.org", "NOERROR")
    ANSWER("deny", "refused.example.org", "NXDOMAIN")
    ANSWER("allow", "gone.example.org", "NXDOMAIN");

/* Mode strict says NXDOMAIN, too; of what was refused nobody knows. */
static void names_that_do_not_exist_need_no_rule(void)
{
	static const struct {
		bool denied, absent;
		uint64_t off_list, nxdomains;
		size_t rules;
	} cases[] = {
		{ false, false, 4, 3, 1 },
		{ true, false, 5, 3, 2 },
		{ false, true, 4, 0, 2 },
		{ true, true, 5, 0, 3 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_suggest_read r = { .denied = cases[i].denied,
			.absent = cases[i].absent,
			.asked_for = { 16, "\2no\7example\3org" } };
		struct dp_suggest *s = suggest_open();

		read_on(answers, s, &r);
		CU_ASSERT_EQUAL(r.events, 6);
		CU_ASSERT_EQUAL(r.off_list, cases[i].off_list);
		CU_ASSERT_EQUAL(r.nxdomains, cases[i].nxdomains);
		CU_ASSERT_EQUAL(r.nxdomains_asked_for,
		    cases[i].absent ? 0 : 2);
		CU_ASSERT_EQUAL(rules(s), cases[i].rules);
		dp_suggest_close(&s);
	}
}

/* client-privacy = omit */
static void clients_that_are_not_told_are_not_counted(void)
{
	struct dp_suggest *s = suggest_open();
	struct dp_suggest_read r;

	read_text(LINE("would-deny", "b.example.org", "", "?")
	    LINE("would-deny", "b.example.org", "", "?"), false, s, &r);
	CU_ASSERT_EQUAL(only(s).queries, 2);
	CU_ASSERT_EQUAL(only(s).clients, 0);
	dp_suggest_close(&s);
}

static void what_is_no_event_is_told_apart(void)
{
	struct dp_suggest *s = suggest_open();
	struct dp_suggest_read r;

	read_text("junk\n{}\n[1]\n"
		  "{\"dnspin\":{\"lost\":12}}\n{\"dnspin\":{\"lost\":-1}}\n"
		  "{\"dnspin\":{\"seal\":{\"block\":1}}}\n"
		  "{\"dnspin\":{\"verdict\":\"maybe\"}}\n"
		  "{\"dnspin\":{\"verdict\":\"would-deny\"}}\n"
	    LINE("would-deny", "a..b", "", "?"), false, s, &r);
	CU_ASSERT_EQUAL(r.other, 4);
	CU_ASSERT_EQUAL(r.lost, 12);
	CU_ASSERT_EQUAL(r.events, 2); /* without a name */
	CU_ASSERT_EQUAL(r.off_list, 0);
	dp_suggest_close(&s);
}

static void many_losses_are_no_few(void)
{
	struct dp_suggest *s = suggest_open();
	struct dp_suggest_read r;

	read_text("{\"dnspin\":{\"lost\":9223372036854775807}}\n"
		  "{\"dnspin\":{\"lost\":9223372036854775807}}\n"
		  "{\"dnspin\":{\"lost\":9223372036854775807}}\n",
	    false, s, &r);
	CU_ASSERT_EQUAL(r.lost, UINT64_MAX);
	dp_suggest_close(&s);
}

UNIT_MAIN("suggest_read", UNIT(off_list_lines_count),
    UNIT(names_that_do_not_exist_need_no_rule),
    UNIT(clients_that_are_not_told_are_not_counted),
    UNIT(many_losses_are_no_few),
    UNIT(refused_ones_count_on_request),
    UNIT(what_is_no_event_is_told_apart))
