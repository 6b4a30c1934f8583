#include "dp_config.h"

#include "tests/unit/rings_of.h"

#include "tools/log/event_stream.h"

#define NOW_US UINT64_C(1595000000000000)

static struct dp_diag diag;

/* An event that tells its time and a number of the test's own. */
static void tell(struct dp_ring *r, uint64_t after_us, uint16_t port)
{
	struct dp_event e;

	memset(&e, 0, sizeof(e));
	e.fixed.time_us = NOW_US + after_us;
	e.fixed.port = port;
	rings_tell(r, &e);
}

static struct dp_stream *stream_open(void)
{
	struct dp_stream *s = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_stream_open(&s, rings_state, &diag), DP_OK);
	return s;
}

static void next_is(struct dp_stream *s, uint64_t now_us, uint16_t port)
{
	struct dp_stream_item item;

	CU_ASSERT_FATAL(dp_stream_next(s, now_us, &item));
	CU_ASSERT_EQUAL(item.kind, DP_STREAM_EVENT);
	CU_ASSERT_EQUAL(item.event.fixed.port, port);
}

static void rings_are_merged_by_time(void)
{
	struct dp_stream_item item;
	struct dp_ring *a, *b;
	struct dp_stream *s;

	a = rings_anew(1);
	b = rings_open(1, 2, 1);
	tell(a, 10, 1);
	tell(a, 30, 3);
	tell(a, 50, 5);
	tell(b, 20, 2);
	tell(b, 40, 4);
	s = stream_open();
	for (uint16_t i = 1; i <= 4; i++)
		next_is(s, NOW_US + 60, i);
	/* b might yet bring an earlier one. */
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 60, &item));
	CU_ASSERT_EQUAL(dp_stream_count(s), 2);
	next_is(s, NOW_US + 60 + DP_STREAM_ORDER_US, 5);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 2 * DP_STREAM_ORDER_US,
	    &item));
	tell(b, 70, 6);
	next_is(s, UINT64_MAX, 6);
	dp_stream_close(&s);
	dp_ring_close(&a);
	dp_ring_close(&b);
}

/* A clock that ran ahead holds up no ring. */
static void times_to_come_are_not_waited_for(void)
{
	struct dp_stream_item item;
	struct dp_ring *a, *b;
	struct dp_stream *s;

	a = rings_anew(1);
	b = rings_open(1, 2, 1);
	tell(a, UINT64_C(1) << 60, 1);
	tell(a, 10, 2);
	s = stream_open();
	next_is(s, NOW_US + 1000, 1);
	tell(b, 20, 3);
	next_is(s, NOW_US + 3000, 2);
	next_is(s, NOW_US + 5000 + DP_STREAM_ORDER_US, 3);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 100000, &item));
	dp_stream_close(&s);
	dp_ring_close(&a);
	dp_ring_close(&b);
}

static void rings_may_come_later(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	struct dp_ring *a;

	rings_empty();
	s = stream_open();
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US, &item));
	a = rings_open(0, 1, 1);
	tell(a, 0, 7);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 1000, &item));
	next_is(s, NOW_US + 1000000, 7);
	CU_ASSERT_FALSE(dp_stream_trouble(s, &diag));
	dp_ring_close(&a);
	dp_stream_close(&s);
}

static void losses_are_told_where_they_are(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	struct dp_ring *a;

	a = rings_anew(1);
	tell(a, 1, 1);
	s = stream_open();
	next_is(s, UINT64_MAX, 1);
	for (uint64_t i = 2; i <= 50000; i++)
		tell(a, i, 2);
	CU_ASSERT_FATAL(dp_stream_next(s, NOW_US + 100000, &item));
	CU_ASSERT_EQUAL_FATAL(item.kind, DP_STREAM_LOST);
	CU_ASSERT_EQUAL(item.from_us, NOW_US + 1);
	CU_ASSERT_EQUAL(item.number, item.lost + 2);
	CU_ASSERT_EQUAL(item.until_us, NOW_US + item.number);
	CU_ASSERT_FATAL(dp_stream_next(s, NOW_US + 100000, &item));
	CU_ASSERT_EQUAL(item.kind, DP_STREAM_EVENT);
	CU_ASSERT_EQUAL(item.event.fixed.time_us, NOW_US + item.number);
	dp_ring_close(&a);
	dp_stream_close(&s);
}

static void what_is_no_event_is_lost(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	struct dp_ring *a;

	a = rings_anew(1);
	CU_ASSERT(dp_ring_write(a, DP_RING_EVENT, (uint64_t[]){ 1, 2 }, 2));
	CU_ASSERT(dp_ring_write(a, (enum dp_ring_kind)9, (uint64_t[]){ 1 },
	    1));
	tell(a, 5, 3);
	s = stream_open();
	CU_ASSERT_FATAL(dp_stream_next(s, UINT64_MAX, &item));
	CU_ASSERT_EQUAL(item.kind, DP_STREAM_LOST);
	CU_ASSERT_EQUAL(item.lost, 2);
	next_is(s, UINT64_MAX, 3);
	dp_ring_close(&a);
	dp_stream_close(&s);
}

static void a_replaced_ring_is_read_to_its_end_first(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	struct dp_ring *a;

	a = rings_anew(1);
	tell(a, 1, 1);
	s = stream_open();
	next_is(s, NOW_US + 100000, 1);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 110000, &item));
	tell(a, 2, 2);
	dp_ring_close(&a);
	a = rings_open(0, 2, 2); /* after a reboot */
	tell(a, 3, 3);
	next_is(s, NOW_US + 1000000, 2);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 1010000, &item));
	next_is(s, NOW_US + 2000000, 3);
	dp_ring_close(&a);
	dp_stream_close(&s);
}

static void a_ring_made_anew_is_said_so(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	struct dp_ring *a;

	a = rings_anew(1);
	tell(a, 1, 1);
	tell(a, 2, 2);
	s = stream_open();
	next_is(s, NOW_US + 100000, 1);
	next_is(s, NOW_US + 100000, 2);
	dp_ring_close(&a);
	a = rings_anew(3); /* somebody emptied the folder */
	tell(a, 9, 9);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 1000000, &item));
	CU_ASSERT_FATAL(dp_stream_next(s, NOW_US + 2000000, &item));
	CU_ASSERT_EQUAL(item.kind, DP_STREAM_ANEW);
	CU_ASSERT_EQUAL(item.id, 3);
	CU_ASSERT_EQUAL(item.from_us, NOW_US + 2);
	CU_ASSERT_EQUAL(item.until_us, NOW_US + 9);
	next_is(s, NOW_US + 2000000, 9);
	dp_ring_close(&a);
	dp_stream_close(&s);
}

static void reading_goes_on_where_it_ended(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	struct dp_ring *a;

	a = rings_anew(1);
	for (uint16_t i = 1; i <= 5; i++)
		tell(a, i, i);
	s = stream_open();
	CU_ASSERT_EQUAL(dp_stream_resume(s, 0, 1, 3), DP_OK);
	next_is(s, UINT64_MAX, 4);
	dp_stream_close(&s);

	/* The ring was replaced meanwhile: what it counted on is missing. */
	dp_ring_close(&a);
	a = rings_open(0, 2, 2);
	tell(a, 6, 6);
	s = stream_open();
	CU_ASSERT_EQUAL(dp_stream_resume(s, 0, 1, 3), DP_OK);
	CU_ASSERT_FATAL(dp_stream_next(s, UINT64_MAX, &item));
	CU_ASSERT_EQUAL(item.kind, DP_STREAM_LOST);
	CU_ASSERT_EQUAL(item.lost, 2);
	next_is(s, UINT64_MAX, 6);
	dp_stream_close(&s);

	/* It is not the one that it was. */
	s = stream_open();
	CU_ASSERT_EQUAL(dp_stream_resume(s, 0, 9, 1000), DP_OK);
	CU_ASSERT_FATAL(dp_stream_next(s, UINT64_MAX, &item));
	CU_ASSERT_EQUAL(item.kind, DP_STREAM_ANEW);
	CU_ASSERT_EQUAL(item.from_us, 0);
	next_is(s, UINT64_MAX, 6);
	dp_stream_close(&s);

	CU_ASSERT_EQUAL(dp_stream_resume(s = stream_open(), 5000, 1, 1),
	    DP_ERR_LIMIT);
	dp_stream_close(&s);
	dp_ring_close(&a);
}

/* Bytes of a ring's file: to be put back later. */
static void ring_copy(uint8_t *bytes, size_t size_b, int ring, bool back)
{
	FILE *f = fopen(rings_path(ring), back ? "r+b" : "rb");

	CU_ASSERT_FATAL(f != NULL);
	CU_ASSERT_EQUAL_FATAL(back ? fwrite(bytes, 1, size_b, f) :
	    fread(bytes, 1, size_b, f), size_b);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
}

static uint8_t copy[DP_RING_DATA_AT + DP_RING_MIN_B];

/* Written over the ring, or renamed to its path; a reader that runs, or one that
 * begins afterwards: what comes next is told, and that it is another life. */
static void an_older_copy_is_said_so(void)
{
	for (int form = 0; form < 4; form++) {
		bool runs = form & 1, renamed = form & 2;
		struct dp_stream_item item;
		struct dp_stream *s;
		struct dp_ring *a;
		uint64_t at_us = NOW_US + 1000000;

		rings_empty();
		a = rings_open(0, 1, 1);
		tell(a, 1, 1);
		ring_copy(copy, sizeof(copy), 0, false);
		for (uint16_t i = 2; i <= 20; i++)
			tell(a, i, i);
		s = stream_open();
		for (uint16_t i = 1; i <= 20; i++)
			next_is(s, at_us, i);
		CU_ASSERT_FALSE(dp_stream_next(s, at_us + 10000, &item));
		dp_ring_close(&a);
		if (renamed) { /* another file */
			if (!runs)
				dp_stream_close(&s);
			rings_empty();
			a = rings_open(0, 1, 1);
			dp_ring_close(&a);
		}
		ring_copy(copy, sizeof(copy), 0, true);
		if (!runs) {
			dp_stream_close(&s);
			s = stream_open();
			CU_ASSERT_EQUAL(dp_stream_resume(s, 0, 1, 20), DP_OK);
		}
		a = rings_open(0, 1, 1);
		tell(a, 30, 30); /* number 2 of it */
		while (!dp_stream_next(s, at_us += 300000, &item))
			CU_ASSERT_FATAL(at_us < NOW_US + 10000000);
		CU_ASSERT_EQUAL(item.kind, DP_STREAM_ANEW);
		next_is(s, at_us, 1);
		next_is(s, at_us, 30);
		CU_ASSERT_FALSE(dp_stream_next(s, at_us + 600000, &item));
		dp_ring_close(&a);
		dp_stream_close(&s);
	}
}

/* The same file under another inode is no other life. */
static void a_moved_ring_goes_on(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	struct dp_ring *a;

	rings_empty();
	a = rings_open(0, 1, 1);
	tell(a, 1, 1);
	tell(a, 2, 2);
	ring_copy(copy, sizeof(copy), 0, false);
	s = stream_open();
	next_is(s, NOW_US + 100000, 1);
	next_is(s, NOW_US + 100000, 2);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 110000, &item));
	dp_ring_close(&a);
	rings_empty();
	a = rings_open(0, 7, 1);
	dp_ring_close(&a);
	ring_copy(copy, sizeof(copy), 0, true);
	a = rings_open(0, 7, 1);
	tell(a, 3, 3);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 1000000, &item));
	next_is(s, NOW_US + 2000000, 3);
	dp_ring_close(&a);
	dp_stream_close(&s);
}

static void a_ring_that_is_missing_hides_no_other(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	struct dp_ring *a;

	rings_empty();
	a = rings_open(2, 1, 1);
	tell(a, 1, 1);
	CU_ASSERT_EQUAL_FATAL(mkdir(rings_path(1), 0755), 0);
	s = stream_open();
	next_is(s, UINT64_MAX, 1);
	CU_ASSERT_FALSE(dp_stream_next(s, UINT64_MAX, &item));
	CU_ASSERT_EQUAL(dp_stream_count(s), 1);
	CU_ASSERT(dp_stream_trouble(s, &diag));
	rmdir(rings_path(1));
	dp_ring_close(&a);
	dp_stream_close(&s);
}

static void a_ring_cut_short_is_said(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	struct dp_ring *a;

	rings_empty();
	a = rings_open(0, 1, 1);
	tell(a, 1, 1);
	dp_ring_close(&a);
	s = stream_open();
	next_is(s, NOW_US, 1);
	CU_ASSERT_EQUAL_FATAL(truncate(rings_path(0), DP_RING_DATA_AT), 0);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 1000000, &item));
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 2000000, &item));
	CU_ASSERT(dp_stream_trouble(s, &diag));
	a = rings_open(0, 2, 1);
	tell(a, 2, 2);
	CU_ASSERT_FATAL(dp_stream_next(s, NOW_US + 3000000, &item));
	CU_ASSERT_EQUAL(item.kind, DP_STREAM_ANEW);
	next_is(s, NOW_US + 3000000, 2);
	CU_ASSERT_FALSE(dp_stream_trouble(s, &diag));
	dp_ring_close(&a);
	dp_stream_close(&s);
}

static void reading_can_begin_now(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	struct dp_ring *a;

	a = rings_anew(1);
	tell(a, 1, 1);
	s = stream_open();
	dp_stream_skip(s);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US, &item));
	tell(a, 2, 2);
	next_is(s, NOW_US + 100000, 2);
	dp_ring_close(&a);
	dp_stream_close(&s);
}

static void what_cannot_be_read_is_said(void)
{
	struct dp_stream_item item;
	struct dp_stream *s;
	const char *path = rings_path(0);

	rings_empty();
	s = stream_open();
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0755), 0);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US, &item));
	CU_ASSERT(dp_stream_trouble(s, &diag));
	CU_ASSERT_STRING_EQUAL(diag.reason, "is not a regular file");
	rmdir(path);
	CU_ASSERT_FALSE(dp_stream_next(s, NOW_US + 1000000, &item));
	CU_ASSERT_FALSE(dp_stream_trouble(s, &diag));
	dp_stream_close(&s);
	dp_stream_close(&s);
}

UNIT_MAIN_WITH("event_stream", rings_make, rings_remove,
    UNIT(rings_are_merged_by_time),
    UNIT(times_to_come_are_not_waited_for),
    UNIT(rings_may_come_later),
    UNIT(losses_are_told_where_they_are),
    UNIT(what_is_no_event_is_lost),
    UNIT(a_replaced_ring_is_read_to_its_end_first),
    UNIT(a_ring_made_anew_is_said_so),
    UNIT(reading_goes_on_where_it_ended),
    UNIT(an_older_copy_is_said_so),
    UNIT(a_moved_ring_goes_on),
    UNIT(a_ring_that_is_missing_hides_no_other),
    UNIT(a_ring_cut_short_is_said),
    UNIT(reading_can_begin_now),
    UNIT(what_cannot_be_read_is_said))
