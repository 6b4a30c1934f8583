#include "dp_config.h"

#include "tests/unit/compiled.h"

#include "tools/show.h"

static char *shown(const struct dp_policy *policy)
{
	char *text = NULL;
	size_t size_b = 0;
	FILE *out = open_memstream(&text, &size_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL_FATAL(dp_show_zone(out, policy), DP_OK);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	return text;
}

static const char *const zones[] = {
	SOA("g.dnspin"),
	SOA("g.dnspin") "@ TXT \"title=a \\\"b\\\\\" \"k=\\000\\255;\" \"=\"\n"
	    "a.example TXT \"allow\" \"udp/53\" \"tcp/80\" \"tcp/80\"\n"
	    "*.a.example TXT \"allow\"\n"
	    "*.a.example APL 1:192.0.2.0/24 2:2001:db8::/32 1:0.0.0.0/0\n"
	    "b.a.example APL 1:198.51.100.1/32\n"
	    "b.a.example TXT \"allow\"\n"
	    "c.a.example TXT \"deny\"\n",
	/* Octets that master files give a meaning to. */
	SOA("g.dnspin")
	    "\\000\\255\\010\\..x\\032y\\;\\\"\\(\\)\\$.\\@ TXT \"allow\"\n"
	    "\\$ORIGIN TXT \"allow\"\n\\@ TXT \"deny\"\n* TXT \"deny\"\n",
	/* Several groups, of which one denies. */
	SOA("h") "a.example TXT \"allow\" \"tcp/1\"\n"
	    "b.example TXT \"allow\"\n"
	    SOA("g") "a.example TXT \"allow\" \"tcp/2\"\n"
	    "b.example TXT \"deny\"\n"
	    SOA("i\\000\\.\\\".x"),
};

static void compiling_again_gives_the_same_bytes(void)
{
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		struct compiled first = compile(zones[i]), second;
		char *text;

		CU_ASSERT_PTR_NOT_NULL_FATAL(first.policy);
		text = shown(first.policy);
		second = compile(text);
		CU_ASSERT_EQUAL_FATAL(second.err, DP_OK);
		CU_ASSERT_EQUAL_FATAL(second.size_b, first.size_b);
		CU_ASSERT_EQUAL(memcmp(second.bytes, first.bytes,
		    first.size_b), 0);
		free(text);
		compiled_free(&second);
		compiled_free(&first);
	}
}

static void many_pins_make_several_records(void)
{
	char text[6000], *again;
	struct compiled c;
	size_t n, records = 0;

	n = (size_t)sprintf(text, SOA("g") "a TXT \"allow\"\na APL");
	for (int i = 0; i < 121; i++)
		n += (size_t)sprintf(text + n, " 1:192.0.2.%d/32", i);
	c = compile(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	again = shown(c.policy);
	for (char *p = again; (p = strstr(p, "\na APL ")); p++)
		records++;
	CU_ASSERT_EQUAL(records, 3);
	free(again);
	compiled_free(&c);
}

/* The longest text that a zone may have of itself, and all of it escaped. */
static void long_text_makes_several_records(void)
{
	char *text = malloc(300000), string[4 * 255 + 1] = "k=", *again;
	struct compiled first, second;
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (size_t i = 0; i < 253; i++)
		memcpy(string + 2 + 4 * i, "\\001", 5);
	n = (size_t)sprintf(text, SOA("g"));
	for (int i = 0; i < 255; i++)
		n += (size_t)sprintf(text + n, "@ TXT \"%s\"\n", string);
	first = compile(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(first.policy);
	again = shown(first.policy);
	second = compile(again);
	CU_ASSERT_EQUAL_FATAL(second.err, DP_OK);
	CU_ASSERT_EQUAL_FATAL(second.size_b, first.size_b);
	CU_ASSERT_EQUAL(memcmp(second.bytes, first.bytes, first.size_b), 0);
	free(again);
	free(text);
	compiled_free(&second);
	compiled_free(&first);
}

static void the_form_is_as_documented(void)
{
	struct compiled c = compile(zones[1]);
	char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	text = shown(c.policy);
	CU_ASSERT_PTR_NOT_NULL(strstr(text,
	    "; mode = strict\n; chain = inherit\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "; grace = 60\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "; nft-table = \"dnspin\"\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text,
	    "\n$ORIGIN g.dnspin.\n$TTL 3600\n"
	    "@ SOA localhost. hostmaster.localhost. 7 3600 600 86400 60\n"
	    "@ NS localhost.\n"
	    "@ TXT \"title=a \\\"b\\\\\" \"k=\\000\\255;\" \"=\"\n"
	    "a.example TXT \"allow\" \"tcp/80\" \"udp/53\"\n"
	    "*.a.example TXT \"allow\"\n"
	    "*.a.example APL 1:0.0.0.0/0 1:192.0.2.0/24 2:2001:db8::/32\n"));
	free(text);
	compiled_free(&c);
}

UNIT_MAIN("show_zone", UNIT(compiling_again_gives_the_same_bytes),
    UNIT(many_pins_make_several_records),
    UNIT(long_text_makes_several_records), UNIT(the_form_is_as_documented))
