#include "dp_config.h"

#include "tests/unit/tampered.h"

static void copies_are_found_in_any_text(void)
{
	static struct sealed_file noisy;
	const struct sealed_question q = { .copies = &noisy };
	struct sealed_parts p;

	sealed_split(&p, &tampered_log.copies);
	noisy.size_b = 0;
	for (size_t i = 0; i < p.count; i++) {
		sealed_append(&noisy, "another line\n", 13);
		sealed_append(&noisy, "Nov 22 host dnspin: ", 20);
		sealed_join(&noisy, &p, i, i + 1);
	}
	tampered_with(0, &tampered_log.files[0], &q);
	CU_ASSERT_EQUAL(tampered.count, 0);
	CU_ASSERT_EQUAL(tampered.sum.copies, 7);
	noisy.text[noisy.size_b / 2] ^= 1;
	tampered_with(0, &tampered_log.files[0], &q);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
	CU_ASSERT_STRING_EQUAL(tampered.found[0].path, "copies");
	CU_ASSERT_EQUAL(tampered.found[0].from_line, 8);
}

static void what_the_log_lacks_is_told(void)
{
	static struct sealed_file f;
	struct sealed_question q = { .copies = &tampered_log.copies };
	const struct sealed_file *const first[] = { &tampered_log.files[0] };
	struct sealed_parts p;
	size_t ends[SEALED_LINES], count;

	/* Whole as it is, the rest of it is missed. */
	sealed_verify(&tampered, first, 1, &q);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_COPY);
	CU_ASSERT_EQUAL(tampered.found[0].from_line, 5);
	CU_ASSERT_PTR_NOT_NULL(strstr(tampered.found[0].reason,
	    "lacks the 3 checkpoints"));
	/* Cut off behind a checkpoint that says that the log ends there. */
	sealed_split(&p, &tampered_log.files[1]);
	count = sealed_ends(&p, ends);
	q.still_open = true;
	for (size_t i = 0; i < count; i++) {
		f.size_b = 0;
		sealed_join(&f, &p, 0, ends[i]);
		tampered_with(1, &f, &q);
		CU_ASSERT_EQUAL(tampered.count, i + 1 < count);
		CU_ASSERT_EQUAL(tampered.sum.copies, 5 + i);
	}
}

/* Not each of them must have got there. */
static void some_copies_are_enough(void)
{
	static struct sealed_file some;
	const struct sealed_question q = { .copies = &some };
	struct sealed_parts p;

	sealed_split(&p, &tampered_log.copies);
	for (size_t i = 0; i < p.count; i++) {
		some.size_b = 0;
		sealed_join(&some, &p, 0, i);
		sealed_join(&some, &p, i + 1, p.count);
		tampered_with(0, &tampered_log.files[0], &q);
		CU_ASSERT_EQUAL(tampered.count, 0);
		CU_ASSERT_EQUAL(tampered.sum.copies, 6);
	}
}

static void copies_of_other_keys_are_passed_over(void)
{
	static struct sealed other;
	static struct sealed_file both;
	struct sealed_question q = { .copies = &both };
	struct sealed_parts p;

	sealed_begin(&other, sealed_other, NULL);
	sealed_add(&other, 7);
	sealed_stop(&other);
	both.size_b = 0;
	sealed_split(&p, &other.copies);
	sealed_join(&both, &p, 0, p.count);
	sealed_split(&p, &tampered_log.copies);
	sealed_join(&both, &p, 0, p.count);
	tampered_with(0, &tampered_log.files[0], &q);
	CU_ASSERT_EQUAL(tampered.count, 0);
	CU_ASSERT_EQUAL(tampered.sum.copies, 7);
	CU_ASSERT_EQUAL(tampered.sum.other_copies, 4);
	q.copies = &other.copies;
	tampered_with(0, &tampered_log.files[0], &q);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(tampered.found[0].reason,
	    "no checkpoint of this log"));
}

/* Who has the key began another log, and shows that. */
static void a_log_in_the_place_of_another_is_told(void)
{
	static struct sealed other;
	static struct sealed_file both;
	const struct sealed_question q = { .copies = &both };
	struct sealed_parts p;

	sealed_two(&other);
	both.size_b = 0;
	sealed_split(&p, &tampered_log.copies);
	sealed_join(&both, &p, 0, 2);
	sealed_split(&p, &other.copies);
	sealed_join(&both, &p, 0, p.count);
	sealed_split(&p, &tampered_log.copies);
	sealed_join(&both, &p, 2, p.count);
	tampered_with(0, &tampered_log.files[0], &q);
	CU_ASSERT_EQUAL(tampered.sum.copies, 7);
	CU_ASSERT_EQUAL(tampered.sum.other_copies, 0);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_COPY);
	CU_ASSERT_EQUAL(tampered.found[0].from_line, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(tampered.found[0].reason,
	    "7 checkpoints"));
}

UNIT_MAIN_WITH("verify_copies", sealed_set_up, sealed_tear_down,
    UNIT(tampered_log_is_made), UNIT(copies_are_found_in_any_text),
    UNIT(what_the_log_lacks_is_told), UNIT(some_copies_are_enough),
    UNIT(copies_of_other_keys_are_passed_over),
    UNIT(a_log_in_the_place_of_another_is_told))
