#include "dp_config.h"

#include "tests/unit/folder_of.h"
#include "tests/unit/logged.h"

#include <fcntl.h>

#include "tools/log/log_json.h"
#include "tools/log/log_resume.h"

static struct dp_log_positions positions;
static struct dp_diag diag;
static bool found;
static uint64_t whole_b;

static enum dp_err read_back(const char *text, size_t size_b)
{
	enum dp_err err;
	int fd;

	CU_ASSERT_FATAL(unit_write(folder_path("log"), text, size_b));
	fd = open(folder_path("log"), O_RDONLY);
	CU_ASSERT_FATAL(fd >= 0);
	memset(&positions, 0, sizeof(positions));
	found = false;
	whole_b = 999;
	err = dp_log_resume_read(&positions, &found, &whole_b, fd, "log",
	    &diag);
	close(fd);
	return err;
}

#define HEAD "{\"event\":{\"kind\":\"state\"},\"dnspin\":{\"positions\":[" \
	"{\"ring\":0,\"id\":\"00000000000000aa\",\"number\":5}," \
	"{\"ring\":2,\"id\":\"00000000000000bb\",\"number\":9}]}}\n"
#define EVENT(ring, number) "{\"event\":{\"sequence\":" number "}," \
	"\"dnspin\":{\"ring\":" ring "}}\n"
#define LOSS(ring, next) "{\"event\":{\"kind\":\"pipeline_error\"}," \
	"\"dnspin\":{\"ring\":" ring ",\"lost\":3,\"next\":" next "}}\n"

static void what_is_behind_the_last_positions_counts(void)
{
	static const struct {
		const char *text;
		bool found;
		uint64_t zero, two;
		uint64_t half_b;
	} cases[] = {
		{ "", false, 0, 0, 0 },
		{ "no log\n", false, 0, 0, 0 },
		{ HEAD, true, 5, 9, 0 },
		{ HEAD EVENT("0", "6") EVENT("2", "10") EVENT("0", "7"), true,
		    7, 10, 0 },
		{ EVENT("0", "1") HEAD LOSS("2", "20"), true, 5, 19, 0 },
		{ HEAD EVENT("0", "6") "{\"event\":{\"seq", true, 6, 9, 14 },
		/* Half a line of positions is none. */
		{ HEAD EVENT("0", "6") DP_LOG_POSITIONS_BEGIN "{\"ring\":0",
		    true, 6, 9, sizeof(DP_LOG_POSITIONS_BEGIN) - 1 + 9 },
		{ HEAD EVENT("0", "6") HEAD, true, 5, 9, 0 },
		/* Lines of others, and of rings that nobody knows. */
		{ HEAD "{}\n[]\n{\"dnspin\":7}\nx\n" EVENT("5", "1") EVENT("-1",
		    "1") EVENT("0", "-1") EVENT("0", "\"6\""), true, 5, 9, 0 },
		{ "x" HEAD, false, 0, 0, 0 },
		{ DP_LOG_POSITIONS_BEGIN "]}}\n", true, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].text);

		CU_ASSERT_EQUAL(read_back(cases[i].text, n), DP_OK);
		CU_ASSERT_EQUAL(found, cases[i].found);
		CU_ASSERT_EQUAL(positions.ring[0].number, cases[i].zero);
		CU_ASSERT_EQUAL(positions.ring[2].number, cases[i].two);
		CU_ASSERT_EQUAL(whole_b, n - cases[i].half_b);
		CU_ASSERT_EQUAL(positions.ring[2].known, cases[i].two > 0);
		if (cases[i].two > 0)
			CU_ASSERT_EQUAL(positions.ring[2].id, 0xbb);
	}
}

/* Cut anywhere: what whole lines say, and no more. */
static void any_end_is_understood(void)
{
	static const char text[] = HEAD EVENT("0", "6") EVENT("0", "7");
	size_t head_b = strlen(HEAD), event_b = strlen(EVENT("0", "6"));

	for (size_t n = 0; n < sizeof(text); n++) {
		size_t events = n < head_b ? 0 : (n - head_b) / event_b;

		CU_ASSERT_EQUAL(read_back(text, n), DP_OK);
		CU_ASSERT_EQUAL(found, n >= head_b);
		CU_ASSERT_EQUAL(positions.ring[0].number,
		    n < head_b ? 0 : 5 + events);
		CU_ASSERT_EQUAL(whole_b,
		    n < head_b ? 0 : head_b + events * event_b);
	}
}

static void what_is_written_is_read_back(void)
{
	struct dp_log_json *j = dp_log_json_open();
	struct dp_log_batch b = { .size_b = 0 };
	struct dp_log_positions before;
	struct dp_stream_item item;

	memset(&before, 0, sizeof(before));
	item = logged_item(1, 100);
	item.id = UINT64_MAX;
	dp_log_positions_enter(&before, &item);
	dp_log_json_positions(j, &before, LOGGED_US, &b);
	/* Far more than is read at first. */
	for (item.number = 100; item.number < 1000; item.number++)
		dp_log_json_item(j, &item, &b);
	CU_ASSERT(b.size_b > 300000);
	CU_ASSERT_EQUAL(read_back((const char *)b.bytes, b.size_b), DP_OK);
	CU_ASSERT(found);
	CU_ASSERT_EQUAL(positions.ring[1].number, 999);
	CU_ASSERT_EQUAL(positions.ring[1].id, UINT64_MAX);
	item = logged_loss(DP_STREAM_LOST, 1000, 2000);
	dp_log_json_item(j, &item, &b);
	CU_ASSERT_EQUAL(read_back((const char *)b.bytes, b.size_b), DP_OK);
	CU_ASSERT_EQUAL(positions.ring[1].number, 1999);
	dp_log_batch_free(&b);
	dp_log_json_close(&j);
}

static void a_turned_file_tells_as_well(void)
{
	folder_empty();
	memset(&positions, 0, sizeof(positions));
	CU_ASSERT_EQUAL(dp_log_resume_turned(&positions, &found,
	    folder_path("log"), &diag), DP_OK);
	CU_ASSERT_FALSE(found);
	CU_ASSERT_FATAL(unit_write(folder_path("logbook"), "", 0));
	CU_ASSERT_FATAL(unit_write(folder_path("log.20261122T192426Z"), HEAD
	    EVENT("0", "8"), strlen(HEAD EVENT("0", "8"))));
	CU_ASSERT_EQUAL(dp_log_resume_turned(&positions, &found,
	    folder_path("log"), &diag), DP_OK);
	CU_ASSERT(found);
	CU_ASSERT_EQUAL(positions.ring[0].number, 8);
	CU_ASSERT_EQUAL(dp_log_resume_turned(&positions, &found,
	    "/nowhere/at/all/log", &diag), DP_OK);
	CU_ASSERT_FALSE(found);
	folder_empty();
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT(what_is_behind_the_last_positions_counts),
		UNIT(any_end_is_understood),
		UNIT(what_is_written_is_read_back),
		UNIT(a_turned_file_tells_as_well),
		CU_TEST_INFO_NULL,
	};

	return unit_run("log_resume", folder_make, folder_remove, tests);
}
