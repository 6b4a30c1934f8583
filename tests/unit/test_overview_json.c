#include "dp_config.h"

#include "tests/unit/overviewed.h"

#include <jansson.h>

static json_t *parsed(const struct overviewed *v)
{
	size_t size_b = 0;
	char *text = overviewed_text(v, dp_overview_json, &size_b);
	json_t *root = json_loadb(text, size_b, JSON_REJECT_DUPLICATES, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	free(text);
	return root;
}

static void healthy_is_as_documented(void)
{
	struct overviewed v;
	size_t size_b = 0;
	char *text;

	overviewed_make(&v);
	text = overviewed_text(&v, dp_overview_json, &size_b);
	golden_check("status.json", text, size_b);
	free(text);
	overviewed_remove(&v);
}

static void missing_parts_are_null(void)
{
	static const char *const keys[] = { "policy_in_use", "confirmed",
		"resolver", "policy", "map", "agent" };
	struct overviewed v;
	json_t *root;

	overviewed_make(&v);
	v.overview = (struct dp_overview){ .now_s = SAMPLE_NOW_S };
	root = parsed(&v);
	CU_ASSERT_TRUE(json_is_false(json_object_get(root, "ready")));
	CU_ASSERT_TRUE(json_is_false(json_object_get(root, "alive")));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		CU_ASSERT_TRUE(json_is_null(json_object_get(root, keys[i])));
	json_decref(root);
	overviewed_remove(&v);
}

static void hostile_status_is_json(void)
{
	struct overviewed v;
	json_t *root, *resolver;

	overviewed_make(&v);
	v.overview.head.started_s = UINT64_MAX;
	v.overview.head.mode = 77;
	v.overview.counters[0] = UINT64_MAX;
	memset(v.overview.head.digest, 1, sizeof(v.overview.head.digest));
	memset(v.overview.head.trouble, 0xff, sizeof(v.overview.head.trouble));
	root = parsed(&v);
	CU_ASSERT_TRUE(json_is_false(json_object_get(root, "policy_in_use")));
	resolver = json_object_get(root, "resolver");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(resolver,
	    "started")), INT64_MAX);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(resolver,
	    "mode")), "?");
	CU_ASSERT_EQUAL(strspn(json_string_value(json_object_get(resolver,
	    "trouble")), "?"), sizeof(v.overview.head.trouble));
	json_decref(root);
	overviewed_remove(&v);
}

static void without_generation_no_digest(void)
{
	struct overviewed v;
	json_t *root, *resolver;

	overviewed_make(&v);
	v.overview.head.generation = 0;
	root = parsed(&v);
	resolver = json_object_get(root, "resolver");
	CU_ASSERT_TRUE(json_is_null(json_object_get(root, "policy_in_use")));
	CU_ASSERT_TRUE(json_is_null(json_object_get(resolver, "digest")));
	CU_ASSERT_TRUE(json_is_null(json_object_get(resolver, "mode")));
	json_decref(root);
	overviewed_remove(&v);
}

static void what_nobody_confirms_is_not_behind(void)
{
	struct overviewed v;
	json_t *root, *agent;

	overviewed_make(&v);
	v.overview.agent_promises = false;
	root = parsed(&v);
	agent = json_object_get(root, "agent");
	CU_ASSERT_TRUE(json_is_false(json_object_get(root, "confirmed")));
	CU_ASSERT_TRUE(json_is_null(json_object_get(agent, "behind")));
	CU_ASSERT_TRUE(json_is_true(json_object_get(root, "ready")));
	json_decref(root);
	overviewed_barrier(&v, DP_MODE_STRICT, DP_BARRIER_OFF);
	root = parsed(&v);
	CU_ASSERT_TRUE(json_is_null(json_object_get(root, "confirmed")));
	json_decref(root);
	overviewed_remove(&v);
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("overview_json", set_up, NULL, UNIT(healthy_is_as_documented),
    UNIT(missing_parts_are_null), UNIT(hostile_status_is_json),
    UNIT(without_generation_no_digest),
    UNIT(what_nobody_confirms_is_not_behind))
