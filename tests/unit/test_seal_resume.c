#include "dp_config.h"

#include "tests/unit/sealed.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct sealed made, again;
static struct sealed_report report;
static const struct sealed_question plainly = { .still_open = false };
static char path[64];

static int set_up(void)
{
	if (sealed_set_up() != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/log", sealed_folder);
	return 0;
}

static int tear_down(void)
{
	unlink(path);
	return sealed_tear_down();
}

/* Resume the log whose octets are f's, which are then what the file has. */
static enum dp_err resume(struct sealed *s, struct sealed_file *f,
    const char *key, const char *auditor, uint64_t *cut_b,
    struct dp_diag *diag)
{
	enum dp_err err;
	ssize_t n;
	int fd;

	CU_ASSERT_TRUE_FATAL(unit_write(path, f->text, f->size_b));
	fd = open(path, O_RDWR);
	CU_ASSERT_FATAL(fd >= 0);
	sealed_open(s, key, auditor);
	err = dp_seal_resume(s->seal, fd, path, sealed_known, NULL,
	    SEALED_NOW + 1000000, cut_b, diag);
	n = pread(fd, s->files[0].text, sizeof(s->files[0].text), 0);
	CU_ASSERT_FATAL(n >= 0);
	s->files[0].size_b = (size_t)n;
	close(fd);
	if (!err)
		sealed_flush(s);
	return err;
}

static void verify(const struct sealed *s, size_t files)
{
	const struct sealed_file *const f[] = { &s->files[0], &s->files[1],
		&s->files[2] };

	sealed_verify(&report, f, files, &plainly);
}

/* Whole lines of events in the first size_b octets of f. */
static uint64_t events_in(const struct sealed_file *f, size_t size_b)
{
	const char *from = f->text, *end = f->text + size_b, *next;
	uint64_t count = 0;

	for (; from < end && (next = memchr(from, '\n',
		(size_t)(end - from))); from = next + 1)
		count += !dp_seal_line_is(from, (size_t)(next - from));
	return count;
}

static void a_log_goes_on_wherever_it_was_cut_off(void)
{
	static struct sealed_file f;
	uint64_t cut_b, all, head_b;
	const char *end;

	sealed_begin(&made, sealed_key, NULL);
	sealed_add(&made, 8);
	dp_seal_close(&made.seal);
	f = made.files[0];
	end = memchr(f.text, '\n', f.size_b);
	head_b = (uint64_t)(end - f.text) + 1;
	for (; f.size_b >= head_b; f.size_b--) {
		all = events_in(&f, f.size_b);
		CU_ASSERT_EQUAL_FATAL(resume(&again, &f, sealed_key, NULL,
		    &cut_b, NULL), DP_OK);
		CU_ASSERT_EQUAL(cut_b > 0, f.text[f.size_b - 1] != '\n');
		again.next = 100;
		sealed_add(&again, 4);
		sealed_stop(&again);
		verify(&again, 1);
		CU_ASSERT_EQUAL_FATAL(report.count, 0);
		CU_ASSERT_EQUAL(report.sum.records, all + 4);
		CU_ASSERT_EQUAL(report.sum.cut_b, cut_b);
		CU_ASSERT_TRUE(report.sum.recovered <= 1);
	}
	for (; f.size_b > 0; f.size_b--) {
		CU_ASSERT_EQUAL(resume(&again, &f, sealed_key, NULL, &cut_b,
		    NULL), DP_ERR_NOTFOUND);
		dp_seal_close(&again.seal);
	}
}

static void reading_goes_on_behind_the_last_line(void)
{
	static const uint64_t numbers[] = { 6, 7 }; /* of ring 0 and 1 */
	uint64_t cut_b, id, number;
	uint32_t ring;

	sealed_begin(&made, sealed_key, NULL);
	sealed_add(&made, 8); /* two are in no block */
	dp_seal_close(&made.seal);
	CU_ASSERT_EQUAL_FATAL(resume(&again, &made.files[0], sealed_key, NULL,
	    &cut_b, NULL), DP_OK);
	CU_ASSERT_EQUAL(cut_b, 0);
	for (size_t k = 0; k < 2; k++) {
		CU_ASSERT_TRUE_FATAL(dp_seal_position(again.seal, k, &ring,
		    &id, &number));
		CU_ASSERT_EQUAL(ring, k);
		CU_ASSERT_EQUAL(id, 0x1234);
		CU_ASSERT_EQUAL(number, numbers[k]);
	}
	CU_ASSERT_FALSE(dp_seal_position(again.seal, 2, &ring, &id, &number));
	dp_seal_close(&again.seal);
}

static void a_file_that_was_ended_is_followed_by_another(void)
{
	uint64_t cut_b;

	sealed_begin(&made, sealed_key, NULL);
	sealed_add(&made, 2);
	CU_ASSERT_EQUAL_FATAL(dp_seal_end_file(made.seal, SEALED_NOW), DP_OK);
	sealed_flush(&made);
	dp_seal_close(&made.seal);
	CU_ASSERT_EQUAL_FATAL(resume(&again, &made.files[0], sealed_key, NULL,
	    &cut_b, NULL), DP_OK);
	CU_ASSERT_TRUE(dp_seal_file_ended(again.seal));
	CU_ASSERT_EQUAL(again.files[0].size_b, made.files[0].size_b);
	again.file = 1;
	CU_ASSERT_EQUAL_FATAL(dp_seal_next_file(again.seal, SEALED_NOW),
	    DP_OK);
	CU_ASSERT_FALSE(dp_seal_file_ended(again.seal));
	sealed_add(&again, 2);
	sealed_stop(&again);
	verify(&again, 2);
	CU_ASSERT_EQUAL(report.count, 0);
	CU_ASSERT_EQUAL(report.sum.records, 4);
	CU_ASSERT_EQUAL(report.sum.last_file, 2);
}

static void another_auditor_gets_another_file(void)
{
	uint64_t cut_b;

	sealed_begin(&made, sealed_key, NULL);
	sealed_add(&made, 2);
	dp_seal_close(&made.seal);
	CU_ASSERT_EQUAL_FATAL(resume(&again, &made.files[0], sealed_key,
	    sealed_auditor_pub, &cut_b, NULL), DP_OK);
	CU_ASSERT_TRUE_FATAL(dp_seal_file_ended(again.seal));
	again.file = 1;
	CU_ASSERT_EQUAL_FATAL(dp_seal_next_file(again.seal, SEALED_NOW),
	    DP_OK);
	sealed_add(&again, 2);
	sealed_stop(&again);
	verify(&again, 2);
	CU_ASSERT_EQUAL(report.count, 0);
	CU_ASSERT_EQUAL(report.sum.records, 4);
	CU_ASSERT_TRUE(report.sum.encrypted);
}

/* Nobody knows how far an encrypted block without checkpoint reaches: it is
 * read from the rings once more. */
static void an_encrypted_tail_is_cut_off(void)
{
	static struct sealed_file f;
	uint64_t cut_b, id, number;
	uint32_t ring;

	sealed_begin(&made, sealed_key, sealed_auditor_pub);
	sealed_add(&made, 6);
	dp_seal_close(&made.seal);
	f = made.files[0];
	while (f.text[--f.size_b - 1] != '\n')
		; /* without the last checkpoint */
	CU_ASSERT_EQUAL_FATAL(resume(&again, &f, sealed_key,
	    sealed_auditor_pub, &cut_b, NULL), DP_OK);
	CU_ASSERT_TRUE(cut_b > 0);
	CU_ASSERT_TRUE_FATAL(dp_seal_position(again.seal, 0, &ring, &id,
	    &number));
	CU_ASSERT_EQUAL(number, 2);
	again.next = 3;
	sealed_add(&again, 3);
	sealed_stop(&again);
	verify(&again, 1);
	CU_ASSERT_EQUAL(report.count, 0);
	CU_ASSERT_EQUAL(report.sum.records, 6);
	CU_ASSERT_EQUAL(report.sum.cut_b, cut_b);
}

static void strange_lines_are_cut_off(void)
{
	static struct sealed_file f;
	uint64_t cut_b;

	sealed_begin(&made, sealed_key, NULL);
	sealed_add(&made, 4);
	dp_seal_close(&made.seal);
	f = made.files[0];
	sealed_append(&f, "\0\0\0\n{\"n\":5}\n", 12);
	CU_ASSERT_EQUAL_FATAL(resume(&again, &f, sealed_key, NULL, &cut_b,
	    NULL), DP_OK);
	CU_ASSERT_EQUAL(cut_b, 12);
	sealed_stop(&again);
	verify(&again, 1);
	CU_ASSERT_EQUAL(report.count, 0);
	CU_ASSERT_EQUAL(report.sum.records, 4);
	CU_ASSERT_EQUAL(report.sum.cut_b, 12);
	CU_ASSERT_EQUAL(report.sum.recovered, 1);
}

/* A long way back to the last checkpoint, over borders of what is read. */
static void a_long_tail_is_recovered(void)
{
	static struct sealed_file f;
	static const size_t sizes[] = { 100000, 262144, 262500, 450000 };
	uint64_t cut_b;

	for (size_t i = 0; i < 4; i++) {
		unsigned n = 3;
		char text[32];

		sealed_begin(&made, sealed_key, NULL);
		sealed_add(&made, 3);
		dp_seal_close(&made.seal);
		f = made.files[0];
		while (f.size_b < sizes[i]) {
			sprintf(text, "{\"n\":%u}\n", n++);
			sealed_append(&f, text, strlen(text));
		}
		CU_ASSERT_EQUAL_FATAL(resume(&again, &f, sealed_key, NULL,
		    &cut_b, NULL), DP_OK);
		sealed_stop(&again);
		verify(&again, 1);
		CU_ASSERT_EQUAL(report.count, 0);
		CU_ASSERT_EQUAL(report.sum.records, n);
	}
}

static void what_is_no_log_of_ours_is_left_alone(void)
{
	static struct sealed_file f;
	struct dp_diag diag;
	uint64_t cut_b = 77;

	sealed_begin(&made, sealed_key, NULL);
	sealed_add(&made, 4);
	dp_seal_close(&made.seal);
	CU_ASSERT_EQUAL(resume(&again, &made.files[0], sealed_other, NULL,
	    &cut_b, &diag), DP_ERR_SIGNATURE);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "another key"));
	CU_ASSERT_STRING_EQUAL(diag.object, path);
	CU_ASSERT_EQUAL(again.files[0].size_b, made.files[0].size_b);
	dp_seal_close(&again.seal);
	f.size_b = 0;
	sealed_append(&f, "root:x:0:0\nbin:x:1:1\n", 21);
	CU_ASSERT_EQUAL(resume(&again, &f, sealed_key, NULL, &cut_b, &diag),
	    DP_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "no sealed log"));
	CU_ASSERT_EQUAL(again.files[0].size_b, 21);
	dp_seal_close(&again.seal);
	f = made.files[0];
	f.text[f.size_b - 40] = /* a digit of the last signature */
	    f.text[f.size_b - 40] == '0' ? '1' : '0';
	CU_ASSERT_EQUAL(resume(&again, &f, sealed_key, NULL, &cut_b, &diag),
	    DP_ERR_SIGNATURE);
	dp_seal_close(&again.seal);
	f = made.files[0];
	f.text[60] ^= 1;
	CU_ASSERT_NOT_EQUAL(resume(&again, &f, sealed_key, NULL, &cut_b,
	    &diag), DP_OK);
	CU_ASSERT_EQUAL(again.files[0].size_b, f.size_b);
	CU_ASSERT_EQUAL(cut_b, 77);
	dp_seal_close(&again.seal);
}

UNIT_MAIN_WITH("seal_resume", set_up, tear_down,
    UNIT(a_log_goes_on_wherever_it_was_cut_off),
    UNIT(reading_goes_on_behind_the_last_line),
    UNIT(a_file_that_was_ended_is_followed_by_another),
    UNIT(another_auditor_gets_another_file),
    UNIT(an_encrypted_tail_is_cut_off), UNIT(strange_lines_are_cut_off),
    UNIT(a_long_tail_is_recovered),
    UNIT(what_is_no_log_of_ours_is_left_alone))
