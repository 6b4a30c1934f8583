#include "dp_config.h"

#include "tests/unit/unit_policy.h"

#include "module/memo.h"

static const char *const first[] = {
	"a.dnspin: *.manage.example allow tcp/443",
	"a.dnspin: legacy.manage.example deny",
	"a.dnspin: cdn.example allow",
	"m.dnspin: @ 10.20.0.0/16",
	"m.dnspin: cdn.example deny",
	"m.dnspin: n7.vlan.example allow",
	NULL,
};
static const char *const second[] = {
	"b.dnspin: *.example allow",
	"b.dnspin: n3.manage.example deny",
	"m.dnspin: @ 10.20.0.0/16",
	"m.dnspin: n3.manage.example allow",
	NULL,
};

static bool same_text(const struct dp_rule_told *a,
    const struct dp_rule_told *b)
{
	return a->wildcard == b->wildcard && a->base_b == b->base_b &&
	    a->group_b == b->group_b &&
	    memcmp(a->group, b->group, a->group_b) == 0;
}

/* What a memo says is what the policy says. */
static bool is_right(struct dp_memos *memos, const struct dp_policy *p,
    const struct dp_name *name, uint16_t type, uint32_t audience)
{
	struct dp_match match = dp_policy_match(p, name, audience);
	const struct dp_memo *memo =
	    dp_memo_of(memos, p, name, type, audience);
	struct dp_rule_told told;

	if (!memo || memo->match.rule != match.rule ||
	    memo->match.allow != match.allow)
		return false;
	if (match.rule == DP_RULE_NONE)
		return true;
	dp_policy_rule_told(p, match.rule, &told);
	return same_text(&memo->told, &told);
}

/* More names than there is room for, so that many meet in one place; policies,
 * audiences and types in turns. */
static void memos_say_what_the_policy_says(void)
{
	static const char *const parents[] = { "manage.example", "cdn.example",
		"vlan.example", "off.test" };
	struct dp_memos *memos = dp_memos_new();
	struct unit_opened p[2] = { unit_open(first, NULL),
		unit_open(second, NULL) };
	uint64_t state = 3;
	unsigned wrong = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(memos);
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t r = unit_random(&state);
		unsigned n = r & 1 ? (unsigned)(r >> 1) % 16 :
				     (unsigned)(r >> 1) % 60000;
		char text[64];
		struct dp_name name;

		snprintf(text, sizeof(text), "n%u.%s", n, parents[r >> 32 & 3]);
		name = unit_name(text);
		wrong += !is_right(memos, p[r >> 40 & 1].policy, &name,
		    r >> 42 & 1 ? 1 : 28, r >> 44 & 1);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	unit_opened_close(&p[0]);
	unit_opened_close(&p[1]);
	dp_memos_free(&memos);
	CU_ASSERT_PTR_NULL(memos);
}

/* A later policy may lie where an earlier one lay. */
static void memos_of_a_closed_policy_are_none(void)
{
	struct dp_memos *memos = dp_memos_new();
	struct dp_name name = unit_name("n3.manage.example");
	uint64_t last = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(memos);
	for (int i = 0; i < 10; i++) {
		struct unit_opened p = unit_open(i & 1 ? first : second, NULL);

		CU_ASSERT_TRUE(dp_policy_instance(p.policy) > last);
		last = dp_policy_instance(p.policy);
		CU_ASSERT_TRUE(is_right(memos, p.policy, &name, 1, 0));
		CU_ASSERT_TRUE(is_right(memos, p.policy, &name, 1, 0));
		unit_opened_close(&p);
	}
	dp_memos_free(&memos);
}

static void names_of_some_length_are_remembered(void)
{
	struct dp_memos *memos = dp_memos_new();
	struct unit_opened p = unit_open(first, NULL);
	struct dp_name name = unit_name("manage.example");

	CU_ASSERT_PTR_NOT_NULL_FATAL(memos);
	while (name.len <= DP_NAME_MAX - 2) {
		CU_ASSERT_EQUAL(dp_memo_of(memos, p.policy, &name, 1, 0) ?
			is_right(memos, p.policy, &name, 1, 0) :
			name.len > DP_MEMO_NAME_B, true);
		memmove(name.wire + 2, name.wire, name.len);
		memcpy(name.wire, "\1a", 2);
		name.len = (uint8_t)(name.len + 2);
	}
	unit_opened_close(&p);
	dp_memos_free(&memos);
}

/* As long as the question is the same, and no longer. */
static void hints_are_kept(void)
{
	struct dp_memos *memos = dp_memos_new();
	struct unit_opened p = unit_open(first, NULL);
	struct dp_name name = unit_name("a.manage.example");
	struct dp_memo *memo;

	CU_ASSERT_PTR_NOT_NULL_FATAL(memos);
	memo = dp_memo_of(memos, p.policy, &name, 1, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(memo);
	for (unsigned i = 0; i < DP_MEMO_HINTS; i++) {
		CU_ASSERT_EQUAL(memo->hint[i], 0);
		memo->hint[i] = i + 1;
	}
	CU_ASSERT_PTR_EQUAL(dp_memo_of(memos, p.policy, &name, 1, 0), memo);
	CU_ASSERT_EQUAL(memo->hint[DP_MEMO_HINTS - 1], DP_MEMO_HINTS);
	memo = dp_memo_of(memos, p.policy, &name, 1, 1);
	CU_ASSERT_EQUAL(memo->hint[0], 0);
	memo = dp_memo_of(memos, p.policy, &name, 28, 1);
	CU_ASSERT_EQUAL(memo->hint[0], 0);
	unit_opened_close(&p);
	dp_memos_free(&memos);
}

UNIT_MAIN("memo", UNIT(memos_say_what_the_policy_says),
    UNIT(memos_of_a_closed_policy_are_none),
    UNIT(names_of_some_length_are_remembered), UNIT(hints_are_kept))
