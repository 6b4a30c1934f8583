#include "tests/unit/unit.h"

#include <string.h>

#include "tools/intern.h"

static void equal_bytes_are_kept_once(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint32_t number;
	} cases[] = {
		{ "", 0, 0 }, { "a", 1, 1 }, { "a\0", 2, 2 }, { "a", 1, 1 },
		{ "12345678", 8, 3 }, { "123456789", 9, 4 },
		{ "12345678", 8, 3 }, { "\0", 1, 5 }, { "", 0, 0 },
	};
	struct dp_intern in = { .count = 0 };
	uint32_t number;
	size_t len;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(dp_intern_add(&in, cases[i].bytes,
					  cases[i].len, &number),
		    DP_OK);
		CU_ASSERT_EQUAL(number, cases[i].number);
		CU_ASSERT_EQUAL(memcmp(dp_intern_get(&in, number, &len),
				    cases[i].bytes, cases[i].len),
		    0);
		CU_ASSERT_EQUAL(len, cases[i].len);
	}
	CU_ASSERT_EQUAL(in.count, 6);
	dp_intern_free(&in);
	CU_ASSERT_EQUAL(in.count, 0);
	CU_ASSERT_EQUAL(dp_intern_add(&in, "b", 1, &number), DP_OK);
	CU_ASSERT_EQUAL(number, 0);
	dp_intern_free(&in);
}

static void many_keep_their_numbers(void)
{
	struct dp_intern in = { .count = 0 };
	uint32_t number;
	size_t len;

	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 20000; i++) {
			uint64_t seed = i;
			uint64_t bytes[2] = { unit_random(&seed), i };

			CU_ASSERT_EQUAL_FATAL(dp_intern_add(&in, bytes,
						  8 + i % 9, &number),
			    DP_OK);
			CU_ASSERT_EQUAL_FATAL(number, i);
		}
	}
	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t seed = i;
		uint64_t bytes[2] = { unit_random(&seed), i };

		CU_ASSERT_EQUAL_FATAL(memcmp(dp_intern_get(&in, i, &len),
					  bytes, 8 + i % 9),
		    0);
	}
	dp_intern_free(&in);
}

static void what_was_added_is_found(void)
{
	struct dp_intern in = { .count = 0 };
	uint32_t number = 7;

	CU_ASSERT(!dp_intern_find(&in, "a", 1, &number));
	CU_ASSERT_EQUAL(dp_intern_add(&in, "a", 1, &number), DP_OK);
	CU_ASSERT_EQUAL(dp_intern_add(&in, "b", 1, &number), DP_OK);
	CU_ASSERT(dp_intern_find(&in, "a", 1, &number));
	CU_ASSERT_EQUAL(number, 0);
	CU_ASSERT(!dp_intern_find(&in, "c", 1, &number));
	CU_ASSERT(!dp_intern_find(&in, "b", 0, &number));
	CU_ASSERT_EQUAL(number, 0);
	dp_intern_free(&in);
}

UNIT_MAIN("intern", UNIT(equal_bytes_are_kept_once),
    UNIT(what_was_added_is_found),
    UNIT(many_keep_their_numbers))
