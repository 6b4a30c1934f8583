#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "tools/log/log_read.h"

struct seen {
	unsigned lines;
	struct dp_log_line last;
	char name[100];
	char client[100];
	char rcode[100];
	size_t addresses;
	enum dp_err answer;
};

static enum dp_err see(void *arg, const struct dp_log_line *line)
{
	struct seen *seen = arg;

	seen->lines++;
	seen->last = *line;
	snprintf(seen->name, sizeof(seen->name), "%s",
	    line->name ? line->name : "-");
	snprintf(seen->client, sizeof(seen->client), "%s", line->client);
	snprintf(seen->rcode, sizeof(seen->rcode), "%s", line->rcode);
	seen->addresses = json_array_size(line->addresses);
	return seen->answer;
}

static struct seen read_text(const char *text, enum dp_err answer)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct seen seen = { .answer = answer };
	struct dp_diag diag;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_EQUAL(dp_log_read(in, "x", see, &seen, &diag), answer);
	fclose(in);
	return seen;
}

static void lines_have_their_places(void)
{
	static const struct {
		const char *text;
		enum dp_log_kind kind;
		bool placed;
		uint64_t number;
	} cases[] = {
		{ "{\"event\":{\"sequence\":7},\"dnspin\":{\"ring\":3,"
		  "\"verdict\":\"allow\"}}", DP_LOG_EVENT, true, 7 },
		{ "{\"dnspin\":{\"ring\":3,\"lost\":4,\"next\":12}}",
		    DP_LOG_LOST, true, 11 },
		{ "{\"dnspin\":{\"ring\":3,\"anew\":true,\"next\":1}}",
		    DP_LOG_LOST, true, 0 },
		{ "{\"dnspin\":{\"ring\":3,\"lost\":4,\"next\":0}}",
		    DP_LOG_LOST, false, 0 },
		{ "{\"dnspin\":{\"ring\":-3,\"lost\":4,\"next\":1}}",
		    DP_LOG_LOST, false, 0 },
		{ "{\"dnspin\":{\"positions\":[]}}", DP_LOG_STATE, false, 0 },
		{ "{\"dnspin\":", DP_LOG_OTHER, false, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_log_line line;

		json_decref(dp_log_read_line(&line, cases[i].text,
		    strlen(cases[i].text)));
		CU_ASSERT_EQUAL(line.kind, cases[i].kind);
		CU_ASSERT_EQUAL(line.placed, cases[i].placed);
		CU_ASSERT_EQUAL(line.number, cases[i].number);
		CU_ASSERT_EQUAL(line.ring, cases[i].placed ? 3u : 0u);
	}
}

static void an_event_is_read(void)
{
	struct seen seen = read_text(
	    "{\"@timestamp\":\"2020-07-17T15:33:20.25Z\","
	    "\"client\":{\"ip\":\"192.0.2.1\",\"port\":5},"
	    "\"dns\":{\"question\":{\"name\":\"www.example.org\"},"
	    "\"response_code\":\"NOERROR\","
	    "\"resolved_ip\":[\"192.0.2.7\",\"2001:db8::1\"]},"
	    "\"dnspin\":{\"verdict\":\"would-deny\"}}", DP_OK);

	CU_ASSERT_EQUAL(seen.lines, 1);
	CU_ASSERT_EQUAL(seen.last.kind, DP_LOG_EVENT);
	CU_ASSERT_EQUAL(seen.last.verdict, DP_EVENT_VERDICT_WOULD_DENY);
	CU_ASSERT_EQUAL(seen.last.time_us, 1595000000250000);
	CU_ASSERT_STRING_EQUAL(seen.name, "www.example.org");
	CU_ASSERT_STRING_EQUAL(seen.client, "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(seen.rcode, "NOERROR");
	CU_ASSERT_EQUAL(seen.addresses, 2);
}

static const struct {
	const char *text;
	enum dp_log_kind kind;
	uint64_t lost;
} kinds[] = {
	{ "{\"dnspin\":{\"verdict\":\"allow\"}}", DP_LOG_EVENT, 0 },
	{ "{\"dnspin\":{\"lost\":7}}", DP_LOG_LOST, 7 },
	{ "{\"dnspin\":{\"lost\":-7}}", DP_LOG_LOST, 0 },
	{ "{\"dnspin\":{\"seal\":{}}}", DP_LOG_SEAL, 0 },
	{ "{\"dnspin\":{\"box\":\"AAAA\"}}", DP_LOG_BOX, 0 },
	{ "{\"dnspin\":{\"seal\":1}}", DP_LOG_OTHER, 0 },
	{ "{\"dnspin\":{\"verdict\":7}}", DP_LOG_OTHER, 0 },
	{ "{\"dnspin\":[]}", DP_LOG_OTHER, 0 },
	{ "{}", DP_LOG_OTHER, 0 },
	{ "[]", DP_LOG_OTHER, 0 },
	{ "junk", DP_LOG_OTHER, 0 },
	{ "\n", DP_LOG_OTHER, 0 },
	{ "{\"dnspin\":{\"verdict\":\"allow\"}", DP_LOG_OTHER, 0 },
	{ "{\"@timestamp\":5,\"client\":7,\"dns\":[],\"dnspin\":"
	  "{\"verdict\":\"deny\"}}", DP_LOG_EVENT, 0 },
};

static void other_lines_are_told_apart(void)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct seen seen = read_text(kinds[i].text, DP_OK);

		CU_ASSERT_EQUAL(seen.lines, 1);
		CU_ASSERT_EQUAL(seen.last.kind, kinds[i].kind);
		CU_ASSERT_EQUAL(seen.last.lost, kinds[i].lost);
		CU_ASSERT_STRING_EQUAL(seen.name, "-");
		CU_ASSERT_STRING_EQUAL(seen.client, "");
		CU_ASSERT_EQUAL(seen.last.time_us, 0);
	}
}

static void an_error_ends_the_reading(void)
{
	CU_ASSERT_EQUAL(read_text("{}\n{}\n", DP_ERR_NOMEM).lines, 1);
	CU_ASSERT_EQUAL(read_text("{}\n{}\n", DP_OK).lines, 2);
}

static void files_that_are_not_there_are_said(void)
{
	struct seen seen = { .lines = 0 };
	struct dp_diag diag;

	CU_ASSERT_EQUAL(dp_log_read_file("/nowhere", see, &seen, &diag),
	    DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(diag.object, "/nowhere");
	CU_ASSERT_EQUAL(dp_log_read_file("/", see, &seen, &diag), DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(diag.reason, "cannot read: Is a directory");
}

static void lines_without_end_cost_no_memory(void)
{
	size_t size_b = 3 * DP_LOG_LINE_MAX;
	char *text = malloc(size_b);
	struct seen seen;
	int n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, ' ', size_b);
	n = snprintf(text, 100, "%s", kinds[0].text);
	text[n] = ' ';
	text[DP_LOG_LINE_MAX] = '\n'; /* the longest, and one more */
	text[size_b - 1] = '\0';
	seen = read_text(text, DP_OK);
	CU_ASSERT_EQUAL(seen.lines, 2);
	CU_ASSERT_EQUAL(seen.last.kind, DP_LOG_OTHER);
	text[DP_LOG_LINE_MAX + 1] = '\0';
	CU_ASSERT_EQUAL(read_text(text, DP_OK).last.kind, DP_LOG_EVENT);
	text[DP_LOG_LINE_MAX] = ' ';
	seen = read_text(text, DP_OK);
	CU_ASSERT_EQUAL(seen.lines, 1);
	CU_ASSERT_EQUAL(seen.last.kind, DP_LOG_OTHER);
	free(text);
}

static void clients_are_no_novels(void)
{
	struct seen seen = read_text("{\"client\":{\"address\":\"01234567890"
	    "123456789012345678901234567890123456789012345678901234567890123"
	    "45678901234567890\"},\"dnspin\":{\"verdict\":\"deny\"}}", DP_OK);

	CU_ASSERT_EQUAL(seen.last.kind, DP_LOG_EVENT);
	CU_ASSERT_STRING_EQUAL(seen.client, "");
}

UNIT_MAIN("log_read", UNIT(an_event_is_read),
    UNIT(lines_have_their_places),
    UNIT(lines_without_end_cost_no_memory),
    UNIT(clients_are_no_novels),
    UNIT(other_lines_are_told_apart),
    UNIT(an_error_ends_the_reading),
    UNIT(files_that_are_not_there_are_said))
