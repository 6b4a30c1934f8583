#include "dp_config.h"
#include "tests/unit/unit_policy.h"

/* Compile lines and compare every rule with want. */
static void expect_rules(const char *const *lines, const char *const *want)
{
	char line[600];
	size_t size_b;
	uint8_t *bytes = unit_policy_bytes(lines, NULL, &size_b);
	struct dp_policy *p = unit_policy(bytes, size_b);
	uint32_t n = 0;

	while (want[n])
		n++;
	CU_ASSERT_EQUAL_FATAL(dp_policy_rule_count(p), n);
	for (uint32_t i = 0; i < n; i++) {
		unit_rule_line(p, i, line, sizeof(line));
		CU_ASSERT_STRING_EQUAL(line, want[i]);
		if (strcmp(line, want[i]) != 0)
			fprintf(stderr, "%s\nnot %s\n", line, want[i]);
	}
	dp_policy_close(&p);
	free(bytes);
}

static void rules_of_several_zones_are_united(void)
{
	static const char *const lines[] = {
		"a: one.x allow tcp/80 10.0.0.0/8",
		"b: one.x allow tcp/443 tcp/80 10.0.0.0/8 11.0.0.0/8",
		"a: any.x allow tcp/80", "b: any.x allow",
		"c: any.x allow udp/53",
		"a: no.x allow tcp/80 10.0.0.0/8", "c: no.x deny",
		"b: no.x deny tcp/80 10.0.0.0/8", NULL,
	};
	static const char *const want[] = {
		"any.x allow groups=a,b,c",
		"no.x deny groups=a,b,c",
		"one.x allow groups=a,b services=tcp/80,tcp/443 "
		"pins=10.0.0.0/8,11.0.0.0/8",
		NULL,
	};

	expect_rules(lines, want);
}

static void pins_of_covering_wildcards_are_inherited(void)
{
	static const char *const lines[] = {
		"a: * allow 1.0.0.0/8", "a: *.x allow 2.0.0.0/8",
		"b: x allow 3.0.0.0/8", "a: *.y.x allow",
		"b: z.y.x allow 4.0.0.0/8 2.0.0.0/8", "a: y.x allow",
		"a: *.d.x deny", "a: n.d.x allow", "a: no.x deny",
		/* Not below x, though it ends alike. */
		"a: ax allow", "b: a.ax allow 5.0.0.0/8",
		"a: *.free allow 6.0.0.0/8", "a: free allow", NULL,
	};
	static const char *const want[] = {
		"* allow groups=a pins=1.0.0.0/8",
		"ax allow groups=a pins=1.0.0.0/8",
		"a.ax allow groups=b pins=1.0.0.0/8,5.0.0.0/8",
		"free allow groups=a pins=1.0.0.0/8",
		"*.free allow groups=a pins=1.0.0.0/8,6.0.0.0/8",
		"x allow groups=b pins=1.0.0.0/8,3.0.0.0/8",
		"*.x allow groups=a pins=1.0.0.0/8,2.0.0.0/8",
		"*.d.x deny groups=a",
		"n.d.x allow groups=a pins=1.0.0.0/8,2.0.0.0/8",
		"no.x deny groups=a",
		"y.x allow groups=a pins=1.0.0.0/8,2.0.0.0/8",
		"*.y.x allow groups=a pins=1.0.0.0/8,2.0.0.0/8",
		"z.y.x allow groups=b pins=1.0.0.0/8,2.0.0.0/8,4.0.0.0/8",
		NULL,
	};

	expect_rules(lines, want);
}

static void no_pins_stay_none(void)
{
	static const char *const lines[] = {
		"a: *.x allow", "a: x allow", "a: *.y allow 1.0.0.0/8",
		"b: *.x allow", "a: deep.b.x allow", NULL,
	};
	static const char *const want[] = {
		"x allow groups=a", "*.x allow groups=a,b",
		"deep.b.x allow groups=a",
		"*.y allow groups=a pins=1.0.0.0/8", NULL,
	};

	expect_rules(lines, want);
}

static void wrong_rules_are_refused(void)
{
	static const struct {
		const char *line;
		const char *object;
		const char *reason;
	} cases[] = {
		{ "a: x.y deny", "x.y", "duplicate of the rule in line 1" },
		{ "a: X.Y deny", "x.y", "duplicate of the rule in line 1" },
		{ "a: *.x.y allow", "*.x.y",
		    "duplicate of the rule in line 2" },
		{ "a: * allow", "*", "duplicate of the rule in line 4" },
		{ "a: *.*.y allow", "*.*.y", "write *.NAME" },
		{ "a: x.*.y allow", "x.*.y", "write *.NAME" },
	};
	static const char *const first[] = { "a: x.y allow", "a: *.x.y allow",
		"b: x.y allow", "a: * allow" };
	struct dp_name groups[16];
	uint32_t group_count = 0;
	struct dp_ruleset *rs;
	struct dp_diag diag;

	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT_EQUAL_FATAL(unit_add(rs, first[i], i + 1, groups,
					  &group_count, NULL),
		    DP_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(unit_add(rs, cases[i].line, 50 + i, groups,
				    &group_count, &diag),
		    DP_ERR_SYNTAX);
		CU_ASSERT_STRING_EQUAL(diag.object, cases[i].object);
		CU_ASSERT_EQUAL(diag.line, 50 + i);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, cases[i].reason));
	}
	dp_ruleset_close(&rs);
	CU_ASSERT_PTR_NULL(rs);
	dp_ruleset_close(&rs);
}

static void too_long_wildcards_are_refused(void)
{
	struct dp_rule_source rule = { .wildcard = true, .allow = true };
	struct dp_name apex = unit_name("a");
	struct dp_ruleset *rs;
	struct dp_diag diag;
	uint32_t group;

	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	CU_ASSERT_EQUAL_FATAL(
	    dp_ruleset_group(rs, &apex, 1, NULL, 0, &group, NULL), DP_OK);
	for (uint8_t last = 58; last <= 61; last++) {
		memset(&rule.base, 'a', sizeof(rule.base));
		rule.base.wire[0] = rule.base.wire[64] = 63;
		rule.base.wire[128] = 63;
		rule.base.wire[192] = last;
		rule.base.wire[193 + last] = 0;
		rule.base.len = (uint8_t)(194 + last);
		CU_ASSERT_EQUAL(dp_ruleset_add(rs, group, &rule, &diag),
		    rule.base.len <= 253 ? DP_OK : DP_ERR_SYNTAX);
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "longer than 255 octets"));
	rule.wildcard = false;
	CU_ASSERT_EQUAL(dp_ruleset_add(rs, group, &rule, &diag), DP_OK);
	dp_ruleset_close(&rs);
}

static void zones_have_names_of_their_own(void)
{
	struct dp_name apex = unit_name("a.dnspin");
	struct dp_name same = unit_name("A.dnspin");
	struct dp_ruleset *rs;
	struct dp_diag diag;
	uint32_t group;

	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	CU_ASSERT_EQUAL(
	    dp_ruleset_group(rs, &apex, 1, NULL, 0, &group, &diag), DP_OK);
	CU_ASSERT_EQUAL(
	    dp_ruleset_group(rs, &same, 2, NULL, 0, &group, &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_STRING_EQUAL(diag.object, "a.dnspin");
	dp_ruleset_close(&rs);
}

static void wrong_settings_are_refused(void)
{
	struct dp_settings settings;
	struct dp_ruleset *rs;
	struct dp_diag diag;
	uint8_t *bytes = NULL;
	size_t size_b;

	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	dp_settings_default(&settings);
	settings.value[DP_SET_GRACE] = 86401;
	CU_ASSERT_EQUAL(
	    dp_ruleset_write(rs, &settings, &bytes, &size_b, &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "grace"));
	CU_ASSERT_PTR_NULL(bytes);
	dp_ruleset_close(&rs);
}

/* --- the same bytes ------------------------------------------------------- */

enum { RANDOM_RULES = 400, RANDOM_GROUPS = 5 };

struct random_rule {
	uint32_t group;
	struct dp_name base;
	bool wildcard, allow;
	struct dp_service services[3];
	size_t service_count;
	struct dp_prefix pins[3];
	size_t pin_count;
};

static void random_rule(struct random_rule *r, uint64_t *seed)
{
	char text[64] = "";
	unsigned labels = (unsigned)(unit_random(seed) % 4);

	for (size_t n = 0; labels-- > 0;)
		n += (size_t)sprintf(text + n, "l%u.",
		    (unsigned)(unit_random(seed) % 5));
	memset(r, 0, sizeof(*r));
	r->base = unit_name(*text ? text : ".");
	r->group = (uint32_t)(unit_random(seed) % RANDOM_GROUPS);
	r->wildcard = unit_random(seed) % 2;
	r->allow = unit_random(seed) % 4;
	r->service_count = unit_random(seed) % 4;
	for (size_t i = 0; i < r->service_count; i++)
		r->services[i] = (struct dp_service){
			unit_random(seed) % 2 ? 6 : 17,
			(uint16_t)(1 + unit_random(seed) % 4)
		};
	r->pin_count = unit_random(seed) % 8 == 0 ? 1 + unit_random(seed) % 3
						  : 0;
	for (size_t i = 0; i < r->pin_count; i++)
		r->pins[i] = (struct dp_prefix){
			{ 4, { (uint8_t)(unit_random(seed) % 9) } }, 8
		};
}

/* Groups and rules in an order of their own. */
static uint8_t *compile_in_order(const struct random_rule *rules, size_t n,
    uint64_t order_seed, size_t *size_b)
{
	uint32_t group[RANDOM_GROUPS];
	struct dp_settings settings;
	struct dp_ruleset *rs;
	uint8_t *bytes;
	size_t turn = order_seed % n;

	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	for (unsigned i = 0; i < RANDOM_GROUPS; i++) {
		unsigned g = (unsigned)(i + order_seed) % RANDOM_GROUPS;
		char apex[16];
		struct dp_name name;

		snprintf(apex, sizeof(apex), "g%u.dnspin", g);
		name = unit_name(apex);
		CU_ASSERT_EQUAL_FATAL(dp_ruleset_group(rs, &name, g + 1,
					  (const uint8_t *)"\1t", 2, &group[g],
					  NULL),
		    DP_OK);
	}
	/* 7 has no factor in common with the number of rules. */
	for (size_t i = 0; i < n; i++) {
		const struct random_rule *r =
		    &rules[(turn + i * (order_seed ? 7 : 1)) % n];
		struct dp_rule_source source = { r->base, r->wildcard,
			r->allow, r->services, r->service_count, r->pins,
			r->pin_count, 1 };

		CU_ASSERT_EQUAL_FATAL(
		    dp_ruleset_add(rs, group[r->group], &source, NULL), DP_OK);
	}
	dp_settings_default(&settings);
	CU_ASSERT_EQUAL_FATAL(
	    dp_ruleset_write(rs, &settings, &bytes, size_b, NULL), DP_OK);
	dp_ruleset_close(&rs);
	return bytes;
}

/* Random rules without doubles in one group. */
static size_t random_rules(struct random_rule *rules, uint64_t *seed)
{
	size_t n = 0;

	while (n < RANDOM_RULES) {
		struct random_rule *r = &rules[n];
		size_t i;

		random_rule(r, seed);
		for (i = 0; i < n; i++)
			if (rules[i].group == r->group &&
			    rules[i].wildcard == r->wildcard &&
			    dp_name_equal(&rules[i].base, &r->base))
				break;
		n += i == n;
	}
	return n;
}

static void order_does_not_matter(void)
{
	static struct random_rule rules[RANDOM_RULES];
	uint64_t seed = 6;
	size_t n = random_rules(rules, &seed), size_b, other_b;
	uint8_t *bytes = compile_in_order(rules, n, 0, &size_b), *other;
	struct dp_policy *p = unit_policy(bytes, size_b);

	/* Some were united. */
	CU_ASSERT(dp_policy_rule_count(p) < n);
	dp_policy_close(&p);
	for (uint64_t order = 1; order < 40; order++) {
		other = compile_in_order(rules, n, order, &other_b);
		CU_ASSERT_EQUAL_FATAL(other_b, size_b);
		CU_ASSERT_EQUAL(memcmp(bytes, other, size_b), 0);
		free(other);
	}
	free(bytes);
}

/* Each rule of p in each of its groups, as a listing as zones shows them. */
static void feed_back(struct dp_ruleset *rs, const struct dp_policy *p,
    const uint32_t *group)
{
	for (uint32_t i = dp_policy_rule_count(p); i-- > 0;) {
		struct dp_service services[64];
		struct dp_prefix pins[64];
		struct dp_rule_info info;
		struct dp_rule_source source = { .services = services,
			.pins = pins };

		dp_policy_rule(p, i, &info);
		source.base = info.base;
		source.wildcard = info.wildcard;
		source.allow = info.allow;
		CU_ASSERT_FATAL(info.service_count <= 64);
		CU_ASSERT_FATAL(info.pin_count <= 64);
		for (uint32_t k = 0; k < info.service_count; k++)
			services[source.service_count++] =
			    dp_policy_rule_service(p, i, k);
		for (uint32_t k = 0; k < info.pin_count; k++)
			pins[source.pin_count++] = dp_policy_rule_pin(p, i, k);
		for (uint32_t k = 0; k < info.group_count; k++)
			CU_ASSERT_EQUAL_FATAL(
			    dp_ruleset_add(rs,
				group[dp_policy_rule_group(p, i, k)], &source,
				NULL),
			    DP_OK);
	}
}

static void what_is_read_out_compiles_to_the_same(void)
{
	static struct random_rule rules[RANDOM_RULES];
	uint64_t seed = 7;

	for (int round = 0; round < 20; round++) {
		size_t n = random_rules(rules, &seed), size_b, again_b;
		uint8_t *bytes = compile_in_order(rules, n, 0, &size_b), *again;
		struct dp_policy *p = unit_policy(bytes, size_b);
		uint32_t group[RANDOM_GROUPS];
		struct dp_ruleset *rs;

		CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
		for (uint32_t g = dp_policy_group_count(p); g-- > 0;) {
			struct dp_group_info info;

			dp_policy_group(p, g, &info);
			CU_ASSERT_EQUAL_FATAL(dp_ruleset_group(rs, &info.apex,
						  info.serial, info.text,
						  info.text_b, &group[g], NULL),
			    DP_OK);
		}
		feed_back(rs, p, group);
		CU_ASSERT_EQUAL_FATAL(dp_ruleset_write(rs,
					  dp_policy_settings(p), &again,
					  &again_b, NULL),
		    DP_OK);
		CU_ASSERT_EQUAL_FATAL(again_b, size_b);
		CU_ASSERT_EQUAL(memcmp(bytes, again, size_b), 0);
		dp_ruleset_close(&rs);
		dp_policy_close(&p);
		free(bytes);
		free(again);
	}
}

UNIT_MAIN("ruleset", UNIT(rules_of_several_zones_are_united),
    UNIT(pins_of_covering_wildcards_are_inherited), UNIT(no_pins_stay_none),
    UNIT(wrong_rules_are_refused), UNIT(too_long_wildcards_are_refused),
    UNIT(zones_have_names_of_their_own), UNIT(wrong_settings_are_refused),
    UNIT(order_does_not_matter), UNIT(what_is_read_out_compiles_to_the_same))
