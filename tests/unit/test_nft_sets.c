#include "dp_config.h"

#include "tests/unit/unit.h"

#include "tools/nft/nft_sets.h"

static void an_element_finds_its_set(void)
{
	static const struct {
		uint8_t family, protocol;
		const char *set;
	} cases[] = {
		{ 4, 6, "allowed4" },
		{ 6, 17, "allowed6" },
		{ 4, 0, "allowed4_any" },
		{ 6, 0, "allowed6_any" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_addr addr = { .family = cases[i].family };
		struct dp_service service = { cases[i].protocol, 443 };
		unsigned k = dp_nft_set_of(&addr, service);

		CU_ASSERT_FATAL(k < DP_NFT_SETS);
		CU_ASSERT_STRING_EQUAL(dp_nft_sets[k].name, cases[i].set);
		CU_ASSERT_EQUAL(dp_nft_sets[k].family, cases[i].family);
		CU_ASSERT_EQUAL(dp_nft_sets[k].any, cases[i].protocol == 0);
	}
}

UNIT_MAIN("nft_sets", UNIT(an_element_finds_its_set))
