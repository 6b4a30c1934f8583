#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/policy/rdata.h"

static size_t strings_out(const struct dp_rdata *d, char *out, size_t size_b)
{
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++) {
		const uint8_t *p = d->strings[i].octets;

		n += (size_t)snprintf(out + n, size_b - n, "%lu[",
		    d->strings[i].line);
		for (size_t k = 1; k <= *p; k++)
			n += (size_t)snprintf(out + n, size_b - n,
			    isprint(p[k]) ? "%c" : "<%u>", p[k]);
		n += (size_t)snprintf(out + n, size_b - n, "]");
	}
	return n;
}

/* What stands in text, an entry that begins with its type: the data as text,
 * or "!LINE object: reason". */
static void read_out(enum dp_record_type type, const char *text,
    const char *origin_text, char *out, size_t size_b)
{
	struct dp_entry_reader *reader = NULL;
	struct dp_name origin = { .len = 0 };
	struct dp_diag diag = { .line = 0 };
	struct dp_rdata d = { .count = 0 };
	char name[DP_NAME_TEXT_MAX];
	struct dp_entry e;
	FILE *in = tmpfile();
	enum dp_err err;
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	fputs(text, in);
	rewind(in);
	if (origin_text)
		CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&origin, origin_text,
		    NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_entry_open(&reader, in), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_entry_next(reader, &e, &diag), DP_OK);
	out[0] = '\0';
	err = dp_rdata_read(&d, type, &e, 0, &origin, &diag);
	CU_ASSERT_TRUE(err == DP_OK || err == DP_ERR_SYNTAX);
	if (err) {
		snprintf(out, size_b, "!%lu %s: %s", diag.line, diag.object,
		    diag.reason);
	} else if (type == DP_RECORD_TXT) {
		strings_out(&d, out, size_b);
	} else if (type == DP_RECORD_APL) {
		for (size_t i = 0; i < d.count; i++, n = strlen(out)) {
			char pin[DP_PREFIX_TEXT_MAX];

			dp_prefix_to_text(&d.pins[i], pin);
			snprintf(out + n, size_b - n, "[%s]", pin);
		}
	} else if (type == DP_RECORD_SOA) {
		snprintf(out, size_b, "%lu", (unsigned long)d.serial);
	} else if (type == DP_RECORD_NS || type == DP_RECORD_CNAME) {
		dp_name_to_text(&d.target, name);
		snprintf(out, size_b, "%s", name);
	}
	dp_rdata_free(&d);
	dp_entry_close(&reader);
	fclose(in);
}

static void check(enum dp_record_type type, const char *text, const char *want)
{
	char out[4096];

	read_out(type, text, "g.", out, sizeof(out));
	/* Of a reason, its beginning says enough. */
	if (want[0] == '!')
		out[strlen(want)] = '\0';
	CU_ASSERT_STRING_EQUAL(out, want);
	if (strcmp(out, want) != 0)
		printf("\n%s\n%s\n", text, out);
}

static void txt_is_what_stands_there(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "TXT allow tcp/443", "1[allow]1[tcp/443]" },
		{ "TXT \"allow\" \"tcp/443\"", "1[allow]1[tcp/443]" },
		{ "TXT \"allow\"\"tcp/443\"", "1[allow]1[tcp/443]" },
		{ "TXT \"a\"b\"c\"", "1[a]1[b]1[c]" },
		{ "TXT(\"a\";x\n\"b\")", "1[a]2[b]" },
		{ "TXT \"\"", "1[]" },
		{ "TXT \"\" \"\" a \"\"", "1[]1[]1[a]1[]" },
		{ "TXT \"a b\" \" \" \";()\"", "1[a b]1[ ]1[;()]" },
		{ "TXT \"a  b\" c", "1[a  b]1[c]" },
		{ "TXT \" a \" \"b\tc\"", "1[ a ]1[b<9>c]" },
		{ "TXT \\\"a\\\" \"\\\"b\\\\\" c", "1[\"a\"]1[\"b\\]1[c]" },
		{ "TXT \"\\\\\" \"a\"", "1[\\]1[a]" },
		{ "TXT \"\\\\\\\"\" \"a\"", "1[\\\"]1[a]" },
		{ "TXT a\\ b \\( \\; \\)", "1[a b]1[(]1[;]1[)]" },
		{ "TXT \"(\" \")\" \"a;b\" \"(;\"", "1[(]1[)]1[a;b]1[(;]" },
		{ "TXT \\000\\255\\009 \"\\065llow\"", "1[<0><255><9>]1[Allow]" },
		{ "TXT \\0651", "1[A1]" },
		{ "TXT \"\\#\" \"\\# 1 00\"", "1[#]1[# 1 00]" },
		{ "TXT \xc3\xa4", "1[<195><164>]" },
		{ "TXT 60 IN TXT", "1[60]1[IN]1[TXT]" },
		{ "TYPE16 a", "1[a]" },
		{ "TXT ; a", "!1 : TXT without data" },
		{ "TXT \\# 2 0161", "!1 : data in the form of RFC 3597" },
		{ "TXT a (\n\\# 2 0161)", "!2 : data in the form of RFC 3597" },
		{ "TXT a (\n\"\\256\")", "!2 \\256: \\ and a digit must" },
		{ "TXT \\06", "!1 \\06: \\ and a digit must" },
		{ "TXT \"\\06\"", "!1 \\06: \\ and a digit must" },
		{ "TXT \\0a1", "!1 \\0a1: \\ and a digit must" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(DP_RECORD_TXT, cases[i].text, cases[i].want);
}

static void a_string_has_255_octets(void)
{
	char text[2048], out[2048], x[257], escaped[1025];

	memset(x, 'x', 256);
	x[256] = '\0';
	snprintf(text, sizeof(text), "TXT \"%s\" a", x + 1);
	read_out(DP_RECORD_TXT, text, NULL, out, sizeof(out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "xx]1[a]"));
	for (int quoted = 0; quoted < 2; quoted++) {
		snprintf(text, sizeof(text), quoted ? "TXT (a\n\"%s\" b)"
						    : "TXT (a\n%s b)", x);
		read_out(DP_RECORD_TXT, text, NULL, out, sizeof(out));
		CU_ASSERT_PTR_EQUAL(strstr(out, "!2 xxx"), out);
		CU_ASSERT_PTR_NOT_NULL(strstr(out, "more than 255 octets"));
	}
	for (size_t i = 0; i < 256; i++)
		memcpy(escaped + 4 * i, "\\120", 5);
	snprintf(text, sizeof(text), "TXT \"%s\"", escaped + 4);
	read_out(DP_RECORD_TXT, text, NULL, out, sizeof(out));
	CU_ASSERT_EQUAL(strspn(out + 2, "x"), 255);
	snprintf(text, sizeof(text), "TXT \"%s\"", escaped);
	read_out(DP_RECORD_TXT, text, NULL, out, sizeof(out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "more than 255 octets"));
}

/* As much as an entry may hold comes out, and all of it. */
static void many_fields_are_read(void)
{
	size_t count = (DP_ENTRY_MAX - 10) / 15, size_b = 20 * count, n;
	char *text = malloc(size_b), *out = malloc(size_b), *p;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	n = (size_t)snprintf(text, size_b, "APL");
	for (size_t i = 0; i < count; i++)
		n += (size_t)snprintf(text + n, size_b - n,
		    " 1:10.%zu.%zu.0/24", i / 100 + 100, i % 100 + 100);
	text[DP_ENTRY_MAX - 20] = '\0';
	*strrchr(text, ' ') = '\0';
	read_out(DP_RECORD_APL, text, NULL, out, size_b);
	for (n = 0, p = out; *p; p++)
		n += *p == '[';
	for (p = text; *p; p++)
		n -= *p == ' ';
	CU_ASSERT_EQUAL(n, 0);
	free(out);
	free(text);
}

static void strings_are_said_as_text(void)
{
	static const uint8_t octets[] = "\6a\0 \\\xff\177";
	struct dp_string string = { .octets = octets };
	char text[DP_STRING_TEXT_MAX];

	dp_string_to_text(&string, text);
	CU_ASSERT_STRING_EQUAL(text, "a\\000 \\\\255\\127");
}

static void apl_is_what_stands_there(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "APL 1:192.0.2.0/24", "[192.0.2.0/24]" },
		{ "APL 1:0.0.0.0/0 2:::/0", "[0.0.0.0/0][::/0]" },
		{ "APL (1:192.0.2.0/24;x\n2:2001:db8::1/128)",
		    "[192.0.2.0/24][2001:db8::1/128]" },
		{ "APL 1:255.255.255.255/32 2:ffff::/16",
		    "[255.255.255.255/32][ffff::/16]" },
		{ "TYPE42 1:192.0.2.0/24", "[192.0.2.0/24]" },
		{ "APL (1:192.0.2.0/24\n1:0.0.0.0/256)", "!2 0.0.0.0/256: not" },
		{ "APL 1:10.0.0.1/8x", "!1 10.0.0.1/8x: not a prefix" },
		{ "APL 1:192.0.2.0/24(1)", "!1 1: a prefix is written" },
		{ "APL 1:192.0.2.0/2\\052", "!1 192.0.2.0/2\\052: not a" },
		{ "APL !1:192.0.2.0/24", "!1 !1:192.0.2.0/24: exceptions" },
		{ "APL \"1:192.0.2.0/24\"", "!1 \"1:192.0.2.0/24\": a pre" },
		{ "APL \\# 7 00011803c00002", "!1 : data in the form" },
		{ "APL", "!1 : APL without data" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(DP_RECORD_APL, cases[i].text, cases[i].want);
}

static void names_are_what_stands_there(void)
{
	char text[1100], out[1100], escaped[4 * 63 + 1];

	check(DP_RECORD_CNAME, "CNAME .", ".");
	check(DP_RECORD_CNAME, "CNAME RPZ-Passthru.", "rpz-passthru");
	check(DP_RECORD_CNAME, "CNAME rpz-passthru", "rpz-passthru.g");
	check(DP_RECORD_CNAME, "CNAME @", "g");
	check(DP_RECORD_CNAME, "CNAME a\\.b", "a\\046b.g");
	check(DP_RECORD_CNAME, "CNAME \\(.", "\\040");
	check(DP_RECORD_NS, "NS localhost.", "localhost");
	check(DP_RECORD_CNAME, "CNAME a. b.", "!1 : CNAME has one target");
	check(DP_RECORD_CNAME, "CNAME \".\"", "!1 \".\": a name in quotes");
	check(DP_RECORD_CNAME, "CNAME a..b.", "!1 a..b.: not a name");
	check(DP_RECORD_CNAME, "CNAME \xc3\xa4.", "!1 \xc3\xa4.: not a name");
	check(DP_RECORD_NS, "NS", "!1 : NS without data");
	check(DP_RECORD_NS, "NS \\# 1 00", "!1 : data in the form");
	/* ldns takes these for "@". */
	check(DP_RECORD_CNAME, "CNAME \\@", "!1 \\@: is not read as it is");
	check(DP_RECORD_CNAME, "CNAME \\064.", "!1 \\064.: is not read as it");
	read_out(DP_RECORD_CNAME, "CNAME a", NULL, out, sizeof(out));
	CU_ASSERT_PTR_EQUAL(strstr(out, "!1 a: a relative name"), out);
	/* Three labels of 63 octets, each written with four characters. */
	for (size_t i = 0; i < 63; i++)
		memcpy(escaped + 4 * i, "\\120", 5);
	snprintf(text, sizeof(text), "CNAME %s.%s.%s.", escaped, escaped,
	    escaped);
	read_out(DP_RECORD_CNAME, text, "g.", out, sizeof(out));
	CU_ASSERT_EQUAL(strspn(out, "x."), 3 * 64 - 1);
	CU_ASSERT_EQUAL(strlen(out), 3 * 64 - 1);
}

static void soa_is_what_stands_there(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "SOA a. b. 5 1 1 1 1", "5" },
		{ "SOA a b (4294967295 ; serial\n1h 1m30s 2w 60)",
		    "4294967295" },
		{ "SOA a. b. 5 1 1 1", "!1 : an SOA has seven fields" },
		{ "SOA a. b. 5 1 1 1 1 1", "!1 : an SOA has seven fields" },
		{ "SOA a. b. (\n-1 1 1 1 1)", "!2 : the serial -1 is no" },
		{ "SOA a. b. 4294967296 1 1 1 1", "!1 : the serial 42" },
		{ "SOA a. b. 4294967297 1 1 1 1", "!1 : the serial 42" },
		{ "SOA a. b. 5x 1 1 1 1", "!1 : the serial 5x" },
		{ "SOA a. b. 1h 1 1 1 1", "!1 : the serial 1h" },
		{ "SOA a. b. 5 1 1 1 1x", "!1 : 1x is no time" },
		{ "SOA a. b. 5 1 1 1 4294967296", "!1 : 4294967296 is no" },
		{ "SOA a. \"b.\" 5 1 1 1 1", "!1 \"b.\": a name in quotes" },
		{ "SOA ; x", "!1 : SOA without data" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(DP_RECORD_SOA, cases[i].text, cases[i].want);
}

static void other_types_are_not_read(void)
{
	check(DP_RECORD_DNSSEC, "TYPE65534 \\# 5 08", "");
	check(DP_RECORD_OTHER, "NULL", "");
}

UNIT_MAIN("rdata", UNIT(txt_is_what_stands_there),
    UNIT(a_string_has_255_octets), UNIT(many_fields_are_read), UNIT(strings_are_said_as_text),
    UNIT(apl_is_what_stands_there), UNIT(names_are_what_stands_there),
    UNIT(soa_is_what_stands_there), UNIT(other_types_are_not_read))
