#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tools/master.h"

static FILE *text_file(const char *text, size_t len)
{
	FILE *in = tmpfile();

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_EQUAL_FATAL(fwrite(text, 1, len, in), len);
	rewind(in);
	return in;
}

/* All entries as text: "LINE:" or "LINE>" (indented), then "LINE token" or
 * "LINE 'token'" (quoted), "|" between entries; in the end "!LINE reason" for
 * an error. */
static void read_out(const char *text, size_t len, char *out, size_t size_b)
{
	FILE *in = text_file(text, len);
	struct dp_master *m = NULL;
	struct dp_diag diag = { .line = 0 };
	struct dp_entry e;
	enum dp_err err;
	size_t n = 0;

	out[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(dp_master_open(&m, in), DP_OK);
	while ((err = dp_master_next(m, &e, &diag)) == DP_OK) {
		n += (size_t)snprintf(out + n, size_b - n, "%s%lu%c",
		    n ? "|" : "", e.line, e.indented ? '>' : ':');
		for (size_t i = 0; i < e.count; i++)
			n += (size_t)snprintf(out + n, size_b - n,
			    e.tokens[i].quoted ? " %lu'%s'" : " %lu %s",
			    e.tokens[i].line, e.tokens[i].text);
	}
	if (err != DP_ERR_NOTFOUND)
		snprintf(out + n, size_b - n, "!%lu %s", diag.line,
		    diag.reason);
	dp_master_close(&m);
	CU_ASSERT_PTR_NULL(m);
	dp_master_close(&m);
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
		    "1: 1 a 1'b c' 1 d 1'' 1';()'" },
		{ "a\\ b \\\"c \\( \\; \"x\\\"y\\\\\" \\010",
		    "1: 1 a\\ b 1 \\\"c 1 \\( 1 \\; 1'x\\\"y\\\\' 1 \\010" },
		{ "\xc3\xa4 \"\xc3\xa4\"", "1: 1 \xc3\xa4 1'\xc3\xa4'" },
		{ "a \"x\ty\"", "1: 1 a 1'x\ty'" },
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

/* Buffers are filled anew in the middle of everything. */
static void long_lines_are_read(void)
{
	size_t word_b = 200000, entry_b = DP_MASTER_ENTRY_MAX;
	char *text = malloc(entry_b + 2), *out = malloc(2 * word_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	memset(text, 'x', word_b);
	text[word_b] = '\n';
	text[word_b + 1] = 'y';
	read_out(text, word_b + 2, out, 2 * word_b);
	CU_ASSERT_EQUAL(strspn(out + 5, "x"), word_b);
	CU_ASSERT_STRING_EQUAL(out + 5 + word_b, "|2: 2 y");
	memset(text, 'x', entry_b + 2);
	read_out(text, entry_b + 2, out, 2 * word_b);
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "more than 1 MiB"));
	free(out);
	free(text);
}

static void what_cannot_be_read_is_an_error(void)
{
	struct dp_master *m = NULL;
	struct dp_diag diag = { .object = "left alone" };
	struct dp_entry e;
	FILE *in = fopen("/", "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_EQUAL_FATAL(dp_master_open(&m, in), DP_OK);
	CU_ASSERT_EQUAL(dp_master_next(m, &e, &diag), DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(diag.object, "left alone");
	CU_ASSERT_STRING_EQUAL(diag.reason, "Is a directory");
	dp_master_close(&m);
	fclose(in);
}

static void strings_are_unescaped(void)
{
	char long_text[300] = { 0 };
	static const struct {
		const char *text;
		const char *want; /* NULL: wrong */
		size_t len;
	} cases[] = {
		{ "", "", 0 },
		{ "a=b c", "a=b c", 5 },
		{ "\\\"\\\\\\;", "\"\\;", 3 },
		{ "\\000\\255x", "\0\xffx", 3 },
		{ "\\0651", "A1", 2 },
		{ "\\256", NULL, 0 },
		{ "\\06", NULL, 0 },
		{ "\\0a1", NULL, 0 },
	};
	uint8_t out[DP_STRING_MAX + 1];
	struct dp_token token = { .text = long_text };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_token t = { .text = cases[i].text };
		const char *reason = dp_master_string(out, &t);

		if (!cases[i].want) {
			CU_ASSERT_PTR_NOT_NULL(reason);
			continue;
		}
		CU_ASSERT_PTR_NULL(reason);
		CU_ASSERT_EQUAL(out[0], cases[i].len);
		CU_ASSERT_EQUAL(memcmp(out + 1, cases[i].want, cases[i].len),
		    0);
	}
	memset(long_text, 'x', 255);
	CU_ASSERT_PTR_NULL(dp_master_string(out, &token));
	CU_ASSERT_EQUAL(out[0], 255);
	long_text[255] = 'x';
	CU_ASSERT_PTR_NOT_NULL(dp_master_string(out, &token));
}

UNIT_MAIN("master", UNIT(entries_are_told_apart),
    UNIT(bad_text_is_said_with_its_line), UNIT(long_lines_are_read),
    UNIT(what_cannot_be_read_is_an_error), UNIT(strings_are_unescaped))
