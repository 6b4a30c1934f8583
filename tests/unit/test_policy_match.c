#include "dp_config.h"
#include "tests/unit/unit_policy.h"

/* What decides a name, as text: the pattern, or "-" where there is none. */
static void expect(const struct dp_policy *p, const char *name_text,
    const char *pattern, bool allow)
{
	struct dp_name name = unit_name(name_text);
	struct dp_match m = dp_policy_match(p, &name, 0);
	char text[DP_NAME_TEXT_MAX] = "-";

	if (m.rule != DP_RULE_NONE)
		dp_policy_rule_text(p, m.rule, text);
	CU_ASSERT_STRING_EQUAL(text, pattern);
	CU_ASSERT_EQUAL(m.allow, allow);
	if (strcmp(text, pattern) != 0)
		fprintf(stderr, "%s: %s, not %s\n", name_text, text, pattern);
}

static void most_specific_rule_decides(void)
{
	static const char *const lines[] = {
		"g: manage.example allow", "g: *.manage.example allow",
		"g: legacy.manage.example deny",
		"g: *.dark.manage.example deny",
		"g: light.dark.manage.example allow",
		"g: a.b.c.deep.example allow", "g: *.deep.example allow",
		"g: only.exact.example allow", "g: *.only.wild.example allow",
		NULL,
	};
	static const struct {
		const char *name;
		const char *pattern;
		bool allow;
	} cases[] = {
		{ "manage.example", "manage.example", true },
		{ "foo.manage.example", "*.manage.example", true },
		{ "foo.bar.manage.example", "*.manage.example", true },
		{ "evilmanage.example", "-", false },
		{ "manage.example.evil", "-", false },
		{ "example", "-", false },
		{ ".", "-", false },
		{ "legacy.manage.example", "legacy.manage.example", false },
		/* An exact rule says nothing about the names below. */
		{ "x.legacy.manage.example", "*.manage.example", true },
		{ "dark.manage.example", "*.manage.example", true },
		{ "x.dark.manage.example", "*.dark.manage.example", false },
		{ "light.dark.manage.example", "light.dark.manage.example",
		    true },
		{ "x.light.dark.manage.example", "*.dark.manage.example",
		    false },
		/* Empty non-terminals hide no wildcard. */
		{ "c.deep.example", "*.deep.example", true },
		{ "b.c.deep.example", "*.deep.example", true },
		{ "a.b.c.deep.example", "a.b.c.deep.example", true },
		{ "x.a.b.c.deep.example", "*.deep.example", true },
		{ "deep.example", "-", false },
		{ "x.only.exact.example", "-", false },
		{ "only.wild.example", "-", false },
		{ "*.only.wild.example", "*.only.wild.example", true },
		{ "*.exact.example", "-", false },
	};
	size_t size_b;
	uint8_t *bytes = unit_policy_bytes(lines, NULL, &size_b);
	struct dp_policy *p = unit_policy(bytes, size_b);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(p, cases[i].name, cases[i].pattern, cases[i].allow);
	dp_policy_close(&p);
	free(bytes);
}

static void root_and_nothing(void)
{
	static const char *const none[] = { NULL };
	static const char *const root[] = { "g: . allow", NULL };
	static const char *const star[] = { "g: * allow", "g: bad deny",
		NULL };
	size_t size_b;
	uint8_t *bytes;
	struct dp_policy *p;

	bytes = unit_policy_bytes(none, NULL, &size_b);
	p = unit_policy(bytes, size_b);
	expect(p, ".", "-", false);
	expect(p, "a.example", "-", false);
	dp_policy_close(&p);
	free(bytes);

	bytes = unit_policy_bytes(root, NULL, &size_b);
	p = unit_policy(bytes, size_b);
	expect(p, ".", ".", true);
	expect(p, "example", "-", false);
	dp_policy_close(&p);
	free(bytes);

	bytes = unit_policy_bytes(star, NULL, &size_b);
	p = unit_policy(bytes, size_b);
	expect(p, ".", "-", false);
	expect(p, "example", "*", true);
	expect(p, "a.b.c", "*", true);
	expect(p, "bad", "bad", false);
	expect(p, "x.bad", "*", true);
	dp_policy_close(&p);
	free(bytes);
}

/* 127 labels of one octet, the first `skip` left out. */
static void long_text(char *text, unsigned skip)
{
	for (unsigned i = skip; i < 127; i++)
		text += sprintf(text, "%c.", 'a' + i % 26);
}

static void longest_names(void)
{
	char name[300], text[DP_NAME_TEXT_MAX + 16];
	const char *lines[2] = { text, NULL };
	struct dp_policy *p;
	size_t size_b;
	uint8_t *bytes;

	for (unsigned skip = 0; skip <= 127; skip++) {
		bool wildcard = skip > 0;

		long_text(name, skip);
		snprintf(text, sizeof(text), "g: %s%s allow",
		    wildcard ? "*." : "", skip == 127 ? "" : name);
		if (skip == 127)
			strcpy(text, "g: * allow");
		bytes = unit_policy_bytes(lines, NULL, &size_b);
		p = unit_policy(bytes, size_b);
		long_text(name, 0);
		for (unsigned n = 0; n < 127; n++) {
			struct dp_name asked;
			struct dp_match m;

			long_text(name, n);
			asked = unit_name(name);
			m = dp_policy_match(p, &asked, 0);
			CU_ASSERT_EQUAL(m.allow,
			    wildcard ? n < skip : n == 0);
		}
		dp_policy_close(&p);
		free(bytes);
	}
}

static void pins_are_compared(void)
{
	static const char *const lines[] = {
		"g: p.example allow 192.0.2.0/24 198.51.100.7 2001:db8::/32",
		"g: free.example allow", "g: denied.example deny", NULL,
	};
	static const struct {
		const char *pattern;
		const char *addr;
		enum dp_pin_state state;
	} cases[] = {
		{ "p.example", "192.0.2.99", DP_PIN_INSIDE },
		{ "p.example", "192.0.3.1", DP_PIN_OUTSIDE },
		{ "p.example", "198.51.100.7", DP_PIN_INSIDE },
		{ "p.example", "198.51.100.8", DP_PIN_OUTSIDE },
		{ "p.example", "2001:db8::1", DP_PIN_INSIDE },
		{ "p.example", "2001:db9::1", DP_PIN_OUTSIDE },
		{ "free.example", "192.0.2.1", DP_PIN_NONE },
		{ "denied.example", "192.0.2.1", DP_PIN_NONE },
		{ "absent.example", "192.0.2.1", DP_PIN_NONE },
	};
	size_t size_b;
	uint8_t *bytes = unit_policy_bytes(lines, NULL, &size_b);
	struct dp_policy *p = unit_policy(bytes, size_b);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_addr a;

		CU_ASSERT_EQUAL_FATAL(
		    dp_addr_from_text(&a, cases[i].addr, NULL), DP_OK);
		CU_ASSERT_EQUAL(dp_policy_pin(p, unit_rule(p, cases[i].pattern),
				    &a),
		    cases[i].state);
	}
	dp_policy_close(&p);
	free(bytes);
}

/* --- against a reference that knows nothing of hashes --------------------- */

#define RULES 60
#define OCTETS 12 /* how many different label octets there are, binary too */

static const uint8_t octet[OCTETS] = { 0, 1, 2, 'a', 'b', '-', '.', '\\', '@',
	0x7f, 0x80, 0xff };

/* Names of few labels of few octets, so that many of them meet. */
static struct dp_name random_name(uint64_t *seed)
{
	struct dp_name name = { .len = 0 };
	unsigned labels = (unsigned)(unit_random(seed) % 6);

	/* "*" answers for every name: rarely. */
	if (labels == 0 && unit_random(seed) % 16 != 0)
		labels = 2;
	while (labels-- > 0) {
		unsigned n = unit_random(seed) % 16 == 0
		    ? 1 + (unsigned)(unit_random(seed) % 40)
		    : 1;

		name.wire[name.len++] = (uint8_t)n;
		while (n-- > 0)
			name.wire[name.len++] = octet[unit_random(seed) %
			    (unit_random(seed) % 4 == 0 ? OCTETS : 4)];
	}
	name.wire[name.len++] = 0;
	return name;
}

struct reference {
	struct dp_name base;
	bool wildcard;
	bool allow;
};

/* Walk all rules; the exact one, else the wildcard with most labels. */
static const struct reference *reference_match(const struct reference *rules,
    size_t n, const struct dp_name *name)
{
	const struct reference *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!rules[i].wildcard && dp_name_equal(&rules[i].base, name))
			return &rules[i];
		if (rules[i].wildcard &&
		    dp_name_within(name, &rules[i].base) &&
		    !dp_name_equal(&rules[i].base, name) &&
		    (!best || dp_name_labels(&rules[i].base) >
			dp_name_labels(&best->base)))
			best = &rules[i];
	}
	return best;
}

enum { BY_NONE, BY_EXACT, BY_WILDCARD, WAYS };

/* Counts in ways how names were decided. */
static void one_random_policy(uint64_t *seed, unsigned ways[WAYS])
{
	struct reference rules[RULES];
	struct dp_name apex = unit_name("g");
	struct dp_settings settings;
	struct dp_ruleset *rs;
	struct dp_policy *p;
	uint32_t group;
	uint8_t *bytes;
	size_t n = 0, size_b;

	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	CU_ASSERT_EQUAL_FATAL(
	    dp_ruleset_group(rs, &apex, 1, NULL, 0, &group, NULL), DP_OK);
	for (int i = 0; i < RULES; i++) {
		struct dp_rule_source rule = {
			.base = random_name(seed),
			.wildcard = unit_random(seed) % 2,
			.allow = unit_random(seed) % 3,
		};

		/* Refused are doubles only. */
		if (dp_ruleset_add(rs, group, &rule, NULL) == DP_OK)
			rules[n++] = (struct reference){ rule.base,
				rule.wildcard, rule.allow };
	}
	dp_settings_default(&settings);
	CU_ASSERT_EQUAL_FATAL(
	    dp_ruleset_write(rs, &settings, &bytes, &size_b, NULL), DP_OK);
	p = unit_policy(bytes, size_b);
	CU_ASSERT_EQUAL(dp_policy_rule_count(p), n);
	for (int i = 0; i < 300; i++) {
		struct dp_name name = random_name(seed);
		const struct reference *want = reference_match(rules, n, &name);
		struct dp_match m = dp_policy_match(p, &name, 0);
		struct dp_rule_info got;

		CU_ASSERT_EQUAL_FATAL(m.rule != DP_RULE_NONE, want != NULL);
		CU_ASSERT_EQUAL_FATAL(m.allow, want && want->allow);
		ways[!want ? BY_NONE
			: want->wildcard ? BY_WILDCARD : BY_EXACT]++;
		if (!want)
			continue;
		dp_policy_rule(p, m.rule, &got);
		CU_ASSERT_EQUAL_FATAL(got.wildcard, want->wildcard);
		CU_ASSERT_FATAL(dp_name_equal(&got.base, &want->base));
	}
	dp_policy_close(&p);
	dp_ruleset_close(&rs);
	free(bytes);
}

static void random_policies_match_the_reference(void)
{
	uint64_t seed = 2;
	unsigned ways[WAYS] = { 0 };

	for (int round = 0; round < 300; round++)
		one_random_policy(&seed, ways);
	/* Enough of each kind to mean something. */
	for (int i = 0; i < WAYS; i++)
		CU_ASSERT(ways[i] > 5000);
}

UNIT_MAIN("policy_match", UNIT(most_specific_rule_decides),
    UNIT(root_and_nothing), UNIT(longest_names), UNIT(pins_are_compared),
    UNIT(random_policies_match_the_reference))
