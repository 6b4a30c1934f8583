#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tools/policy/record.h"

/* All records as "LINE owner TYPE strings|...", then "!LINE object: reason" for
 * an error. */
static void read_out(const char *text, char *out, size_t size_b)
{
	static const char *const types[] = {
		"SOA", "NS", "TXT", "APL", "CNAME", "DNSSEC", "OTHER"
	};
	FILE *in = tmpfile();
	struct dp_record_reader *reader = NULL;
	struct dp_diag diag = { .line = 0 };
	struct dp_record r;
	enum dp_err err;
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	fputs(text, in);
	rewind(in);
	out[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(dp_record_open(&reader, in), DP_OK);
	while ((err = dp_record_next(reader, &r, &diag)) == DP_OK) {
		char owner[DP_NAME_TEXT_MAX];

		dp_name_to_text(&r.owner, owner);
		n += (size_t)snprintf(out + n, size_b - n, "%s%lu %s %s",
		    n ? "|" : "", r.line, owner, types[r.type]);
		for (size_t i = 0; r.type == DP_RECORD_TXT &&
		     i < r.data->count; i++)
			n += (size_t)snprintf(out + n, size_b - n, " %.*s",
			    (int)r.data->strings[i].octets[0],
			    (const char *)r.data->strings[i].octets + 1);
	}
	if (err != DP_ERR_NOTFOUND)
		snprintf(out + n, size_b - n, "!%lu %s: %s", diag.line,
		    diag.object, diag.reason);
	dp_record_close(&reader);
	CU_ASSERT_PTR_NULL(reader);
	dp_record_close(&reader);
	fclose(in);
}

static void check(const char *text, const char *want)
{
	char out[1024];

	read_out(text, out, sizeof(out));
	/* Of a reason, its beginning says enough. */
	if (strchr(want, '!'))
		out[strlen(want)] = '\0';
	CU_ASSERT_STRING_EQUAL(out, want);
	if (strcmp(out, want) != 0)
		printf("\n%s%s\n", text, out);
}

static void names_follow_origin_and_owner(void)
{
	check("a. TXT x\n", "1 a TXT x");
	check("$ORIGIN g.\n@ TXT x\nb.c TXT y\nB.C. TXT z",
	    "2 g TXT x|3 b.c.g TXT y|4 b.c TXT z");
	check("$ORIGIN g.\na TXT x\n TXT y\n$ORIGIN h\n TXT z\n@ TXT q",
	    "2 a.g TXT x|3 a.g TXT y|5 a.g TXT z|6 h.g TXT q");
	check("$origin g.\na\\.b TXT x\na\\\\. TXT y\n",
	    "2 a\\046b.g TXT x|3 a\\092 TXT y");
	check("$ORIGIN .\na TXT x\n", "2 a TXT x");
	check("$ORIGIN g.\n\\@ TXT x\n", "2 \\064.g TXT x");
	check("a TXT x", "!1 a: a relative name before any $ORIGIN");
	check("@ TXT x", "!1 @: a relative name before any $ORIGIN");
	check("$ORIGIN a\n", "!1 a: a relative name");
	check(" TXT x", "!1 : a record without a name");
	check("\"a.\" TXT x", "!1 \"a.\": a name in quotes");
	check("a..b. TXT x", "!1 a..b.: not a name");
	check("$ORIGIN \xc3\xbc.\n\xc3\xbc TXT \xc3\xbc\n@ TXT x",
	    "2 xn--tda.xn--tda TXT \xc3\xbc|3 xn--tda TXT x");
	check("\n\xc3.example. TXT x", "!2 ?.example.: not a name: it is not");
	check("$ORIGIN a\xe3\x80\x82", "!1 a\xe3\x80\x82: not a name");
}

/* Owners whose text is longer than the 255 characters that ldns takes. */
static void a_name_may_have_255_octets(void)
{
	char text[1300], out[1300], label[4 * 63 + 1];

	for (size_t i = 0; i < 63; i++)
		memcpy(label + 4 * i, "\\001", 5);
	/* 3 * 64 octets, the last label and 3 of the origin make 255. */
	for (int last = 59; last <= 60; last++) {
		snprintf(text, sizeof(text), "$ORIGIN g.\n%s.%s.%s.%.*s TXT x",
		    label, label, label, 4 * last, label);
		read_out(text, out, sizeof(out));
		CU_ASSERT_PTR_NOT_NULL(strstr(out,
		    last == 59 ? "\\001.g TXT x" : "longer than 255 octets"));
	}
}

/* ldns takes UTF-8 for octets: nobody is to read a name in another way. */
static void names_in_data_are_ascii(void)
{
	check("a. CNAME \xc3\xbc.", "!1 \xc3\xbc.: not a name: octets beyond "
	    "ASCII: write an internationalized name in its xn-- form");
	check("a. NS \xc3\xbc.", "!1 \xc3\xbc.: not a name: octets beyond");
	check("a. SOA b. \xc3\xbc. 1 1 1 1 1", "!1 \xc3\xbc.: not a name: oct");
}

static void ttl_and_class_are_stepped_over(void)
{
	check("a. 60 IN TXT x", "1 a TXT x");
	check("a. in 1h30M TXT x", "1 a TXT x");
	check("a. 2147483647 TXT x", "1 a TXT x");
	check("$TTL 1w\na. TXT IN 60", "2 a TXT IN 60");
	check("a. 60x TXT x", "!1 : 60x is no TTL");
	check("a. 2147483648 TXT x", "!1 : 2147483648 is no TTL");
	check("a. 99999999999999999999w TXT x", "!1 : 999");
	check("a. CH TXT x", "!1 : class CH");
	check("a. CLASS3 TXT x", "!1 : class CLASS3");
	check("a. IN\n", "!1 : a record without a type");
	check("a.\n", "!1 : a record without a type");
	check("a. IN \"TXT\" x\n", "!1 : a record without a type");
	check("a. IN IN x\n", "1 a OTHER");
	check("a. CLASS1x TXT x\n", "!1 : class CLASS1x");
	check("a. 60 60 TXT x\n", "1 a OTHER");
	check("$TTL\n", "!1 : $TTL takes one value");
	check("$TTL x\n", "!1 : $TTL x is no time");
	check("$TTL 1 2\n", "!1 : $TTL takes one value");
}

static void types_are_known(void)
{
	check("a. txt x\na. SOA b. c. 1 1 1 1 1\na. NS b.\n"
	      "a. APL 1:192.0.2.0/24\na. CNAME b.",
	    "1 a TXT x|2 a SOA|3 a NS|4 a APL|5 a CNAME");
	check("a. RRSIG x\na. NSEC3 x\na. TYPE65534 \\# 1 00\na. ZONEMD x\n"
	      "a. NSEC x\na. DNSKEY x\na. CDS x\na. CDNSKEY x\n"
	      "a. NSEC3PARAM x",
	    "1 a DNSSEC|2 a DNSSEC|3 a DNSSEC|4 a DNSSEC|5 a DNSSEC|"
	    "6 a DNSSEC|7 a DNSSEC|8 a DNSSEC|9 a DNSSEC");
	check("a. A 192.0.2.1\na. NULL", "1 a OTHER|2 a OTHER");
	check("a. TYPE16 x\na. TYPE1 \\# 0\na. TYPE42 1:192.0.2.0/24",
	    "1 a TXT x|2 a OTHER|3 a APL");
	/* ldns would take the number that it sees. */
	check("a. TYPE16x x\na. TYPE4294967312 x\na. TYPE65552 x\na. TYPE x",
	    "1 a OTHER|2 a OTHER|3 a OTHER|4 a OTHER");
	check("a. TXT ; x\n", "!1 : TXT without data");
	check("a. TXT (\n\\# 2 0161 )", "!2 : data in the form of RFC 3597");
	check("a. TXT \"\\#\"", "1 a TXT #");
}

static void directives_are_known(void)
{
	check("\n$INCLUDE x\n", "!2 : $INCLUDE is not supported");
	check("$GENERATE 1-2 a TXT x\n", "!1 : unknown directive $GENERATE");
	check("$ORIGIN a. b.\n", "!1 : $ORIGIN takes one value");
	check("a. TXT x\n\"$TTL\" TXT x", "1 a TXT x!2 \"$TTL\": a name in quotes");
}

UNIT_MAIN("record", UNIT(names_follow_origin_and_owner),
    UNIT(a_name_may_have_255_octets), UNIT(names_in_data_are_ascii),
    UNIT(ttl_and_class_are_stepped_over), UNIT(types_are_known),
    UNIT(directives_are_known))
