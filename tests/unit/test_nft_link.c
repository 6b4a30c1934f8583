#include "dp_config.h"

#include "tests/unit/netspace.h"

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

static void count(void *arg, const struct dp_nft_key *key, uint64_t left_ms)
{
	(void)key;
	(void)left_ms;
	++*(size_t *)arg;
}

/* What is left of an answer that nobody read to its end is not taken for an
 * answer to the next question. */
static void questions_follow_each_other(void)
{
	struct dp_nft *nft = netspace_framed("questions");
	struct dp_nft_key key = netspace_key("20.0.2.1", "tcp/443");
	struct dp_diag diag = { .line = 0 };

	for (int i = 0; i < 3; i++) {
		size_t found = 0;
		bool made = true;

		dp_nft_add(nft, &key, 60);
		CU_ASSERT_EQUAL(dp_nft_commit(nft, &diag), DP_OK);
		dp_nft_remove(nft, &key);
		dp_nft_remove(nft, &key);
		CU_ASSERT_EQUAL(dp_nft_commit(nft, &diag), DP_ERR_IO);
		CU_ASSERT_EQUAL(dp_nft_frame(nft, &made, &diag), DP_OK);
		CU_ASSERT_FALSE(made);
		CU_ASSERT_EQUAL(dp_nft_dump(nft, count, &found, &diag), DP_OK);
		CU_ASSERT_EQUAL(found, 1);
	}
	dp_nft_close(&nft);
}

UNIT_MAIN_WITH("nft_link", netspace_enter, NULL, UNIT(a_table_has_a_name),
    UNIT(questions_follow_each_other))
