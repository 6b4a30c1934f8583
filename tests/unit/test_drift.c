#include "dp_config.h"

#include "tests/unit/compiled.h"

#include "tools/report/drift.h"

static const char zones[] = SOA("core.dnspin")
    "a.example.org TXT \"allow\" \"tcp/443\"\n"
    "a.example.org APL 1:192.0.2.0/24 2:2001:db8::/32\n"
    "*.example.org TXT \"allow\"\n"
    "bad.example.org TXT \"deny\"\n"
    "*.wide.example.com TXT \"allow\"\n"
    "*.wide.example.com APL 1:198.51.100.0/24\n"
    "other.example.com TXT \"allow\"\n"
    "other.example.com APL 1:198.51.100.0/24\n";

static struct dp_drift *drift_open(struct compiled *c)
{
	struct dp_drift *d = NULL;

	*c = compile(zones);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c->policy);
	CU_ASSERT_EQUAL_FATAL(dp_drift_open(&d, c->policy), DP_OK);
	return d;
}

static void see(struct dp_drift *d, const char *name_text,
    const char *addr_text)
{
	struct dp_diag diag;
	struct dp_name name;
	struct dp_addr addr;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, name_text, &diag),
	    DP_OK);
	if (addr_text)
		CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&addr, addr_text,
					  &diag), DP_OK);
	dp_drift_answer(d, &name);
	if (addr_text)
		CU_ASSERT_EQUAL(dp_drift_address(d, &name, &addr), DP_OK);
}

static void text_is(struct dp_drift *d, bool unused, const char *expected)
{
	char *text = NULL;
	size_t size_b;
	FILE *out = open_memstream(&text, &size_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(dp_drift_text(d, unused, out), DP_OK);
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text, expected);
	free(text);
}

static void what_moved_is_told(void)
{
	struct compiled c;
	struct dp_drift *d = drift_open(&c);

	see(d, "a.example.org", "203.0.113.9");
	see(d, "a.example.org", "192.0.2.1");
	see(d, "a.example.org", "203.0.113.1");
	see(d, "a.example.org", "203.0.113.9");
	see(d, "a.example.org", "2001:db9::1");
	see(d, "x.example.org", "203.0.113.7"); /* has no pins */
	see(d, "bad.example.org", "203.0.113.7");
	see(d, "off.example.net", "203.0.113.7");
	CU_ASSERT_EQUAL(dp_drift_moved(d), 1);
	text_is(d, false,
	    "a.example.org (core): 3 addresses outside its 2 pins\n"
	    "    203.0.113.1\n"
	    "    203.0.113.9\n"
	    "    2001:db9::1\n"
	    "group    rules     used   pinned  outside\n"
	    "core         4        2        3        1\n");
	see(d, "other.example.com", "192.0.2.1");
	CU_ASSERT_EQUAL(dp_drift_moved(d), 2);
	text_is(d, false,
	    "other.example.com (core): 1 address outside its 1 pin\n"
	    "    192.0.2.1\n"
	    "a.example.org (core): 3 addresses outside its 2 pins\n"
	    "    203.0.113.1\n"
	    "    203.0.113.9\n"
	    "    2001:db9::1\n"
	    "group    rules     used   pinned  outside\n"
	    "core         4        3        3        2\n");
	dp_drift_close(&d);
	dp_drift_close(&d);
	compiled_free(&c);
}

/* Who mends a wildcard's pins asks which of its names has moved. */
static void the_name_below_a_wildcard_is_told(void)
{
	struct compiled c;
	struct dp_drift *d = drift_open(&c);

	see(d, "x.wide.example.com", "203.0.113.7");
	see(d, "y.wide.example.com", "203.0.113.7");
	see(d, "y.wide.example.com", "203.0.113.8");
	text_is(d, false,
	    "*.wide.example.com (core): 2 addresses outside its 1 pin\n"
	    "    203.0.113.7     x.wide.example.com\n"
	    "    203.0.113.8     y.wide.example.com\n"
	    "group    rules     used   pinned  outside\n"
	    "core         4        1        3        1\n");
	dp_drift_close(&d);
	compiled_free(&c);
}

static void what_nobody_uses_is_told(void)
{
	struct compiled c;
	struct dp_drift *d = drift_open(&c);

	see(d, "x.example.org", NULL);
	CU_ASSERT_EQUAL(dp_drift_moved(d), 0);
	text_is(d, true,
	    "other.example.com (core): not used\n"
	    "*.wide.example.com (core): not used\n"
	    "a.example.org (core): not used\n"
	    "group    rules     used   pinned  outside\n"
	    "core         4        1        3        0\n");
	dp_drift_close(&d);
	compiled_free(&c);
}

static void json_has_all_rules(void)
{
	struct compiled c;
	struct dp_drift *d = drift_open(&c);
	json_t *rules, *expected;

	see(d, "a.example.org", "203.0.113.9");
	rules = dp_drift_json(d);
	expected = json_loads(
	    "[{\"rule\":\"other.example.com\",\"groups\":[\"core\"],\"pins\":1,"
	    "\"answers\":0,\"outside\":[],\"names\":{}},"
	    "{\"rule\":\"*.wide.example.com\",\"groups\":[\"core\"],"
	    "\"pins\":1,\"answers\":0,\"outside\":[],\"names\":{}},"
	    "{\"rule\":\"*.example.org\",\"groups\":[\"core\"],\"pins\":0,"
	    "\"answers\":0,\"outside\":[],\"names\":{}},"
	    "{\"rule\":\"a.example.org\",\"groups\":[\"core\"],\"pins\":2,"
	    "\"answers\":1,\"outside\":[\"203.0.113.9\"],"
	    "\"names\":{\"203.0.113.9\":\"a.example.org\"}}]", 0, NULL);
	CU_ASSERT_PTR_NOT_NULL(expected);
	CU_ASSERT(json_equal(rules, expected));
	if (!json_equal(rules, expected))
		json_dumpf(rules, stdout, JSON_INDENT(1));
	json_decref(rules);
	json_decref(expected);
	dp_drift_close(&d);
	compiled_free(&c);
}

UNIT_MAIN("drift", UNIT(what_moved_is_told),
    UNIT(the_name_below_a_wildcard_is_told),
    UNIT(what_nobody_uses_is_told),
    UNIT(json_has_all_rules))
