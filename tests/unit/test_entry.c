#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tools/policy/entry.h"

static FILE *text_file(const char *text, size_t len)
{
	FILE *in = tmpfile();

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_EQUAL_FATAL(fwrite(text, 1, len, in), len);
	rewind(in);
	return in;
}

/* All entries as text: "LINE:" or "LINE>" (indented), then "LINE word", "|"
 * between entries; in the end "!LINE reason" for an error. */
static void read_out(const char *text, size_t len, char *out, size_t size_b)
{
	FILE *in = text_file(text, len);
	struct dp_entry_reader *reader = NULL;
	struct dp_diag diag = { .line = 0 };
	struct dp_entry e;
	enum dp_err err;
	size_t n = 0;

	out[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(dp_entry_open(&reader, in), DP_OK);
	while ((err = dp_entry_next(reader, &e, &diag)) == DP_OK) {
		n += (size_t)snprintf(out + n, size_b - n, "%s%lu%c",
		    n ? "|" : "", e.line, e.indented ? '>' : ':');
		for (size_t i = 0; i < e.count; i++)
			n += (size_t)snprintf(out + n, size_b - n, " %lu %s",
			    e.words[i].line, e.words[i].text);
	}
	if (err != DP_ERR_NOTFOUND)
		snprintf(out + n, size_b - n, "!%lu %s", diag.line,
		    diag.reason);
	dp_entry_close(&reader);
	CU_ASSERT_PTR_NULL(reader);
	dp_entry_close(&reader);
	fclose(in);
}

static void entries_are_told_apart(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "\n\n \n;c\n\t; c\n", "" },
		{ "a b c", "1: 1 a 1 b 1 c" },
		{ "a b\nc d\n", "1: 1 a 1 b|2: 2 c 2 d" },
		{ "a b\r\nc d\r\n", "1: 1 a 1 b|2: 2 c 2 d" },
		{ "\xef\xbb\xbf"
		  "a b\n", "1: 1 a 1 b" },
		{ "a\n b\n\tc\nd", "1: 1 a|2> 2 b|3> 3 c|4: 4 d" },
		{ " \n\n;\n  ; x\na", "5: 5 a" },
		{ "a ; x ( \" \nb;y\n", "1: 1 a|2: 2 b" },
		{ "a ( b ; x )\n\n ; y\n c\n) d\ne",
		    "1: 1 a 1 b 4 c 5 d|6: 6 e" },
		{ "a (b(c)\nd)e", "1: 1 a 1 b 1 c 2 d 2 e" },
		{ "a\"b c\"d \"\" \";()\"",
		    "1: 1 a 1 \"b c\" 1 d 1 \"\" 1 \";()\"" },
		{ "a \"b\"\"c\"", "1: 1 a 1 \"b\" 1 \"c\"" },
		{ "a (b;c\nd;e)\n)", "1: 1 a 1 b 2 d" },
		{ "a\\ b \\\"c \\( \\; \"x\\\"y\\\\\" \\010",
		    "1: 1 a\\ b 1 \\\"c 1 \\( 1 \\; "
		    "1 \"x\\\"y\\\\\" 1 \\010" },
		{ "\xc3\xa4 \"\xc3\xa4\"", "1: 1 \xc3\xa4 1 \"\xc3\xa4\"" },
		{ "a \"x\ty\"", "1: 1 a 1 \"x\ty\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[512];

		read_out(cases[i].text, strlen(cases[i].text), out,
		    sizeof(out));
		CU_ASSERT_STRING_EQUAL(out, cases[i].want);
		if (strcmp(out, cases[i].want) != 0)
			printf("\n%zu: %s\n", i, out);
	}
}

static void bad_text_is_said_with_its_line(void)
{
	static const struct {
		const char *text;
		size_t len; /* 0: strlen */
		const char *want;
	} cases[] = {
		{ "a\n\nb (\nc\n", 0, "1: 1 a!3 a '(' that is never closed" },
		{ "a (\n\n(b\n)", 0, "!1 a '(' that is never closed" },
		{ "a\nb )\n", 0, "1: 1 a!2 a ')' without a '('" },
		{ "a ())\n", 0, "!1 a ')' without" },
		{ "\na \"b\nc\"\n", 0, "!2 a quote is not closed" },
		{ "a \"b", 0, "!1 a quote is not closed" },
		{ "a \"b\r\n", 0, "!1 a quote is not closed" },
		{ "a \"b\\\"\n", 0, "!1 a quote is not closed" },
		{ "a\nb\\\n", 0, "1: 1 a!2 a backslash at the end" },
		{ "a\\", 0, "!1 a backslash at the end" },
		{ "\xef\xbb" "a\n", 0, "!1 begins neither with ASCII" },
		{ "\xef", 0, "!1 begins neither with ASCII" },
		{ "a\0b\n", 4, "!1 a NUL byte" },
		{ "\n\n\0", 3, "!3 a NUL byte" },
		{ "a \"\0\"\n", 6, "!1 a NUL byte" },
		{ "a\\\0\n", 4, "!1 a NUL byte" },
		{ "a\033b\n", 0, "!1 a control character" },
		{ "\n\177\n", 0, "!2 a control character" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = cases[i].len ? cases[i].len
					  : strlen(cases[i].text);
		char out[512];

		read_out(cases[i].text, len, out, sizeof(out));
		out[strlen(cases[i].want)] = '\0';
		CU_ASSERT_STRING_EQUAL(out, cases[i].want);
		if (strcmp(out, cases[i].want) != 0)
			printf("\n%zu: %s\n", i, out);
	}
}

/* Words lie one behind the other, with room in front: ldns gets them as one
 * line. */
static void words_lie_in_one_piece(void)
{
	static const char text[] = "a (\"b c\" ; x\n d\n)\n  e f";
	FILE *in = text_file(text, sizeof(text) - 1);
	struct dp_entry_reader *reader = NULL;
	struct dp_diag diag = { .line = 0 };
	struct dp_entry e;

	CU_ASSERT_EQUAL_FATAL(dp_entry_open(&reader, in), DP_OK);
	for (int k = 0; k < 2; k++) {
		CU_ASSERT_EQUAL_FATAL(dp_entry_next(reader, &e, &diag), DP_OK);
		memcpy(e.words[0].text - 2, "..", 2);
		for (size_t i = 1; i < e.count; i++)
			e.words[i].text[-1] = ' ';
		CU_ASSERT_STRING_EQUAL(e.words[0].text - 2,
		    k == 0 ? "..a \"b c\" d" : "..e f");
	}
	dp_entry_close(&reader);
	fclose(in);
}

static void long_entries_are_read_up_to_the_limit(void)
{
	/* The word, the NUL behind it, and what stands in front. */
	size_t most_b = DP_ENTRY_MAX - 1 - 2;
	char *text = malloc(2 * most_b), *out = malloc(2 * most_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	memset(text, 'x', 2 * most_b);
	text[most_b] = '\n';
	text[most_b + 1] = 'y';
	read_out(text, most_b + 2, out, 2 * most_b);
	CU_ASSERT_EQUAL(strspn(out + 5, "x"), most_b);
	CU_ASSERT_STRING_EQUAL(out + 5 + most_b, "|2: 2 y");
	memset(text, 'x', most_b + 1);
	read_out(text, most_b + 1, out, 2 * most_b);
	CU_ASSERT_PTR_EQUAL(strstr(out, "!1 an entry of more than"), out);
	/* Many words: the first one's line is said. */
	for (size_t i = 0; i < 2 * most_b; i += 2)
		memcpy(text + i, "x ", 2);
	memcpy(text, "\nx(\n", 4);
	read_out(text, 2 * most_b, out, 2 * most_b);
	CU_ASSERT_PTR_EQUAL(strstr(out, "!2 an entry of more than"), out);
	free(out);
	free(text);
}

static void what_cannot_be_read_is_an_error(void)
{
	struct dp_entry_reader *reader = NULL;
	struct dp_diag diag = { .object = "left alone" };
	struct dp_entry e;
	FILE *in = fopen("/", "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_EQUAL_FATAL(dp_entry_open(&reader, in), DP_OK);
	CU_ASSERT_EQUAL(dp_entry_next(reader, &e, &diag), DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(diag.object, "left alone");
	CU_ASSERT_STRING_EQUAL(diag.reason, "Is a directory");
	dp_entry_close(&reader);
	fclose(in);
}

UNIT_MAIN("entry", UNIT(entries_are_told_apart),
    UNIT(bad_text_is_said_with_its_line), UNIT(words_lie_in_one_piece),
    UNIT(long_entries_are_read_up_to_the_limit),
    UNIT(what_cannot_be_read_is_an_error))
