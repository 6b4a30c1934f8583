#include "dp_config.h"
#include "tests/unit/unit_policy.h"

#include <unistd.h>

#include "module/core/file.h"
#include "module/core/policy_view.h"

#define MANY 40000u /* more than is digested at a time */

/* A thread as it may come: when it is that work is called. */
struct turns {
	unsigned before; /* the copy is begun */
	bool refuses;
	bool (*work)(void *arg);
	void *arg;
	unsigned begun, ended;
	bool waited; /* work had to be called again */
};

static bool begin(void *thread, bool (*work)(void *arg), void *arg)
{
	struct turns *t = thread;

	t->begun++;
	if (t->refuses)
		return false;
	t->work = work;
	t->arg = arg;
	for (unsigned i = 0; i < t->before; i++)
		t->waited = work(arg);
	return true;
}

static void end(void *thread)
{
	struct turns *t = thread;

	t->ended++;
	while (t->work(t->arg))
		;
}

static const struct turns threads[] = {
	{ .refuses = true }, { .before = 0 }, { .before = 3 },
};
#define THREADS (sizeof(threads) / sizeof(threads[0]))

static char path[64];
static uint8_t *good;
static size_t good_b;

static int set_up(void)
{
	snprintf(path, sizeof(path), "/tmp/dnspin-open.%ld", (long)getpid());
	return 0;
}

static int tear_down(void)
{
	unlink(path);
	free(good);
	return 0;
}

static void put(const uint8_t *bytes, size_t size_b)
{
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, bytes, size_b, 0600, NULL),
	    DP_OK);
}

static void given(unsigned count)
{
	char (*text)[64] = calloc(count, sizeof(*text));
	const char **lines = calloc(count + 1, sizeof(*lines));

	CU_ASSERT_FATAL(text && lines);
	for (unsigned i = 0; i < count; i++) {
		snprintf(text[i], sizeof(text[i]),
		    "a.dnspin: name%u.example allow", i);
		lines[i] = text[i];
	}
	free(good);
	good = unit_policy_bytes(lines, NULL, &good_b);
	free(lines);
	free(text);
	put(good, good_b);
}

static void all_threads_open_the_same(void)
{
	given(MANY);
	CU_ASSERT(good_b > (size_t)1 << 20);
	for (size_t i = 0; i < THREADS; i++) {
		struct turns t = threads[i];
		const struct dp_aside aside = { begin, end, &t };
		struct dp_policy *p = NULL;
		uint64_t id[4];

		CU_ASSERT_EQUAL_FATAL(
		    dp_policy_open_aside(&p, path, NULL, &aside, NULL), DP_OK);
		CU_ASSERT_EQUAL(dp_policy_rule_count(p), MANY);
		CU_ASSERT_EQUAL(memcmp(dp_policy_digest(p),
				    ((struct dp_policy_d *)good)->digest,
				    DP_POLICY_DIGEST_B), 0);
		CU_ASSERT_EQUAL_FATAL(dp_file_identify(id, path), DP_OK);
		CU_ASSERT_EQUAL(memcmp(dp_policy_file_id(p), id, sizeof(id)),
		    0);
		dp_policy_close(&p);
		CU_ASSERT_EQUAL(t.begun, 1);
		CU_ASSERT_EQUAL(t.ended, t.refuses ? 0 : 1);
		CU_ASSERT_EQUAL(t.waited, t.before > 0);
	}
}

/* Whatever is wrong, with a thread it is told as without. */
static void expect_the_same(const uint8_t *trusted)
{
	struct dp_policy *p = NULL;
	struct dp_diag alone = { .object = "" }, diag;
	enum dp_err want = dp_policy_open(&p, path, trusted, &alone);

	CU_ASSERT_NOT_EQUAL(want, DP_OK);
	for (size_t i = 0; i < THREADS; i++) {
		struct turns t = threads[i];
		const struct dp_aside aside = { begin, end, &t };

		diag = (struct dp_diag){ .object = "" };
		CU_ASSERT_EQUAL(dp_policy_open_aside(&p, path, trusted, &aside,
				    &diag), want);
		CU_ASSERT_STRING_EQUAL(diag.reason, alone.reason);
		CU_ASSERT_STRING_EQUAL(diag.object, alone.object);
		CU_ASSERT_EQUAL(t.ended, t.begun && !t.refuses ? 1 : 0);
	}
	CU_ASSERT_PTR_NULL(p);
}

static void faults_are_told_alike(void)
{
	static const uint8_t key[DP_POLICY_KEY_B] = { 1 };

	given(3);
	expect_the_same(key); /* not signed */
	for (size_t n = 0; n < good_b; n += 7) {
		put(good, n);
		expect_the_same(NULL);
	}
	for (size_t i = 0; i < good_b; i += 3) {
		good[i] ^= 4;
		put(good, good_b);
		expect_the_same(NULL);
		good[i] ^= 4;
	}
	unlink(path);
	expect_the_same(NULL);
}

/* With the digest made anew: what lies behind it. */
static void sealed_faults_are_told_alike(void)
{
	struct dp_policy_d *head;

	given(3);
	head = (struct dp_policy_d *)good;
	head->wildcard_depth_max++;
	dp_policy_digest_make(head->digest, good, good_b);
	put(good, good_b);
	expect_the_same(NULL);
	head->table.count--;
	dp_policy_digest_make(head->digest, good, good_b);
	put(good, good_b);
	expect_the_same(NULL);
}

UNIT_MAIN_WITH("policy_open", set_up, tear_down,
    UNIT(all_threads_open_the_same), UNIT(faults_are_told_alike),
    UNIT(sealed_faults_are_told_alike))
