#include "dp_config.h"

#include "tests/unit/capture.h"
#include "tests/unit/folder_of.h"
#include "tests/unit/logged.h"

#include "tools/log/log_out.h"

#define SECOND_US UINT64_C(1000000)

static struct dp_log_positions positions;
static struct capture err;

struct opened {
	struct dp_log_target target;
	struct dp_log_form *form;
	struct dp_log_out *out;
	char path[512];
	bool resumes;
};

static enum dp_err out_open_at(struct opened *o, enum dp_log_format format,
    const char *name, uint64_t turn_b)
{
	struct dp_diag diag;

	memset(o, 0, sizeof(*o));
	snprintf(o->path, sizeof(o->path), "%s", folder_path(name));
	o->target.file = o->path;
	o->target.format = format;
	o->target.turns.size_b = turn_b;
	o->form = dp_log_form_open(format);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o->form);
	memset(&positions, 0, sizeof(positions));
	return dp_log_out_open(&o->out, &o->target, o->form, LOGGED_US,
	    &positions, &o->resumes, &diag);
}

static enum dp_err out_open(struct opened *o, enum dp_log_format format)
{
	return out_open_at(o, format, "log", 0);
}

static void out_close(struct opened *o)
{
	CU_ASSERT_EQUAL(dp_log_out_end(o->out, LOGGED_US), DP_OK);
	dp_log_out_close(&o->out);
	CU_ASSERT_PTR_NULL(o->out);
	dp_log_form_close(&o->form);
}

static enum dp_log_wrote write_text(struct opened *o, const char *text,
    uint64_t after_us)
{
	struct dp_log_batch b = { .size_b = 0 };
	enum dp_log_wrote wrote;

	dp_log_batch_add(&b, text, strlen(text));
	wrote = dp_log_out_write(o->out, &b, &positions,
	    LOGGED_US + after_us);
	CU_ASSERT_EQUAL(b.size_b, wrote == DP_LOG_WROTE ? 0 : strlen(text));
	dp_log_batch_free(&b);
	return wrote;
}

static void a_file_begins_with_positions(void)
{
	struct opened o;

	CU_ASSERT_EQUAL_FATAL(out_open(&o, DP_LOG_JSON), DP_OK);
	CU_ASSERT_FALSE(o.resumes);
	CU_ASSERT_EQUAL(write_text(&o, "", 0), DP_LOG_WROTE);
	CU_ASSERT_STRING_EQUAL(folder_read("log"), "");
	positions.count = 1;
	positions.ring[0] = (struct dp_log_position){ true, 0xa, 7 };
	CU_ASSERT_EQUAL(write_text(&o, "one\n", 0), DP_LOG_WROTE);
	CU_ASSERT_EQUAL(write_text(&o, "two\nhalf", 0), DP_LOG_WROTE);
	out_close(&o);

	capture_begin(&err, stderr);
	CU_ASSERT_EQUAL(out_open(&o, DP_LOG_JSON), DP_OK);
	capture_end(&err);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text,
	    "cut off half a line at its end, 4 octets"));
	CU_ASSERT(o.resumes);
	CU_ASSERT_EQUAL(positions.ring[0].number, 7);
	CU_ASSERT_EQUAL(write_text(&o, "three\n", 0), DP_LOG_WROTE);
	out_close(&o);
	CU_ASSERT_PTR_NOT_NULL(strstr(folder_read("log"),
	    "\"number\":7}]},\"@timestamp\":\"2026-11-22T19:24:26.123456Z\"}\n"
	    "one\ntwo\nthree\n"));
	folder_empty();
}

static void a_removed_file_is_begun_anew(void)
{
	struct opened o;

	CU_ASSERT_EQUAL_FATAL(out_open(&o, DP_LOG_TEXT), DP_OK);
	CU_ASSERT_EQUAL(write_text(&o, "one\n", 0), DP_LOG_WROTE);
	folder_empty();
	capture_begin(&err, stderr);
	CU_ASSERT_EQUAL(write_text(&o, "two\n", SECOND_US), DP_LOG_WROTE);
	capture_end(&err);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text,
	    "log: was moved or removed: begun anew\n"));
	CU_ASSERT_STRING_EQUAL(folder_read("log"), "two\n");
	/* Moved by who says so: at once, and nothing needs saying. */
	rename(o.path, folder_path("log.1"));
	dp_log_out_reopen(o.out);
	capture_begin(&err, stderr);
	CU_ASSERT_EQUAL(write_text(&o, "three\n", SECOND_US), DP_LOG_WROTE);
	capture_end(&err);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	CU_ASSERT_STRING_EQUAL(folder_read("log"), "three\n");
	out_close(&o);
	folder_empty();
}

static void trouble_is_said_once_and_so_is_its_end(void)
{
	char away[512];
	struct opened o;

	CU_ASSERT_EQUAL_FATAL(out_open(&o, DP_LOG_TEXT), DP_OK);
	CU_ASSERT_EQUAL(write_text(&o, "one\n", 0), DP_LOG_WROTE);
	folder_empty();
	snprintf(away, sizeof(away), "%s.away", folder_at);
	CU_ASSERT_EQUAL_FATAL(rename(folder_at, away), 0);
	capture_begin(&err, stderr);
	for (uint64_t i = 1; i < 5; i++)
		CU_ASSERT_EQUAL(write_text(&o, "two\n", i * SECOND_US),
		    DP_LOG_FAILED);
	CU_ASSERT_EQUAL_FATAL(rename(away, folder_at), 0);
	CU_ASSERT_EQUAL(write_text(&o, "two\n", 5 * SECOND_US), DP_LOG_WROTE);
	capture_end(&err);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "log: cannot open: No such"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(err.text, "cannot open"));
	CU_ASSERT_PTR_NULL(strstr(strstr(err.text, "cannot open") + 1,
	    "cannot open"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "log: goes on\n"));
	CU_ASSERT_STRING_EQUAL(folder_read("log"), "two\n");
	out_close(&o);
	folder_empty();
}

static void a_turned_file_has_an_end_and_the_next_a_begin(void)
{
	char name[256] = "";
	struct opened o;

	CU_ASSERT_EQUAL_FATAL(out_open(&o, DP_LOG_DNSTAP), DP_OK);
	CU_ASSERT_EQUAL(write_text(&o, "frame", 0), DP_LOG_WROTE);
	out_close(&o);
	CU_ASSERT_EQUAL(folder_list(name, ""), 1);
	CU_ASSERT_EQUAL_FATAL(out_open(&o, DP_LOG_DNSTAP), DP_OK);
	CU_ASSERT_EQUAL(folder_list(name, "log"), 2);
	CU_ASSERT_STRING_EQUAL(name, "log.20261122T192426Z");
	CU_ASSERT_EQUAL(memcmp(folder_read(name) + 42,
	    "frame\0\0\0\0\0\0\0\4\0\0\0\3", 18), 0);
	out_close(&o);
	folder_empty();
}

/* Control frames STOP in a file of Frame Streams. */
static unsigned count_stops(const char *path)
{
	static const uint8_t stop[12] = { [7] = 4, [11] = 3 };
	static uint8_t bytes[4096];
	FILE *in = fopen(path, "rb");
	unsigned count = 0;
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	n = fread(bytes, 1, sizeof(bytes), in);
	fclose(in);
	for (size_t i = 0; i + sizeof(stop) <= n; i++)
		count += memcmp(bytes + i, stop, sizeof(stop)) == 0;
	return count;
}

/* With the time behind it its name is too long. All of it can be read. */
static void a_file_that_cannot_be_turned_grows(void)
{
	char name[246];
	struct opened o;

	memset(name, 'l', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(out_open_at(&o, i ? DP_LOG_DNSTAP :
			DP_LOG_TEXT, name, 1), DP_OK);
		capture_begin(&err, stderr);
		for (int k = 0; k < 5; k++)
			CU_ASSERT_EQUAL(write_text(&o, "text\n", 0),
			    DP_LOG_WROTE);
		capture_end(&err);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text,
		    "cannot rename: File name too long\n"));
		CU_ASSERT_EQUAL(strchr(err.text, '\n')[1], '\0');
		CU_ASSERT_EQUAL(count_stops(o.path), 0);
		out_close(&o);
		CU_ASSERT_EQUAL(count_stops(o.path), (unsigned)i);
		folder_empty();
	}
}

/* Each file has one end, and it is its own. */
static void a_file_in_dnstap_is_turned_with_its_end(void)
{
	char name[256] = "";
	struct opened o;

	CU_ASSERT_EQUAL_FATAL(out_open_at(&o, DP_LOG_DNSTAP, "log", 1),
	    DP_OK);
	CU_ASSERT_EQUAL(write_text(&o, "frame", 0), DP_LOG_WROTE);
	CU_ASSERT_EQUAL(folder_list(name, "log"), 2);
	CU_ASSERT_EQUAL(count_stops(folder_path(name)), 1);
	CU_ASSERT_STRING_EQUAL(folder_read("log"), "");
	out_close(&o);
	folder_empty();
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT(a_file_begins_with_positions),
		UNIT(a_removed_file_is_begun_anew),
		UNIT(trouble_is_said_once_and_so_is_its_end),
		UNIT(a_turned_file_has_an_end_and_the_next_a_begin),
		UNIT(a_file_that_cannot_be_turned_grows),
		UNIT(a_file_in_dnstap_is_turned_with_its_end),
		CU_TEST_INFO_NULL,
	};

	return unit_run("log_out", folder_make, folder_remove, tests);
}
