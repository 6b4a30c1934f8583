#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/logged.h"
#include "tests/unit/rings_of.h"

#include "tools/cli.h"
#include "tools/log/log_run.h"

static struct dp_ring *ring;
static uint16_t told;

static void ring_make(uint64_t id)
{
	ring = rings_anew(id);
	told = 0;
}

/* Events that are told apart by their port. */
static void tell(int count, enum dp_event_verdict verdict)
{
	while (count-- > 0) {
		struct dp_stream_item item = logged_item(0, 0);

		item.event.fixed.port = ++told;
		item.event.fixed.verdict = (uint8_t)verdict;
		item.event.fixed.time_us = LOGGED_US - 1000000000 + told;
		rings_tell(ring, &item.event);
	}
}

static struct command_line line;

/* With the file "log", unless it has none. */
static int run(const char *options)
{
	struct dp_log_options o;
	char text[1024];
	int code;

	snprintf(text, sizeof(text), "log -1 %s%s%s", options,
	    strstr(options, "-f") ? "" : " -O ",
	    strstr(options, "-f") ? "" : folder_path("log"));
	command_line_begin(&line, text);
	code = dp_log_options_parse(&o, line.argc, line.argv, 0);
	if (code == DP_EXIT_OK)
		code = dp_log_run(rings_state, &o);
	command_line_end(&line);
	dp_log_options_free(&o);
	return code;
}

/* How often text is in the file "log". */
static int count_of(const char *text)
{
	int count = 0;

	for (const char *at = folder_read("log"); (at = strstr(at, text));
	     at++)
		count++;
	return count;
}

static void runs_go_on_where_they_ended(void)
{
	ring_make(1);
	for (int i = 1; i <= 3; i++) {
		char last[64];

		tell(5, DP_EVENT_VERDICT_ALLOW);
		CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
		CU_ASSERT_STRING_EQUAL(line.err.text, "");
		CU_ASSERT_EQUAL(count_of("\"kind\":\"event\""), 5 * i);
		CU_ASSERT_EQUAL(count_of("\"kind\":\"pipeline_error\""), 0);
		snprintf(last, sizeof(last), "\"sequence\":%d}", 5 * i);
		CU_ASSERT_EQUAL(count_of(last), 1);
	}
	/* Moved by who rotates logs: it is known where it ended. */
	rename(folder_path("log"), folder_path("log.1"));
	tell(1, DP_EVENT_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
	CU_ASSERT_EQUAL(count_of("\"kind\":\"event\""), 1);
	CU_ASSERT_EQUAL(count_of("\"sequence\":16}"), 1);
	dp_ring_close(&ring);
	folder_empty();
}

/* Killed anywhere: the next run makes the file what it would have been. */
static void any_end_is_gone_on_from(void)
{
	char whole[FOLDER_TEXT_MAX];
	size_t size_b;

	ring_make(1);
	tell(4, DP_EVENT_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
	size_b = strlen(strcpy(whole, folder_read("log")));
	for (size_t n = 0; n <= size_b; n += 7) {
		CU_ASSERT_FATAL(unit_write(folder_path("log"), whole, n));
		CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
		CU_ASSERT_EQUAL(count_of("\"kind\":\"event\""), 4);
		for (int i = 1; i <= 4; i++) {
			char text[64];

			snprintf(text, sizeof(text), "\"sequence\":%d}", i);
			CU_ASSERT_EQUAL(count_of(text), 1);
		}
	}
	dp_ring_close(&ring);
	folder_empty();
}

static void gaps_are_declared(void)
{
	ring_make(1);
	tell(2, DP_EVENT_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
	tell(30000, DP_EVENT_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(run("-V deny"), DP_EXIT_OK);
	/* The filter leaves all out but the loss. */
	CU_ASSERT_EQUAL(count_of("\"lost\":"), 1);
	CU_ASSERT_EQUAL(count_of("\"kind\":\"event\""), 2);
	tell(1, DP_EVENT_VERDICT_DENY);
	CU_ASSERT_EQUAL(run("-V deny"), DP_EXIT_OK);
	CU_ASSERT_EQUAL(count_of("\"lost\":"), 1);
	CU_ASSERT_EQUAL(count_of("\"sequence\":30003}"), 1);
	dp_ring_close(&ring);
	ring_make(2);
	tell(1, DP_EVENT_VERDICT_DENY);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
	CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
	CU_ASSERT_EQUAL(count_of("\"anew\":true"), 1);
	CU_ASSERT_EQUAL(count_of("\"sequence\":1}"), 2);
	dp_ring_close(&ring);
	folder_empty();
}

static void standard_output_gets_what_is_there(void)
{
	ring_make(1);
	tell(2, DP_EVENT_VERDICT_ALLOW);
	tell(1, DP_EVENT_VERDICT_DENY);
	CU_ASSERT_EQUAL(run("-f text -V deny"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "Z deny "));
	CU_ASSERT_PTR_EQUAL(strchr(line.out.text, '\n'),
	    line.out.text + strlen(line.out.text) - 1);
	CU_ASSERT_EQUAL(run("-f json"), DP_EXIT_OK);
	CU_ASSERT_PTR_NULL(strstr(line.out.text, "positions"));
	dp_ring_close(&ring);
}

static void without_rings_there_is_nothing(void)
{
	rings_empty();
	CU_ASSERT_EQUAL(run("-f text"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "dnspin: log: there are no events yet: does Unbound run"));
}

/* A clock that ran ahead once does not hide what came afterwards. */
static void times_to_come_end_nothing(void)
{
	struct dp_stream_item ahead = logged_item(0, 0);

	ring_make(1);
	ahead.event.fixed.time_us = UINT64_C(1) << 52; /* 2112 */
	ahead.event.fixed.verdict = DP_EVENT_VERDICT_DENY;
	rings_tell(ring, &ahead.event);
	tell(2, DP_EVENT_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(run("-f text"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "2112"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "Z allow "));
	dp_ring_close(&ring);
}

/* What the others hold is told; that it is not all, by message and status. */
static void a_ring_that_cannot_be_read_is_said(void)
{
	ring_make(1);
	tell(1, DP_EVENT_VERDICT_DENY);
	CU_ASSERT_EQUAL_FATAL(mkdir(rings_path(1), 0755), 0);
	CU_ASSERT_EQUAL(run("-f text"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "Z deny "));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "events/1: is not a regular file"));
	rmdir(rings_path(1));
	dp_ring_close(&ring);
}

UNIT_MAIN_WITH("log_run", rings_make, rings_remove,
    UNIT(runs_go_on_where_they_ended),
    UNIT(any_end_is_gone_on_from),
    UNIT(gaps_are_declared),
    UNIT(standard_output_gets_what_is_there),
    UNIT(without_rings_there_is_nothing),
    UNIT(times_to_come_end_nothing),
    UNIT(a_ring_that_cannot_be_read_is_said))
