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

/* As cat does it. */
static void files_may_be_put_together(void)
{
	static struct sealed_file f;
	const struct sealed_file *const files[] = { &f };
	const struct sealed_question q = { .copies = &tampered_log.copies };
	struct sealed_parts p;

	f.size_b = 0;
	for (size_t i = 0; i < 2; i++)
		sealed_append(&f, tampered_log.files[i].text,
		    tampered_log.files[i].size_b);
	sealed_verify(&tampered, files, 1, &q);
	CU_ASSERT_EQUAL(tampered.count, 0);
	CU_ASSERT_EQUAL(tampered.sum.last_file, 2);
	CU_ASSERT_EQUAL(tampered.sum.records, 11);
	CU_ASSERT_EQUAL(tampered.sum.copies, 7);
	/* But nothing between them. */
	f.size_b = tampered_log.files[0].size_b;
	sealed_append(&f, "x\n", 2);
	sealed_split(&p, &tampered_log.files[1]);
	sealed_join(&f, &p, 0, p.count);
	sealed_verify(&tampered, files, 1, &q);
	CU_ASSERT_TRUE_FATAL(tampered.count > 0);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_INSERTED);
}

/* The last seal line of a file, changed and signed with the right key. */
static void seal_anew(struct sealed_file *f, void (*change)(
    struct dp_seal_line *l))
{
	struct dp_seal_line *l = calloc(1, sizeof(*l));
	struct sealed_parts p = { .count = 0 };
	uint8_t secret[DP_KEY_SIGN_B];
	size_t last;

	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	CU_ASSERT_EQUAL_FATAL(dp_key_secret_read(secret, sealed_key, NULL),
	    DP_OK);
	sealed_split(&p, f);
	CU_ASSERT_FATAL(p.count > 0);
	last = p.count - 1;
	CU_ASSERT_EQUAL_FATAL(dp_seal_line_read(l, p.at[last],
	    p.size_b[last]), DP_OK);
	change(l);
	f->size_b -= p.size_b[last];
	f->size_b += dp_seal_line_write(f->text + f->size_b, l, secret);
	free(l);
}

static void nothing_changed(struct dp_seal_line *l)
{
	(void)l;
}

static void other_sum(struct dp_seal_line *l)
{
	l->before++;
}

static void other_file(struct dp_seal_line *l)
{
	l->file++;
}

static void other_key(struct dp_seal_line *l)
{
	l->key[0] ^= 1;
}

static void other_begin(struct dp_seal_line *l)
{
	l->previous[31] = 1;
}

static void ended_file(struct dp_seal_line *l)
{
	l->end = DP_SEAL_END_FILE;
}

static void the_key_does_not_make_everything_right(void)
{
	static const struct {
		bool begins; /* it is the first line that is changed */
		void (*change)(struct dp_seal_line *l);
		size_t count;
		enum dp_verify_kind kind;
	} cases[] = {
		{ false, nothing_changed, 0, DP_VERIFY_CHAIN },
		{ false, other_sum, 1, DP_VERIFY_CHAIN },
		{ false, ended_file, 0, DP_VERIFY_CHAIN },
		{ true, nothing_changed, 0, DP_VERIFY_CHAIN },
		{ true, other_sum, 1, DP_VERIFY_CHAIN },
		{ true, other_file, 1, DP_VERIFY_CHAIN },
		{ true, other_begin, 1, DP_VERIFY_CHAIN },
		{ true, other_key, 1, DP_VERIFY_SIGNATURE },
	};
	static struct sealed one;
	const struct sealed_file *const files[] = { &one.files[0] };
	const struct sealed_question q = { .still_open = true };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sealed_begin(&one, sealed_key, NULL);
		if (!cases[i].begins)
			sealed_add(&one, 3);
		dp_seal_close(&one.seal);
		seal_anew(&one.files[0], cases[i].change);
		sealed_verify(&tampered, files, 1, &q);
		CU_ASSERT_EQUAL_FATAL(tampered.count, cases[i].count);
		if (tampered.count > 0)
			CU_ASSERT_EQUAL(tampered.found[0].kind, cases[i].kind);
	}
}

/* A file that ended has nothing behind it, and one that did not no next. */
static void files_end_once(void)
{
	static struct sealed one;
	const struct sealed_file *const files[] = { &one.files[0] };
	const struct sealed_question q = { .still_open = true };

	for (int ends = 0; ends < 2; ends++) {
		sealed_begin(&one, sealed_key, NULL);
		sealed_add(&one, 3);
		CU_ASSERT_EQUAL(ends > 0 ? dp_seal_end_file(one.seal,
		    SEALED_NOW) : DP_OK, DP_OK);
		CU_ASSERT_EQUAL(ends > 0 ? dp_seal_stop(one.seal, SEALED_NOW) :
		    dp_seal_next_file(one.seal, SEALED_NOW), DP_OK);
		sealed_flush(&one);
		dp_seal_close(&one.seal);
		sealed_verify(&tampered, files, 1, &q);
		CU_ASSERT_TRUE_FATAL(tampered.count > 0);
		CU_ASSERT_EQUAL(tampered.found[0].kind, ends > 0 ?
		    DP_VERIFY_CHAIN : DP_VERIFY_INSERTED);
	}
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
    UNIT(only_who_knows_the_key_sees_another), UNIT(the_auditor_reads_it),
    UNIT(files_may_be_put_together), UNIT(files_end_once),
    UNIT(the_key_does_not_make_everything_right))
