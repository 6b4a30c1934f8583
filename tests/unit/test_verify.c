#include "dp_config.h"

#include "tests/unit/tampered.h"

static const struct sealed_question plainly = { .still_open = false };

static void what_is_whole_is_intact(void)
{
	static const size_t pieces[] = { 0, 1, 2, 3, 19, 20, 100, 1000 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct sealed_question q = { .piece_b = pieces[i],
			.copies = &tampered_log.copies, .no_key = i == 1 };

		tampered_with(0, &tampered_log.files[0], &q);
		CU_ASSERT_EQUAL(tampered.count, 0);
		CU_ASSERT_EQUAL(tampered.sum.records, 11);
		CU_ASSERT_EQUAL(tampered.sum.blocks, 5);
		CU_ASSERT_EQUAL(tampered.sum.lost, 0);
		CU_ASSERT_EQUAL(tampered.sum.files, 2);
		CU_ASSERT_EQUAL(tampered.sum.copies, 7);
		CU_ASSERT_EQUAL(tampered.sum.end, DP_SEAL_END_STOP);
		CU_ASSERT_STRING_EQUAL(tampered.sum.from,
		    "2027-01-15T08:00:00.000000Z");
		CU_ASSERT_STRING_EQUAL(tampered.sum.until,
		    "2027-01-15T08:00:00.010000Z");
		CU_ASSERT_EQUAL(memcmp(tampered.sum.key, sealed_public,
		    DP_KEY_B), 0);
	}
}

static void each_octet_counts(void)
{
	static const unsigned char flips[] = { 0x01, 0x20, 0x80 };
	static struct sealed_file f;
	const size_t step = unit_turns(1, 5);

	for (size_t which = 0; which < 2; which++) {
		const char name[] = { (char)('0' + which), '\0' };

		f = tampered_log.files[which];
		for (size_t i = 0; i < f.size_b; i += step) {
			unsigned char flip = flips[i % 3];

			f.text[i] = (char)(f.text[i] ^ flip);
			tampered_with(which, &f, &plainly);
			CU_ASSERT_TRUE(sealed_names(&tampered, name,
			    sealed_line_of(&tampered_log.files[which], i)));
			f.text[i] = (char)(f.text[i] ^ flip);
		}
	}
}

static void each_line_counts(void)
{
	static struct sealed_file f;
	struct sealed_parts p;

	for (size_t which = 0; which < 2; which++) {
		const char name[] = { (char)('0' + which), '\0' };

		sealed_split(&p, &tampered_log.files[which]);
		for (size_t i = 0; i < p.count; i++) {
			/* Without it, and with it twice. */
			f.size_b = 0;
			sealed_join(&f, &p, 0, i);
			sealed_join(&f, &p, i + 1, p.count);
			tampered_with(which, &f, &plainly);
			CU_ASSERT_TRUE(tampered.count > 0);
			CU_ASSERT_TRUE(sealed_names(&tampered, name, i + 1) ||
			    (which == 0 && i + 1 == p.count &&
				sealed_names(&tampered, "1", 1)));
			f.size_b = 0;
			sealed_join(&f, &p, 0, i + 1);
			sealed_join(&f, &p, i, p.count);
			tampered_with(which, &f, &plainly);
			CU_ASSERT_TRUE(sealed_names(&tampered, name, i + 1));
		}
	}
}

static void lines_do_not_change_places(void)
{
	static struct sealed_file f;
	struct sealed_parts p, swapped;

	for (size_t which = 0; which < 2; which++) {
		const char name[] = { (char)('0' + which), '\0' };

		sealed_split(&p, &tampered_log.files[which]);
		for (size_t i = 0; i < p.count; i++) {
			for (size_t j = i + 1; j < p.count; j++) {
				swapped = p;
				swapped.at[i] = p.at[j];
				swapped.size_b[i] = p.size_b[j];
				swapped.at[j] = p.at[i];
				swapped.size_b[j] = p.size_b[i];
				f.size_b = 0;
				sealed_join(&f, &swapped, 0, p.count);
				tampered_with(which, &f, &plainly);
				CU_ASSERT_TRUE(sealed_names(&tampered, name,
				    i + 1));
			}
		}
	}
}

static void what_is_cut_off_is_missed(void)
{
	static struct sealed_file f;
	const size_t step = unit_turns(1, 5);

	for (size_t which = 0; which < 2; which++) {
		size_t size_b = tampered_log.files[which].size_b;

		f = tampered_log.files[which];
		for (size_t cut_b = 1; cut_b <= size_b; cut_b += step) {
			f.size_b = size_b - cut_b;
			tampered_with(which, &f, &plainly);
			CU_ASSERT_TRUE(tampered.count > 0);
			CU_ASSERT_TRUE(sealed_names(&tampered,
			    which ? "1" : "0",
			    sealed_line_of(&f, f.size_b)) ||
			    sealed_names(&tampered, "1", 1));
		}
	}
}

static void an_open_end_may_be_wanted(void)
{
	static struct sealed s;
	static struct sealed_file f;
	const struct sealed_file *const files[] = { &f };
	const struct sealed_question live = { .still_open = true };

	sealed_begin(&s, sealed_key, NULL);
	sealed_add(&s, 5);
	f = s.files[0];
	dp_seal_close(&s.seal);
	sealed_verify(&tampered, files, 1, &plainly);
	CU_ASSERT_EQUAL_FATAL(tampered.count, 1);
	CU_ASSERT_EQUAL(tampered.found[0].kind, DP_VERIFY_OPEN);
	CU_ASSERT_EQUAL(tampered.found[0].from_line, 6);
	CU_ASSERT_EQUAL(tampered.found[0].to_line, 7);
	sealed_verify(&tampered, files, 1, &live);
	CU_ASSERT_EQUAL(tampered.count, 0);
	CU_ASSERT_EQUAL(tampered.sum.records, 3);
	CU_ASSERT_EQUAL(tampered.sum.open_lines, 2);
	f.text[30] ^= 1;
	sealed_verify(&tampered, files, 1, &live);
	CU_ASSERT_TRUE(tampered.count > 0);
}

static void what_is_no_sealed_log_is_told(void)
{
	static const char *const texts[] = { "", "\n", "{\"n\":0}\n",
		DP_SEAL_PREFIX, DP_SEAL_PREFIX "\n", "{\"dnspin\":{\"se" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		static struct sealed_file f;
		const struct sealed_file *const files[] = { &f };
		const struct sealed_question q = { .still_open = true };

		f.size_b = 0;
		sealed_append(&f, texts[i], strlen(texts[i]));
		sealed_verify(&tampered, files, 1, &q);
		CU_ASSERT_TRUE(tampered.count > 0);
		CU_ASSERT_FALSE(tampered.sum.has_chain);
	}
}

static void the_longest_silence_is_told(void)
{
	static const unsigned seconds[] = { 60, 200, 320, 30, 130 };
	static struct sealed s;
	const struct sealed_file *const files[] = { &s.files[0] };

	sealed_begin(&s, sealed_key, NULL);
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		CU_ASSERT_EQUAL(dp_seal_tick(s.seal, SEALED_NOW +
		    seconds[i] * UINT64_C(1000000)), DP_OK);
		sealed_flush(&s);
	}
	sealed_stop(&s);
	sealed_verify(&tampered, files, 1, &plainly);
	CU_ASSERT_EQUAL(tampered.count, 0);
	CU_ASSERT_EQUAL(tampered.sum.blocks, 6);
	CU_ASSERT_EQUAL(tampered.sum.silence_us, 140000000);
	CU_ASSERT_STRING_EQUAL(tampered.sum.silence_from,
	    "2027-01-15T08:01:00.000000Z");
	CU_ASSERT_STRING_EQUAL(tampered.sum.silence_until,
	    "2027-01-15T08:03:20.000000Z");
}

UNIT_MAIN_WITH("verify", sealed_set_up, sealed_tear_down,
    UNIT(tampered_log_is_made), UNIT(what_is_whole_is_intact),
    UNIT(each_octet_counts), UNIT(each_line_counts),
    UNIT(lines_do_not_change_places), UNIT(what_is_cut_off_is_missed),
    UNIT(an_open_end_may_be_wanted), UNIT(what_is_no_sealed_log_is_told),
    UNIT(the_longest_silence_is_told))
