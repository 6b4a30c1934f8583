#include "dp_config.h"

#include "tests/unit/sealed.h"

#include "tools/seal/seal_line.h"

static struct sealed s;
static struct sealed_report report;
static const struct sealed_question plainly = { .still_open = false };

/* Seal lines of the first file, and the last one read. */
static size_t seal_lines(struct dp_seal_line *last)
{
	const struct sealed_file *f = &s.files[0];
	const char *from = f->text, *end = f->text + f->size_b, *next;
	size_t count = 0;

	for (; from < end; from = next) {
		next = (const char *)memchr(from, '\n',
		    (size_t)(end - from)) + 1;
		if (!dp_seal_line_is(from, (size_t)(next - from)))
			continue;
		count++;
		CU_ASSERT_EQUAL_FATAL(dp_seal_line_read(last, from,
		    (size_t)(next - from)), DP_OK);
	}
	return count;
}

static void add_at(uint64_t now_us, const char *line)
{
	struct dp_seal_item item = { .line = line, .line_b = strlen(line),
		.time_us = now_us };

	CU_ASSERT_EQUAL_FATAL(dp_seal_add(s.seal, &item, now_us), DP_OK);
	sealed_flush(&s);
}

static void tick(uint64_t now_us)
{
	CU_ASSERT_EQUAL_FATAL(dp_seal_tick(s.seal, now_us), DP_OK);
	sealed_flush(&s);
}

static void blocks_are_closed_in_time(void)
{
	static struct dp_seal_line last;

	sealed_begin(&s, sealed_key, NULL);
	tick(SEALED_NOW + 9000000); /* nothing is in the block */
	CU_ASSERT_EQUAL(seal_lines(&last), 1);
	add_at(SEALED_NOW, "one");
	tick(SEALED_NOW + 999999);
	CU_ASSERT_EQUAL(seal_lines(&last), 1);
	tick(SEALED_NOW + 1000000);
	CU_ASSERT_EQUAL(seal_lines(&last), 2);
	CU_ASSERT_EQUAL(last.lines, 1);
	CU_ASSERT_STRING_EQUAL(last.time, "2027-01-15T08:00:01.000000Z");
	/* By number, and by octets. */
	for (int i = 0; i < 4; i++)
		add_at(SEALED_NOW, "more");
	CU_ASSERT_EQUAL(seal_lines(&last), 3);
	CU_ASSERT_EQUAL(last.lines, 3);
	CU_ASSERT_EQUAL(last.before, 1);
	/* A clock that goes back does not keep it open. */
	tick(SEALED_NOW - 1);
	CU_ASSERT_EQUAL(seal_lines(&last), 4);
	CU_ASSERT_EQUAL(last.lines, 1);
	sealed_stop(&s);
	CU_ASSERT_EQUAL(seal_lines(&last), 5);
	CU_ASSERT_EQUAL(last.end, DP_SEAL_END_STOP);
}

/* Nobody can tell later whether nothing came, or nobody wrote. */
static void quiet_is_told_from_silence(void)
{
	const struct sealed_file *const files[] = { &s.files[0] };
	static struct dp_seal_line last;

	sealed_begin(&s, sealed_key, sealed_auditor_pub);
	tick(SEALED_NOW + 59999999);
	CU_ASSERT_EQUAL(seal_lines(&last), 1);
	tick(SEALED_NOW + 60000000);
	tick(SEALED_NOW + 119999999);
	CU_ASSERT_EQUAL(seal_lines(&last), 2);
	CU_ASSERT_TRUE(last.is_block);
	CU_ASSERT_EQUAL(last.octets, 0);
	CU_ASSERT_EQUAL(last.end, DP_SEAL_END_NO);
	/* What comes later waits no longer for that. */
	add_at(SEALED_NOW + 119000000, "one");
	tick(SEALED_NOW + 119999999);
	CU_ASSERT_EQUAL(seal_lines(&last), 2);
	tick(SEALED_NOW + 120000000);
	CU_ASSERT_EQUAL(seal_lines(&last), 3);
	CU_ASSERT_EQUAL(last.records, 1);
	tick(SEALED_NOW + 179999999);
	CU_ASSERT_EQUAL(seal_lines(&last), 3);
	/* A clock that goes back neither stops it nor makes more than one. */
	tick(SEALED_NOW);
	tick(SEALED_NOW + 59999999);
	CU_ASSERT_EQUAL(seal_lines(&last), 4);
	tick(SEALED_NOW + 60000000);
	CU_ASSERT_EQUAL(seal_lines(&last), 5);
	CU_ASSERT_EQUAL(dp_seal_end_file(s.seal, SEALED_NOW), DP_OK);
	sealed_flush(&s);
	tick(SEALED_NOW + 600000000);
	CU_ASSERT_EQUAL(seal_lines(&last), 6);
	CU_ASSERT_EQUAL(last.end, DP_SEAL_END_FILE);
	dp_seal_close(&s.seal);
	sealed_verify(&report, files, 1, &plainly);
	CU_ASSERT_EQUAL(report.count, 0);
}

static void losses_are_counted(void)
{
	static struct dp_seal_line last;
	struct dp_seal_item items[] = {
		{ .line = "a", .line_b = 1, .time_us = SEALED_NOW + 5 },
		{ .line = "b", .line_b = 1, .time_us = SEALED_NOW + 7,
		    .gap = true, .lost = UINT64_MAX - 1, .ring = 3, .id = 9,
		    .number = 70 },
		{ .line = "c", .line_b = 1, .time_us = SEALED_NOW + 2,
		    .gap = true, .lost = 7, .ring = 3, .number = 80 },
	};

	sealed_begin(&s, sealed_key, NULL);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(dp_seal_add(s.seal, &items[i], SEALED_NOW),
		    DP_OK);
	sealed_stop(&s);
	CU_ASSERT_EQUAL(seal_lines(&last), 2);
	CU_ASSERT_EQUAL(last.records, 1);
	CU_ASSERT_EQUAL(last.gaps, 2);
	CU_ASSERT_EQUAL(last.lost, INT64_MAX);
	CU_ASSERT_STRING_EQUAL(last.from, "2027-01-15T08:00:00.000002Z");
	CU_ASSERT_STRING_EQUAL(last.until, "2027-01-15T08:00:00.000007Z");
	CU_ASSERT_EQUAL_FATAL(last.position_count, 2);
	CU_ASSERT_EQUAL(last.positions[1].ring, 3);
	CU_ASSERT_EQUAL(last.positions[1].id, 9);
	CU_ASSERT_EQUAL(last.positions[1].number, 80);
}

static void lines_that_would_confuse_are_refused(void)
{
	static char text[DP_SEAL_LINE_MAX];
	const struct {
		const char *line;
		size_t line_b;
	} cases[] = {
		{ "a\nb", 3 },
		{ DP_SEAL_PREFIX "x", strlen(DP_SEAL_PREFIX) + 1 },
		{ text, sizeof(text) },
	};
	const struct sealed_file *const files[] = { &s.files[0] };

	memset(text, 'x', sizeof(text));
	sealed_begin(&s, sealed_key, NULL);
	for (size_t i = 0; i < 3; i++) {
		struct dp_seal_item item = { .line = cases[i].line,
			.line_b = cases[i].line_b };

		CU_ASSERT_EQUAL(dp_seal_add(s.seal, &item, SEALED_NOW),
		    DP_ERR_FORMAT);
		item.line_b = i == 2 ? sizeof(text) - 1 : 1;
		CU_ASSERT_EQUAL(dp_seal_add(s.seal, &item, SEALED_NOW),
		    DP_OK);
	}
	sealed_stop(&s);
	sealed_verify(&report, files, 1, &plainly);
	CU_ASSERT_EQUAL(report.count, 0);
	CU_ASSERT_EQUAL(report.sum.records, 3);
}

/* However little is written at a time, copies follow what is in the file. */
static void copies_follow_the_file(void)
{
	const struct sealed_file *const files[] = { &s.files[0] };
	struct sealed_question q = { .copies = &s.copies };
	bool checkpoint;
	size_t size_b;
	const char *text;

	sealed_begin(&s, sealed_key, NULL);
	sealed_add(&s, 2);
	CU_ASSERT_EQUAL_FATAL(dp_seal_stop(s.seal, SEALED_NOW), DP_OK);
	while ((text = dp_seal_output(s.seal, &size_b, &checkpoint))) {
		size_t before = s.copies.size_b;

		CU_ASSERT_TRUE(checkpoint);
		sealed_append(&s.files[0], text, 1);
		dp_seal_written(s.seal, 1);
		CU_ASSERT_EQUAL(s.copies.size_b > before, size_b == 1);
	}
	CU_ASSERT_EQUAL(size_b, 0);
	CU_ASSERT_FALSE(checkpoint);
	dp_seal_close(&s.seal);
	sealed_verify(&report, files, 1, &q);
	CU_ASSERT_EQUAL(report.count, 0);
	CU_ASSERT_EQUAL(report.sum.copies, 2);
}

/* Blocks of many megabytes are not what an auditor's computer gets. */
static void a_large_block_is_closed(void)
{
	static char text[DP_SEAL_LINE_MAX - 1];
	struct dp_seal_options o = { .key = sealed_key,
		.auditor = sealed_auditor_pub, .block_lines = UINT32_MAX,
		.block_ms = UINT32_MAX };
	struct dp_seal_item item = { .line = text, .line_b = sizeof(text) };
	size_t size_b = 0;
	bool checkpoint = false;
	int count = 0;

	memset(text, 'x', sizeof(text));
	CU_ASSERT_EQUAL_FATAL(dp_seal_open(&s.seal, &o, NULL), DP_OK);
	while (!checkpoint && count++ < 100) {
		CU_ASSERT_EQUAL_FATAL(dp_seal_add(s.seal, &item, SEALED_NOW),
		    DP_OK);
		(void)dp_seal_output(s.seal, &size_b, &checkpoint);
	}
	CU_ASSERT_EQUAL(count, 64);
	CU_ASSERT_TRUE(size_b < DP_SEAL_BLOCK_MAX / 3 * 4 + 4096);
	dp_seal_close(&s.seal);
	CU_ASSERT_PTR_NULL(s.seal);
	dp_seal_close(&s.seal);
}

static void keys_are_judged(void)
{
	static char bad[96];
	const struct {
		const char *key, *auditor, *reason;
		enum dp_err err;
	} cases[] = {
		{ "/nowhere/key", NULL, "No such file", DP_ERR_NOTFOUND },
		{ sealed_pub, NULL, "is a public key", DP_ERR_SYNTAX },
		{ sealed_key, sealed_auditor, "is a secret key",
		    DP_ERR_SYNTAX },
		{ sealed_key, bad, "no key that anything can be encrypted",
		    DP_ERR_SYNTAX },
	};
	/* The neutral element of the curve. */
	static const char weak[] = "dnspin-key:1:"
	    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

	snprintf(bad, sizeof(bad), "%s/weak", sealed_folder);
	CU_ASSERT_TRUE_FATAL(unit_write(bad, weak, strlen(weak)));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_seal_options o = { .key = cases[i].key,
			.auditor = cases[i].auditor };
		struct dp_seal *seal = NULL;
		struct dp_diag diag;

		CU_ASSERT_EQUAL(dp_seal_open(&seal, &o, &diag), cases[i].err);
		CU_ASSERT_PTR_NULL(seal);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, cases[i].reason));
	}
	unlink(bad);
}

UNIT_MAIN_WITH("seal", sealed_set_up, sealed_tear_down,
    UNIT(blocks_are_closed_in_time), UNIT(quiet_is_told_from_silence),
    UNIT(losses_are_counted), UNIT(lines_that_would_confuse_are_refused),
    UNIT(copies_follow_the_file), UNIT(a_large_block_is_closed),
    UNIT(keys_are_judged))
