#include "dp_config.h"

#include "tests/unit/netspace.h"

static uint32_t generation(struct dp_nft *nft)
{
	struct dp_diag diag = { .line = 0 };
	uint32_t n = 0;

	CU_ASSERT_EQUAL_FATAL(dp_nft_generation(nft, &n, &diag), DP_OK);
	return n;
}

static void a_table_has_a_name(void)
{
	struct dp_diag diag = { .line = 0 };
	struct dp_nft *nft = NULL;

	CU_ASSERT_EQUAL(dp_nft_open(&nft,
	    "a23456789012345678901234567890123", &diag), DP_ERR_IO);
	CU_ASSERT_PTR_NULL(nft);
	nft = netspace_table("a23456789012345678901234567890");
	CU_ASSERT_STRING_EQUAL(dp_nft_table(nft),
	    "a23456789012345678901234567890");
	dp_nft_close(&nft);
	CU_ASSERT_PTR_NULL(nft);
	dp_nft_close(&nft);
}

static void the_generation_counts_transactions(void)
{
	struct dp_nft *nft = netspace_framed("generation");
	struct dp_nft_key key = netspace_key("20.0.2.1", "tcp/443");
	struct dp_diag diag = { .line = 0 };
	uint32_t before = generation(nft);

	CU_ASSERT_EQUAL(generation(nft), before);
	dp_nft_add(nft, &key, 60);
	CU_ASSERT_EQUAL(dp_nft_commit(nft, &diag), DP_OK);
	CU_ASSERT_EQUAL(generation(nft), before + 1);
	/* one that fails counts for nothing */
	dp_nft_remove(nft, &key);
	dp_nft_remove(nft, &key);
	CU_ASSERT_EQUAL(dp_nft_commit(nft, &diag), DP_ERR_IO);
	CU_ASSERT_EQUAL(generation(nft), before + 1);
	CU_ASSERT_TRUE(netspace_nft("add table inet others"));
	CU_ASSERT_EQUAL(generation(nft), before + 2);
	dp_nft_close(&nft);
}

UNIT_MAIN_WITH("nft_link", netspace_enter, NULL, UNIT(a_table_has_a_name),
    UNIT(the_generation_counts_transactions))
