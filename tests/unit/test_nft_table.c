#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>

#include "tools/nft/nft_table.h"

static void names_are_names_to_nft(void)
{
	static const struct {
		const char *name;
		const char *wrong; /* NULL: fine */
	} cases[] = {
		{ "dnspin", NULL }, { "filter", NULL }, { "_t-1", NULL },
		{ "a234567890123456789012345678901", NULL },
		/* words are told apart by case, and as a whole */
		{ "Table", NULL }, { "tables", NULL }, { "gc-intervals", NULL },
		{ "", "must be 1 to 31 letters" },
		{ "a b", "must be 1 to 31 letters" },
		{ "a2345678901234567890123456789012", "must be 1 to 31" },
		{ "accept", "a word of nft's" }, { "ah", "a word of nft's" },
		{ "auto-merge", "a word of nft's" },
		{ "gc-interval", "a word of nft's" },
		{ "eq", "a word of nft's" }, { "le", "a word of nft's" },
		{ "iif", "a word of nft's" }, { "ip6", "a word of nft's" },
		{ "lt", "a word of nft's" }, { "ne", "a word of nft's" },
		{ "rt0", "a word of nft's" }, { "rt2", "a word of nft's" },
		{ "table", "a word of nft's" }, { "type", "a word of nft's" },
		{ "typeof", "a word of nft's" }, { "xt", "a word of nft's" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *wrong = dp_nft_table_wrong(cases[i].name);

		if (!cases[i].wrong) {
			CU_ASSERT_PTR_NULL(wrong);
			continue;
		}
		CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
		CU_ASSERT_PTR_NOT_NULL(strstr(wrong, cases[i].wrong));
	}
}

UNIT_MAIN("nft_table", UNIT(names_are_names_to_nft))
