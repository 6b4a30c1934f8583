#include "dp_config.h"
#include "tests/unit/unit_policy.h"

#include "module/core/policy_hash.h"
#include "module/core/policy_view.h"

#define MANY 300u /* more than searches are under way at a time */
#define PARTS 40000u /* more than two parts have */
#define PART 16384u

/* Neighbours that share all, some and no labels, whole words of octets and
 * less, and octets that are a name in one and inside a label in the other. */
static const char *const odd[] = {
	"a.dnspin: . allow", "a.dnspin: * deny", "a.dnspin: com allow",
	"a.dnspin: *.com allow", "a.dnspin: a.com allow",
	"a.dnspin: *.a.com deny", "a.dnspin: aa.com allow",
	"a.dnspin: a.a.com allow", "a.dnspin: x\\003com allow",
	"a.dnspin: a.x\\003com allow", "a.dnspin: x\\001a\\003com allow",
	"a.dnspin: a\\003com allow", "a.dnspin: a.com.com allow",
	"a.dnspin: abcdefgh.abcdefgh.com allow",
	"a.dnspin: bbcdefgh.abcdefgh.com allow",
	"a.dnspin: bbcdefgh.abcdefghi.com allow",
	"a.dnspin: \\000.com allow", "a.dnspin: \\255.com allow",
	/* These two are not the same for all clients. */
	"b.dnspin: @ 192.0.2.0/24", "b.dnspin: a.com allow tcp/80",
	"b.dnspin: \\255.com allow tcp/80", NULL,
};

static uint8_t *bytes;
static size_t bytes_b;
static struct dp_rule_d *rules;
static struct dp_entry_d *table;
static uint32_t rule_count, table_count;
static uint8_t *names;

static void given(const char *const *lines)
{
	struct dp_policy_d *head;

	free(bytes);
	bytes = unit_policy_bytes(lines, NULL, &bytes_b);
	head = (struct dp_policy_d *)bytes;
	rules = (void *)(bytes + head->rules.off);
	rule_count = (uint32_t)head->rules.count;
	table = (void *)(bytes + head->table.off);
	table_count = (uint32_t)head->table.count;
	names = bytes + head->names.off;
}

static int free_given(void)
{
	free(bytes);
	return 0;
}

/* What is wrong with it, sealed anew; "": nothing. */
static const char *complaint(void)
{
	static struct dp_diag diag;
	struct dp_policy *p = NULL;

	diag = (struct dp_diag){ .object = "" };
	dp_policy_digest_make(((struct dp_policy_d *)bytes)->digest, bytes,
	    bytes_b);
	if (dp_policy_from_bytes(&p, bytes, bytes_b, NULL, "file", &diag) ==
	    DP_OK)
		diag.reason[0] = '\0';
	dp_policy_close(&p);
	return diag.reason;
}

static void expect(const char *words)
{
	const char *said = complaint();

	CU_ASSERT_PTR_NOT_NULL(strstr(said, words));
	if (!strstr(said, words))
		fprintf(stderr, "\"%s\" instead of \"%s\"\n", said, words);
}

static void expect_good(void)
{
	CU_ASSERT_STRING_EQUAL(complaint(), "");
}

static void good_ones_are_taken(void)
{
	static const char *const none[] = { "a.dnspin: @ 192.0.2.0/24", NULL };

	given(odd);
	expect_good();
	given(none);
	CU_ASSERT_EQUAL(rule_count, 0);
	expect_good();
}

static bool are_one_pattern(uint32_t i)
{
	return rules[i].flags & DP_RULE_MORE;
}

/* What follows must follow: as dp_name_compare says of each two. */
static void neighbours_cannot_change_places(void)
{
	given(odd);
	for (uint32_t i = 0; i + 1 < rule_count; i++) {
		struct dp_rule_d first = rules[i], second = rules[i + 1];

		if (are_one_pattern(i) || are_one_pattern(i + 1) ||
		    (i > 0 && are_one_pattern(i - 1)))
			continue;
		rules[i] = second;
		rules[i + 1] = first;
		expect("the rules are not sorted");
		rules[i] = first;
		rules[i + 1] = second;
	}
	expect_good();
}

static void none_stands_twice(void)
{
	given(odd);
	for (uint32_t i = 0; i + 1 < rule_count; i++) {
		struct dp_rule_d was = rules[i + 1];

		if (are_one_pattern(i) || are_one_pattern(i + 1))
			continue;
		rules[i + 1] = rules[i];
		expect("the rules are not sorted");
		rules[i + 1] = was;
	}
	expect_good();
}

/* The same name at another place of the file is the same name. */
static void names_are_compared_by_octets(void)
{
	struct dp_policy_d *head;
	struct dp_group_d *group;

	given((const char *const[]){ "exa.mple: exa.mple allow",
	    "exa.mple: *.exa.mple allow", NULL });
	head = (struct dp_policy_d *)bytes;
	group = (struct dp_group_d *)(bytes + head->groups.off);
	CU_ASSERT_EQUAL_FATAL(rule_count, 2);
	CU_ASSERT_EQUAL(rules[0].name_off, rules[1].name_off);
	CU_ASSERT_NOT_EQUAL_FATAL(rules[0].name_off, group->name_off);
	rules[1].name_off = group->name_off;
	expect_good();
	rules[1].flags = 0;
	expect("the rules are not sorted");
}

static void names_are_names(void)
{
	given(odd);
	for (uint32_t i = 0; i < rule_count; i++) {
		uint8_t *name = names + rules[i].name_off;

		for (unsigned at = 0; at < rules[i].name_len; at++) {
			uint8_t was = name[at];

			if (was < 'a' || was > 'z')
				continue;
			name[at] = (uint8_t)(was - 'a' + 'A');
			expect("a rule's name is none");
			name[at] = was;
		}
		rules[i].name_len--;
		expect("a rule's name is none");
		rules[i].name_len += 2;
		expect("a rule's name is none");
		rules[i].name_len--;
	}
	expect_good();
}

static void stars_are_no_bases(void)
{
	static const char *const lines[] = { "a.dnspin: a.b.c allow", NULL };

	given(lines);
	for (unsigned at = 1; at <= 5; at += 2) {
		uint8_t *octet = names + rules[0].name_off + at, was = *octet;

		*octet = '*';
		expect("a rule's name is none");
		*octet = was;
	}
	expect_good();
}

static void given_many(void)
{
	static char text[MANY][64];
	const char *lines[MANY + 1];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text[i], sizeof(text[i]),
		    "a.dnspin: %sname%u.zone%u.example allow",
		    i % 2 ? "*." : "", i / 2, i % 7);
		lines[i] = text[i];
	}
	lines[MANY] = NULL;
	given(lines);
	CU_ASSERT_EQUAL_FATAL(rule_count, MANY);
}

static void each_entry_is_needed(void)
{
	given_many();
	expect_good();
	for (uint32_t i = 0; i < table_count; i++) {
		struct dp_entry_d was = table[i];

		if (was.rule == 0)
			continue;
		table[i].hash ^= 1;
		expect("a rule is not in the table");
		table[i] = was;
		table[i].rule = was.rule % rule_count + 1;
		expect("a rule is not in the table");
		table[i] = (struct dp_entry_d){ 0, 0 };
		expect("too many or too few entries");
		table[i] = was;
	}
	expect_good();
}

/* Of a pattern's rules the first: dp_policy_find would stop at another. */
static void entries_lead_to_first_rules(void)
{
	unsigned tried = 0;

	given(odd);
	for (uint32_t i = 0; i < table_count; i++) {
		if (table[i].rule == 0 || !are_one_pattern(table[i].rule - 1))
			continue;
		table[i].rule++;
		expect("a rule is not in the table");
		table[i].rule--;
		tried++;
	}
	CU_ASSERT_EQUAL(tried, 2);
	expect_good();
}

/* PARTS names in order; the one at `both` is not the same for all clients. */
static void given_parts(unsigned both)
{
	char (*text)[64] = calloc(PARTS, sizeof(*text));
	const char **lines = calloc(PARTS + 3, sizeof(*lines));
	char other[64];

	CU_ASSERT_FATAL(text && lines);
	for (unsigned i = 0; i < PARTS; i++) {
		snprintf(text[i], sizeof(text[i]),
		    "a.dnspin: name%05u.example allow", i);
		lines[i] = text[i];
	}
	snprintf(other, sizeof(other), "b.dnspin: name%05u.example allow tcp/80",
	    both);
	lines[PARTS] = "b.dnspin: @ 192.0.2.0/24";
	lines[PARTS + 1] = other;
	given(lines);
	free(lines);
	free(text);
	CU_ASSERT_EQUAL_FATAL(rule_count, PARTS + 1);
	CU_ASSERT_FATAL(are_one_pattern(both));
}

/* Where a part ends inside a pattern, too. */
static void parts_fit_together(void)
{
	for (unsigned both = PART - 3; both <= PART; both++) {
		given_parts(both);
		expect_good();
		rules[both].flags = 0;
		expect("the rules are not sorted");
		rules[both].flags = DP_RULE_MORE;
		rules[both + 1].trait = rules[both].trait;
		expect("the rules are not sorted");
	}
}

static void neighbours_in_parts_cannot_change_places(void)
{
	given_parts(0);
	for (uint32_t i = PART - 2; i <= PART + 1; i++) {
		struct dp_rule_d was = rules[i];

		rules[i] = rules[i + 1];
		rules[i + 1] = was;
		expect("the rules are not sorted");
		rules[i + 1] = rules[i];
		expect("the rules are not sorted");
		rules[i] = was;
		rules[i + 1] = was;
		expect("the rules are not sorted");
		given_parts(0);
	}
	rules[2 * PART + 5].name_len--;
	expect("a rule's name is none");
}

/* Of several faults the first; what is wrong with rules before the rest. */
static void the_first_fault_is_told(void)
{
	given_parts(0);
	table[0].hash ^= 1;
	rules[2 * PART].zero = 1;
	expect("a rule has unknown flags");
	rules[PART - 1].name_len--;
	expect("a rule's name is none");
	rules[5].trait = UINT32_MAX;
	expect("a rule has no trait");
}

/* A pattern that never ends has more rules than there are audiences. */
static void no_pattern_goes_over_all_parts(void)
{
	given_parts(0);
	for (uint32_t i = 0; i < rule_count; i++)
		rules[i].flags |= DP_RULE_MORE;
	expect("the rules are not sorted");
	given_parts(0);
	for (uint32_t i = PART - 1; i < PART + 70; i++) {
		rules[i] = rules[PART - 1];
		rules[i].flags |= DP_RULE_MORE;
	}
	expect("the rules are not sorted");
}

static void found_of_two_is_added_up(void)
{
	struct dp_policy_found one = { .depth = 2, .depths = { 1, 4 },
		.patterns = 3, .used = 1 };
	struct dp_policy_found other = { .depth = 3, .depths = { 2, 0 },
		.patterns = 1, .used = 3 };
	struct dp_policy_d head = { .wildcard_depth_max = 3 };
	struct dp_policy_view v = { .head = &head, .table_mask = 7 };

	CU_ASSERT_PTR_NULL(dp_policy_rules_wrong(&v, &one, &other));
	CU_ASSERT_EQUAL(v.exact_depths, 3);
	CU_ASSERT_EQUAL(v.wildcard_depths, 4);
	other.lost = true;
	CU_ASSERT_PTR_NOT_NULL(dp_policy_rules_wrong(&v, &one, &other));
	one = (struct dp_policy_found){ .wrong = "late", .wrong_rule = 7 };
	other = (struct dp_policy_found){ .wrong = "early", .wrong_rule = 6 };
	CU_ASSERT_STRING_EQUAL(dp_policy_rules_wrong(&v, &one, &other),
	    "early");
}

UNIT_MAIN_WITH("policy_check_rules", NULL, free_given,
    UNIT(good_ones_are_taken), UNIT(neighbours_cannot_change_places),
    UNIT(none_stands_twice), UNIT(names_are_compared_by_octets),
    UNIT(names_are_names), UNIT(stars_are_no_bases),
    UNIT(each_entry_is_needed), UNIT(entries_lead_to_first_rules),
    UNIT(parts_fit_together), UNIT(neighbours_in_parts_cannot_change_places),
    UNIT(the_first_fault_is_told), UNIT(no_pattern_goes_over_all_parts),
    UNIT(found_of_two_is_added_up))
