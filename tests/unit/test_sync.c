#include "dp_config.h"

#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "module/core/file.h"
#include "module/core/sync.h"

#define MS UINT64_C(1000000)
#define LONG_NS (60000 * MS)
#define ROUNDS 20000

static char dir[64];
static char path[128];
static struct dp_diag diag;
static const uint8_t old_policy[DP_SYNC_DIGEST_B] = { 1, 2, 3 };
static const uint8_t policy[DP_SYNC_DIGEST_B] = { 4, 5, 6 };
static const uint8_t new_policy[DP_SYNC_DIGEST_B] = { 7, 8, 9 };

static int folder_make(void)
{
	snprintf(dir, sizeof(dir), "%s", "/tmp/dnspin-sync.XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/ack", dir);
	return 0;
}

static int folder_remove(void)
{
	unlink(path);
	return rmdir(dir);
}

static void open_both(struct dp_sync **w, struct dp_sync **r)
{
	unlink(path);
	CU_ASSERT_EQUAL_FATAL(dp_sync_create(w, path, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_sync_open_ro(r, path, &diag), DP_OK);
}

static void an_ack_is_about_a_map_and_a_policy(void)
{
	struct dp_sync *w, *r;

	open_both(&w, &r);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, policy), 0);
	dp_sync_subject(w, 11, old_policy);
	dp_sync_subject(w, 11, policy);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, policy), 0);
	dp_sync_ack(w, 5);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, policy), 5);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, old_policy), 5);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, new_policy), 0);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 12, policy), 0);
	dp_sync_subject(w, 11, policy); /* the same: nothing is withdrawn */
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, policy), 5);
	dp_sync_subject(w, 11, new_policy);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, new_policy), 0);
	dp_sync_ack(w, 6);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, new_policy), 6);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, policy), 6);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, old_policy), 0);
	dp_sync_subject(w, 12, new_policy);
	dp_sync_ack(w, 2);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 12, new_policy), 2);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 12, policy), 2);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, new_policy), 0);
	dp_sync_withdraw(w);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 12, new_policy), 0);
	dp_sync_close(&w);
	dp_sync_close(&r);
	dp_sync_close(&r);
}

static void a_new_agent_promises_nothing_in_the_same_file(void)
{
	struct dp_sync *w, *r;

	open_both(&w, &r);
	dp_sync_subject(w, 11, policy);
	dp_sync_ack(w, 5);
	dp_sync_close(&w);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, policy), 5);
	CU_ASSERT_EQUAL_FATAL(dp_sync_create(&w, path, &diag), DP_OK);
	CU_ASSERT_TRUE(dp_sync_is_at(r, path));
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, policy), 0);
	dp_sync_ack(w, 7);
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, policy), 7);
	unlink(path);
	CU_ASSERT_FALSE(dp_sync_is_at(r, path));
	dp_sync_close(&w);
	dp_sync_close(&r);
}

static void life_is_heard_of_within_a_second(void)
{
	static const struct {
		uint64_t beat_ms, now_ms;
		bool alive;
	} rows[] = {
		{ 5000, 5000, true },
		{ 5000, 5000 + DP_SYNC_DEAD_MS - 1, true },
		{ 5000, 5000 + DP_SYNC_DEAD_MS, false },
		{ 5000, 4999, true }, /* after somebody looked at the clock */
		{ 5000, 5000 - DP_SYNC_DEAD_MS + 1, true },
		/* from before the machine started */
		{ 5000, 5000 - DP_SYNC_DEAD_MS, false },
		{ 0, 5000, false },
		{ 0, 1, false },
	};
	struct dp_sync *w, *r;

	open_both(&w, &r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dp_sync_beat(w, rows[i].beat_ms * MS);
		CU_ASSERT_EQUAL(dp_sync_alive(r, rows[i].now_ms * MS),
		    rows[i].alive);
	}
	dp_sync_close(&w);
	dp_sync_close(&r);
}

static void reports_are_read_whole(void)
{
	struct dp_sync_report in = { .pid = 4711, .elements = 12 }, out;
	struct dp_sync *w, *r;

	open_both(&w, &r);
	memset(in.trouble, 'x', sizeof(in.trouble));
	dp_sync_publish(w, &in);
	CU_ASSERT_EQUAL_FATAL(dp_sync_read(r, &out), DP_OK);
	CU_ASSERT_EQUAL(out.pid, 4711);
	CU_ASSERT_EQUAL(out.elements, 12);
	CU_ASSERT_EQUAL(strlen((char *)out.trouble), sizeof(out.trouble) - 1);
	dp_sync_close(&w);
	dp_sync_close(&r);
}

static void files_of_others_are_refused_and_replaced(void)
{
	static const char foreign[2 * DP_SYNC_FILE_B] = "not ours";
	static const size_t sizes[] = { 0, 8, DP_SYNC_FILE_B - 1,
		sizeof(foreign) };
	struct dp_sync *s = NULL;

	unlink(path);
	CU_ASSERT_EQUAL(dp_sync_open_ro(&s, path, &diag), DP_ERR_NOTFOUND);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, foreign, sizes[i],
					  0644, &diag), DP_OK);
		CU_ASSERT_EQUAL(dp_sync_open_ro(&s, path, &diag),
		    DP_ERR_FORMAT);
		CU_ASSERT_PTR_NULL(s);
		CU_ASSERT_EQUAL_FATAL(dp_sync_create(&s, path, &diag), DP_OK);
		dp_sync_close(&s);
		CU_ASSERT_EQUAL_FATAL(dp_sync_open_ro(&s, path, &diag), DP_OK);
		dp_sync_close(&s);
	}
}

static void a_file_that_is_cut_short_promises_nothing(void)
{
	struct dp_sync_report out;
	struct dp_sync *w, *r;

	open_both(&w, &r);
	dp_sync_subject(w, 11, policy);
	dp_sync_ack(w, 5);
	dp_sync_beat(w, 5000 * MS);
	dp_sync_close(&w);
	CU_ASSERT_TRUE(dp_sync_alive(r, 5000 * MS));
	CU_ASSERT_EQUAL_FATAL(truncate(path, 0), 0);
	CU_ASSERT_FALSE(dp_sync_alive(r, 5000 * MS));
	CU_ASSERT_EQUAL(dp_sync_acked(r, 11, policy), 0);
	CU_ASSERT_EQUAL(dp_sync_read(r, &out), DP_ERR_FORMAT);
	dp_sync_wait(r, dp_sync_word(r), 1);
	CU_ASSERT_EQUAL_FATAL(dp_sync_create(&w, path, &diag), DP_OK);
	CU_ASSERT_FALSE(dp_sync_is_at(r, path));
	dp_sync_close(&w);
	dp_sync_close(&r);
}

static void *ack_many(void *arg)
{
	struct dp_sync *w = arg;

	/* Of the second map everything is acked, of the first nothing above
	 * the number of the round. */
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		dp_sync_subject(w, 1, policy);
		dp_sync_ack(w, n);
		dp_sync_subject(w, 2, policy);
		dp_sync_ack(w, 10 * ROUNDS);
	}
	return NULL;
}

static void no_ack_is_taken_for_that_of_another_map(void)
{
	struct dp_sync *w, *r;
	unsigned wrong = 0;
	pthread_t agent;

	open_both(&w, &r);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&agent, NULL, ack_many, w), 0);
	for (unsigned i = 0; i < 20 * ROUNDS; i++)
		wrong += dp_sync_acked(r, 1, policy) > ROUNDS;
	pthread_join(agent, NULL);
	CU_ASSERT_EQUAL(wrong, 0);
	dp_sync_close(&w);
	dp_sync_close(&r);
}

static void *ack_once(void *arg)
{
	dp_sync_ack(arg, 9);
	return NULL;
}

static void who_waits_is_woken_by_an_ack(void)
{
	struct dp_sync *w, *r;
	pthread_t agent;

	open_both(&w, &r);
	dp_sync_subject(w, 11, policy);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&agent, NULL, ack_once, w), 0);
	for (;;) {
		uint32_t word = dp_sync_word(r);

		if (dp_sync_acked(r, 11, policy) == 9)
			break;
		dp_sync_wait(r, word, LONG_NS);
	}
	pthread_join(agent, NULL);
	dp_sync_wait(r, dp_sync_word(r), 1); /* and by time */
	dp_sync_close(&w);
	dp_sync_close(&r);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT(an_ack_is_about_a_map_and_a_policy),
		UNIT(a_new_agent_promises_nothing_in_the_same_file),
		UNIT(life_is_heard_of_within_a_second),
		UNIT(reports_are_read_whole),
		UNIT(files_of_others_are_refused_and_replaced),
		UNIT(a_file_that_is_cut_short_promises_nothing),
		UNIT(no_ack_is_taken_for_that_of_another_map),
		UNIT(who_waits_is_woken_by_an_ack),
		CU_TEST_INFO_NULL,
	};

	return unit_run("sync", folder_make, folder_remove, tests);
}
