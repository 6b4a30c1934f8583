#include "dp_config.h"

#include "tests/unit/netspace.h"

#include <string.h>

static bool frame_made(struct dp_nft *nft)
{
	struct dp_diag diag = { .line = 0 };
	bool made = false;

	CU_ASSERT_EQUAL_FATAL(dp_nft_frame(nft, &made, &diag), DP_OK);
	return made;
}

/* The table as nft lists it is the one that export writes. */
static void it_is_what_export_writes(void)
{
	static const char *const lines[] = {
		"type ipv4_addr . inet_proto . inet_service",
		"type ipv6_addr . inet_proto . inet_service",
		"type ipv4_addr\n",
		"type ipv6_addr\n",
		"flags timeout",
		"ip daddr . meta l4proto . th dport @allowed4 accept",
		"ip6 daddr . meta l4proto . th dport @allowed6 accept",
		"ip daddr @allowed4_any accept",
		"ip6 daddr @allowed6_any accept",
	};
	struct dp_nft *nft = netspace_table("new");
	char *text;

	CU_ASSERT_TRUE(frame_made(nft));
	CU_ASSERT_FALSE(frame_made(nft));
	text = netspace_list("list table inet new");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!strstr(text, lines[i]))
			printf("\n%s\nlacks %s\n", text, lines[i]);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, lines[i]));
	}
	free(text);
	dp_nft_close(&nft);
}

static void what_is_missing_is_made_again(void)
{
	static const struct {
		const char *damage;
		bool made;
	} cases[] = {
		{ "add chain inet old mine; add set inet old other "
		  "{ type ipv4_addr; }", false },
		{ "add element inet old allowed4_any "
		  "{ 20.0.2.1 timeout 60s }", false },
		{ "flush chain inet old dnspin_allow", true },
		{ "insert rule inet old dnspin_allow accept", true },
		{ "flush table inet old", true },
		{ "flush chain inet old dnspin_allow; "
		  "delete set inet old allowed6", true },
		{ "flush chain inet old dnspin_allow; "
		  "delete chain inet old dnspin_allow", true },
		{ "delete table inet old", true },
	};
	struct dp_nft *nft = netspace_framed("old");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_TRUE_FATAL(netspace_nft(cases[i].damage));
		CU_ASSERT_EQUAL(frame_made(nft), cases[i].made);
		CU_ASSERT_FALSE(frame_made(nft));
	}
	dp_nft_close(&nft);
}

static void what_is_not_ours_stays(void)
{
	struct dp_nft *nft = netspace_framed("shared");
	char *text;

	CU_ASSERT_TRUE_FATAL(netspace_nft("add chain inet shared forward "
	    "{ type filter hook forward priority 0; }; "
	    "add rule inet shared forward jump dnspin_allow; "
	    "add element inet shared allowed4_any { 20.0.2.1 timeout 60s }; "
	    "flush chain inet shared dnspin_allow"));
	CU_ASSERT_TRUE(frame_made(nft));
	text = netspace_list("list table inet shared");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "jump dnspin_allow"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "20.0.2.1"));
	free(text);
	dp_nft_close(&nft);
}

static void another_kind_of_set_is_refused(void)
{
	static const char *const kinds[] = {
		"allowed4 { type ipv6_addr; flags timeout; }",
		"allowed4_any { type ipv4_addr; }",
		"allowed6_any { type ipv6_addr; flags timeout, interval; }",
	};
	char line[200];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct dp_nft *nft = netspace_table("wrong");
		struct dp_diag diag = { .line = 0 };
		bool made = false;

		snprintf(line, sizeof(line), "add table inet wrong; "
		    "delete table inet wrong; add table inet wrong; "
		    "add set inet wrong %s", kinds[i]);
		CU_ASSERT_TRUE_FATAL(netspace_nft(line));
		CU_ASSERT_EQUAL(dp_nft_frame(nft, &made, &diag),
		    DP_ERR_FORMAT);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "remove it"));
		dp_nft_close(&nft);
	}
}

UNIT_MAIN_WITH("nft_frame", netspace_enter, NULL,
    UNIT(it_is_what_export_writes), UNIT(what_is_missing_is_made_again),
    UNIT(what_is_not_ours_stays), UNIT(another_kind_of_set_is_refused))
