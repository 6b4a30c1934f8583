#include "dp_config.h"

#include "tests/unit/unit.h"

#include <pthread.h>
#include <string.h>

#include "module/core/words.h"

#define WORDS 40
#define PUBLISHED 20000
#define SEEN 3

static _Atomic uint32_t seq;
static _Atomic uint64_t at[WORDS];

/* All words follow from n, so that a mixture of two is seen. */
static void fill(uint64_t words[WORDS], uint64_t n)
{
	for (unsigned i = 0; i < WORDS; i++)
		words[i] = n * 1000 + i;
}

static void what_is_published_is_read(void)
{
	uint64_t in[WORDS], out[WORDS];

	fill(in, 7);
	dp_words_publish(&seq, at, in, sizeof(in));
	CU_ASSERT_EQUAL_FATAL(dp_words_read(&seq, at, out, sizeof(out)),
	    DP_OK);
	CU_ASSERT_EQUAL(memcmp(in, out, sizeof(in)), 0);
}

static void a_writer_that_died_is_given_up(void)
{
	uint64_t in[WORDS], out[WORDS] = { 4711 };

	atomic_store(&seq, 5);
	CU_ASSERT_EQUAL(dp_words_read(&seq, at, out, sizeof(out)),
	    DP_ERR_BUSY);
	CU_ASSERT_EQUAL(out[0], 4711);
	fill(in, 8);
	dp_words_publish(&seq, at, in, sizeof(in));
	CU_ASSERT_EQUAL(atomic_load(&seq), 6);
	CU_ASSERT_EQUAL(dp_words_read(&seq, at, out, sizeof(out)), DP_OK);
	CU_ASSERT_EQUAL(memcmp(in, out, sizeof(in)), 0);
}

static void *publish_many(void *arg)
{
	uint64_t words[WORDS];

	(void)arg;
	for (uint64_t n = 1; n <= PUBLISHED; n++) {
		fill(words, n);
		dp_words_publish(&seq, at, words, sizeof(words));
	}
	return NULL;
}

static void readers_see_no_mixture(void)
{
	uint64_t out[WORDS], expected[WORDS];
	unsigned seen = 0, mixed = 0;
	pthread_t writer;
	bool over = false;

	fill(out, 0);
	dp_words_publish(&seq, at, out, sizeof(out));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, publish_many,
				  NULL), 0);
	while (!over || seen < SEEN) {
		if (dp_words_read(&seq, at, out, sizeof(out)) != DP_OK)
			continue;
		seen++;
		over = out[0] == PUBLISHED * UINT64_C(1000);
		fill(expected, out[0] / 1000);
		mixed += memcmp(out, expected, sizeof(out)) != 0;
	}
	pthread_join(writer, NULL);
	CU_ASSERT_EQUAL(mixed, 0);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT(what_is_published_is_read),
		UNIT(a_writer_that_died_is_given_up),
		UNIT(readers_see_no_mixture),
		CU_TEST_INFO_NULL,
	};

	return unit_run("words", NULL, NULL, tests);
}
