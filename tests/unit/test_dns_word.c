#include "dp_config.h"

#include "tests/unit/unit.h"

#include "tools/log/dns_word.h"

static void numbers_have_words(void)
{
	static const struct {
		const char *(*word)(uint16_t, char[DP_DNS_WORD_MAX]);
		uint16_t number;
		const char *wanted;
	} cases[] = {
		{ dp_dns_type_word, 0, "TYPE0" },
		{ dp_dns_type_word, 1, "A" },
		{ dp_dns_type_word, 10, "NULL" },
		{ dp_dns_type_word, 28, "AAAA" },
		{ dp_dns_type_word, 54, "TYPE54" },
		{ dp_dns_type_word, 64, "SVCB" },
		{ dp_dns_type_word, 65, "HTTPS" },
		{ dp_dns_type_word, 251, "IXFR" },
		{ dp_dns_type_word, 252, "AXFR" },
		{ dp_dns_type_word, 255, "ANY" },
		{ dp_dns_type_word, 257, "CAA" },
		{ dp_dns_type_word, 300, "TYPE300" },
		{ dp_dns_type_word, 65535, "TYPE65535" },
		{ dp_dns_class_word, 1, "IN" },
		{ dp_dns_class_word, 3, "CH" },
		{ dp_dns_class_word, 7, "CLASS7" },
		{ dp_dns_rcode_word, 0, "NOERROR" },
		{ dp_dns_rcode_word, 2, "SERVFAIL" },
		{ dp_dns_rcode_word, 3, "NXDOMAIN" },
		{ dp_dns_rcode_word, 65535, "RCODE65535" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[DP_DNS_WORD_MAX];

		CU_ASSERT_STRING_EQUAL(cases[i].word(cases[i].number, text),
		    cases[i].wanted);
	}
}

static void every_number_has_one(void)
{
	for (unsigned n = 0; n <= UINT16_MAX; n++) {
		char text[DP_DNS_WORD_MAX];

		CU_ASSERT_FATAL(dp_dns_type_word((uint16_t)n, text)[0]);
		CU_ASSERT_FATAL(dp_dns_class_word((uint16_t)n, text)[0]);
		CU_ASSERT_FATAL(dp_dns_rcode_word((uint16_t)n, text)[0]);
	}
}

UNIT_MAIN("dns_word", UNIT(numbers_have_words), UNIT(every_number_has_one))
