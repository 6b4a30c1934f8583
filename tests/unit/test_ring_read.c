#include "dp_config.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/ring_of.h"

#define FAST 300000 /* records; several rounds of the smallest ring */
#define QUICK_FAST 60000

static void every_record_comes_once_and_in_order(void)
{
	struct dp_ring *r;
	struct dp_ring_reader *rd;
	struct dp_ring_item item;
	uint64_t seen = 0;

	unlink(ring_path);
	r = ring_open();
	rd = ring_reader();
	for (uint64_t i = 1; i <= 20000; i++) {
		ring_write(r, i);
		if (i % 700 != 0)
			continue;
		while (dp_ring_next(rd, &item) == DP_RING_RECORD) {
			CU_ASSERT_EQUAL_FATAL(item.number, ++seen);
			CU_ASSERT_FATAL(ring_is_whole(&item));
		}
		CU_ASSERT_EQUAL_FATAL(seen, i);
	}
	dp_ring_reader_close(&rd);
	dp_ring_close(&r);
}

static void who_is_slow_is_told_how_much_it_lost(void)
{
	struct dp_ring *r;
	struct dp_ring_reader *rd;
	struct dp_ring_item item;
	uint64_t seen = 0, lost = 0;

	unlink(ring_path);
	r = ring_open();
	ring_write(r, 1);
	rd = ring_reader();
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_RECORD);
	for (uint64_t i = 2; i <= 50000; i++)
		ring_write(r, i);
	for (;;) {
		enum dp_ring_step step = dp_ring_next(rd, &item);

		if (step == DP_RING_NONE)
			break;
		if (step == DP_RING_LOST)
			lost += item.lost;
		else
			seen++;
	}
	CU_ASSERT_EQUAL(seen + lost, 49999);
	CU_ASSERT(lost > 0);
	CU_ASSERT(seen > 500); /* of some 1500 that fit */
	CU_ASSERT_EQUAL(dp_ring_reader_expected(rd), 50001);
	dp_ring_reader_close(&rd);
	dp_ring_close(&r);
}

static void reading_can_begin_at_a_number(void)
{
	struct dp_ring *r;
	struct dp_ring_reader *rd;
	struct dp_ring_item item;

	unlink(ring_path);
	r = ring_open();
	for (uint64_t i = 1; i <= 100; i++)
		ring_write(r, i);
	rd = ring_reader();
	dp_ring_reader_seek(rd, 60);
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_RECORD);
	CU_ASSERT_EQUAL(item.number, 60);
	dp_ring_reader_close(&rd);
	rd = ring_reader();
	dp_ring_reader_seek(rd, 101);
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_NONE);
	ring_write(r, 101);
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_RECORD);
	CU_ASSERT_EQUAL(item.number, 101);
	dp_ring_reader_close(&rd);
	dp_ring_close(&r);
}

static unsigned fast; /* records */
static atomic_bool done;

static void *write_fast(void *arg)
{
	for (uint64_t i = 1; i <= fast; i++)
		ring_write(arg, i);
	atomic_store(&done, true);
	return NULL;
}

/* However the two run: what is read is whole, and read and lost make all. */
static void a_reader_beside_a_fast_writer(void)
{
	struct dp_ring *r;
	struct dp_ring_reader *rd;
	struct dp_ring_item item;
	uint64_t seen = 0, lost = 0;
	bool last = false;
	pthread_t t;

	unlink(ring_path);
	fast = unit_turns(FAST, QUICK_FAST);
	atomic_store(&done, false);
	r = ring_open();
	rd = ring_reader();
	dp_ring_reader_seek(rd, 1);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, write_fast, r), 0);
	for (;;) {
		enum dp_ring_step step = dp_ring_next(rd, &item);

		if (step == DP_RING_NONE && last)
			break;
		if (step == DP_RING_NONE)
			last = atomic_load(&done);
		if (step == DP_RING_LOST)
			lost += item.lost;
		if (step == DP_RING_RECORD) {
			seen++;
			CU_ASSERT_FATAL(ring_is_whole(&item));
		}
	}
	pthread_join(t, NULL);
	CU_ASSERT_EQUAL(seen + lost, fast);
	dp_ring_reader_close(&rd);
	dp_ring_close(&r);
}

static void fill_file(void)
{
	struct dp_ring *r;

	unlink(ring_path);
	r = ring_open();
	for (uint64_t i = 1; i <= 5000; i++)
		ring_write(r, i);
	dp_ring_close(&r);
}

static void change(off_t at, const void *bytes, size_t size_b)
{
	int fd = open(ring_path, O_WRONLY);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(pwrite(fd, bytes, size_b, at), (ssize_t)size_b);
	close(fd);
}

/* Reads to the end, whatever it finds; the number of records. */
static uint64_t read_on(struct dp_ring_reader *rd)
{
	struct dp_ring_item item;
	uint64_t seen = 0;

	for (uint64_t i = 0; i < 100000; i++) {
		enum dp_ring_step step = dp_ring_next(rd, &item);

		if (step == DP_RING_NONE)
			return seen;
		if (step == DP_RING_RECORD) {
			CU_ASSERT(item.size_b <= DP_RING_PAYLOAD_MAX);
			seen += item.size_b > 0 ? item.bytes[0] < 255 : 1;
		}
	}
	CU_FAIL("it never ends");
	return seen;
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void hostile_octets_end_nothing(void)
{
	uint64_t seed = 88172645463325252u;
	const uint64_t file_b = DP_RING_DATA_AT + DP_RING_MIN_B;
	const unsigned turns = unit_turns(3000, 500);

	fill_file();
	for (unsigned i = 0; i < turns; i++) {
		uint64_t value = random_next(&seed);
		uint64_t at = random_next(&seed);
		struct dp_ring_reader *rd;
		struct dp_diag diag;

		/* The head half of the time, small numbers sometimes. */
		at %= i % 2 ? file_b - 8 : 120;
		value >>= i % 5 ? 0 : value % 64;
		change((off_t)at, &value, sizeof(value));
		if (dp_ring_reader_open(&rd, ring_path, &diag) != DP_OK) {
			fill_file();
			continue;
		}
		(void)read_on(rd);
		dp_ring_reader_close(&rd);
	}
}

static void a_file_cut_short_ends_nothing(void)
{
	static const off_t sizes[] = { 0, 1, 64, 88, 100, 4096, 5000, 20480,
		100000 };
	struct dp_ring_reader *rd, *other;
	struct dp_diag diag;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill_file();
		rd = ring_reader();
		CU_ASSERT_EQUAL_FATAL(truncate(ring_path, sizes[i]), 0);
		(void)read_on(rd);
		dp_ring_reader_close(&rd);
		if (dp_ring_reader_open(&other, ring_path, &diag) == DP_OK) {
			(void)read_on(other);
			dp_ring_reader_close(&other);
		}
	}
}

static void garbage_costs_its_block_and_is_counted(void)
{
	static const uint8_t garbage[64] = { 255, 255 };
	struct dp_ring_reader *rd;
	struct dp_ring_item item;
	enum dp_ring_step step;
	uint64_t seen = 0, lost = 0;
	struct dp_ring *r;

	unlink(ring_path);
	r = ring_open();
	for (uint64_t i = 1; i <= 400; i++)
		ring_write(r, i);
	dp_ring_close(&r);
	change(DP_RING_DATA_AT + DP_RING_BLOCK_B, garbage, sizeof(garbage));
	rd = ring_reader();
	while ((step = dp_ring_next(rd, &item)) != DP_RING_NONE) {
		seen += step == DP_RING_RECORD;
		lost += step == DP_RING_LOST ? item.lost : 0;
	}
	CU_ASSERT_EQUAL(seen + lost, 400);
	CU_ASSERT(lost > 50 && lost < 150);
	dp_ring_reader_close(&rd);
}

/* The file as it was once, put over what it is. */
static void a_ring_that_went_back_is_said_so(void)
{
	static uint8_t copy[DP_RING_DATA_AT + DP_RING_MIN_B];
	struct dp_ring_reader *rd;
	struct dp_ring_item item;
	struct dp_ring *r;
	int fd;

	unlink(ring_path);
	r = ring_open();
	ring_write(r, 1);
	fd = open(ring_path, O_RDWR);
	CU_ASSERT_EQUAL_FATAL(pread(fd, copy, sizeof(copy), 0), sizeof(copy));
	ring_write(r, 2);
	ring_write(r, 3);
	rd = ring_reader();
	CU_ASSERT_EQUAL(dp_ring_reader_end(rd), 4);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_RECORD);
	dp_ring_close(&r);
	CU_ASSERT_EQUAL_FATAL(pwrite(fd, copy, sizeof(copy), 0), sizeof(copy));
	CU_ASSERT(dp_ring_reader_is_at(rd, ring_path));
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_BACK);
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_RECORD);
	CU_ASSERT_EQUAL(item.number, 1);
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_NONE);
	r = ring_open();
	ring_write(r, 2);
	CU_ASSERT_EQUAL(dp_ring_next(rd, &item), DP_RING_RECORD);
	CU_ASSERT_EQUAL(item.number, 2);
	copy[offsetof(struct dp_ring_d, id)]++;
	CU_ASSERT_EQUAL_FATAL(pwrite(fd, copy, sizeof(copy), 0), sizeof(copy));
	CU_ASSERT_FALSE(dp_ring_reader_is_at(rd, ring_path));
	close(fd);
	dp_ring_reader_close(&rd);
	dp_ring_close(&r);
}

static void what_is_no_ring_is_said_so(void)
{
	struct dp_ring_reader *rd;
	struct dp_diag diag;

	unlink(ring_path);
	CU_ASSERT_EQUAL(dp_ring_reader_open(&rd, ring_path, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL(dp_ring_reader_open(&rd, ring_dir, &diag),
	    DP_ERR_FORMAT);
	fill_file();
	change(0, "x", 1);
	CU_ASSERT_EQUAL(dp_ring_reader_open(&rd, ring_path, &diag),
	    DP_ERR_FORMAT);
	CU_ASSERT_STRING_EQUAL(diag.reason,
	    "is not a ring of events of this release");
	rd = NULL;
	dp_ring_reader_close(&rd);
}

UNIT_MAIN_WITH("ring_read", ring_folder_make, ring_folder_remove,
    UNIT(every_record_comes_once_and_in_order),
    UNIT(who_is_slow_is_told_how_much_it_lost),
    UNIT(reading_can_begin_at_a_number),
    UNIT(a_reader_beside_a_fast_writer),
    UNIT(hostile_octets_end_nothing),
    UNIT(a_file_cut_short_ends_nothing),
    UNIT(garbage_costs_its_block_and_is_counted),
    UNIT(a_ring_that_went_back_is_said_so),
    UNIT(what_is_no_ring_is_said_so))
