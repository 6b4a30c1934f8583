#include "dp_config.h"

#include "tests/unit/compiled.h"

#include "tools/whom.h"

static const char zones[] = SOA("all") "*.a TXT allow\nd TXT allow\n"
    SOA("vlan") "@ APL 1:10.0.0.0/8 2:fd00::/8\nx.a TXT deny\n"
    SOA("lab") "@ APL 1:10.1.0.0/16\nd TXT deny\n";

static void sets_are_said(void)
{
	static const struct {
		uint64_t audiences;
		const char *said;
		size_t count;
	} cases[] = {
		{ 7, "0.0.0.0/0 ::/0", 0 },
		{ 6, "10.0.0.0/8 fd00::/8", 2 },
		{ 4, "10.1.0.0/16", 1 },
		{ 2, "10.0.0.0/8 !10.1.0.0/16 fd00::/8", 3 },
		{ 1, "0.0.0.0/0 ::/0 !10.0.0.0/8 !fd00::/8", 4 },
		{ 5, "0.0.0.0/0 ::/0 !10.0.0.0/8 10.1.0.0/16 !fd00::/8", 5 },
	};
	struct compiled c = compile(zones);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *array = dp_whom_array(c.policy, cases[i].audiences);
		char *text = NULL;
		size_t size_b;
		FILE *out = open_memstream(&text, &size_b);

		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		dp_whom_say(out, c.policy, cases[i].audiences, " ");
		CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
		CU_ASSERT_STRING_EQUAL(text, cases[i].said);
		CU_ASSERT_EQUAL(json_array_size(array), cases[i].count);
		if (cases[i].count > 0)
			CU_ASSERT_EQUAL(strncmp(text, json_string_value(
			    json_array_get(array, 0)), 5), 0);
		json_decref(array);
		free(text);
	}
	compiled_free(&c);
}

static void all_who_share_a_verdict_are_found(void)
{
	static const struct {
		const char *name;
		uint32_t audience;
		bool allow;
		uint64_t audiences;
	} cases[] = {
		{ "y.a", 0, true, 7 },
		{ "x.a", 0, true, 1 },
		{ "x.a", 1, false, 6 },
		{ "x.a", 2, false, 6 },
		{ "d", 0, true, 3 },
		{ "d", 1, true, 3 },
		{ "d", 2, false, 4 },
		{ "none", 2, false, 7 },
	};
	struct compiled c = compile(zones);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_match match;
		struct dp_name name;
		uint64_t audiences;

		CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, cases[i].name,
		    NULL), DP_OK);
		match = dp_whom_match(c.policy, &name, cases[i].audience,
		    &audiences);
		CU_ASSERT_EQUAL(match.allow, cases[i].allow);
		CU_ASSERT_EQUAL(match.rule, dp_policy_match(c.policy, &name,
		    cases[i].audience).rule);
		CU_ASSERT_EQUAL(audiences, cases[i].audiences);
	}
	compiled_free(&c);
}

UNIT_MAIN("whom", UNIT(sets_are_said),
    UNIT(all_who_share_a_verdict_are_found))
