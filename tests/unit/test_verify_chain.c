#include "dp_config.h"

#include "tests/unit/tampered.h"

static struct sealed log_b;
static const struct sealed_question plainly = { .still_open = false };

static void logs_are_made(void)
{
	tampered_log_is_made();
	sealed_two(&log_b);
}

static void blocks_stay_where_they_are(void)
{
	static struct sealed_file f;
	size_t ends[SEALED_LINES], count;
	struct sealed_parts p;

	sealed_split(&p, &tampered_log.files[0]);
	count = sealed_ends(&p, ends);
	CU_ASSERT_EQUAL(count, 4);
	for (size_t i = 1; i < count; i++) {
		f.size_b = 0; /* dropped */
		sealed_join(&f, &p, 0, ends[i - 1]);
		sealed_join(&f, &p, ends[i], p.count);
		tampered_with(0, &f, &plainly);
		CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
		CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_REMOVED);
		CU_ASSERT_STRING_EQUAL(tampered.found[0].path,
		    i + 1 < count ? "0" : "1");
		for (size_t j = 0; j < count; j++) { /* again, behind j */
			f.size_b = 0;
			sealed_join(&f, &p, 0, ends[j]);
			sealed_join(&f, &p, ends[i - 1], ends[i]);
			sealed_join(&f, &p, ends[j], p.count);
			tampered_with(0, &f, &plainly);
			CU_ASSERT_TRUE(tampered.count > 0);
			/* Next to itself the second one is too many. */
			CU_ASSERT_TRUE(sealed_names(&tampered, "0",
			    (j + 1 == i ? ends[i] : ends[j]) + 1));
		}
	}
	f.size_b = 0; /* exchanged */
	sealed_join(&f, &p, 0, ends[0]);
	sealed_join(&f, &p, ends[1], ends[2]);
	sealed_join(&f, &p, ends[0], ends[1]);
	sealed_join(&f, &p, ends[2], p.count);
	tampered_with(0, &f, &plainly);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 2);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_REMOVED);
	CU_ASSERT_EQUAL(tampered.found[1].kind, DP_VERIFY_ORDER);
}

static void files_stay_where_they_are(void)
{
	static struct sealed three;
	const struct sealed_file *f = three.files;
	const struct sealed_file *const whole[] = { f, f + 1, f + 2 };
	const struct sealed_file *const without[] = { f, f + 2 };
	const struct sealed_file *const exchanged[] = { f, f + 2, f + 1 };
	const struct sealed_file *const twice[] = { f, f, f + 1, f + 2 };
	const struct sealed_question sent = { .copies = &three.copies };

	sealed_begin(&three, sealed_key, NULL);
	for (int i = 0; i < 2; i++) {
		sealed_add(&three, 4);
		sealed_rotate(&three);
	}
	sealed_stop(&three);
	sealed_verify(&tampered, whole, 3, &sent);
	CU_ASSERT_EQUAL(tampered.count, 0);
	sealed_verify(&tampered, without, 2, &plainly);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_REMOVED);
	CU_ASSERT_STRING_EQUAL(tampered.found[0].path, "1");
	CU_ASSERT_PTR_NOT_NULL(strstr(tampered.found[0].reason,
	    "and 4 records with them"));
	sealed_verify(&tampered, exchanged, 3, &plainly);
	CU_ASSERT_TRUE(tampered.count > 0);
	CU_ASSERT_STRING_EQUAL(tampered.found[0].path, "1");
	sealed_verify(&tampered, twice, 4, &plainly);
	CU_ASSERT_TRUE(tampered.count > 0);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_ORDER);
	CU_ASSERT_STRING_EQUAL(tampered.found[0].path, "1");
	/* A part of the chain is fine in itself, and says what part. */
	sealed_verify(&tampered, whole + 1, 1, &plainly);
	CU_ASSERT_EQUAL(tampered.count, 0);
	CU_ASSERT_EQUAL(tampered.sum.first_file, 2);
	CU_ASSERT_EQUAL(tampered.sum.end, DP_SEAL_END_FILE);
	/* Whoever has the checkpoints knows that there is more. */
	sealed_verify(&tampered, whole, 2, &sent);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_COPY);
	CU_ASSERT_PTR_NOT_NULL(strstr(tampered.found[0].reason,
	    "lacks the 2 checkpoints"));
}

static void logs_are_not_mixed(void)
{
	static struct sealed_file f;
	const struct sealed_file *const files[] = { &tampered_log.files[0],
		&log_b.files[1] };
	const struct sealed_question q = { .copies = &log_b.copies };
	size_t ends_a[SEALED_LINES], ends_b[SEALED_LINES];
	struct sealed_parts a, b;

	sealed_split(&a, &tampered_log.files[0]);
	sealed_split(&b, &log_b.files[0]);
	(void)sealed_ends(&a, ends_a);
	(void)sealed_ends(&b, ends_b);
	f.size_b = 0; /* the beginning of one, the end of the other */
	sealed_join(&f, &a, 0, ends_a[1]);
	sealed_join(&f, &b, ends_b[1], b.count);
	tampered_with(0, &f, &plainly);
	CU_ASSERT_TRUE_FATAL(tampered.count > 0);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_CHAIN);
	CU_ASSERT_TRUE(sealed_names(&tampered, "0", ends_a[2]));
	sealed_verify(&tampered, files, 2, &plainly);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_CHAIN);
	CU_ASSERT_STRING_EQUAL(tampered.found[0].path, "1");
	tampered_with(0, &tampered_log.files[0], &q);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(tampered.found[0].reason,
	    "are of another log"));
	CU_ASSERT_PTR_NOT_NULL(strstr(tampered.found[1].reason,
	    "no checkpoint of this log"));
}

/* The second block of a log of one file, sealed once more at another time. */
struct twice {
	struct sealed_parts p;
	size_t ends[SEALED_LINES]; /* of blocks */
	struct dp_seal_line line;
	struct sealed_file f;
};

static void seal_twice(struct twice *t, const struct sealed_file *log,
    const char *key)
{
	uint8_t secret[DP_KEY_SIGN_B];
	size_t at;

	sealed_split(&t->p, log);
	CU_ASSERT_EQUAL_FATAL(sealed_ends(&t->p, t->ends), 4);
	at = t->ends[1] - 1;
	CU_ASSERT_EQUAL_FATAL(dp_seal_line_read(&t->line, t->p.at[at],
	    t->p.size_b[at]), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_key_secret_read(secret, key, NULL), DP_OK);
	strcpy(t->line.time, "2027-01-15T09:00:00.000000Z");
	t->f.size_b = 0;
	sealed_join(&t->f, &t->p, 0, at);
	t->f.size_b += dp_seal_line_write(t->f.text + t->f.size_b, &t->line,
	    secret);
	sealed_join(&t->f, &t->p, at + 1, t->p.count);
}

/* Whoever has the key seals another end; what was sent elsewhere stays. */
static void a_chain_is_not_continued_twice(void)
{
	static struct sealed one;
	static struct twice t;
	const struct sealed_file *files[] = { &t.f };
	const struct sealed_question q = { .copies = &one.copies };

	sealed_begin(&one, sealed_key, NULL);
	sealed_add(&one, 6);
	sealed_stop(&one);
	seal_twice(&t, &one.files[0], sealed_key);
	sealed_verify(&tampered, files, 1, &plainly);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_CHAIN);
	CU_ASSERT_EQUAL(tampered.found[0].from_line, t.ends[1] + 1);
	CU_ASSERT_EQUAL(tampered.found[0].to_line, t.ends[2]);
	sealed_verify(&tampered, files, 1, &q);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 2);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_COPY);
	CU_ASSERT_EQUAL(tampered.found[0].from_line, 2);
	seal_twice(&t, &one.files[0], sealed_other);
	sealed_verify(&tampered, files, 1, &plainly);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_SIGNATURE);
	CU_ASSERT_EQUAL(tampered.found[0].from_line, t.ends[1]);
}

/* All of it sealed with another key. */
static void only_who_knows_the_key_sees_another(void)
{
	static struct sealed other;
	const struct sealed_file *files[] = { &other.files[0] };
	const struct sealed_question keyless = { .no_key = true };

	sealed_begin(&other, sealed_other, NULL);
	sealed_add(&other, 2);
	sealed_stop(&other);
	sealed_verify(&tampered, files, 1, &plainly);
	CU_ASSERT_TRUE(tampered.count > 0);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_SIGNATURE);
	sealed_verify(&tampered, files, 1, &keyless);
	CU_ASSERT_EQUAL(tampered.count, 0);
	CU_ASSERT_NOT_EQUAL(memcmp(tampered.sum.key, sealed_public, DP_KEY_B),
	    0);
}

static void the_auditor_reads_it(void)
{
	static struct sealed s;
	const struct sealed_file *const files[] = { &s.files[0], &s.files[1] };
	const struct sealed_file *const clear[] = { &tampered_log.files[0] };
	struct sealed_question q = { .auditor = sealed_secret };
	uint8_t other[DP_KEY_SIGN_B];
	char wanted[256] = "";

	sealed_begin(&s, sealed_key, sealed_auditor_pub);
	sealed_add(&s, 7);
	sealed_rotate(&s);
	sealed_add(&s, 2);
	sealed_stop(&s);
	for (int i = 0; i < 9; i++)
		sprintf(wanted + strlen(wanted), "{\"n\":%d}\n", i);
	s.files[0].text[s.files[0].size_b] = '\0';
	CU_ASSERT_PTR_NULL(strstr(s.files[0].text, "\"n\":"));
	sealed_verify(&tampered, files, 2, &plainly);
	CU_ASSERT_EQUAL(tampered.count, 0);
	CU_ASSERT_EQUAL(tampered.sum.records, 9);
	sealed_verify(&tampered, files, 2, &q);
	CU_ASSERT_EQUAL(tampered.err, DP_OK);
	CU_ASSERT_EQUAL(tampered.count, 0);
	tampered.plain.text[tampered.plain.size_b] = '\0';
	CU_ASSERT_STRING_EQUAL(tampered.plain.text, wanted);
	/* What was changed is not shown. */
	s.files[0].text[2000] ^= 1;
	sealed_verify(&tampered, files, 2, &q);
	CU_ASSERT_TRUE(tampered.count > 0);
	CU_ASSERT_TRUE(tampered.plain.size_b < strlen(wanted));
	sealed_verify(&tampered, clear, 1, &q);
	CU_ASSERT_EQUAL(tampered.err, DP_ERR_FORMAT);
	CU_ASSERT_EQUAL_FATAL(dp_key_secret_read(other, sealed_other, NULL),
	    DP_OK);
	s.files[0].text[2000] ^= 1;
	q.auditor = other;
	sealed_verify(&tampered, files, 2, &q);
	CU_ASSERT_EQUAL(tampered.err, DP_ERR_SIGNATURE);
}

UNIT_MAIN_WITH("verify_chain", sealed_set_up, sealed_tear_down,
    UNIT(logs_are_made), UNIT(blocks_stay_where_they_are),
    UNIT(files_stay_where_they_are), UNIT(logs_are_not_mixed),
    UNIT(a_chain_is_not_continued_twice),
    UNIT(only_who_knows_the_key_sees_another), UNIT(the_auditor_reads_it))
