#include "dp_config.h"

#include "tests/unit/netspace.h"

static bool foreign(struct dp_nft *nft)
{
	struct dp_diag diag = { .line = 0 };
	bool changed = true;

	CU_ASSERT_EQUAL_FATAL(dp_nft_foreign(nft, &changed, &diag), DP_OK);
	return changed;
}

/* In this order, upon a table that is there. */
static const struct {
	const char *words;
	bool counts;
} cases[] = {
	{ "add table inet others", false },
	{ "add set inet others allowed4 { type ipv4_addr; }", false },
	{ "add element inet others allowed4 { 20.0.0.1 }", false },
	{ "add chain inet others dnspin_allow", false },
	{ "add rule inet others dnspin_allow accept", false },
	{ "delete table inet others", false },
	{ "add table ip heard", false },
	{ "delete table ip heard", false },
	{ "add chain inet heard own", false },
	{ "add rule inet heard own jump dnspin_allow", false },
	{ "add set inet heard own { type ipv4_addr; }", false },
	{ "add element inet heard own { 20.0.0.1 }", false },
	{ "add counter inet heard allowed4", false },
	{ "delete set inet heard own", false },
	{ "add element inet heard allowed4_any { 20.0.0.1 }", true },
	{ "delete element inet heard allowed4_any { 20.0.0.1 }", true },
	{ "add rule inet heard dnspin_allow drop", true },
	{ "add rule inet heard own drop; add element inet heard "
	  "allowed6 { 2620:1ec::1 . tcp . 443 }", true },
	{ "flush set inet heard allowed6", true },
	{ "flush chain inet heard own; flush chain inet heard dnspin_allow",
	    true },
	{ "add table inet heard { flags dormant; }", true },
	{ "delete set inet heard allowed4", true },
	{ "flush ruleset", true },
};

static void only_what_concerns_it_is_heard(void)
{
	struct dp_nft *nft = netspace_framed("heard");

	CU_ASSERT_TRUE(foreign(nft)); /* the first time */
	CU_ASSERT_FALSE(foreign(nft));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool changed;

		CU_ASSERT_TRUE_FATAL(netspace_nft(cases[i].words));
		changed = foreign(nft);
		if (changed != cases[i].counts)
			printf("%s ", cases[i].words);
		CU_ASSERT_EQUAL(changed, cases[i].counts);
		CU_ASSERT_FALSE(foreign(nft));
	}
	dp_nft_close(&nft);
}

static void own_changes_are_not_heard(void)
{
	struct dp_nft_key key = netspace_key("20.0.2.1", "tcp/443");
	struct dp_diag diag = { .line = 0 };
	struct dp_nft *nft = netspace_table("own");
	bool made;

	CU_ASSERT_TRUE(foreign(nft));
	CU_ASSERT_EQUAL(dp_nft_frame(nft, &made, &diag), DP_OK);
	CU_ASSERT_TRUE(made);
	CU_ASSERT_FALSE(foreign(nft));
	dp_nft_add(nft, &key, 60);
	CU_ASSERT_EQUAL(dp_nft_commit(nft, &diag), DP_OK);
	dp_nft_remove(nft, &key);
	CU_ASSERT_EQUAL(dp_nft_commit(nft, &diag), DP_OK);
	CU_ASSERT_FALSE(foreign(nft));
	dp_nft_close(&nft);
}

/* More than the socket keeps: then some of it may have concerned the table. */
static void what_is_lost_counts(void)
{
	struct dp_nft *nft = netspace_framed("lost");
	struct dp_nft *other = netspace_framed("loud");
	struct dp_nft_key key = netspace_key("2620:1ec::1", NULL);
	struct dp_diag diag = { .line = 0 };

	CU_ASSERT_TRUE(foreign(nft));
	for (unsigned i = 0; i < 20000; i++) {
		key.addr.bytes[13] = (uint8_t)(i >> 8);
		key.addr.bytes[14] = (uint8_t)i;
		dp_nft_add(other, &key, 60);
		CU_ASSERT_EQUAL_FATAL(dp_nft_commit(other, &diag), DP_OK);
	}
	CU_ASSERT_TRUE(foreign(nft));
	while (foreign(nft))
		;
	dp_nft_close(&other);
	dp_nft_close(&nft);
}

UNIT_MAIN_WITH("nft_hear", netspace_enter, NULL,
    UNIT(only_what_concerns_it_is_heard), UNIT(own_changes_are_not_heard),
    UNIT(what_is_lost_counts))
