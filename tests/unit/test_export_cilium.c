#include "dp_config.h"

#include "tests/unit/exported.h"

static void sample_is_as_documented(void)
{
	exported_is_golden(dp_export_cilium, "export.cilium");
}

static void no_name_is_printed(void)
{
	exported_has_no_name(dp_export_cilium);
}

/* A list, not nothing: the key is required. */
static void empty_list_is_a_list(void)
{
	exported_empty_is(dp_export_cilium,
	    "apiVersion: cilium.io/v2\n"
	    "kind: CiliumCIDRGroup\n"
	    "metadata:\n"
	    "  name: \"dnspin\"\n"
	    "  labels:\n"
	    "    app.kubernetes.io/managed-by: dnspin\n"
	    "spec:\n"
	    "  externalCIDRs: []\n");
}

UNIT_MAIN("export_cilium", UNIT(sample_is_as_documented),
    UNIT(no_name_is_printed), UNIT(empty_list_is_a_list))
