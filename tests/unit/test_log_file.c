#include "dp_config.h"

#include "tests/unit/folder_of.h"
#include "tests/unit/small_disk.h"

#include "tools/log/log_file.h"

#define DAY_S UINT64_C(86400)

static const struct dp_log_turns never;
static struct dp_diag diag;

static struct dp_log_batch batch(const char *text)
{
	struct dp_log_batch b = { .size_b = 0 };

	dp_log_batch_add(&b, text, strlen(text));
	return b;
}

static struct dp_log_file *file_open(const struct dp_log_turns *turns)
{
	static char path[512];
	struct dp_log_file *f = NULL;

	snprintf(path, sizeof(path), "%s", folder_path("log"));
	CU_ASSERT_EQUAL_FATAL(dp_log_file_open(&f, path, turns, &diag),
	    DP_OK);
	return f;
}

static void add(struct dp_log_file *f, const char *head, const char *body)
{
	struct dp_log_batch h = batch(head), b = batch(body);

	CU_ASSERT_EQUAL(dp_log_file_write(f, &h, &b, &diag), DP_OK);
	dp_log_batch_free(&h);
	dp_log_batch_free(&b);
}

static void what_is_there_is_continued(void)
{
	struct dp_log_file *f = file_open(&never);
	struct stat st;

	CU_ASSERT(dp_log_file_is_new(f));
	add(f, "head\n", "one\n");
	CU_ASSERT_FALSE(dp_log_file_is_new(f));
	dp_log_file_close(&f);
	CU_ASSERT_EQUAL(stat(folder_path("log"), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0137, 0);
	f = file_open(&never);
	CU_ASSERT_EQUAL(dp_log_file_size_b(f), 9);
	add(f, "", "two\n");
	CU_ASSERT_EQUAL(dp_log_file_cut(f, 5, &diag), DP_OK);
	add(f, "", "three\n");
	CU_ASSERT_STRING_EQUAL(folder_read("log"), "head\nthree\n");
	dp_log_file_close(&f);
	folder_empty();
}

static void only_one_may_write(void)
{
	struct dp_log_file *f = file_open(&never), *other = NULL;

	CU_ASSERT_EQUAL(dp_log_file_open(&other, folder_path("log"), &never,
	    &diag), DP_ERR_BUSY);
	CU_ASSERT_STRING_EQUAL(diag.reason,
	    "another dnspin log writes to it");
	dp_log_file_close(&f);
	folder_empty();
}

static void what_is_no_file_is_refused(void)
{
	struct dp_log_file *f = NULL;

	CU_ASSERT_EQUAL(dp_log_file_open(&f, folder_at, &never, &diag),
	    DP_ERR_IO);
	CU_ASSERT_EQUAL(dp_log_file_open(&f, "/dev/null", &never, &diag),
	    DP_ERR_FORMAT);
	CU_ASSERT_EQUAL_FATAL(symlink("/dev/null", folder_path("link")), 0);
	CU_ASSERT_EQUAL(dp_log_file_open(&f, folder_path("link"), &never,
	    &diag), DP_ERR_FORMAT);
	CU_ASSERT_EQUAL(dp_log_file_open(&f, folder_path("no/log"), &never,
	    &diag), DP_ERR_IO);
	CU_ASSERT_PTR_NULL(f);
	folder_empty();
}

static void it_is_turned_in_time(void)
{
	static const struct dp_log_turns turns = { 10, DAY_S };
	struct dp_log_file *f = file_open(&turns);
	char name[256];
	struct stat st;
	uint64_t now_s;

	CU_ASSERT_EQUAL(stat(folder_path("log"), &st), 0);
	now_s = (uint64_t)st.st_ctim.tv_sec;
	CU_ASSERT_FALSE(dp_log_file_is_due(f, now_s + 10 * DAY_S));
	add(f, "", "1234\n");
	CU_ASSERT_FALSE(dp_log_file_is_due(f, now_s));
	CU_ASSERT(dp_log_file_is_due(f, now_s + DAY_S));
	CU_ASSERT_FALSE(dp_log_file_is_due(f,
	    now_s - now_s % DAY_S + DAY_S - 1));
	add(f, "", "5678\n");
	CU_ASSERT(dp_log_file_is_due(f, now_s));
	CU_ASSERT_EQUAL(dp_log_file_turn(f, 1795375466, &diag), DP_OK);
	CU_ASSERT(dp_log_file_is_new(f));
	add(f, "", "new\n");
	CU_ASSERT_STRING_EQUAL(folder_read("log"), "new\n");
	CU_ASSERT_STRING_EQUAL(folder_read("log.20261122T192426Z"),
	    "1234\n5678\n");
	/* Again within the second. */
	CU_ASSERT_EQUAL(dp_log_file_turn(f, 1795375466, &diag), DP_OK);
	CU_ASSERT_STRING_EQUAL(folder_read("log.20261122T192427Z"), "new\n");
	CU_ASSERT_EQUAL(folder_list(name, ""), 3);
	dp_log_file_close(&f);
	folder_empty();
}

static void it_grows_while_all_names_are_taken(void)
{
	static const struct dp_log_turns turns = { 1, 0 };
	const uint64_t now_s = 1795375466;
	struct dp_log_file *f = file_open(&turns);

	for (int i = 0; i < 60; i++) {
		add(f, "", "1\n");
		CU_ASSERT_FATAL(dp_log_file_is_due(f, now_s));
		CU_ASSERT_EQUAL(dp_log_file_turn(f, now_s, &diag), DP_OK);
	}
	add(f, "", "2\n");
	CU_ASSERT_FALSE(dp_log_file_is_due(f, now_s));
	add(f, "", "3\n");
	CU_ASSERT(dp_log_file_is_due(f, now_s + 1));
	CU_ASSERT_EQUAL(dp_log_file_turn(f, now_s + 1, &diag), DP_OK);
	CU_ASSERT_STRING_EQUAL(folder_read("log.20261122T192526Z"), "2\n3\n");
	dp_log_file_close(&f);
	folder_empty();
}

static void a_moved_file_is_noticed(void)
{
	struct dp_log_file *f = file_open(&never);

	add(f, "", "old\n");
	CU_ASSERT(dp_log_file_is_there(f));
	CU_ASSERT_EQUAL(dp_log_file_reopen(f, &diag), DP_OK);
	CU_ASSERT_FALSE(dp_log_file_is_new(f));
	rename(folder_path("log"), folder_path("log.1"));
	CU_ASSERT_FALSE(dp_log_file_is_there(f));
	add(f, "", "still\n");
	CU_ASSERT_EQUAL(dp_log_file_reopen(f, &diag), DP_OK);
	add(f, "", "new\n");
	CU_ASSERT_STRING_EQUAL(folder_read("log.1"), "old\nstill\n");
	CU_ASSERT_STRING_EQUAL(folder_read("log"), "new\n");
	dp_log_file_close(&f);
	folder_empty();
}

/* All or nothing, and nothing is half. */
static bool full_disk(void)
{
	static char lines[40000];
	struct dp_log_batch none = { .size_b = 0 }, many;
	struct dp_log_file *f = NULL;
	struct stat st;
	int taken = 0;

	memset(lines, 'x', sizeof(lines));
	lines[sizeof(lines) - 1] = '\0';
	many = batch(lines);
	if (dp_log_file_open(&f, folder_path("log"), &never, &diag) != DP_OK)
		return false;
	while (taken < 10 &&
	    dp_log_file_write(f, &none, &many, &diag) == DP_OK)
		taken++;
	return taken > 0 && taken < 10 &&
	    strstr(diag.reason, "No space") != NULL &&
	    stat(folder_path("log"), &st) == 0 &&
	    (size_t)st.st_size == (size_t)taken * many.size_b &&
	    dp_log_file_cut(f, 0, &diag) == DP_OK &&
	    dp_log_file_write(f, &none, &many, &diag) == DP_OK;
}

static void a_full_disk_takes_no_part(void)
{
	small_disk_run(full_disk, folder_at, "128k");
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT(what_is_there_is_continued),
		UNIT(only_one_may_write),
		UNIT(what_is_no_file_is_refused),
		UNIT(it_is_turned_in_time),
		UNIT(it_grows_while_all_names_are_taken),
		UNIT(a_moved_file_is_noticed),
		UNIT(a_full_disk_takes_no_part),
		CU_TEST_INFO_NULL,
	};

	return unit_run("log_file", folder_make, folder_remove, tests);
}
