#include "dp_config.h"

#include "tests/unit/unit.h"

#include "module/verdict.h"
#include "tests/unit/unit_policy.h"

static const char *const rules[] = {
	"g.dnspin: manage.example allow 198.18.0.0/15",
	"g.dnspin: *.manage.example allow",
	"g.dnspin: legacy.manage.example deny",
	"g.dnspin: cdn.example allow",
	NULL,
};

static struct unit_opened with(enum dp_setting id, uint32_t value,
    enum dp_mode mode)
{
	struct dp_settings set;

	dp_settings_default(&set);
	set.value[id] = value;
	set.value[DP_SET_MODE] = mode;
	return unit_open(rules, &set);
}

static struct dp_name name_of(const char *text)
{
	struct dp_name n;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&n, text, NULL), DP_OK);
	return n;
}

static void names_are_judged(void)
{
	static const struct {
		const char *name;
		bool class_in;
		bool allow;
	} cases[] = {
		{ "manage.example", true, true },
		{ "a.b.manage.example", true, true },
		{ "legacy.manage.example", true, false },
		{ "x.legacy.manage.example", true, true },
		{ "evilmanage.example", true, false },
		{ "example", true, false },
		{ ".", true, false },
		{ "manage.example", false, false },
	};
	static const enum dp_verdict denied[] = {
		[DP_MODE_STRICT] = DP_VERDICT_DENY,
		[DP_MODE_OBSERVE] = DP_VERDICT_WOULD_DENY,
	};

	for (int mode = DP_MODE_STRICT; mode <= DP_MODE_OBSERVE; mode++) {
		struct unit_opened p = with(DP_SET_GRACE, 1, (enum dp_mode)mode);

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct dp_name n = name_of(cases[i].name);
			struct dp_match match = { 12345, true };

			CU_ASSERT_EQUAL(dp_verdict_name(p.policy, &n,
					    cases[i].class_in, 0, &match),
			    cases[i].allow ? DP_VERDICT_ALLOW : denied[mode]);
			CU_ASSERT_EQUAL(match.allow, cases[i].allow);
		}
		unit_opened_close(&p);
	}
}

/* The verdict after one item of an answer to manage.example. */
static enum dp_verdict after(const struct unit_opened *p, const char *name,
    const char *addr)
{
	struct dp_name asked = name_of("manage.example");
	struct dp_verdict_answer a = { .policy = p->policy };
	struct dp_item item = { .kind = DP_ITEM_NAME, .name = name_of(name) };
	bool more;

	a.verdict = dp_verdict_name(p->policy, &asked, true, 0, &a.match);
	CU_ASSERT_EQUAL_FATAL(a.verdict, DP_VERDICT_ALLOW);
	if (addr) {
		item.kind = DP_ITEM_ADDR;
		CU_ASSERT_EQUAL_FATAL(dp_addr_from_text(&item.addr, addr, NULL),
		    DP_OK);
	}
	more = dp_verdict_item(&a, &item);
	CU_ASSERT_EQUAL(more, a.verdict == DP_VERDICT_ALLOW);
	return a.verdict;
}

static void chain_inspect_judges_targets(void)
{
	struct unit_opened inherit =
	    with(DP_SET_CHAIN, DP_CHAIN_INHERIT, DP_MODE_STRICT);
	struct unit_opened inspect =
	    with(DP_SET_CHAIN, DP_CHAIN_INSPECT, DP_MODE_STRICT);
	struct unit_opened observe =
	    with(DP_SET_CHAIN, DP_CHAIN_INSPECT, DP_MODE_OBSERVE);

	CU_ASSERT_FALSE(dp_verdict_needs_answer(inherit.policy));
	CU_ASSERT_TRUE(dp_verdict_needs_answer(inspect.policy));
	CU_ASSERT_EQUAL(after(&inherit, "off.example", NULL), DP_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(after(&inspect, "cdn.example", NULL), DP_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(after(&inspect, "off.example", NULL), DP_VERDICT_DENY);
	CU_ASSERT_EQUAL(after(&inspect, "legacy.manage.example", NULL),
	    DP_VERDICT_DENY);
	CU_ASSERT_EQUAL(after(&observe, "off.example", NULL),
	    DP_VERDICT_WOULD_DENY);
	unit_opened_close(&inherit);
	unit_opened_close(&inspect);
	unit_opened_close(&observe);
}

static void pins_enforce_judges_addresses(void)
{
	struct unit_opened ignore =
	    with(DP_SET_PINS, DP_PINS_IGNORE, DP_MODE_STRICT);
	struct unit_opened report =
	    with(DP_SET_PINS, DP_PINS_REPORT, DP_MODE_STRICT);
	struct unit_opened enforce =
	    with(DP_SET_PINS, DP_PINS_ENFORCE, DP_MODE_STRICT);
	const char *n = "manage.example", *in = "198.18.3.4", *out = "192.0.2.1";

	CU_ASSERT_FALSE(dp_verdict_needs_answer(report.policy));
	CU_ASSERT_TRUE(dp_verdict_needs_answer(enforce.policy));
	CU_ASSERT_EQUAL(after(&ignore, n, out), DP_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(after(&report, n, out), DP_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(after(&enforce, n, in), DP_VERDICT_ALLOW);
	CU_ASSERT_EQUAL(after(&enforce, n, out), DP_VERDICT_DENY);
	CU_ASSERT_EQUAL(after(&enforce, n, "2001:db8::1"), DP_VERDICT_DENY);
	unit_opened_close(&ignore);
	unit_opened_close(&report);
	unit_opened_close(&enforce);
}

UNIT_MAIN("verdict", UNIT(names_are_judged), UNIT(chain_inspect_judges_targets),
    UNIT(pins_enforce_judges_addresses))
