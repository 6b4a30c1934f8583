/* module/cache.c: forgetting what was admitted, while others look things up.
 * What is admitted at all is tested with module/query.c. */
#include "module/compat.h"

#include "module/cache.h"

#include <pthread.h>
#include <sched.h>

#include "tests/unit/unit.h"

#define NAME_B 9u /* \7nNNNNNN\0 */

struct bench {
	struct config_file *cfg;
	struct dp_module m;
};

static void bench_open(struct bench *b, size_t slabs, size_t size_b)
{
	memset(b, 0, sizeof(*b));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->cfg = config_create());
	b->cfg->msg_cache_slabs = slabs;
	b->cfg->msg_cache_size = size_b;
	CU_ASSERT_TRUE_FATAL(dp_cache_create(&b->m, b->cfg));
}

static void bench_close(struct bench *b)
{
	dp_cache_destroy(&b->m);
	config_delete(b->cfg);
}

static struct query_info question(uint8_t name[NAME_B], unsigned number)
{
	struct query_info q = { .qname = name, .qname_len = NAME_B,
		.qtype = LDNS_RR_TYPE_A, .qclass = LDNS_RR_CLASS_IN };

	snprintf((char *)name, NAME_B, "\7n%06x", number & 0xffffffu);
	return q;
}

/* Threads, in which CUnit cannot count, come here, too. */
static void insert(struct slabhash *cache, unsigned number)
{
	uint8_t *name = malloc(NAME_B);
	struct reply_info *rep = calloc(1, sizeof(*rep));
	struct msgreply_entry *e;
	struct query_info q;
	hashvalue_type hash;

	if (!name || !rep)
		abort();
	q = question(name, number);
	hash = query_info_hash(&q, 0);
	e = query_info_entrysetup(&q, rep, hash);
	if (!e)
		abort();
	rep->ttl = 1000;
	slabhash_insert(cache, hash, &e->entry, rep, NULL);
}

static bool found(struct slabhash *cache, unsigned number)
{
	uint8_t name[NAME_B];
	struct query_info q = question(name, number);
	struct lruhash_entry *e =
	    slabhash_lookup(cache, query_info_hash(&q, 0), &q, 0);

	if (e)
		lock_rw_unlock(&e->lock);
	return e != NULL;
}

static unsigned count_found(struct slabhash *cache, unsigned end)
{
	unsigned count = 0;

	for (unsigned n = 0; n < end; n++)
		count += found(cache, n);
	return count;
}

static void nothing_is_found_after_clear(void)
{
	static const struct {
		size_t slabs;
		unsigned entries; /* more than bins at first, and fewer */
	} cases[] = { { 1, 0 }, { 1, 1 }, { 1, 5000 }, { 4, 300 },
		{ 64, 20000 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned entries = cases[i].entries;
		struct bench b;

		bench_open(&b, cases[i].slabs, 1 << 26);
		for (unsigned n = 0; n < entries; n++) {
			insert(b.m.admitted, n);
			insert(b.m.internal, n);
		}
		CU_ASSERT_EQUAL(count_found(b.m.admitted, entries), entries);
		dp_cache_clear(&b.m);
		CU_ASSERT_EQUAL(count_found(b.m.admitted, entries), 0);
		CU_ASSERT_EQUAL(count_found(b.m.internal, entries), entries);
		bench_close(&b);
	}
}

static void has_expired(struct lruhash_entry *e, void *count)
{
	const struct reply_info *rep = e->data;

	*(unsigned *)count += rep->ttl == 0;
}

/* As unbound-control dump_cache does, which what was forgotten must not get
 * into: load_cache could bring it back. */
static void what_is_forgotten_has_expired(void)
{
	unsigned expired = 0;
	struct bench b;

	bench_open(&b, 2, 1 << 20);
	for (unsigned n = 0; n < 100; n++)
		insert(b.m.admitted, n);
	dp_cache_clear(&b.m);
	slabhash_traverse(b.m.admitted, 0, has_expired, &expired);
	CU_ASSERT_EQUAL(expired, 100);
	bench_close(&b);
}

static void the_forgotten_make_room(void)
{
	struct bench b;
	unsigned holds;

	bench_open(&b, 1, 1 << 18);
	for (unsigned n = 0; n < 5000; n++)
		insert(b.m.admitted, n);
	holds = count_found(b.m.admitted, 5000);
	CU_ASSERT_TRUE(holds > 100);
	CU_ASSERT_TRUE(holds < 5000);
	for (unsigned round = 0; round < 3; round++) {
		dp_cache_clear(&b.m);
		for (unsigned n = 0; n < holds; n++)
			insert(b.m.admitted, n);
		CU_ASSERT_EQUAL(count_found(b.m.admitted, 5000), holds);
		CU_ASSERT_TRUE(slabhash_get_mem(b.m.admitted) < 1 << 19);
	}
	bench_close(&b);
}

static struct {
	struct slabhash *cache;
	_Atomic unsigned generation; /* names that may come in: its thousand */
	atomic_bool stop;
	_Atomic unsigned long hits;
} shared;

static void *answer(void *seed)
{
	uint64_t random = (uintptr_t)seed;

	while (!atomic_load(&shared.stop)) {
		unsigned number = atomic_load(&shared.generation) * 1000 +
		    (unsigned)(unit_random(&random) % 1000);

		if (found(shared.cache, number))
			atomic_fetch_add(&shared.hits, 1);
		else
			insert(shared.cache, number);
	}
	return NULL;
}

/* The slabs grow all the time; what was there before stays gone. */
static void others_look_up_and_insert_meanwhile(void)
{
	pthread_t threads[3];
	struct bench b;

	bench_open(&b, 2, 1 << 26);
	shared.cache = b.m.admitted;
	for (uintptr_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, answer,
		    (void *)(i + 1)), 0);
	for (unsigned round = 1; round <= 30; round++) {
		unsigned long before = atomic_load(&shared.hits);

		while (atomic_load(&shared.hits) < before + 500)
			sched_yield();
		for (unsigned n = 0; n < 100; n++)
			insert(shared.cache, 900000 + n);
		dp_cache_clear(&b.m);
		for (unsigned n = 0; n < 100; n++)
			CU_ASSERT_FALSE(found(shared.cache, 900000 + n));
		atomic_store(&shared.generation, round);
	}
	atomic_store(&shared.stop, true);
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	bench_close(&b);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		UNIT(nothing_is_found_after_clear),
		UNIT(what_is_forgotten_has_expired),
		UNIT(the_forgotten_make_room),
		UNIT(others_look_up_and_insert_meanwhile),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cache", NULL, NULL, tests);
}
