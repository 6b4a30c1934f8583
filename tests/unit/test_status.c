#include "dp_config.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/core/file.h"
#include "module/core/status.h"

#define THREADS 3
#define ADDS 20000
#define PUBLISHED 20000
#define SEEN 3

static char dir[64];
static char path[128];
static struct dp_diag diag;

static int folder_make(void)
{
	snprintf(dir, sizeof(dir), "%s", "/tmp/dnspin-status.XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/status", dir);
	return 0;
}

static int folder_remove(void)
{
	unlink(path);
	return rmdir(dir);
}

/* All fields follow from n, so that a mixture of two is seen. */
static void head_fill(struct dp_status_head *head, unsigned n)
{
	memset(head, 0, sizeof(*head));
	head->pid = n;
	head->started_s = n + 1;
	head->heartbeat_s = n + 2;
	head->generation = n + 3;
	head->applied_s = n + 4;
	memset(head->digest, (int)(n % 256), sizeof(head->digest));
	head->ready = n & 1;
	head->mode = n & 1;
	snprintf((char *)head->unbound, sizeof(head->unbound), "1.%u", n);
	snprintf((char *)head->trouble, sizeof(head->trouble),
	    "number %u of all troubles", n);
}

static void counters_have_names_of_their_own(void)
{
	for (int i = 0; i < DP_COUNTER_COUNT; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(dp_counter_info[i].name);
		CU_ASSERT_TRUE(strlen(dp_counter_info[i].name) > 0);
		CU_ASSERT_TRUE(strlen(dp_counter_info[i].text) > 0);
		for (int k = 0; k < i; k++)
			CU_ASSERT_STRING_NOT_EQUAL(dp_counter_info[i].name,
			    dp_counter_info[k].name);
	}
}

static void tools_read_what_the_module_writes(void)
{
	struct dp_status *w, *r;
	struct dp_status_head in, out;

	CU_ASSERT_EQUAL_FATAL(dp_status_create(&w, path, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_status_open_ro(&r, path, &diag), DP_OK);
	memset(&in, 0, sizeof(in));
	CU_ASSERT_EQUAL_FATAL(dp_status_read(r, &out), DP_OK);
	CU_ASSERT_EQUAL(memcmp(&in, &out, sizeof(in)), 0);
	for (int i = 0; i < DP_COUNTER_COUNT; i++)
		CU_ASSERT_EQUAL(dp_status_count(r, (enum dp_counter)i), 0);

	head_fill(&in, 4711);
	dp_status_publish(w, &in);
	CU_ASSERT_EQUAL_FATAL(dp_status_read(r, &out), DP_OK);
	CU_ASSERT_EQUAL(memcmp(&in, &out, sizeof(in)), 0);

	dp_status_add(w, 0, DP_COUNT_ALLOW, 1);
	dp_status_add(w, DP_STATUS_SHARDS - 1, DP_COUNT_ALLOW, 10);
	dp_status_add(w, DP_STATUS_SHARDS, DP_COUNT_ALLOW, 100);
	dp_status_add(w, UINT32_MAX, DP_COUNT_NOMEM, 1000);
	CU_ASSERT_EQUAL(dp_status_count(r, DP_COUNT_ALLOW), 111);
	CU_ASSERT_EQUAL(dp_status_count(w, DP_COUNT_ALLOW), 111);
	CU_ASSERT_EQUAL(dp_status_count(r, DP_COUNT_NOMEM), 1000);
	CU_ASSERT_EQUAL(dp_status_count(r, DP_COUNT_DENY), 0);
	dp_status_close(&w);
	dp_status_close(&r);
	CU_ASSERT_PTR_NULL(r);
	dp_status_close(&r);
}

static void a_new_start_does_not_disturb_old_readers(void)
{
	struct dp_status *w, *old, *new;
	struct dp_status_head in, out;

	CU_ASSERT_EQUAL_FATAL(dp_status_create(&w, path, &diag), DP_OK);
	head_fill(&in, 1);
	dp_status_publish(w, &in);
	dp_status_add(w, 0, DP_COUNT_HIT, 5);
	CU_ASSERT_EQUAL_FATAL(dp_status_open_ro(&old, path, &diag), DP_OK);
	dp_status_close(&w);
	CU_ASSERT_EQUAL_FATAL(dp_status_create(&w, path, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_status_open_ro(&new, path, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_status_read(old, &out), DP_OK);
	CU_ASSERT_EQUAL(memcmp(&in, &out, sizeof(in)), 0);
	CU_ASSERT_EQUAL(dp_status_count(old, DP_COUNT_HIT), 5);
	CU_ASSERT_EQUAL(dp_status_count(new, DP_COUNT_HIT), 0);
	dp_status_close(&w);
	dp_status_close(&old);
	dp_status_close(&new);
}

static void counting_works_without_a_file(void)
{
	struct dp_status *s;
	struct dp_status_head in, out;

	CU_ASSERT_EQUAL_FATAL(dp_status_create_private(&s), DP_OK);
	dp_status_add(s, 3, DP_COUNT_DENY, 2);
	CU_ASSERT_EQUAL(dp_status_count(s, DP_COUNT_DENY), 2);
	head_fill(&in, 9);
	dp_status_publish(s, &in);
	CU_ASSERT_EQUAL(dp_status_read(s, &out), DP_OK);
	CU_ASSERT_EQUAL(memcmp(&in, &out, sizeof(in)), 0);
	dp_status_close(&s);
}

static void spoil(const void *bytes, size_t size_b)
{
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, bytes, size_b, 0644,
				  &diag),
	    DP_OK);
}

static void files_of_others_are_refused(void)
{
	struct dp_status *w, *r = NULL;
	struct dp_file f;
	uint8_t bytes[DP_STATUS_FILE_B];

	unlink(path);
	CU_ASSERT_EQUAL(dp_status_open_ro(&r, path, &diag), DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL_FATAL(dp_status_create(&w, path, &diag), DP_OK);
	dp_status_close(&w);
	CU_ASSERT_EQUAL_FATAL(dp_file_map_ro(&f, path, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(f.size_b, DP_STATUS_FILE_B);
	memcpy(bytes, f.bytes, sizeof(bytes));
	dp_file_close(&f);
	for (size_t n = 0; n < sizeof(bytes); n += n < 128 ? 1 : 97) {
		spoil(bytes, n);
		CU_ASSERT_EQUAL(dp_status_open_ro(&r, path, &diag),
		    DP_ERR_FORMAT);
	}
	for (size_t i = 0; i < 12; i++) {
		bytes[i] ^= 0x40;
		spoil(bytes, sizeof(bytes));
		CU_ASSERT_EQUAL(dp_status_open_ro(&r, path, &diag),
		    i < 8 ? DP_ERR_FORMAT : DP_ERR_VERSION);
		/* Those of another version may be shorter. */
		spoil(bytes, 12);
		CU_ASSERT_EQUAL(dp_status_open_ro(&r, path, &diag),
		    i < 8 ? DP_ERR_FORMAT : DP_ERR_VERSION);
		bytes[i] ^= 0x40;
	}
	CU_ASSERT_PTR_NULL(r);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "same release"));
}

static void hostile_contents_are_harmless(void)
{
	uint8_t bytes[DP_STATUS_FILE_B];
	struct dp_status_d *d = (struct dp_status_d *)(void *)bytes;
	struct dp_status_head out;
	struct dp_status *r;

	memset(bytes, 0xff, sizeof(bytes));
	memcpy(d->magic, DP_STATUS_MAGIC, 8);
	d->version = DP_STATUS_VERSION;
	spoil(bytes, sizeof(bytes)); /* counter_count and seq are all ones */
	CU_ASSERT_EQUAL_FATAL(dp_status_open_ro(&r, path, &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_status_read(r, &out), DP_ERR_BUSY);
	CU_ASSERT_EQUAL(dp_status_count(r, DP_COUNT_NOMEM),
	    (uint64_t)0 - DP_STATUS_SHARDS);
	dp_status_close(&r);
	d->seq = 2;
	d->counter_count = 1;
	spoil(bytes, sizeof(bytes));
	CU_ASSERT_EQUAL_FATAL(dp_status_open_ro(&r, path, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_status_read(r, &out), DP_OK);
	CU_ASSERT_EQUAL(out.unbound[sizeof(out.unbound) - 1], 0);
	CU_ASSERT_EQUAL(out.trouble[sizeof(out.trouble) - 1], 0);
	CU_ASSERT_EQUAL(dp_status_count(r, DP_COUNT_DENY), 0);
	dp_status_close(&r);
}

/* As in test_map_read.c: a file that an earlier build wrote (make seeds). */
static void the_layout_is_that_of_the_version(void)
{
	const char *top = getenv("DNSPIN_SRCDIR");
	const uint16_t probe = 1;
	struct dp_status_head head;
	struct dp_status *r;
	char seed[1024];

	if (*(const uint8_t *)&probe != 1) {
		printf("SKIPPED: the file is in the other byte order ");
		return;
	}
	snprintf(seed, sizeof(seed), "%s/tests/fuzz/seeds/status/version-%u",
	    top ? top : ".", DP_STATUS_VERSION);
	CU_ASSERT_EQUAL_FATAL(dp_status_open_ro(&r, seed, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_status_read(r, &head), DP_OK);
	CU_ASSERT_EQUAL(head.pid, 4711);
	CU_ASSERT_EQUAL(head.heartbeat_s, head.started_s + 1);
	CU_ASSERT_EQUAL(head.generation, 2);
	CU_ASSERT_EQUAL(head.applied_s, head.started_s);
	CU_ASSERT_STRING_EQUAL((char *)head.digest, "of the policy in force");
	CU_ASSERT_EQUAL(head.ready, 1);
	CU_ASSERT_EQUAL(head.mode, 1);
	CU_ASSERT_STRING_EQUAL((char *)head.unbound, "1.17.1");
	CU_ASSERT_STRING_EQUAL((char *)head.trouble, "what is wrong now");
	for (unsigned i = 0; i < DP_COUNTER_COUNT; i++)
		CU_ASSERT_EQUAL(dp_status_count(r, (enum dp_counter)i),
		    1000 + i);
	dp_status_close(&r);
}

static struct dp_status *shared;
static atomic_bool publishing;
static atomic_uint seen; /* different headers that the reader read */
static unsigned published;

/* On a busy machine the reader may not run for a while: go on until it did. */
static void *publisher_run(void *arg)
{
	struct dp_status_head head;
	unsigned n = 0;

	(void)arg;
	while (n < PUBLISHED || atomic_load(&seen) < SEEN) {
		n++;
		head_fill(&head, n);
		dp_status_publish(shared, &head);
		if (n % 16 == 0)
			sched_yield();
	}
	published = n;
	atomic_store(&publishing, false);
	return NULL;
}

static void *counter_run(void *arg)
{
	for (int i = 0; i < ADDS; i++)
		dp_status_add(shared, *(unsigned *)arg, DP_COUNT_HIT, 1);
	return NULL;
}

static void readers_never_see_half_a_header(void)
{
	static unsigned shards[THREADS] = { 0, 1, DP_STATUS_SHARDS };
	pthread_t publisher, counters[THREADS];
	struct dp_status *r;
	struct dp_status_head want, got;
	uint64_t last = 0;

	CU_ASSERT_EQUAL_FATAL(dp_status_create(&shared, path, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_status_open_ro(&r, path, &diag), DP_OK);
	head_fill(&want, 0);
	dp_status_publish(shared, &want);
	atomic_store(&publishing, true);
	CU_ASSERT_EQUAL_FATAL(
	    pthread_create(&publisher, NULL, publisher_run, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&counters[i], NULL,
					  counter_run, &shards[i]),
		    0);
	while (atomic_load(&publishing)) {
		if (dp_status_read(r, &got) != DP_OK)
			continue;
		head_fill(&want, (unsigned)got.pid);
		if (memcmp(&want, &got, sizeof(want)) != 0)
			CU_FAIL("half a header");
		if (got.pid != last)
			atomic_fetch_add(&seen, 1);
		last = got.pid;
	}
	pthread_join(publisher, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(counters[i], NULL);
	CU_ASSERT_EQUAL_FATAL(dp_status_read(r, &got), DP_OK);
	CU_ASSERT_EQUAL(got.pid, published);
	CU_ASSERT_EQUAL(dp_status_count(r, DP_COUNT_HIT), THREADS * ADDS);
	dp_status_close(&r);
	dp_status_close(&shared);
}

UNIT_MAIN_WITH("status", folder_make, folder_remove,
    UNIT(counters_have_names_of_their_own),
    UNIT(tools_read_what_the_module_writes),
    UNIT(a_new_start_does_not_disturb_old_readers),
    UNIT(counting_works_without_a_file), UNIT(files_of_others_are_refused),
    UNIT(hostile_contents_are_harmless),
    UNIT(the_layout_is_that_of_the_version),
    UNIT(readers_never_see_half_a_header))
