#include "dp_config.h"

#include "tests/unit/folder_of.h"
#include "tests/unit/logged.h"

#include <sodium.h>

#include "module/core/name.h"
#include "tools/key.h"
#include "tools/log/log_json.h"
#include "tools/log/log_seal.h"
#include "tools/seal/verify.h"

static struct dp_diag diag;
static struct dp_log_positions positions;
static struct dp_log_json *json;
static char log_path[512], key[512], pub[512];

struct opened {
	struct dp_log_file *file;
	struct dp_log_seal *seal;
	bool resumes, turns;
};

static void keys_make(void)
{
	snprintf(key, sizeof(key), "%s", folder_path("key"));
	snprintf(pub, sizeof(pub), "%s", folder_path("key.pub"));
	snprintf(log_path, sizeof(log_path), "%s", folder_path("log"));
	CU_ASSERT_EQUAL_FATAL(dp_key_make(key, pub, &diag), DP_OK);
}

static enum dp_err start(struct opened *o)
{
	const struct dp_log_seal_keys keys = { .key = key };
	const struct dp_log_turns never = { 0, 0 };

	memset(o, 0, sizeof(*o));
	memset(&positions, 0, sizeof(positions));
	CU_ASSERT_EQUAL_FATAL(dp_log_file_open(&o->file, log_path, &never,
	    &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_log_seal_open(&o->seal, &keys, &diag),
	    DP_OK);
	return dp_log_seal_start(o->seal, o->file, log_path, LOGGED_US,
	    &positions, &o->resumes, &o->turns, &diag);
}

static void put(struct opened *o)
{
	struct dp_log_batch none = { .size_b = 0 }, b = { .size_b = 0 };

	dp_log_seal_output(o->seal, &b);
	CU_ASSERT_EQUAL(b.size_b, dp_log_seal_output_b(o->seal));
	CU_ASSERT_EQUAL(dp_log_file_write(o->file, &none, &b, &diag), DP_OK);
	dp_log_seal_written(o->seal, b.size_b);
	CU_ASSERT_EQUAL(dp_log_seal_output_b(o->seal), 0);
	dp_log_batch_free(&b);
}

static void add(struct opened *o, const struct dp_stream_item *item,
    bool closes)
{
	struct dp_log_batch line = { .size_b = 0 };

	dp_log_json_item(json, item, &line);
	CU_ASSERT_EQUAL(dp_log_seal_add(o->seal, item, &line, closes,
	    LOGGED_US), DP_OK);
	dp_log_batch_free(&line);
	put(o);
}

static void stop(struct opened *o)
{
	dp_log_seal_close(&o->seal);
	dp_log_file_close(&o->file);
}

static void on_finding(void *arg, const struct dp_verify_finding *finding)
{
	(void)arg;
	printf("\n%s:%d: %s", finding->path, (int)finding->from_line,
	    finding->reason);
}

/* What verify says of the files together. */
static struct dp_verify_sum verify(const char *const *names, size_t count)
{
	struct dp_verify_options o = { .found = on_finding,
		.still_open = true };
	struct dp_verify_sum sum;
	uint8_t public_key[DP_KEY_B];
	struct dp_verify *v = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_key_public_read(public_key, pub, &diag),
	    DP_OK);
	o.key = public_key;
	CU_ASSERT_EQUAL_FATAL(dp_verify_open(&v, &o), DP_OK);
	for (size_t i = 0; i < count; i++) {
		const char *text = folder_read(names[i]);

		dp_verify_file_begin(v, names[i]);
		CU_ASSERT_EQUAL(dp_verify_octets(v, text, strlen(text)),
		    DP_OK);
		dp_verify_file_end(v);
	}
	dp_verify_end(v, &sum);
	dp_verify_close(&v);
	return sum;
}

/* Four events and a loss, as in one run. */
static void fill(struct opened *o)
{
	struct dp_stream_item item = logged_item(1, 1);

	add(o, &item, true);
	for (item.number = 2; item.number <= 4; item.number++)
		add(o, &item, false);
	item = logged_loss(DP_STREAM_LOST, 5, 10);
	add(o, &item, false);
}

static void a_log_goes_on_from_any_end(void)
{
	static const char *const names[] = { "log" };
	static char whole[FOLDER_TEXT_MAX];
	size_t size_b;
	struct opened o;

	keys_make();
	CU_ASSERT_EQUAL_FATAL(start(&o), DP_OK);
	CU_ASSERT_FALSE(o.resumes);
	fill(&o);
	CU_ASSERT_EQUAL(dp_log_seal_end(o.seal, false, LOGGED_US), DP_OK);
	put(&o);
	stop(&o);
	size_b = strlen(strcpy(whole, folder_read("log")));
	for (size_t n = 0; n <= size_b; n += n < 600 ? 1 : 13) {
		struct dp_verify_sum sum;
		uint64_t from;

		CU_ASSERT_FATAL(unit_write(log_path, whole, n));
		CU_ASSERT_EQUAL_FATAL(start(&o), DP_OK);
		put(&o);
		CU_ASSERT_FALSE(o.turns);
		from = positions.ring[1].number;
		if (from < 4) { /* what the rings would tell next */
			struct dp_stream_item item = logged_item(1, from + 1);

			add(&o, &item, true);
			from++;
		}
		stop(&o);
		sum = verify(names, 1);
		CU_ASSERT_EQUAL(sum.findings, 0);
		CU_ASSERT_EQUAL(sum.records, from < 4 ? from : 4);
		CU_ASSERT_EQUAL(sum.lost, from == 9 ? 5 : 0);
	}
	folder_empty();
}

/* Octets of anybody's choice, in labels of 16. */
static size_t name_of(uint8_t name[DP_NAME_MAX], const char *octets,
    size_t size_b)
{
	size_t len = 0;

	for (size_t at = 0, n; at < size_b; at += n) {
		n = size_b - at < 16 ? size_b - at : 16;
		name[len++] = (uint8_t)n;
		memcpy(name + len, octets + at, n);
		len += n;
	}
	name[len++] = 0;
	return len;
}

/* Clients choose names: none may end its line or look like a checkpoint. */
static void no_name_imitates_a_checkpoint(void)
{
	static const char *const names[] = { "log" };
	static const char forged[] = "\"}}}\n" DP_SEAL_PREFIX
	    "\"kind\":\"block\"\n" DP_SEAL_PREFIX "\n";
	char all[128];
	size_t lines = 0, seals = 0;
	uint8_t name[DP_NAME_MAX];
	struct dp_verify_sum sum;
	struct opened o;

	keys_make();
	CU_ASSERT_EQUAL_FATAL(start(&o), DP_OK);
	for (uint64_t i = 1; i <= 3; i++) {
		struct dp_stream_item item = logged_item(1, i);

		for (size_t k = 0; k < sizeof(all); k++)
			all[k] = (char)(i == 3 ? k + 128 : k);
		item.event.fixed.rule_kind = DP_EVENT_RULE_NONE;
		item.event.name = name;
		item.event.name_b = i == 1 ?
		    name_of(name, forged, sizeof(forged) - 1) :
		    name_of(name, all, sizeof(all));
		add(&o, &item, false);
	}
	CU_ASSERT_EQUAL(dp_log_seal_end(o.seal, false, LOGGED_US), DP_OK);
	put(&o);
	stop(&o);
	sum = verify(names, 1);
	CU_ASSERT_EQUAL(sum.findings, 0);
	CU_ASSERT_EQUAL(sum.records, 3);
	CU_ASSERT_EQUAL(sum.blocks, 1);
	for (const char *at = folder_read("log"); *at; lines++) {
		const char *end = strchr(at, '\n');

		CU_ASSERT_PTR_NOT_NULL_FATAL(end);
		seals += strncmp(at, DP_SEAL_PREFIX,
		    strlen(DP_SEAL_PREFIX)) == 0;
		at = end + 1;
	}
	CU_ASSERT_EQUAL(lines, 5);
	CU_ASSERT_EQUAL(seals, 2);
	folder_empty();
}

static void a_chain_goes_on_over_files(void)
{
	static const char *const names[] = { "log.20261122T192426Z", "log" };
	struct dp_stream_item item;
	struct dp_verify_sum sum;
	struct opened o;

	keys_make();
	CU_ASSERT_EQUAL_FATAL(start(&o), DP_OK);
	fill(&o);
	CU_ASSERT_EQUAL(dp_log_seal_end(o.seal, true, LOGGED_US), DP_OK);
	CU_ASSERT(dp_log_seal_has_ended(o.seal));
	put(&o);
	CU_ASSERT_EQUAL(dp_log_file_turn(o.file, LOGGED_US / 1000000, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL(dp_log_seal_next(o.seal, LOGGED_US), DP_OK);
	CU_ASSERT_FALSE(dp_log_seal_has_ended(o.seal));
	item = logged_item(1, 10);
	add(&o, &item, true);
	stop(&o);
	sum = verify(names, 2);
	CU_ASSERT_EQUAL(sum.findings, 0);
	CU_ASSERT_EQUAL(sum.records, 5);
	CU_ASSERT_EQUAL(sum.lost, 5);
	/* Killed between two files: the old one has its place already. */
	CU_ASSERT_EQUAL(unlink(log_path), 0);
	CU_ASSERT_EQUAL_FATAL(start(&o), DP_OK);
	CU_ASSERT(o.resumes);
	CU_ASSERT_EQUAL(positions.ring[1].number, 9);
	add(&o, &item, true);
	stop(&o);
	sum = verify(names, 2);
	CU_ASSERT_EQUAL(sum.findings, 0);
	CU_ASSERT_EQUAL(sum.records, 5);
	folder_empty();
}

static void a_file_that_ended_wants_another(void)
{
	struct opened o;

	keys_make();
	CU_ASSERT_EQUAL_FATAL(start(&o), DP_OK);
	fill(&o);
	CU_ASSERT_EQUAL(dp_log_seal_end(o.seal, true, LOGGED_US), DP_OK);
	put(&o);
	stop(&o);
	CU_ASSERT_EQUAL(start(&o), DP_OK);
	CU_ASSERT(o.turns);
	CU_ASSERT(dp_log_seal_has_ended(o.seal));
	stop(&o);
	/* Another key, and what is no sealed log. */
	CU_ASSERT_EQUAL_FATAL(unlink(key), 0);
	CU_ASSERT_EQUAL_FATAL(unlink(pub), 0);
	keys_make();
	CU_ASSERT_EQUAL(start(&o), DP_ERR_SIGNATURE);
	stop(&o);
	CU_ASSERT_FATAL(unit_write(log_path, "plain\n", 6));
	CU_ASSERT_EQUAL(start(&o), DP_ERR_FORMAT);
	stop(&o);
	CU_ASSERT_STRING_EQUAL(folder_read("log"), "plain\n");
	folder_empty();
}

static void copies_are_kept(void)
{
	struct dp_log_seal_keys keys = { .key = key };
	struct dp_log_seal *s = NULL;
	struct opened o;
	char copies[512];

	keys_make();
	snprintf(copies, sizeof(copies), "%s", folder_path("copies"));
	CU_ASSERT_EQUAL_FATAL(start(&o), DP_OK);
	dp_log_seal_close(&o.seal);
	keys.copies = "/nowhere/at/all";
	CU_ASSERT_EQUAL(dp_log_seal_open(&s, &keys, &diag), DP_ERR_IO);
	keys.copies = copies;
	CU_ASSERT_EQUAL_FATAL(dp_log_seal_open(&o.seal, &keys, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_log_seal_start(o.seal, o.file, log_path,
	    LOGGED_US, &positions, &o.resumes, &o.turns, &diag), DP_OK);
	CU_ASSERT(dp_log_seal_wants_sync(o.seal));
	CU_ASSERT_STRING_EQUAL(folder_read("copies"), "");
	put(&o);
	CU_ASSERT_FALSE(dp_log_seal_wants_sync(o.seal));
	CU_ASSERT_EQUAL(strncmp(folder_read("copies"),
	    "{\"dnspin\":{\"seal\":{\"kind\":\"file\"", 30), 0);
	stop(&o);
	folder_empty();
}

static int set_up(void)
{
	json = dp_log_json_open();
	return sodium_init() < 0 || !json || folder_make();
}

static int tear_down(void)
{
	dp_log_json_close(&json);
	return folder_remove();
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT(a_log_goes_on_from_any_end),
		UNIT(no_name_imitates_a_checkpoint),
		UNIT(a_chain_goes_on_over_files),
		UNIT(a_file_that_ended_wants_another),
		UNIT(copies_are_kept),
		CU_TEST_INFO_NULL,
	};

	return unit_run("log_seal", set_up, tear_down, tests);
}
