#include "module/compat.h"

#include "tests/unit/keeper_of.h"

#include "module/cache.h"

static void a_policy_is_taken_when_it_comes(void)
{
	struct dp_status_head head;
	struct bench b;

	bench_open(&b);
	look(&b, 3);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.policy));
	head = head_of(&b);
	CU_ASSERT_EQUAL(head.ready, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr((char *)head.trouble, "SERVFAIL"));
	CU_ASSERT_EQUAL(said(&b, "every query is answered SERVFAIL"), 1);

	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 3);
	head = head_of(&b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(atomic_load(&b.m.policy));
	CU_ASSERT_EQUAL(dp_policy_rule_count(atomic_load(&b.m.policy)), 1);
	CU_ASSERT_PTR_NOT_NULL(atomic_load(&b.m.map));
	CU_ASSERT_EQUAL(head.ready, 1);
	CU_ASSERT_EQUAL(head.generation, 1);
	CU_ASSERT_STRING_EQUAL((char *)head.trouble, "");
	CU_ASSERT_EQUAL(said(&b, "1 rule in 1 group, mode strict"), 1);

	put_policy(&b, two_rules, DP_MODE_OBSERVE);
	look(&b, 3);
	head = head_of(&b);
	CU_ASSERT_EQUAL(dp_policy_rule_count(atomic_load(&b.m.policy)), 2);
	CU_ASSERT_EQUAL(head.generation, 2);
	CU_ASSERT_EQUAL(head.mode, DP_MODE_OBSERVE);
	bench_close(&b);
}

/* What needs answers that wait is not for who cannot make them wait. */
static void a_guest_takes_no_barrier(void)
{
	struct dp_settings set;
	struct bench b;
	uint8_t *bytes;
	size_t size_b;
	char path[80];

	bench_open(&b);
	b.m.guest = true;
	dp_settings_default(&set);
	set.value[DP_SET_MODE] = DP_MODE_STRICT;
	set.value[DP_SET_BARRIER] = DP_BARRIER_FAIL_OPEN;
	bytes = unit_policy_bytes(one_rule, &set, &size_b);
	path_in(&b, "policy", path);
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, bytes, size_b, 0644, NULL),
	    DP_OK);
	free(bytes);
	look(&b, 3);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.policy));
	CU_ASSERT_EQUAL(said(&b, "compile with barrier=off"), 1);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 3);
	CU_ASSERT_PTR_NOT_NULL(atomic_load(&b.m.policy));
	bench_close(&b);
}

static void a_bad_policy_is_said_once(void)
{
	const struct dp_policy *good;
	struct bench b;
	char path[80];

	bench_open(&b);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 1);
	good = atomic_load(&b.m.policy);
	CU_ASSERT_PTR_NOT_NULL_FATAL(good);
	path_in(&b, "policy", path);
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, "none", 4, 0644, NULL),
	    DP_OK);
	look(&b, 5);
	CU_ASSERT_PTR_EQUAL(atomic_load(&b.m.policy), good);
	CU_ASSERT_EQUAL(said(&b, "the last good policy stays in force"), 1);
	CU_ASSERT_EQUAL(head_of(&b).ready, 1);
	CU_ASSERT_NOT_EQUAL(head_of(&b).trouble[0], 0);
	put_policy(&b, two_rules, DP_MODE_STRICT);
	look(&b, 1);
	CU_ASSERT_EQUAL(head_of(&b).trouble[0], 0);
	CU_ASSERT_EQUAL(head_of(&b).generation, 2);
	bench_close(&b);
}

/* Two things wrong at once, each said once, however often it looks. */
static void a_broken_state_directory_is_said_once(void)
{
	struct bench b;

	bench_open(&b);
	block(&b, "unbound/status");
	block(&b, "unbound/map");
	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 10);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.map));
	CU_ASSERT_EQUAL(said(&b, "unbound/status: "), 1);
	CU_ASSERT_EQUAL(said(&b, "unbound/map: "), 1);
	CU_ASSERT_EQUAL(head_of(&b).ready, 0);
	remove_in(&b, "unbound/map/in-the-way");
	remove_in(&b, "unbound/map");
	look(&b, 10);
	CU_ASSERT_PTR_NOT_NULL(atomic_load(&b.m.map));
	CU_ASSERT_EQUAL(head_of(&b).ready, 1);
	CU_ASSERT_EQUAL(head_of(&b).trouble[0], 0);
	CU_ASSERT_EQUAL(said(&b, "unbound/status: "), 1);
	bench_close(&b);
}

/* What was counted before there was a file is in the file. */
static void counters_move_into_the_file(void)
{
	const struct dp_status *spare;
	struct bench b;

	bench_open(&b);
	spare = atomic_load(&b.m.status);
	dp_status_add(atomic_load(&b.m.status), 3, DP_COUNT_DENY, 7);
	look(&b, 2);
	CU_ASSERT_PTR_NOT_EQUAL(atomic_load(&b.m.status), spare);
	CU_ASSERT_EQUAL(dp_status_count(atomic_load(&b.m.status),
			    DP_COUNT_DENY), 7);
	bench_close(&b);
}

static struct query_info off_list(uint8_t *name)
{
	return (struct query_info){ .qname = name, .qname_len = 5,
		.qtype = LDNS_RR_TYPE_A, .qclass = LDNS_RR_CLASS_IN };
}

static void put_in_cache(struct slabhash *cache)
{
	struct query_info qinfo = off_list((uint8_t *)strdup("\3off"));
	struct reply_info *rep = calloc(1, sizeof(*rep));
	hashvalue_type hash = query_info_hash(&qinfo, 0);
	struct msgreply_entry *e = query_info_entrysetup(&qinfo, rep, hash);

	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	slabhash_insert(cache, hash, &e->entry, rep, NULL);
}

static bool in_cache(struct slabhash *cache)
{
	uint8_t name[] = "\3off";
	struct query_info qinfo = off_list(name);
	struct lruhash_entry *e =
	    slabhash_lookup(cache, query_info_hash(&qinfo, 0), &qinfo, 0);

	if (e)
		lock_rw_unlock(&e->lock);
	return e != NULL;
}

static void leaks_empty_the_cache_and_do_not_flood_the_log(void)
{
	struct bench b;

	bench_open(&b);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 1);
	for (int i = 0; i < 5; i++) {
		put_in_cache(b.m.admitted);
		CU_ASSERT_TRUE(in_cache(b.m.admitted));
		atomic_store(&b.m.leaked, true);
		look(&b, 1);
		CU_ASSERT_FALSE(atomic_load(&b.m.leaked));
		CU_ASSERT_FALSE(in_cache(b.m.admitted));
	}
	CU_ASSERT_EQUAL(said(&b, "found in the cache"), 1);
	bench_close(&b);
}

/* After observing, a thread that waits for other servers keeps the strict
 * policy from being reported until it cannot store where clients are answered
 * from any more. */
static void a_switch_to_strict_waits_for_recursion(void)
{
	struct bench b;

	bench_open(&b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(dp_worker_get(&b.m));
	put_policy(&b, one_rule, DP_MODE_OBSERVE);
	look(&b, 1);
	CU_ASSERT_FALSE(atomic_load(&b.m.settling));
	CU_ASSERT_EQUAL(head_of(&b).generation, 1);

	put_policy(&b, one_rule, DP_MODE_STRICT);
	look(&b, 1);
	CU_ASSERT_TRUE(atomic_load(&b.m.settling));
	CU_ASSERT_FALSE(dp_worker_all_apart(&b.m));
	CU_ASSERT_EQUAL(head_of(&b).generation, 1);
	for (int i = 0; i < 2; i++) {
		put_in_cache(b.m.admitted);
		CU_ASSERT_TRUE(in_cache(b.m.admitted));
		look(&b, 1);
		CU_ASSERT_TRUE(dp_worker_all_apart(&b.m));
		CU_ASSERT_FALSE(in_cache(b.m.admitted));
		CU_ASSERT_EQUAL(atomic_load(&b.m.settling), i == 0);
	}
	CU_ASSERT_EQUAL(head_of(&b).generation, 2);
	CU_ASSERT_EQUAL(head_of(&b).mode, DP_MODE_STRICT);
	dp_worker_free_all(&b.m);
	bench_close(&b);
}

/* The same file, made readable: neither inode nor time of change tells. */
static void a_policy_that_becomes_readable_is_taken(void)
{
	const uid_t nobody = 65534;
	bool root = geteuid() == 0;
	struct bench b;
	char path[80];

	bench_open(&b);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	path_in(&b, "policy", path);
	CU_ASSERT_EQUAL(chmod(path, 0), 0);
	if (root) { /* whom no mode keeps out */
		CU_ASSERT_EQUAL_FATAL(chown(b.dir, nobody, (gid_t)-1), 0);
		CU_ASSERT_EQUAL_FATAL(seteuid(nobody), 0);
	}
	look(&b, 2);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.policy));
	CU_ASSERT_EQUAL(said(&b, "Permission denied"), 1);
	CU_ASSERT_EQUAL(seteuid(root ? 0 : geteuid()), 0);
	CU_ASSERT_EQUAL(chmod(path, 0644), 0);
	look(&b, 1);
	CU_ASSERT_PTR_NOT_NULL(atomic_load(&b.m.policy));
	bench_close(&b);
}

static void the_thread_comes_and_goes(void)
{
	struct bench b;

	bench_open(&b);
	put_policy(&b, one_rule, DP_MODE_STRICT);
	dp_keeper_look(&b.m);
	dp_keeper_start(&b.m);
	bench_close(&b);
}

UNIT_MAIN("keeper", UNIT(a_policy_is_taken_when_it_comes),
    UNIT(a_guest_takes_no_barrier),
    UNIT(a_bad_policy_is_said_once),
    UNIT(a_policy_that_becomes_readable_is_taken),
    UNIT(a_broken_state_directory_is_said_once),
    UNIT(counters_move_into_the_file),
    UNIT(leaks_empty_the_cache_and_do_not_flood_the_log),
    UNIT(a_switch_to_strict_waits_for_recursion),
    UNIT(the_thread_comes_and_goes))
