#include "tests/unit/unit.h"

#include <string.h>

#include "tools/policy/word.h"

static struct dp_word word(const char *text)
{
	return (struct dp_word){ .text = (char *)(uintptr_t)text, .line = 7 };
}

static const struct {
	const char *text;
	const char *origin; /* NULL: none */
	const char *want;   /* as text, or "!" and a part of the reason */
} names[] = {
	{ "a.", NULL, "a" },
	{ ".", NULL, "." },
	{ "@", "g.", "g" },
	{ "b.C", "g.", "b.c.g" },
	{ "b.C.", "g.", "b.c" },
	{ "a\\.", "g.", "a\\046.g" },
	{ "a\\\\.", "g.", "a\\092" },
	{ "\\@", "g.", "\\064.g" },
	{ "a", ".", "a" },
	{ "a", NULL, "!before any $ORIGIN" },
	{ "@", NULL, "!before any $ORIGIN" },
	{ "\"a.\"", "g.", "!take the quotes away" },
	{ "a..b", "g.", "!not a name" },
	{ "\xc3\xa4", "g.", "!not a name" },
	{ "\\300", "g.", "!not a name" },
};

static void names_are_made_absolute(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct dp_name origin = { .len = 0 }, name;
		struct dp_diag diag = { .line = 0 };
		struct dp_word w = word(names[i].text);
		char text[DP_NAME_TEXT_MAX];
		enum dp_err err;

		if (names[i].origin)
			CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&origin,
			    names[i].origin, NULL), DP_OK);
		err = dp_word_name(&name, &w, &origin, &diag);
		if (names[i].want[0] == '!') {
			CU_ASSERT_EQUAL(err, DP_ERR_SYNTAX);
			CU_ASSERT_EQUAL(diag.line, 7);
			CU_ASSERT_STRING_EQUAL(diag.object, names[i].text);
			CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason,
			    names[i].want + 1));
			continue;
		}
		CU_ASSERT_EQUAL_FATAL(err, DP_OK);
		dp_name_to_text(&name, text);
		CU_ASSERT_STRING_EQUAL(text, names[i].want);
	}
}

/* Owners may be in UTF-8; all else is as in other names. */
static void owners_may_be_in_utf8(void)
{
	static const struct {
		const char *text;
		const char *want; /* as text, or "!" and part of the reason */
	} owners[] = {
		{ "*.b\303\274cher", "*.xn--bcher-kva.g" },
		{ "b\303\274cher.", "xn--bcher-kva" },
		{ "a.B", "a.b.g" },
		{ "@", "g" },
		{ "\"\303\274\"", "!take the quotes away" },
		{ "b\374cher", "!not in UTF-8" },
		{ "a\343\200\202", "!write '.' where" },
	};
	struct dp_name origin, name;
	char text[DP_NAME_TEXT_MAX];

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&origin, "g.", NULL), DP_OK);
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		struct dp_word w = word(owners[i].text);
		struct dp_diag diag = { .line = 0 };
		enum dp_err err = dp_word_owner(&name, &w, &origin, &diag);

		if (owners[i].want[0] == '!') {
			CU_ASSERT_EQUAL(err, DP_ERR_SYNTAX);
			CU_ASSERT_EQUAL(diag.line, 7);
			CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason,
			    owners[i].want + 1));
			continue;
		}
		CU_ASSERT_EQUAL_FATAL(err, DP_OK);
		dp_name_to_text(&name, text);
		CU_ASSERT_STRING_EQUAL(text, owners[i].want);
	}
}

static void a_name_may_have_255_octets(void)
{
	char text[5 * 256], label[64];
	struct dp_name origin, name;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&origin, "g.", NULL), DP_OK);
	memset(label, 'a', 63);
	label[63] = '\0';
	/* 3 * 64 octets, the last label and 3 of the origin make 255. */
	for (int last = 59; last <= 60; last++) {
		struct dp_word w = word(text);
		struct dp_diag diag;

		snprintf(text, sizeof(text), "%s.%s.%s.%.*s", label, label,
		    label, last, label);
		CU_ASSERT_EQUAL(dp_word_name(&name, &w, &origin, &diag),
		    last == 59 ? DP_OK : DP_ERR_SYNTAX);
	}
	CU_ASSERT_EQUAL(name.len, 255);
}

static const struct {
	const char *text;
	const char *want; /* as text, or "!" and a part of the reason */
} pins[] = {
	{ "1:192.0.2.0/24", "192.0.2.0/24" },
	{ "1:192.0.2.1/32", "192.0.2.1/32" },
	{ "1:0.0.0.0/0", "0.0.0.0/0" },
	{ "2:2001:db8::/32", "2001:db8::/32" },
	{ "2:::/0", "::/0" },
	{ "1:0.0.0.0/256", "!a number from 0 to 32" },
	{ "1:10.0.0.0/8x", "!a number from 0 to 32" },
	{ "1:10.0.0.0/33", "!a number from 0 to 32" },
	{ "1:10.0.0.0/", "!a number from 0 to 32" },
	{ "1:10.0.0.0/-1", "!a number from 0 to 32" },
	{ "1:10.0.0.0/08", "!a number from 0 to 32" },
	{ "1:10.0.0.1/8", "!host bits are set" },
	{ "2:2001:db8::/129", "!a number from 0 to 128" },
	{ "2:2001:db8::1/32", "!host bits are set" },
	{ "1:10.0.0/8", "!not a prefix" },
	{ "1:2001:db8::/32", "!write 2:2001:db8::/32" },
	{ "2:10.0.0.0/8", "!write 1:10.0.0.0/8" },
	{ "1:10.0.0.1", "!write 1:10.0.0.1/32" },
	{ "2:2001:db8::1", "!write 2:2001:db8::1/128" },
	{ "3:10.0.0.0/8", "!a prefix is written" },
	{ "65537:10.0.0.0/8", "!a prefix is written" },
	{ "10.0.0.0/8", "!a prefix is written" },
	{ "\"1:10.0.0.0/8\"", "!a prefix is written" },
	{ "!1:10.0.0.0/8", "!exceptions" },
	{ "", "!a prefix is written" },
};

static void pins_are_read_strictly(void)
{
	for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
		struct dp_diag diag = { .line = 0 };
		struct dp_word w = word(pins[i].text);
		char text[DP_PREFIX_TEXT_MAX];
		struct dp_prefix pin;
		enum dp_err err = dp_word_pin(&pin, &w, &diag);

		if (pins[i].want[0] == '!') {
			CU_ASSERT_EQUAL(err, DP_ERR_SYNTAX);
			CU_ASSERT_EQUAL(diag.line, 7);
			CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason,
			    pins[i].want + 1));
			if (!strstr(diag.reason, pins[i].want + 1))
				printf("\n%s: %s\n", pins[i].text,
				    diag.reason);
			continue;
		}
		CU_ASSERT_EQUAL_FATAL(err, DP_OK);
		dp_prefix_to_text(&pin, text);
		CU_ASSERT_STRING_EQUAL(text, pins[i].want);
	}
}

static void numbers_have_32_bits(void)
{
	static const char *const wrong[] = {
		"", "-1", "+1", " 1", "1 ", "1x", "0x1", "4294967296",
		"18446744073709551617"
	};
	uint32_t n = 5;
	struct dp_word w;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		w = word(wrong[i]);
		CU_ASSERT_FALSE(dp_word_number(&n, &w));
		CU_ASSERT_EQUAL(n, 5);
	}
	w = word("4294967295");
	CU_ASSERT_TRUE(dp_word_number(&n, &w));
	CU_ASSERT_EQUAL(n, UINT32_MAX);
}

static void periods_do_not_overflow(void)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
		{ "0", true },		 { "2147483647", true },
		{ "1h30M", true },	 { "3550w", true },
		{ "2147483648", false }, { "3551w", false },
		{ "99999999999999999999w", false },
		{ "2147483647s1", false }, { "", false },
		{ "h", false },		 { "60x", false },
		{ "-1", false },	 { "1h-1", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_word w = word(cases[i].text);

		CU_ASSERT_EQUAL(dp_word_period(&w, INT32_MAX), cases[i].want);
		if (dp_word_period(&w, INT32_MAX) != cases[i].want)
			printf("\n%s\n", cases[i].text);
	}
}

UNIT_MAIN("word", UNIT(names_are_made_absolute),
    UNIT(owners_may_be_in_utf8), UNIT(a_name_may_have_255_octets),
    UNIT(pins_are_read_strictly), UNIT(numbers_have_32_bits),
    UNIT(periods_do_not_overflow))
