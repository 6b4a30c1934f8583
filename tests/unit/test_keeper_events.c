#include "module/compat.h"

#include "tests/unit/keeper_of.h"

#include "module/core/ring.h"
#include "module/keeper_private.h"

static void put_settings(const struct bench *b, uint32_t events,
    enum dp_privacy privacy)
{
	struct dp_settings set;
	char path[80];
	uint8_t *bytes;
	size_t size_b;

	dp_settings_default(&set);
	set.value[DP_SET_MAP_CAPACITY] = 64;
	set.value[DP_SET_EVENT_RING] = events;
	set.value[DP_SET_CLIENT_PRIVACY] = privacy;
	bytes = unit_policy_bytes(one_rule, &set, &size_b);
	path_in(b, "policy", path);
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, bytes, size_b, 0644, NULL),
	    DP_OK);
	free(bytes);
}

static struct dp_ring *ring_of(const struct bench *b, unsigned i)
{
	return atomic_load(&b->m.trails.rings[i]);
}

static bool is_in(const struct bench *b, unsigned i, const char *name)
{
	char path[80];

	path_in(b, name, path);
	return ring_of(b, i) && dp_ring_is_at(ring_of(b, i), path);
}

static bool exists(const struct bench *b, const char *name, mode_t mode)
{
	struct stat st;
	char path[80];

	path_in(b, name, path);
	return stat(path, &st) == 0 && (st.st_mode & 07777) == mode;
}

static void each_thread_has_a_ring_before_it_comes(void)
{
	struct bench b;

	bench_open(&b);
	b.m.threads = 2;
	look(&b, 1);
	CU_ASSERT_PTR_NULL(ring_of(&b, 0)); /* nobody knows how large */
	put_settings(&b, 64, DP_PRIVACY_NONE);
	look(&b, 1);
	CU_ASSERT_TRUE(exists(&b, "unbound/events", 0750));
	CU_ASSERT_TRUE(is_in(&b, 0, "unbound/events/0"));
	CU_ASSERT_TRUE(is_in(&b, 1, "unbound/events/1"));
	CU_ASSERT_PTR_NULL(ring_of(&b, 2));
	/* One more than was said. */
	atomic_store(&b.m.worker_count, 3);
	look(&b, 1);
	CU_ASSERT_TRUE(is_in(&b, 2, "unbound/events/2"));
	CU_ASSERT_EQUAL(said(&b, "events"), 0);
	bench_close(&b);
}

static void rings_follow_the_policy(void)
{
	struct dp_ring *first;
	struct bench b;

	bench_open(&b);
	put_settings(&b, 64, DP_PRIVACY_NONE);
	look(&b, 1);
	first = ring_of(&b, 0);
	look(&b, 1);
	CU_ASSERT_PTR_EQUAL(ring_of(&b, 0), first);
	/* Another size gets another file; what is in the first stays. */
	put_settings(&b, 100000, DP_PRIVACY_NONE);
	look(&b, 1);
	CU_ASSERT_TRUE(is_in(&b, 0, "unbound/events/1"));
	CU_ASSERT_TRUE(exists(&b, "unbound/events/0", 0644));
	put_settings(&b, 0, DP_PRIVACY_NONE);
	look(&b, 1);
	CU_ASSERT_PTR_NULL(ring_of(&b, 0));
	put_settings(&b, 64, DP_PRIVACY_NONE);
	look(&b, 1);
	CU_ASSERT_TRUE(is_in(&b, 0, "unbound/events/0"));
	bench_close(&b);
}

static void a_second_resolver_takes_the_next_numbers(void)
{
	static const struct dp_ring_made made = { 0, 7, { 1, 2 } };
	struct dp_ring *other;
	char path[80];
	struct bench b;

	bench_open(&b);
	path_in(&b, "unbound", path);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0755), 0);
	path_in(&b, "unbound/events", path);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0750), 0);
	path_in(&b, "unbound/events/0", path);
	CU_ASSERT_EQUAL_FATAL(dp_ring_open(&other, path, &made, NULL), DP_OK);
	put_settings(&b, 64, DP_PRIVACY_NONE);
	look(&b, 1);
	CU_ASSERT_TRUE(is_in(&b, 0, "unbound/events/1"));
	dp_ring_close(&other);
	bench_close(&b);
}

static void no_ring_to_be_had_is_said_once_and_tried_again(void)
{
	struct dp_status_head head;
	struct bench b;
	char path[80];

	bench_open(&b);
	path_in(&b, "unbound", path);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0755), 0);
	path_in(&b, "unbound/events", path);
	CU_ASSERT_TRUE_FATAL(unit_write(path, "x", 1));
	put_settings(&b, 64, DP_PRIVACY_NONE);
	look(&b, 3);
	CU_ASSERT_PTR_NULL(ring_of(&b, 0));
	CU_ASSERT_EQUAL(said(&b, "counted as unlogged"), 1);
	head = head_of(&b);
	CU_ASSERT_PTR_NOT_NULL(strstr((char *)head.trouble, "unlogged"));
	CU_ASSERT_TRUE(head.ready != 0);
	CU_ASSERT_EQUAL(unlink(path), 0);
	look(&b, 1);
	CU_ASSERT_TRUE(is_in(&b, 0, "unbound/events/0"));
	CU_ASSERT_STRING_EQUAL((char *)head_of(&b).trouble, "");
	bench_close(&b);
}

static void a_ring_that_was_removed_is_made_anew(void)
{
	struct bench b;

	bench_open(&b);
	put_settings(&b, 64, DP_PRIVACY_NONE);
	look(&b, 1);
	remove_in(&b, "unbound/events/0");
	look(&b, 2);
	CU_ASSERT_EQUAL(said(&b, "nobody has read are lost"), 1);
	CU_ASSERT_TRUE(is_in(&b, 0, "unbound/events/0"));
	bench_close(&b);
}

static void the_key_of_pseudonyms_is_kept(void)
{
	struct dp_trail_key *key;
	uint8_t octets[16];
	struct bench b;

	bench_open(&b);
	put_settings(&b, 64, DP_PRIVACY_PSEUDONYM);
	look(&b, 1);
	key = atomic_load(&b.m.trails.key);
	CU_ASSERT_PTR_NOT_NULL_FATAL(key);
	CU_ASSERT_TRUE(exists(&b, "unbound/client-key", 0600));
	memcpy(octets, key->octets, sizeof(octets));
	key->day--; /* as at midnight; the file has today's */
	look(&b, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(key = atomic_load(&b.m.trails.key));
	CU_ASSERT_EQUAL(memcmp(octets, key->octets, sizeof(octets)), 0);
	put_settings(&b, 64, DP_PRIVACY_OMIT);
	look(&b, 1);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.trails.key));
	bench_close(&b);
}

static void without_a_key_clients_are_left_out(void)
{
	struct bench b;

	bench_open(&b);
	block(&b, "unbound/client-key");
	put_settings(&b, 64, DP_PRIVACY_PSEUDONYM);
	look(&b, 3);
	CU_ASSERT_PTR_NULL(atomic_load(&b.m.trails.key));
	CU_ASSERT_PTR_NOT_NULL(ring_of(&b, 0));
	CU_ASSERT_EQUAL(said(&b, "client-key"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr((char *)head_of(&b).trouble,
	    "client-key"));
	remove_in(&b, "unbound/client-key/in-the-way");
	remove_in(&b, "unbound/client-key");
	look(&b, 1);
	CU_ASSERT_PTR_NOT_NULL(atomic_load(&b.m.trails.key));
	bench_close(&b);
}

UNIT_MAIN("keeper_events", UNIT(each_thread_has_a_ring_before_it_comes),
    UNIT(rings_follow_the_policy),
    UNIT(a_second_resolver_takes_the_next_numbers),
    UNIT(no_ring_to_be_had_is_said_once_and_tried_again),
    UNIT(a_ring_that_was_removed_is_made_anew),
    UNIT(the_key_of_pseudonyms_is_kept),
    UNIT(without_a_key_clients_are_left_out))
