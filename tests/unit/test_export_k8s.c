#include "dp_config.h"

#include "tests/unit/compiled.h"
#include "tests/unit/exported.h"

static void sample_is_as_documented(void)
{
	exported_is_golden(dp_export_k8s, "export.k8s");
}

static void no_name_is_printed(void)
{
	exported_has_no_name(dp_export_k8s);
}

/* No rule at all would be no list, which Kubernetes takes for no egress, too;
 * but an empty rule would open everything. */
static void empty_list_closes(void)
{
	char *text = exported_text(dp_export_k8s, SAMPLE_NOW_S + 100000);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  policyTypes:\n  - Egress\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  egress: []\n"));
	CU_ASSERT_EQUAL(exported_times(text, "  - to:"), 0);
	free(text);
}

/* No list without members, which would mean every address or every port. */
static void no_list_is_empty(void)
{
	char *text = exported_text(dp_export_k8s, SAMPLE_NOW_S);

	CU_ASSERT_EQUAL(exported_times(text, "  - to:\n"),
	    exported_times(text, "  - to:\n    - ipBlock:\n"));
	CU_ASSERT_EQUAL(exported_times(text, "    ports:\n"),
	    exported_times(text, "    ports:\n    - protocol: "));
	free(text);
}

/* Any service covers the others of an address, whatever name has them. */
static void any_service_covers_all(void)
{
	struct sample s;
	static const struct dp_bindings_filter all = { NULL, true, true, 0 };
	size_t size_b = 0;
	char *text;

	sample_make(&s);
	compile_to(s.policy_path, SOA("g")
	    "manage.microsoft.com TXT allow tcp/443\n"
	    "fef.manage.microsoft.com TXT allow\n");
	text = exported(&s, dp_export_k8s, &all, SAMPLE_NOW_S, &size_b);
	/* 40.83.123.72 has both, 13.76.177.110 tcp/443 only. */
	CU_ASSERT_EQUAL(exported_times(text, "40.83.123.72/32"), 1);
	CU_ASSERT_EQUAL(exported_times(text, "    ports:\n"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text,
	    "        cidr: \"13.76.177.110/32\"\n    ports:\n"));
	free(text);
	sample_remove(&s);
}

UNIT_MAIN("export_k8s", UNIT(sample_is_as_documented),
    UNIT(no_name_is_printed), UNIT(empty_list_closes),
    UNIT(no_list_is_empty), UNIT(any_service_covers_all))
