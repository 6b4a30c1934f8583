#include "dp_config.h"

#include "tests/unit/compiled.h"

#include "tools/policy/changes.h"

static void differ(const char *before, const char *after, const char *want)
{
	struct compiled a = compile(before), b = compile(after);
	char *text = NULL;
	size_t size_b = 0;
	FILE *out = open_memstream(&text, &size_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(a.policy);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b.policy);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	dp_changes_say(out, a.policy, b.policy);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	CU_ASSERT_EQUAL(strncmp(text, want, strlen(want)), 0);
	if (strncmp(text, want, strlen(want)) != 0)
		printf("\n%s", text);
	free(text);
	compiled_free(&b);
	compiled_free(&a);
}

#define RULE(rest) SOA("g") "b.example TXT " rest "\n"
#define END "against the policy in force: "

static void rules_are_compared(void)
{
	differ(SOA("g"), SOA("g"), END "0 rules added, 0 removed, 0 changed, "
	    "0 settings changed\n");
	differ(SOA("g"), RULE("\"allow\""),
	    "+ b.example: allow\n" END "1 rule added, 0 removed");
	differ(RULE("\"deny\""), SOA("g"),
	    "- b.example: deny\n" END "0 rules added, 1 removed");
	differ(RULE("\"deny\""), RULE("\"allow\""),
	    "~ b.example: was denied, is allowed\n" END
	    "0 rules added, 0 removed, 1 changed");
	differ(RULE("\"allow\" \"tcp/1\""), RULE("\"allow\" \"tcp/2\""),
	    "~ b.example: other services\n");
	differ(RULE("\"allow\" \"tcp/1\""), RULE("\"allow\" \"udp/1\""),
	    "~ b.example: other services\n");
	differ(RULE("\"allow\" \"tcp/1\""), RULE("\"allow\""),
	    "~ b.example: other services\n");
	differ(RULE("\"allow\"\n APL 1:192.0.2.0/24"),
	    RULE("\"allow\"\n APL 1:192.0.2.0/25"),
	    "~ b.example: other pins\n");
	differ(RULE("\"allow\""), RULE("\"allow\"\n APL 1:192.0.2.0/24"),
	    "~ b.example: other pins\n");
	differ(RULE("\"allow\""), RULE("\"allow\"\n" SOA("h")
	    "b.example TXT \"allow\""), "~ b.example: other groups\n");
	differ(RULE("\"allow\""), SOA("h") "b.example TXT \"allow\"\n",
	    "~ b.example: other groups\n");
	/* Around each other, exact names and wildcards. */
	differ(SOA("g") "a TXT \"allow\"\n*.b TXT \"allow\"\n"
	    "c TXT \"allow\"\n",
	    SOA("g") "b TXT \"deny\"\nc TXT \"allow\"\n*.c TXT \"deny\"\n",
	    "- a: allow\n+ b: deny\n- *.b: allow\n+ *.c: deny\n" END
	    "2 rules added, 2 removed, 0 changed");
}

static void check_table(struct compiled *c, const char *table)
{
	char *text = NULL;
	size_t size_b = 0;
	FILE *out = open_memstream(&text, &size_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c->policy);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(dp_changes_table(out, c->policy), DP_OK);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	CU_ASSERT_STRING_EQUAL(text, table);
	free(text);
	compiled_free(c);
}

static void rules_are_counted_by_group(void)
{
	struct compiled c = compile(SOA("long-name.dnspin")
	    "a TXT \"allow\"\na APL 1:192.0.2.0/24 1:198.51.100.0/24\n"
	    "b TXT \"deny\"\n" SOA("x") "a TXT \"allow\"\n");

	check_table(&c,
	    "group        allow     deny     pins\n"
	    "long-name        1        1        2\n"
	    "x                1        0        2\n"
	    "total            1        1        2\n");
}

#define RULES "a TXT allow tcp/1\nb TXT deny\n"
#define VLAN(clients) SOA("vlan") clients "a TXT allow tcp/2\nb TXT allow\n"
#define LAB(clients) SOA("lab") clients "a TXT allow tcp/3\n"

static void clients_are_compared(void)
{
	differ(SOA("g") RULES VLAN("@ APL 1:10.0.0.0/8\n"),
	    SOA("g") RULES VLAN("@ APL 1:10.0.0.0/8\n"),
	    END "0 rules added, 0 removed, 0 changed, 0 settings changed\n");
	/* Groups have clients, rules follow them. */
	differ(SOA("g") RULES VLAN("@ APL 1:10.0.0.0/8\n"),
	    SOA("g") RULES VLAN("@ APL 1:11.0.0.0/8 2:fd00::/8\n"),
	    "~ group vlan: was for 10.0.0.0/8, is for 11.0.0.0/8 fd00::/8\n"
	    END "0 rules added, 0 removed, 0 changed, 0 settings changed, "
	    "1 group for other clients\n");
	differ(SOA("g") RULES VLAN(""),
	    SOA("g") RULES VLAN("@ APL 1:10.1.0.0/32 1:10.2.0.0/32\n"
		"@ APL 1:10.3.0.0/32 1:10.4.0.0/32 1:10.5.0.0/32\n"),
	    "~ group vlan: was for everybody, is for 10.1.0.0/32 10.2.0.0/32 "
	    "10.3.0.0/32 and 2 more\n"
	    "~ a: other rules for some clients\n"
	    "~ b: other rules for some clients\n" END "0 rules added, "
	    "0 removed, 2 changed, 0 settings changed, 1 group for other "
	    "clients\n");
	/* The numbers of the audiences change, and nothing else. */
	differ(SOA("g") RULES VLAN("@ APL 1:10.0.0.0/8\n")
	    LAB("@ APL 1:11.0.0.0/8\n"),
	    SOA("g") RULES VLAN("@ APL 1:12.0.0.0/8\n")
	    LAB("@ APL 1:11.0.0.0/8\n"),
	    "~ group vlan: was for 10.0.0.0/8, is for 12.0.0.0/8\n"
	    END "0 rules added, 0 removed, 0 changed, 0 settings changed");
	differ(SOA("g"), SOA("g") RULES VLAN("@ APL 1:10.0.0.0/8\n"),
	    "+ a: allow\n+ b: deny\n" END "2 rules added");
	differ(SOA("g") "b TXT allow\n" SOA("vlan") "@ APL 1:10.0.0.0/8\n"
	    "b TXT deny\n", SOA("g"),
	    "- b: allow for some clients\n" END "0 rules added, 1 removed");
}

static void clients_are_told_by_group(void)
{
	struct compiled c = compile(SOA("g") "a TXT allow\n"
	    "a APL 1:192.0.2.0/24\nb TXT deny\n"
	    SOA("vlan") "@ APL 1:10.0.0.0/8\na TXT allow\n"
	    "a APL 1:192.0.3.0/24\nb TXT allow\nc TXT allow\n");

	check_table(&c,
	    "group    allow     deny     pins  clients\n"
	    "g            1        1        2  everybody\n"
	    "vlan         2        1        2  10.0.0.0/8\n"
	    "total        2        1        2\n");
}

UNIT_MAIN("changes", UNIT(rules_are_compared), UNIT(clients_are_compared),
    UNIT(clients_are_told_by_group),
    UNIT(rules_are_counted_by_group))
