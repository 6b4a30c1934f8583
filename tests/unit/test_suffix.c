#include "dp_config.h"

#include "tests/unit/unit.h"

#include "tools/report/suffix.h"

static struct dp_name name_of(const char *text)
{
	struct dp_diag diag;
	struct dp_name name;

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, text, &diag), DP_OK);
	return name;
}

static const struct {
	const char *name;
	unsigned labels;
} cases[] = {
	{ ".", 0 },
	{ "org", 0 },
	{ "example.org", 3 },
	{ "www.example.org", 3 },
	{ "co.uk", 0 },
	{ "a.b.example.co.uk", 4 },
	{ "d1.cloudfront.net", 4 },
	{ "cloudfront.net", 0 },
	{ "user.github.io", 4 },
	{ "trafficmanager.net", 0 },
	{ "amazonaws.com", 0 },
	{ "sts.amazonaws.com", 0 },
	{ "bucket.s3.amazonaws.com", 0 },
	{ "bucket.s3.eu-west-1.amazonaws.com", 0 },
	{ "name.eu-west-1.elb.amazonaws.com", 0 },
	{ "amazonaws.com.example.org", 3 },
	{ "notamazonaws.com", 3 },
	{ "x.blob.core.windows.net", 0 },
	{ "login.windows.net", 0 },
	{ "a.cdn.cloudflare.net", 0 },
	{ "prod.global.ssl.fastly.net", 0 },
	{ "host.westeurope.cloudapp.azure.com", 0 },
	/* aliases of Intune's names, as they were seen */
	{ "manage.microsoft.com.nsatc.net", 0 },
	{ "manage-pe.trafficmanager.net", 0 },
	{ "pexsucpna01.westus.cloudapp.azure.com", 0 },
	{ "pexsucp-drgzexethuh8cpen.b02.azurefd.net", 0 },
	{ "shed.dual-low.s-part-0035.t-0009.t-s1-msedge.net", 0 },
	{ "shed.dual-low.s-part-0035.t-0009.t-msedge.net", 0 },
	{ "www.tm.prd.adrs.akadns.net", 0 },
	{ "itunes.apple.com.edgekey.net", 0 },
	{ "e673.dsce9.akamaiedge.net", 0 },
	{ "bg.microsoft.map.fastly.net", 0 },
	{ "cds.d2s7q6s2.hwcdn.net", 0 },
	{ "x.afd.azureedge.net", 0 },
	{ "na.privatelink.msidentity.com", 3 },
	{ "www.manage.microsoft.com", 3 },
	{ "host.lab", 3 },
	{ "lab", 0 },
	{ "xn--bcher-kva.example.org", 3 },
	{ "a\\.b.example.org", 3 },
};

static void owners_part_at_their_suffixes(void)
{
	struct dp_suffix_list *s = NULL;
	struct dp_diag diag;

	CU_ASSERT_EQUAL_FATAL(dp_suffixes_open(&s, NULL, 0, &diag), DP_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_name name = name_of(cases[i].name);

		if (dp_suffixes_labels(s, &name) != cases[i].labels)
			printf("\n%s: %u labels\n", cases[i].name,
			    dp_suffixes_labels(s, &name));
		CU_ASSERT_EQUAL(dp_suffixes_labels(s, &name),
		    cases[i].labels);
	}
	dp_suffixes_close(&s);
	dp_suffixes_close(&s);
}

static void a_suffix_can_be_taken_as_ones_own(void)
{
	struct dp_name own[] = { name_of("trafficmanager.net"),
		name_of("corp.example.org") };
	struct dp_name name = name_of("a.b.trafficmanager.net");
	struct dp_suffix_list *s = NULL;
	struct dp_diag diag;

	CU_ASSERT_EQUAL_FATAL(dp_suffixes_open(&s, own, 2, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_suffixes_labels(s, &name), 3);
	CU_ASSERT_EQUAL(dp_suffixes_labels(s, &own[0]), 3);
	name = name_of("x.corp.example.org");
	CU_ASSERT_EQUAL(dp_suffixes_labels(s, &name), 4);
	name = name_of("www.example.org");
	CU_ASSERT_EQUAL(dp_suffixes_labels(s, &name), 3);
	dp_suffixes_close(&s);
}

UNIT_MAIN("suffix", UNIT(owners_part_at_their_suffixes),
    UNIT(a_suffix_can_be_taken_as_ones_own))
