#include "dp_config.h"
#include "module/core/policy_hash.h"
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

/* "1.1.1.…base", with so many more labels. */
static const char *below(char *text, unsigned labels, const char *base)
{
	for (unsigned i = 0; i < labels; i++)
		memcpy(text + 2 * i, "1.", 3);
	strcpy(text + 2 * labels, base);
	return text;
}

/* Also where a policy has rules of few depths, and beyond those that are kept
 * one by one. */
static void rules_of_any_depth_are_found(void)
{
	static const unsigned depths[] = { 0, 1, 2, 60, 61, 62, 63, 64, 100 };

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		char text[DP_NAME_TEXT_MAX], lines[2][DP_NAME_TEXT_MAX + 16];
		char pattern[DP_NAME_TEXT_MAX + 2];
		const char *rules[] = { lines[0], lines[1], NULL };
		unsigned depth = depths[i];
		struct unit_opened o;

		below(text, depth, "example");
		snprintf(lines[0], sizeof(lines[0]), "g: x.%s allow", text);
		snprintf(lines[1], sizeof(lines[1]), "g: *.%s allow", text);
		o = unit_open(rules, NULL);
		snprintf(pattern, sizeof(pattern), "x.%s", text);
		expect(o.policy, pattern, pattern, true);
		expect(o.policy, text, "-", false);
		snprintf(pattern, sizeof(pattern), "*.%s", text);
		for (unsigned more = 1; more < 20; more++)
			expect(o.policy, below(text, depth + more, "example"),
			    pattern, true);
		expect(o.policy, below(text, depth, "other"), "-", false);
		expect(o.policy, below(text, depth + 2, "other"), "-", false);
		unit_opened_close(&o);
	}
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

/* --- names that hash alike: only their octets tell them apart --------------- */

#define CANDIDATES (1u << 20) /* for some eight pairs of 36 bits alike */

struct candidate {
	uint64_t key; /* what the table sees of it, where it is small */
	uint32_t number;
};

/* Eight digits below example. */
static struct dp_name candidate_name(uint32_t number)
{
	struct dp_name name = { .len = 18, .wire = "\10........\7example" };

	for (int i = 8; i > 0; i--, number /= 10)
		name.wire[i] = (uint8_t)('0' + number % 10);
	return name;
}

static int by_key(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* Two names whose keys have the upper half, which the table holds, and the four
 * lowest bits, which say where it looks, in common. */
static bool find_pair(uint64_t kind, struct dp_name pair[2])
{
	struct candidate *all = malloc(CANDIDATES * sizeof(*all));
	bool found = false;

	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	for (uint32_t i = 0; i < CANDIDATES; i++) {
		struct dp_name name = candidate_name(i);
		struct dp_suffixes s;

		dp_hash_suffixes(&s, name.wire);
		all[i] = (struct candidate){ .number = i,
			.key = dp_hash_key(s.hash[s.labels], kind) &
			    0xffffffff0000000fu };
	}
	qsort(all, CANDIDATES, sizeof(*all), by_key);
	for (uint32_t i = 1; i < CANDIDATES && !found; i++) {
		found = all[i].key == all[i - 1].key;
		pair[0] = candidate_name(all[i - 1].number);
		pair[1] = candidate_name(all[i].number);
	}
	free(all);
	return found;
}

static void names_that_hash_alike_differ(void)
{
	for (int wildcard = 0; wildcard < 2; wildcard++) {
		char pattern[DP_NAME_TEXT_MAX + 2], line[DP_NAME_TEXT_MAX + 16],
		    text[DP_NAME_TEXT_MAX], other[DP_NAME_TEXT_MAX + 2];
		const char *front = wildcard ? "x." : "";
		const char *const lines[] = { line, NULL };
		struct dp_name pair[2];
		struct unit_opened o;

		CU_ASSERT_FATAL(find_pair(wildcard ? DP_HASH_WILDCARD
						   : DP_HASH_EXACT, pair));
		dp_name_to_text(&pair[0], text);
		snprintf(pattern, sizeof(pattern), "%s%s",
		    wildcard ? "*." : "", text);
		snprintf(line, sizeof(line), "g: %s allow", pattern);
		o = unit_open(lines, NULL);
		snprintf(other, sizeof(other), "%s%s", front, text);
		expect(o.policy, other, pattern, true);
		dp_name_to_text(&pair[1], text);
		snprintf(other, sizeof(other), "%s%s", front, text);
		expect(o.policy, other, "-", false);
		unit_opened_close(&o);
	}
}

/* The hash of a label as it was first written down, octet by octet. */
static uint64_t plain_hash(uint64_t h, const uint8_t *label)
{
	h = dp_hash_mix(h, label[0] + 1u);
	for (unsigned i = 0; i < label[0]; i += 8) {
		uint64_t w = 0;

		for (unsigned k = i; k < i + 8 && k < label[0]; k++)
			w |= (uint64_t)label[1 + k] << 8 * (k - i);
		h = dp_hash_mix(h, w);
	}
	return h;
}

static void labels_hash_as_the_format_has_it(void)
{
	uint64_t state = 7;

	for (unsigned len = 1; len <= DP_LABEL_MAX; len++) {
		uint8_t *label = malloc(len + 1); /* not an octet more */

		CU_ASSERT_PTR_NOT_NULL_FATAL(label);
		label[0] = (uint8_t)len;
		for (int round = 0; round < 100; round++) {
			uint64_t h = unit_random(&state);

			for (unsigned i = 1; i <= len; i++)
				label[i] = (uint8_t)unit_random(&state);
			CU_ASSERT_EQUAL(dp_hash_label(h, label),
			    plain_hash(h, label));
		}
		free(label);
	}
}

UNIT_MAIN("policy_match", UNIT(rules_of_any_depth_are_found),
    UNIT(most_specific_rule_decides),
    UNIT(root_and_nothing), UNIT(longest_names), UNIT(pins_are_compared),
    UNIT(names_that_hash_alike_differ),
    UNIT(labels_hash_as_the_format_has_it))
