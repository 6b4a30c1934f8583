#include "dp_config.h"

#include "tests/unit/capture.h"
#include "tests/unit/synced.h"

#include <fcntl.h>
#include <sodium.h>

#include "module/core/map_d.h"
#include "tools/sync/sync_source.h"

static struct dp_diag diag;

static struct dp_sync_source *open_source(const struct synced *s,
    const struct dp_sync_options *o)
{
	struct dp_sync_source *source = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_sync_source_open(&source, &s->cli, o,
	    &diag), DP_OK);
	CU_ASSERT_FALSE(dp_sync_source_ready(source));
	return source;
}

/* What a look says; *changed. */
static enum dp_err look(struct dp_sync_source *source, bool *changed)
{
	struct capture err;
	enum dp_err code;

	*changed = false;
	capture_begin(&err, stderr);
	code = dp_sync_source_look(source, changed, &diag);
	capture_end(&err);
	return code;
}

static void what_is_there_is_taken(void)
{
	const struct dp_sync_options o = { .table = NULL };
	struct dp_sync_source *source;
	struct synced s;
	bool changed;

	synced_make(&s);
	source = open_source(&s, &o);
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	CU_ASSERT_TRUE(changed && dp_sync_source_ready(source));
	CU_ASSERT_STRING_EQUAL(
	    dp_mirror_table(dp_sync_source_mirror(source)), "dnspin");
	CU_ASSERT_EQUAL(dp_sync_source_max_life_s(source), 86400);
	CU_ASSERT_FALSE(dp_sync_source_barrier(source));
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	CU_ASSERT_FALSE(changed);
	(void)dp_sync_source_stirred(source);
	CU_ASSERT_FALSE(dp_sync_source_stirred(source));
	/* a good policy is taken, a bad one is not, nor none */
	compile_to(s.policy_path, SOA("u") "a TXT allow\n");
	CU_ASSERT_TRUE(dp_sync_source_stirred(source));
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	CU_ASSERT_TRUE(changed);
	CU_ASSERT_TRUE_FATAL(unit_write(s.policy_path, "bad", 3));
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(look(source, &changed), DP_ERR_FORMAT);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "stays in use"));
		CU_ASSERT_TRUE(!changed && dp_sync_source_ready(source));
	}
	unlink(s.policy_path);
	CU_ASSERT_EQUAL(look(source, &changed), DP_ERR_NOTFOUND);
	CU_ASSERT_TRUE(!changed && dp_sync_source_ready(source));
	dp_sync_source_close(&source);
	CU_ASSERT_PTR_NULL(source);
	synced_remove(&s);
}

/* The agent is not root; chmod(1) leaves no trace in the file's identity. */
static void what_becomes_readable_is_taken(void)
{
	const struct dp_sync_options o = { .table = NULL };
	struct dp_sync_source *source;
	struct synced s;
	bool changed;

	synced_make(&s);
	source = open_source(&s, &o);
	CU_ASSERT_EQUAL_FATAL(chmod(s.dir, 0755), 0);
	CU_ASSERT_EQUAL_FATAL(chmod(s.policy_path, 0), 0);
	if (geteuid() != 0 || seteuid(65534) != 0) {
		printf("skipped: only root can become another user ");
	} else {
		for (int i = 0; i < 2; i++) {
			CU_ASSERT_EQUAL(look(source, &changed), DP_ERR_IO);
			CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason,
			    "cannot be read by the agent's user"));
		}
		CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
	}
	CU_ASSERT_EQUAL_FATAL(chmod(s.policy_path, 0644), 0);
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	CU_ASSERT_TRUE(changed && dp_sync_source_ready(source));
	dp_sync_source_close(&source);
	synced_remove(&s);
}

/* What is wrong need not be the policy. */
static void what_was_bad_is_tried_again(void)
{
	const struct dp_sync_options o = { .table = NULL };
	struct dp_sync_source *source;
	char path[128];
	struct synced s;
	bool changed;

	synced_make(&s);
	snprintf(path, sizeof(path), "%s/conf", s.dir);
	s.cli.conf = path;
	CU_ASSERT_TRUE_FATAL(unit_write(path, "no setting\n", 11));
	source = open_source(&s, &o);
	CU_ASSERT_EQUAL(look(source, &changed), DP_ERR_FORMAT);
	CU_ASSERT_TRUE_FATAL(unit_write(path, "", 0));
	CU_ASSERT_EQUAL(look(source, &changed), DP_ERR_FORMAT);
	dp_sync_source_again(source);
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	CU_ASSERT_TRUE(changed && dp_sync_source_ready(source));
	dp_sync_source_again(source);
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	CU_ASSERT_FALSE(changed);
	dp_sync_source_close(&source);
	synced_remove(&s);
}

static void a_map_is_followed_to_the_next(void)
{
	const struct dp_sync_options o = { .table = "other" };
	struct dp_sync_source *source;
	struct synced s;
	bool changed;
	uint64_t id;

	synced_make(&s);
	source = open_source(&s, &o);
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	CU_ASSERT_STRING_EQUAL(
	    dp_mirror_table(dp_sync_source_mirror(source)), "other");
	id = dp_map_id(dp_sync_source_map(source));
	dp_map_close(&s.map);
	unlink(s.map_path);
	CU_ASSERT_EQUAL(look(source, &changed), DP_ERR_NOTFOUND);
	CU_ASSERT_TRUE(changed && !dp_sync_source_ready(source));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "there is no map"));
	synced_map(&s);
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	CU_ASSERT_TRUE(changed && dp_sync_source_ready(source));
	(void)id; /* the same key and second make the same id */
	dp_sync_source_close(&source);
	synced_remove(&s);
}

/* The resolver's user may cut it, or say that there is another one, all the
 * time: the agent goes on, and takes the next good one. */
static void a_spoilt_map_ends_nothing(void)
{
	const struct dp_sync_options o = { .table = NULL };
	struct dp_elements all = { NULL, 0, 0 };
	struct dp_sync_source *source;
	struct synced s;
	uint64_t seq = 1;
	size_t refused;
	bool changed;
	int fd;

	synced_make(&s);
	source = open_source(&s, &o);
	synced_record(&s, "a", 1, 300);
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	CU_ASSERT_EQUAL(truncate(s.map_path, 8192), 0);
	CU_ASSERT_EQUAL(dp_sync_source_all(source, &all, (uint32_t)time(NULL),
	    &diag), DP_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "cut short"));
	CU_ASSERT_EQUAL(dp_sync_source_news(source, &seq, &all,
	    (uint32_t)time(NULL), &refused, &diag), DP_ERR_LIMIT);
	CU_ASSERT_TRUE(dp_sync_source_stirred(source));
	CU_ASSERT_EQUAL(look(source, &changed), DP_ERR_FORMAT);
	CU_ASSERT_FALSE(dp_sync_source_ready(source));
	(void)dp_sync_source_stirred(source);
	CU_ASSERT_FALSE(dp_sync_source_stirred(source));
	CU_ASSERT_EQUAL(truncate(s.map_path, 0), 0);
	CU_ASSERT_EQUAL(look(source, &changed), DP_ERR_FORMAT);
	unlink(s.map_path);
	dp_map_close(&s.map);
	synced_map(&s);
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	CU_ASSERT_TRUE(changed && dp_sync_source_ready(source));
	/* left by its writers, who say so at the same path */
	fd = open(s.map_path, O_WRONLY);
	CU_ASSERT_EQUAL_FATAL(pwrite(fd, "\1", 1,
	    offsetof(struct dp_map_d, left)), 1);
	close(fd);
	CU_ASSERT_TRUE(dp_sync_source_stirred(source));
	CU_ASSERT_EQUAL(look(source, &changed), DP_ERR_FORMAT);
	(void)dp_sync_source_stirred(source);
	CU_ASSERT_FALSE(dp_sync_source_stirred(source));
	dp_sync_source_close(&source);
	synced_remove(&s);
}

static size_t news(struct dp_sync_source *source, uint64_t *seq,
    size_t *refused)
{
	struct dp_elements e = { NULL, 0, 0 };
	size_t count;

	CU_ASSERT_EQUAL_FATAL(dp_sync_source_news(source, seq, &e,
	    (uint32_t)time(NULL), refused, &diag), DP_OK);
	count = e.count;
	dp_elements_free(&e);
	return count;
}

static void changes_pass_by_the_policy(void)
{
	const struct dp_sync_options o = { .table = NULL };
	struct dp_elements all;
	struct dp_sync_source *source;
	struct synced s;
	size_t refused = 0;
	uint64_t seq, end;
	bool changed;

	synced_make(&s);
	source = open_source(&s, &o);
	CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
	seq = dp_map_seq(s.map);
	CU_ASSERT_EQUAL(news(source, &seq, &refused), 0);
	synced_record(&s, "a", 1, 300);
	synced_record(&s, "x.w", 1, 300);
	synced_record(&s, "a", 0x0a01, 300);
	synced_record(&s, "off.example", 2, 300);
	end = synced_record(&s, "y.w", 3, 300);
	CU_ASSERT_EQUAL(news(source, &seq, &refused), 4);
	CU_ASSERT_EQUAL(refused, 1);
	CU_ASSERT_EQUAL(seq, end);
	CU_ASSERT_EQUAL(dp_sync_source_all(source, &all, (uint32_t)time(NULL),
	    &diag), DP_OK);
	CU_ASSERT_EQUAL(all.count, 4);
	dp_elements_free(&all);
	/* no more at once than what fits, and none is lost */
	for (unsigned n = 0; n < 2 * DP_SYNC_NEWS_MAX; n++)
		end = synced_record(&s, "z.w", 4096 + n, 300);
	CU_ASSERT_EQUAL(news(source, &seq, &refused), DP_SYNC_NEWS_MAX);
	CU_ASSERT_EQUAL(news(source, &seq, &refused), DP_SYNC_NEWS_MAX);
	CU_ASSERT_EQUAL(seq, end);
	seq = end + 5; /* another map's */
	CU_ASSERT_EQUAL(dp_sync_source_news(source, &seq, &all,
	    (uint32_t)time(NULL), &refused, &diag), DP_ERR_LIMIT);
	dp_sync_source_close(&source);
	synced_remove(&s);
}

static void groups_and_clients_choose(void)
{
	static const char zone[] = SOA("one") "a TXT allow tcp/1\n"
	    SOA("two") "@ APL 1:10.0.0.0/8\na TXT allow tcp/2\n";
	static const char *const one[] = { "one" }, *const none[] = { "x" };
	const struct {
		struct dp_sync_options o;
		size_t elements;
	} cases[] = {
		{ { .table = NULL }, 1 },
		{ { .groups = one, .group_count = 1 }, 1 },
		{ { .has_client = true,
		    .client = { 4, { 10, 0, 0, 1 } } }, 2 },
		{ { .has_client = true, .groups = one, .group_count = 1,
		    .client = { 4, { 10, 0, 0, 1 } } }, 2 },
		{ { .groups = none, .group_count = 1 }, SIZE_MAX },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dp_sync_source *source;
		struct synced s;
		size_t refused;
		uint64_t seq;
		bool changed;

		synced_make(&s);
		compile_to(s.policy_path, zone);
		source = open_source(&s, &cases[i].o);
		if (cases[i].elements == SIZE_MAX) {
			CU_ASSERT_EQUAL(look(source, &changed), DP_ERR_FORMAT);
		} else {
			CU_ASSERT_EQUAL(look(source, &changed), DP_OK);
			seq = dp_map_seq(s.map);
			synced_record(&s, "a", 1, 300);
			CU_ASSERT_EQUAL(news(source, &seq, &refused),
			    cases[i].elements);
		}
		dp_sync_source_close(&source);
		synced_remove(&s);
	}
}

static int set_up(void)
{
	return sodium_init() < 0 || netspace_enter();
}

UNIT_MAIN_WITH("sync_source", set_up, NULL, UNIT(what_is_there_is_taken),
    UNIT(what_becomes_readable_is_taken), UNIT(what_was_bad_is_tried_again),
    UNIT(a_map_is_followed_to_the_next), UNIT(a_spoilt_map_ends_nothing),
    UNIT(changes_pass_by_the_policy),
    UNIT(groups_and_clients_choose))
