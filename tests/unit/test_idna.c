#include "tests/unit/unit.h"

#include <string.h>

#include "tools/idna.h"

#define U_00FC "\303\274"	    /* u with diaeresis */
#define U_0308 "\314\210"	    /* combining diaeresis */
#define U_200D "\342\200\215"	    /* zero width joiner */
#define U_3002 "\343\200\202"	    /* ideographic full stop */

/* The A-labels are those of another implementation of RFC 3492, Python's codec
 * "punycode". */
static const struct {
	const char *text;
	const char *want; /* as text, or "!" and a part of the reason */
} cases[] = {
	{ "b" U_00FC "cher.example", "xn--bcher-kva.example" },
	{ "B\303\234CHER.Example.", "xn--bcher-kva.example" },
	{ "bu" U_0308 "cher.example", "xn--bcher-kva.example" },
	{ "*.b" U_00FC "cher.example", "*.xn--bcher-kva.example" },
	{ "_sip._tcp.b" U_00FC "cher.example",
	    "_sip._tcp.xn--bcher-kva.example" },
	{ "b" U_00FC "cher." U_00FC, "xn--bcher-kva.xn--tda" },
	{ "a\\.b\\195\\188." U_00FC, "a\\046b\\195\\188.xn--tda" },
	{ "a\\\\." U_00FC, "a\\092.xn--tda" },
	/* Nontransitional: these are letters and characters of their own. */
	{ "fa\303\237.de", "xn--fa-hia.de" },
	{ "\316\262\317\214\316\273\316\277\317\202", "xn--nxasmm1c" },
	{ "\340\244\225\340\245\215" U_200D "\340\244\267", "xn--11b2ezcw70k" },
	{ "\346\227\245\346\234\254\350\252\236.jp", "xn--wgv71a119e.jp" },
	{ "\327\251\327\234\327\225\327\235.il", "xn--9dbne9b.il" },
	/* Full-width letters are letters; a soft hyphen is nothing. */
	{ "\357\275\201\357\275\202.example", "ab.example" },
	{ "b\302\255" U_00FC "cher", "xn--bcher-kva" },
	/* Not beyond ASCII: nothing that this file has a say in. */
	{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
	{ "xn--99999999.-a-.ab--c._x.a\\255", "xn--99999999.-a-.ab--c._x."
	    "a\\255" },
	{ ".", "." },
	{ "a..b", "!an empty label" },
	/* Beside ASCII that no U-label has. */
	{ "*b" U_00FC "cher.example", "!'*' must be a label of its own" },
	{ "a.b*" U_00FC, "!'*' must be a label of its own" },
	{ "#" U_00FC, "!'#' stands for no number" },
	{ "_" U_00FC, "!'_' in one label with characters beyond ASCII" },
	{ "a b" U_00FC, "!' ' in one label" },
	{ "\\195\\188" U_00FC, "!all of its octets as \\DDD" },
	{ U_00FC "\\.com", "!all of its octets as \\DDD" },
	{ "\\" U_00FC, "!all of its octets as \\DDD" },
	/* What stands for such ASCII. */
	{ "\357\274\212.example", "!stands for '*'" },
	{ "\342\204\200.example", "!stands for '/'" },
	{ "a\357\274\277", "!stands for '_'" },
	/* Stops: one label would become two. */
	{ "a" U_3002 "b", "!write '.' where one label ends" },
	{ U_00FC U_3002 U_00FC, "!write '.' where one label ends" },
	{ "a\357\274\216b", "!write '.' where one label ends" },
	{ "a\357\275\241b", "!write '.' where one label ends" },
	{ "a\342\200\244b", "!disallowed character" },
	/* IDNA2008 */
	{ "\360\237\222\251.la", "!disallowed character" },
	{ "a\342\211\240", "!disallowed character" },
	{ "\342\200\256" U_00FC, "!disallowed character" },
	{ "a" U_200D "b", "!context-j" },
	{ "a\302\267b", "!context-o" },
	{ U_0308 "a", "!combining" },
	{ "\327\220a", "!bi-directional" },
	{ "-" U_00FC, "!hyphen" },
	{ U_00FC "-", "!hyphen" },
	{ "ab--" U_00FC, "!hyphens" },
	{ "xn--" U_00FC, "!punycode" },
	{ "\302\255.example", "!nothing but characters that cannot be seen" },
	{ "\342\200\213", "!nothing but characters that cannot be seen" },
	/* Labels that the DNS would not part as they were. */
	{ "." U_00FC, "!an empty label" },
	{ U_00FC "..a", "!an empty label" },
	/* No UTF-8: cut off, Latin-1, overlong, surrogate, too high. */
	{ "a\303", "!not in UTF-8" },
	{ "b\374cher", "!not in UTF-8" },
	{ "\300\256", "!not in UTF-8" },
	{ "\340\202\274", "!not in UTF-8" },
	{ "\355\240\200", "!not in UTF-8" },
	{ "\364\220\200\200", "!not in UTF-8" },
};

static void labels_are_converted(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_name name = { .len = 0 };
		struct dp_diag diag = { .line = 0 };
		char text[DP_NAME_TEXT_MAX] = "";
		enum dp_err err = dp_idna_name(&name, cases[i].text, &diag);

		if (cases[i].want[0] != '!') {
			CU_ASSERT_EQUAL(err, DP_OK);
			if (!err)
				dp_name_to_text(&name, text);
			CU_ASSERT_STRING_EQUAL(text, cases[i].want);
			if (strcmp(text, cases[i].want) != 0)
				printf("\n%s: %s\n", cases[i].text, text);
			continue;
		}
		CU_ASSERT_EQUAL(err, DP_ERR_SYNTAX);
		CU_ASSERT_EQUAL(name.len, 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "not a name: "));
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason,
		    cases[i].want + 1));
		if (!strstr(diag.reason, cases[i].want + 1))
			printf("\n%s: %s\n", cases[i].text, diag.reason);
		CU_ASSERT_EQUAL(dp_idna_name(&name, cases[i].text, NULL), err);
	}
}

/* What is quoted is the name as it was written, at the one place or other. */
static void the_name_as_written_is_said(void)
{
	static const char *const wrong[] = { "a*." U_00FC "*",
		U_00FC ".a..b", "a" U_3002 "b" };
	struct dp_diag diag;
	struct dp_name name;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_EQUAL(dp_idna_name(&name, wrong[i], &diag),
		    DP_ERR_SYNTAX);
		CU_ASSERT_STRING_EQUAL(diag.object, wrong[i]);
	}
}

/* n times the text, behind what is there. */
static void repeat(char *to, const char *text, int n)
{
	while (n-- > 0)
		strcat(to, text);
}

/* The limits hold for what was converted: Punycode takes a digit for each of
 * these but the first. */
static void converted_labels_have_63_octets(void)
{
	static const struct {
		int n;
		size_t want; /* octets of the label; 0: refused */
	} lengths[] = { { 1, 7 }, { 56, 62 }, { 57, 63 }, { 58, 0 },
		{ 64, 0 }, { 600, 0 } };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct dp_diag diag = { .line = 0 };
		char text[2 * 600 + 1] = "";
		struct dp_name name;
		enum dp_err err;

		repeat(text, U_00FC, lengths[i].n);
		err = dp_idna_name(&name, text, &diag);
		if (lengths[i].want == 0) {
			CU_ASSERT_EQUAL(err, DP_ERR_SYNTAX);
			CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason,
			    "longer than 63 octets"));
			continue;
		}
		CU_ASSERT_EQUAL_FATAL(err, DP_OK);
		CU_ASSERT_EQUAL(name.wire[0], lengths[i].want);
	}
}

static void converted_names_have_255_octets(void)
{
	char text[16 * 1024] = "";
	struct dp_name name;
	struct dp_diag diag;

	/* 31 times 8 octets and 6 and the root's. */
	repeat(text, U_00FC ".", 31);
	strcat(text, "abcde");
	CU_ASSERT_EQUAL_FATAL(dp_idna_name(&name, text, &diag), DP_OK);
	CU_ASSERT_EQUAL(name.len, 255);
	strcat(text, "f");
	CU_ASSERT_EQUAL(dp_idna_name(&name, text, &diag), DP_ERR_SYNTAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "longer than 255 octets"));

	/* Longer than any name in text, by labels of either kind. */
	for (int ascii = 0; ascii < 2; ascii++) {
		strcpy(text, U_00FC ".");
		repeat(text, ascii ? "\\097." : U_00FC ".", 1500);
		CU_ASSERT_EQUAL(dp_idna_name(&name, text, &diag),
		    DP_ERR_SYNTAX);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason,
		    "longer than 255 octets"));
	}
	/* The longest that is one: each octet escaped. */
	text[0] = '\0';
	for (int i = 0; i < 3; i++) {
		repeat(text, "\\001", 63);
		strcat(text, ".");
	}
	repeat(text, "\\001", 53);
	strcat(text, "." U_00FC ".");
	CU_ASSERT_EQUAL_FATAL(dp_idna_name(&name, text, &diag), DP_OK);
	CU_ASSERT_EQUAL(name.len, 255);
}

UNIT_MAIN("idna", UNIT(labels_are_converted),
    UNIT(the_name_as_written_is_said), UNIT(converted_labels_have_63_octets),
    UNIT(converted_names_have_255_octets))
