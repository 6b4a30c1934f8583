#include "dp_config.h"

#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "module/core/file.h"
#include "tests/unit/ring_of.h"

static struct dp_diag diag;

static void a_record_that_is_too_long_is_refused(void)
{
	struct dp_ring *r;
	struct dp_ring_reader *rd;
	struct dp_ring_item item;
	uint64_t words[DP_RING_RECORD_MAX / 8] = { 1 };

	unlink(ring_path);
	r = ring_open();
	CU_ASSERT_FALSE(dp_ring_write(r, DP_RING_EVENT, words,
	    DP_RING_PAYLOAD_MAX / 8 + 1));
	CU_ASSERT_TRUE(dp_ring_write(r, DP_RING_EVENT, words,
	    DP_RING_PAYLOAD_MAX / 8));
	rd = ring_reader();
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_RECORD);
	CU_ASSERT_EQUAL(item.number, 1);
	CU_ASSERT_EQUAL(item.size_b, DP_RING_PAYLOAD_MAX);
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_NONE);
	dp_ring_reader_close(&rd);
	dp_ring_close(&r);
	dp_ring_close(&r);
}

static void one_writer_at_a_time(void)
{
	struct dp_ring *r, *other = NULL;

	unlink(ring_path);
	r = ring_open();
	CU_ASSERT_EQUAL(dp_ring_open(&other, ring_path, &ring_made, &diag),
	    DP_ERR_BUSY);
	dp_ring_close(&r);
	r = ring_open();
	dp_ring_close(&r);
}

static void a_writer_goes_on_where_the_last_one_ended(void)
{
	struct dp_ring *r;
	struct dp_ring_reader *rd;
	struct dp_ring_item item;

	unlink(ring_path);
	for (uint64_t i = 1; i <= 1000; i++) {
		r = ring_open();
		ring_write(r, i);
		dp_ring_close(&r);
	}
	rd = ring_reader();
	for (uint64_t i = 1; i <= 1000; i++) {
		CU_ASSERT_EQUAL_FATAL(dp_ring_next(rd, &item), DP_RING_RECORD);
		CU_ASSERT_EQUAL(item.number, i);
		CU_ASSERT(ring_is_whole(&item));
	}
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_NONE);
	dp_ring_reader_close(&rd);
}

static const struct {
	const char *name;
	struct dp_ring_made made;
} others[] = {
	{ "larger", { 2 * DP_RING_MIN_B, 8, { 1, 2 } } },
	{ "another boot", { 0, 9, { 1, 3 } } },
};

static void another_size_or_boot_makes_a_new_file_and_counts_on(void)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct dp_ring *r;
		struct dp_ring_reader *old, *new;
		struct dp_ring_item item;

		unlink(ring_path);
		r = ring_open();
		ring_write(r, 1);
		ring_write(r, 2);
		old = ring_reader();
		dp_ring_close(&r);
		CU_ASSERT_EQUAL_FATAL(dp_ring_open(&r, ring_path,
					  &others[i].made, &diag), DP_OK);
		ring_write(r, 3);
		CU_ASSERT_EQUAL(dp_ring_next(old, &item), DP_RING_RECORD);
		CU_ASSERT_EQUAL(dp_ring_next(old, &item), DP_RING_RECORD);
		CU_ASSERT_EQUAL(dp_ring_next(old, &item), DP_RING_NONE);
		CU_ASSERT_FALSE(dp_ring_reader_is_at(old, ring_path));
		new = ring_reader();
		CU_ASSERT_TRUE(dp_ring_reader_is_at(new, ring_path));
		CU_ASSERT_EQUAL(dp_ring_reader_first(new), 3);
		CU_ASSERT_EQUAL(dp_ring_reader_id(new), others[i].made.id);
		CU_ASSERT_EQUAL(dp_ring_next(new, &item), DP_RING_RECORD);
		CU_ASSERT_EQUAL(item.number, 3);
		dp_ring_reader_close(&old);
		dp_ring_reader_close(&new);
		dp_ring_close(&r);
	}
}

/* A file that is no ring, or of which somebody changed the head. */
/* By somebody else, while it is written. */
static void what_was_done_to_a_ring_is_noticed(void)
{
	static const char junk[64] = "junk";
	struct dp_ring *r;

	for (int form = 0; form < 4; form++) {
		unlink(ring_path);
		r = ring_open();
		CU_ASSERT_TRUE(dp_ring_is_at(r, ring_path));
		if (form == 0) {
			CU_ASSERT_EQUAL_FATAL(unlink(ring_path), 0);
		} else if (form < 3) {
			CU_ASSERT_EQUAL_FATAL(truncate(ring_path,
			    DP_RING_DATA_AT + (form > 1)), 0);
		} else {
			FILE *f = fopen(ring_path, "r+b");

			CU_ASSERT_FATAL(f != NULL);
			CU_ASSERT_EQUAL(fwrite(junk, 1, sizeof(junk), f),
			    sizeof(junk));
			fclose(f);
		}
		CU_ASSERT_FALSE(dp_ring_is_at(r, ring_path));
		dp_ring_close(&r);
	}
}

static void what_is_no_ring_is_replaced(void)
{
	static const uint8_t junk[10000] = "junk";
	struct dp_ring *r;
	struct dp_ring_reader *rd;

	unlink(ring_path);
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(ring_path, junk, sizeof(junk),
				  0644, &diag), DP_OK);
	r = ring_open();
	ring_write(r, 1);
	rd = ring_reader();
	CU_ASSERT_EQUAL(dp_ring_reader_first(rd), 1);
	dp_ring_reader_close(&rd);
	dp_ring_close(&r);
	unlink(ring_path);
	CU_ASSERT_EQUAL_FATAL(symlink("/dev/null", ring_path), 0);
	CU_ASSERT_EQUAL(dp_ring_open(&r, ring_path, &ring_made, &diag),
	    DP_ERR_FORMAT);
	unlink(ring_path);
	CU_ASSERT_EQUAL_FATAL(mkdir(ring_path, 0755), 0);
	CU_ASSERT_NOT_EQUAL(dp_ring_open(&r, ring_path, &ring_made, &diag),
	    DP_OK);
	rmdir(ring_path);
}

static void write_until_killed(int ready)
{
	struct dp_ring *r = ring_open();

	ring_write(r, 1);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (uint64_t i = 2;; i++)
		ring_write(r, i);
}

/* The last number that is there; every record is whole. */
static uint64_t read_all(void)
{
	struct dp_ring_reader *rd = ring_reader();
	struct dp_ring_item item;
	uint64_t last = 0;

	while (dp_ring_next(rd, &item) == DP_RING_RECORD) {
		CU_ASSERT_FATAL(ring_is_whole(&item));
		last = item.number;
	}
	dp_ring_reader_close(&rd);
	return last;
}

/* The number of the record that was written after the one of number last. */
static uint64_t after(uint64_t last)
{
	struct dp_ring_reader *rd = ring_reader();
	struct dp_ring_item item;

	dp_ring_reader_seek(rd, last + 1);
	while (dp_ring_next(rd, &item) == DP_RING_LOST)
		;
	dp_ring_reader_close(&rd);
	return item.number;
}

/* Nothing that a killed writer leaves is taken for a record, and who takes over
 * counts on: a number is missing at most. */
static void a_killed_writer_leaves_whole_records(void)
{
	for (useconds_t round = 0; round < 30; round++) {
		struct dp_ring *r;
		uint64_t last;
		int ready[2];
		char octet;
		pid_t pid;

		unlink(ring_path);
		CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
		pid = fork();
		CU_ASSERT_FATAL(pid >= 0);
		if (pid == 0)
			write_until_killed(ready[1]);
		CU_ASSERT_EQUAL(read(ready[0], &octet, 1), 1);
		usleep(137 * round);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(ready[0]);
		close(ready[1]);
		last = read_all();
		CU_ASSERT(last > 0);
		r = ring_open();
		CU_ASSERT(dp_ring_write(r, DP_RING_EVENT,
		    (uint64_t[]){ 0, 0 }, 2));
		dp_ring_close(&r);
		CU_ASSERT(after(last) - last <= 2);
	}
}

UNIT_MAIN_WITH("ring", ring_folder_make, ring_folder_remove,
    UNIT(a_record_that_is_too_long_is_refused),
    UNIT(one_writer_at_a_time),
    UNIT(a_writer_goes_on_where_the_last_one_ended),
    UNIT(another_size_or_boot_makes_a_new_file_and_counts_on),
    UNIT(what_was_done_to_a_ring_is_noticed),
    UNIT(what_is_no_ring_is_replaced),
    UNIT(a_killed_writer_leaves_whole_records))
