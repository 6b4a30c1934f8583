#include "tests/unit/unit.h"

#include <string.h>

#include "tools/policy/trait.h"

static void add(struct dp_trait *t, const uint32_t *members,
    const uint16_t *ports, const uint8_t *pins)
{
	for (; *members; members++)
		CU_ASSERT_EQUAL_FATAL(dp_trait_add_member(t, *members), DP_OK);
	for (; *ports; ports++) {
		struct dp_service s = { *ports % 2 ? 6 : 17, *ports };

		CU_ASSERT_EQUAL_FATAL(dp_trait_add_service(t, s), DP_OK);
	}
	for (; *pins; pins++) {
		struct dp_prefix p = { { 4, { *pins } }, 8 };

		CU_ASSERT_EQUAL_FATAL(dp_trait_add_pin(t, &p), DP_OK);
	}
}

static void lists_are_sorted_without_doubles(void)
{
	struct dp_trait t = { .deny = false };
	struct dp_intern in = { .count = 0 };
	struct dp_trait_lists l;
	uint32_t first, second;

	add(&t, (uint32_t[]){ 9, 3, 9, 0 }, (uint16_t[]){ 443, 53, 80, 443, 0 },
	    (uint8_t[]){ 20, 10, 20, 0 });
	CU_ASSERT_EQUAL_FATAL(dp_trait_pack(&t, &in, &first), DP_OK);
	dp_trait_unpack(&in, first, &l);
	CU_ASSERT_FALSE(l.deny);
	CU_ASSERT_EQUAL_FATAL(l.member_count, 2);
	CU_ASSERT(l.members[0] == 3 && l.members[1] == 9);
	CU_ASSERT_EQUAL_FATAL(l.service_count, 3);
	CU_ASSERT(l.services[0].protocol == 6 && l.services[0].port == 53);
	CU_ASSERT(l.services[1].protocol == 6 && l.services[1].port == 443);
	CU_ASSERT(l.services[2].protocol == 17 && l.services[2].port == 80);
	CU_ASSERT_EQUAL_FATAL(l.pin_count, 2);
	CU_ASSERT(l.pins[0].bytes[0] == 10 && l.pins[1].bytes[0] == 20);

	/* The same, said otherwise, is the same trait. */
	dp_trait_clear(&t);
	add(&t, (uint32_t[]){ 3, 9, 0 }, (uint16_t[]){ 80, 443, 53, 0 },
	    (uint8_t[]){ 10, 20, 0 });
	CU_ASSERT_EQUAL_FATAL(dp_trait_pack(&t, &in, &second), DP_OK);
	CU_ASSERT_EQUAL(first, second);
	CU_ASSERT_EQUAL(in.count, 1);
	dp_trait_free(&t);
	dp_intern_free(&in);
}

/* Unites two rules of ports and pins; any_b: the second names no service. */
static void unite_two(bool deny_a, bool deny_b, bool any_b,
    struct dp_trait *out)
{
	struct dp_trait t = { .deny = false };
	struct dp_intern in = { .count = 0 };
	struct dp_trait_lists l;
	uint32_t number;

	for (int i = 0; i < 2; i++) {
		dp_trait_clear(&t);
		t.deny = i == 0 ? deny_a : deny_b;
		if (!t.deny)
			add(&t, (uint32_t[]){ 0 },
			    i == 0	? (uint16_t[]){ 443, 0 }
				: any_b ? (uint16_t[]){ 0 }
					: (uint16_t[]){ 80, 0 },
			    i == 0 ? (uint8_t[]){ 10, 0 }
				   : (uint8_t[]){ 11, 10, 0 });
		CU_ASSERT_EQUAL_FATAL(dp_trait_pack(&t, &in, &number), DP_OK);
		dp_trait_unpack(&in, number, &l);
		CU_ASSERT_EQUAL(l.deny, t.deny);
		CU_ASSERT_EQUAL_FATAL(dp_trait_unite(out, &l), DP_OK);
	}
	dp_trait_free(&t);
	dp_intern_free(&in);
}

static void rules_are_united(void)
{
	static const struct {
		bool deny_a, deny_b, any_b;
		bool deny;
		uint32_t services, pins;
	} cases[] = {
		{ false, false, false, false, 2, 2 },
		{ false, false, true, false, 0, 2 },
		{ true, false, false, true, 0, 0 },
		{ false, true, false, true, 0, 0 },
		{ true, true, false, true, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_trait t = { .deny = false };
		struct dp_intern in = { .count = 0 };
		struct dp_trait_lists l;
		uint32_t number;

		unite_two(cases[i].deny_a, cases[i].deny_b, cases[i].any_b, &t);
		CU_ASSERT_EQUAL_FATAL(dp_trait_add_member(&t, 5), DP_OK);
		CU_ASSERT_EQUAL(dp_trait_settle(&t), cases[i].deny);
		CU_ASSERT_EQUAL_FATAL(dp_trait_pack(&t, &in, &number), DP_OK);
		dp_trait_unpack(&in, number, &l);
		CU_ASSERT_FALSE(l.deny);
		CU_ASSERT_EQUAL(l.member_count, 1);
		CU_ASSERT_EQUAL(l.service_count, cases[i].services);
		CU_ASSERT_EQUAL(l.pin_count, cases[i].pins);
		dp_trait_free(&t);
		dp_intern_free(&in);
	}
}

/* They are kept, and keep traits apart, but are no part of what these say. */
static void audiences_are_kept(void)
{
	struct dp_trait t[3] = { { .deny = false } };
	struct dp_intern in = { .count = 0 };
	struct dp_trait_lists l;
	uint32_t number[3];

	for (int i = 0; i < 3; i++) {
		add(&t[i], (uint32_t[]){ 2, 1, 0 },
		    (uint16_t[]){ 443, i == 2 ? 80 : 443, 0 },
		    (uint8_t[]){ 10, 0 });
		t[i].audiences = i == 1 ? UINT64_MAX : (uint64_t)1 << 40;
		CU_ASSERT_EQUAL_FATAL(dp_trait_pack(&t[i], &in, &number[i]),
		    DP_OK);
	}
	CU_ASSERT_EQUAL(in.count, 3);
	dp_trait_unpack(&in, number[0], &l);
	CU_ASSERT_EQUAL(l.audiences, (uint64_t)1 << 40);
	dp_trait_unpack(&in, number[1], &l);
	CU_ASSERT_EQUAL(l.audiences, UINT64_MAX);
	CU_ASSERT_TRUE(dp_trait_same(&t[0], &t[1]));
	CU_ASSERT_FALSE(dp_trait_same(&t[0], &t[2]));
	t[1].deny = true;
	CU_ASSERT_FALSE(dp_trait_same(&t[0], &t[1]));
	for (int i = 0; i < 3; i++)
		dp_trait_free(&t[i]);
	dp_intern_free(&in);
}

UNIT_MAIN("trait", UNIT(lists_are_sorted_without_doubles),
    UNIT(rules_are_united), UNIT(audiences_are_kept))
