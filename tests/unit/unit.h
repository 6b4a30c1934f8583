/*
 * The frame of a unit test program: a table of tests, run by CUnit, the exit
 * status non-zero when any assertion failed or no test ran. Preconditions are
 * CU_ASSERT_FATAL and the like: what follows would mean nothing.
 */
#ifndef DP_UNIT_H
#define DP_UNIT_H

#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIT(test) { #test, test }

/* set_up and tear_down (NULL: none) surround all tests; non-zero: failed. */
static inline int unit_run(const char *suite_name, CU_InitializeFunc set_up,
    CU_CleanupFunc tear_down, CU_TestInfo *tests)
{
	CU_SuiteInfo suites[] = {
		{ suite_name, set_up, tear_down, NULL, NULL, tests },
		CU_SUITE_INFO_NULL,
	};
	unsigned failed = 1;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	if (CU_register_suites(suites) == CUE_SUCCESS) {
		CU_basic_set_mode(CU_BRM_VERBOSE);
		CU_basic_run_tests();
		failed = CU_get_number_of_failures() +
		    CU_get_number_of_tests_failed() +
		    CU_get_number_of_suites_failed();
		if (CU_get_number_of_tests_run() == 0)
			failed = 1;
	}
	CU_cleanup_registry();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Numbers that are the same in each run: splitmix64 from the seed in *state. */
static inline uint64_t unit_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* How often to do again what differs from turn to turn: all, or in the short
 * form of the tests (DNSPIN_QUICK) few times. */
static inline unsigned unit_turns(unsigned all, unsigned few)
{
	return getenv("DNSPIN_QUICK") ? few : all;
}

/* A new file, or an old one with new bytes; false on failure. */
static inline bool unit_write(const char *path, const void *bytes,
    size_t size_b)
{
	FILE *f = fopen(path, "wb");
	bool done = f && fwrite(bytes, 1, size_b, f) == size_b;

	return f && fclose(f) == 0 && done;
}

/* tests: a brace-enclosed list of UNIT(function), */
#define UNIT_MAIN(suite, ...) UNIT_MAIN_WITH(suite, NULL, NULL, __VA_ARGS__)
#define UNIT_MAIN_WITH(suite, set_up, tear_down, ...) \
	int main(void) \
	{ \
		CU_TestInfo tests[] = { __VA_ARGS__, CU_TEST_INFO_NULL }; \
		return unit_run(suite, set_up, tear_down, tests); \
	}

#endif
