#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "tools/export/export_format.h"

static void each_is_found_by_its_name(void)
{
	const struct dp_export_format *format;
	size_t k;

	for (k = 0; (format = dp_export_format_at(k)); k++) {
		CU_ASSERT_PTR_EQUAL(dp_export_format_find(format->name),
		    format);
		CU_ASSERT_PTR_NOT_NULL(format->write);
	}
	CU_ASSERT_EQUAL(k, 9);
	CU_ASSERT_PTR_NULL(dp_export_format_find(""));
	CU_ASSERT_PTR_NULL(dp_export_format_find("JSON"));
	CU_ASSERT_PTR_NULL(dp_export_format_find("js"));
}

static void names_fit_the_firewall(void)
{
	static const struct {
		const char *format;
		const char *name;
		bool fits;
	} cases[] = {
		{ "nft", "x_1-y", true }, { "nft", "table", false },
		{ "ipset", "a", true }, { "ipset", "table", true },
		{ "ipset", "Intune_core-1", true },
		{ "ipset", "a23456789012345678901b", true },
		{ "ipset", "a23456789012345678901bc", false },
		{ "ipset", "", false }, { "ipset", "1a", false },
		{ "ipset", "a.b", false }, { "ipset", "a b", false },
		{ "ipset", "a\nb", false }, { "ipset", "-a", false },
		{ "windows", "a'b", false }, { "windows", "a$(b)", false },
		{ "windows", "a\342\200\231b", false },
		{ "windows", "a`b", false }, { "windows", "Egress", true },
		{ "cilium", "intune-core", true }, { "cilium", "1", true },
		{ "cilium", "Egress", false }, { "cilium", "a_b", false },
		{ "cilium", "a-", false }, { "k8s", "-a", false },
		{ "k8s", "", false }, { "k8s", "a\"b", false },
		{ "k8s", "a.b", false }, { "k8s", "a: b", false },
		{ "k8s", "a23456789012345678901234567890123456789012345678901"
		    "234567890123", true },
		{ "k8s", "a23456789012345678901234567890123456789012345678901"
		    "2345678901234", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct dp_export_format *format =
		    dp_export_format_find(cases[i].format);

		CU_ASSERT_PTR_NOT_NULL_FATAL(format);
		CU_ASSERT_PTR_NOT_NULL_FATAL(format->name_wrong);
		CU_ASSERT_EQUAL(!format->name_wrong(cases[i].name),
		    cases[i].fits);
	}
	CU_ASSERT_PTR_NULL(dp_export_format_find("json")->name_wrong);
	CU_ASSERT_PTR_NULL(dp_export_format_find("pf")->name_wrong);
}

UNIT_MAIN("export_format", UNIT(each_is_found_by_its_name),
    UNIT(names_fit_the_firewall))
