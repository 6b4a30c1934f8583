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

static struct dp_memo *memo_of(struct dp_memos *memos,
    const struct dp_policy *p, uint64_t map_id, const struct dp_name *name,
    uint16_t type, uint32_t audience)
{
	struct dp_memo_key key = { .name = name, .type = type,
		.audience = audience };

	dp_memo_expect(memos, &key);
	return dp_memo_of(memos, &key, p, map_id);
}

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
	    memo_of(memos, p, 7, name, type, audience);
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
	struct dp_memos *memos = dp_memos_new(0);
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
	struct dp_memos *memos = dp_memos_new(0);
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
	struct dp_memos *memos = dp_memos_new(0);
	struct unit_opened p = unit_open(first, NULL);
	struct dp_name name = unit_name("manage.example");

	CU_ASSERT_PTR_NOT_NULL_FATAL(memos);
	while (name.len <= DP_NAME_MAX - 2) {
		CU_ASSERT_EQUAL(memo_of(memos, p.policy, 7, &name, 1, 0) ?
			is_right(memos, p.policy, &name, 1, 0) :
			name.len > DP_MEMO_NAME_B, true);
		memmove(name.wire + 2, name.wire, name.len);
		memcpy(name.wire, "\1a", 2);
		name.len = (uint8_t)(name.len + 2);
	}
	unit_opened_close(&p);
	dp_memos_free(&memos);
}

static bool has_spots(const struct dp_memo *memo)
{
	return memo->spot[0].seq != 0 || memo->spot[DP_MEMO_SPOTS - 1].seq != 0;
}

/* As long as question and map are the same, and no longer. */
static void spots_are_kept(void)
{
	static const struct {
		uint64_t map_id;
		uint16_t type;
		uint32_t audience;
		bool kept;
	} asked[] = {
		{ 7, 1, 0, false }, { 7, 1, 0, true }, { 7, 1, 1, false },
		{ 7, 28, 1, false }, { 7, 1, 1, true }, { 8, 1, 1, false },
		{ 8, 1, 1, true }, { 7, 1, 1, false }, { 0, 1, 1, false },
	};
	struct dp_memos *memos = dp_memos_new(0);
	struct unit_opened p = unit_open(first, NULL);
	struct dp_name name = unit_name("a.manage.example");

	CU_ASSERT_PTR_NOT_NULL_FATAL(memos);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct dp_memo *memo = memo_of(memos, p.policy,
		    asked[i].map_id, &name, asked[i].type, asked[i].audience);

		CU_ASSERT_PTR_NOT_NULL_FATAL(memo);
		CU_ASSERT_EQUAL(has_spots(memo), asked[i].kept);
		for (unsigned k = 0; k < DP_MEMO_SPOTS; k++)
			memo->spot[k].seq = k + 1;
	}
	unit_opened_close(&p);
	dp_memos_free(&memos);
}

/* Questions that meet in one place stay. */
static void many_are_remembered(void)
{
	struct dp_memos *memos = dp_memos_new(0);
	struct unit_opened p = unit_open(first, NULL);
	struct dp_memo *kept[400];
	unsigned lost = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(memos);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 400; i++) {
			struct dp_name name;
			struct dp_memo *memo;
			char text[40];

			snprintf(text, sizeof(text), "n%u.manage.example", i);
			name = unit_name(text);
			memo = memo_of(memos, p.policy, 7, &name, 1, 0);
			CU_ASSERT_PTR_NOT_NULL_FATAL(memo);
			lost += round > 0 && memo != kept[i];
			kept[i] = memo;
		}
	}
	CU_ASSERT_TRUE(lost < 30); /* with one place for each: about 130 */
	unit_opened_close(&p);
	dp_memos_free(&memos);
}

static void pins_are_told(void)
{
	static const char *const rules[] = {
		"a.dnspin: pinned.example allow 20.0.0.0/8",
		"a.dnspin: plain.example allow", NULL,
	};
	static const char *const names[] = { "pinned.example", "plain.example",
		"off.example" };

	for (uint32_t pins = DP_PINS_IGNORE; pins <= DP_PINS_ENFORCE; pins++) {
		struct dp_memos *memos = dp_memos_new(0);
		struct dp_settings set;
		struct unit_opened p;

		dp_settings_default(&set);
		set.value[DP_SET_PINS] = pins;
		p = unit_open(rules, &set);
		for (size_t i = 0; i < 3; i++) {
			struct dp_name name = unit_name(names[i]);
			const struct dp_memo *memo =
			    memo_of(memos, p.policy, 7, &name, 1, 0);

			CU_ASSERT_PTR_NOT_NULL_FATAL(memo);
			CU_ASSERT_EQUAL(memo->pinned,
			    i == 0 && pins != DP_PINS_IGNORE);
		}
		unit_opened_close(&p);
		dp_memos_free(&memos);
	}
}

UNIT_MAIN("memo", UNIT(memos_say_what_the_policy_says),
    UNIT(memos_of_a_closed_policy_are_none),
    UNIT(names_of_some_length_are_remembered), UNIT(spots_are_kept),
    UNIT(many_are_remembered), UNIT(pins_are_told))
