#include "dp_config.h"

#include "tests/unit/compiled.h"

#include "tools/policy/show.h"

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
	/* What is not the same for all clients. */
	SOA("all") "a TXT allow tcp/1\n*.a TXT allow\n*.a APL 1:192.0.2.0/24\n"
	    "b.a TXT allow tcp/1\nc.a TXT deny\nd TXT allow\n"
	    SOA("vlan") "@ APL 1:10.0.0.0/8 2:fd00::/8\na TXT allow tcp/2\n"
	    "*.a TXT allow tcp/3\n*.a APL 1:198.51.100.0/24\n"
	    "c.a TXT allow\nd TXT deny\n"
	    SOA("lab") "@ APL 1:10.1.0.0/16\nb.a TXT allow tcp/4\nd TXT allow\n",
};

/* --- random zones --------------------------------------------------------- */

#define GROUPS 5

static size_t put_rule(char *text, uint64_t *seed, const char *pattern)
{
	size_t n;

	if (unit_random(seed) % 4 == 0)
		return (size_t)sprintf(text, "%s TXT deny\n", pattern);
	n = (size_t)sprintf(text, "%s TXT allow", pattern);
	for (unsigned k = 1; k < 4; k++)
		if (unit_random(seed) % 3 == 0)
			n += (size_t)sprintf(text + n, " tcp/%u", k);
	n += (size_t)sprintf(text + n, "\n");
	for (unsigned k = 1; k < 4; k++)
		if (unit_random(seed) % 4 == 0)
			n += (size_t)sprintf(text + n,
			    "%s APL 1:192.0.%u.0/24\n", pattern, k);
	return n;
}

/* Zones whose rules meet and whose clients overlap. */
static void random_zones(char *text, uint64_t *seed)
{
	static const char *const patterns[] = { "a", "*.a", "b.a", "*.b.a",
		"c.b.a", "*.c.b.a", "*", "d" };
	size_t n = 0;

	for (unsigned g = 0; g < GROUPS; g++) {
		n += (size_t)sprintf(text + n, SOA("g%u"), g);
		for (unsigned k = 0; g > 1 && k < 2; k++) {
			unsigned len = (unsigned)(unit_random(seed) % 4);

			n += (size_t)sprintf(text + n, "@ APL 1:%u.0.0.0/%u\n",
			    (unsigned)unit_random(seed) &
				(0xff00u >> len & 0xff), len);
		}
		for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns);
		     i++)
			if (unit_random(seed) % 2)
				n += put_rule(text + n, seed, patterns[i]);
	}
}

/* dnspin show | dnspin compile */
static void compile_again(const struct compiled *first)
{
	char *text = shown(first->policy);
	struct compiled second = compile(text);

	CU_ASSERT_EQUAL_FATAL(second.err, DP_OK);
	CU_ASSERT_EQUAL_FATAL(second.size_b, first->size_b);
	CU_ASSERT_EQUAL(memcmp(second.bytes, first->bytes, first->size_b), 0);
	free(text);
	compiled_free(&second);
}

static void random_clients_compile_to_the_same_bytes(void)
{
	static char text[20000];
	uint64_t seed = 7;
	uint32_t audiences = 0;

	for (int round = 0; round < 500; round++) {
		struct compiled c;

		random_zones(text, &seed);
		c = compile(text);
		CU_ASSERT_EQUAL_FATAL(c.err, DP_OK);
		audiences += dp_policy_audience_count(c.policy);
		compile_again(&c);
		compiled_free(&c);
	}
	/* Enough to mean something. */
	CU_ASSERT(audiences > 500 * 3);
}

static void compiling_again_gives_the_same_bytes(void)
{
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		struct compiled first = compile(zones[i]);

		CU_ASSERT_PTR_NOT_NULL_FATAL(first.policy);
		compile_again(&first);
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

static void clients_are_shown(void)
{
	struct compiled c = compile(zones[4]);
	char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	text = shown(c.policy);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "@ NS localhost.\n"
	    "a TXT \"allow\" \"tcp/1\"\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text,
	    "@ NS localhost.\n@ APL 1:10.0.0.0/8 2:fd00::/8\n"
	    "a TXT \"allow\" \"tcp/1\" \"tcp/2\"\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nd TXT \"allow\"\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nd TXT \"deny\"\n"));
	free(text);
	compiled_free(&c);
}

UNIT_MAIN("show_zone", UNIT(compiling_again_gives_the_same_bytes),
    UNIT(random_clients_compile_to_the_same_bytes), UNIT(clients_are_shown),
    UNIT(many_pins_make_several_records),
    UNIT(long_text_makes_several_records), UNIT(the_form_is_as_documented))
