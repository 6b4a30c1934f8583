#include "dp_config.h"

#include "tests/unit/compiled.h"
#include "tests/unit/golden.h"
#include "tests/unit/sample.h"

#include <sodium.h>

#include "tests/unit/capture.h"
#include "tools/export/export_round.h"

static struct sample sample;
static struct dp_cli cli;
static struct dp_export_options options;
static struct dp_export_seen seen;
static struct capture err;
static char file[64];

static void begin(void)
{
	sample_make(&sample);
	snprintf(file, sizeof(file), "%s/list", sample.folder);
	cli = (struct dp_cli){ .conf = sample.conf_path,
		.state_dir = sample.folder };
	options = (struct dp_export_options){
		.format = dp_export_format_find("edl"), .file = file };
	memset(&seen, 0, sizeof(seen));
}

static void end(void)
{
	dp_export_seen_free(&seen);
	CU_ASSERT_PTR_NULL(seen.map);
	unlink(file);
	sample_remove(&sample);
}

static int round_at(uint32_t now_s)
{
	int code;

	capture_begin(&err, stderr);
	code = dp_export_round(&cli, &options, now_s, &seen);
	capture_end(&err);
	return code;
}

static bool news_at(uint32_t now_s)
{
	return dp_export_news(&cli, &options, now_s, &seen);
}

static void see(const char *name_text, const char *addr)
{
	static const uint8_t key[DP_MAP_KEY_B] = { 1 };
	struct dp_name name = sample_name(name_text);
	struct dp_sighting s = { .name = &name, .addr = sample_addr(addr),
		.ttl_s = 600, .lifetime_s = 660 };
	struct dp_diag diag = { .line = 0 };
	struct dp_map *map = NULL;

	CU_ASSERT_EQUAL_FATAL(dp_map_open(&map, sample.map_path, 64, key,
	    SAMPLE_NOW_S, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_map_record(map, &s, SAMPLE_NOW_S), DP_OK);
	dp_map_close(&map);
}

static bool file_has(const char *word)
{
	size_t size_b;
	char *text = golden_read(file, &size_b);
	bool found = strstr(text, word) != NULL;

	free(text);
	return found;
}

static void no_news_where_nothing_happens(void)
{
	begin();
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S)); /* before the first round */
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	CU_ASSERT_FALSE(news_at(SAMPLE_NOW_S));
	/* 20.43.129.8 ends after 100 s, and nothing before. */
	CU_ASSERT_FALSE(news_at(SAMPLE_NOW_S + 99));
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S + 100));
	CU_ASSERT_TRUE(file_has("20.43.129.8\n"));
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S + 100), DP_EXIT_OK);
	CU_ASSERT_FALSE(file_has("20.43.129.8\n"));
	CU_ASSERT_FALSE(news_at(SAMPLE_NOW_S + 100));
	end();
}

static void what_happens_is_news(void)
{
	begin();
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	see("new.push.apple.com", "17.57.144.99");
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S));
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	CU_ASSERT_TRUE(file_has("17.57.144.99\n"));
	CU_ASSERT_FALSE(news_at(SAMPLE_NOW_S));

	compile_to(sample.policy_path, SOA("g")
	    "manage.microsoft.com TXT allow tcp/443\n");
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S));
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	CU_ASSERT_FALSE(file_has("17.57."));
	CU_ASSERT_FALSE(news_at(SAMPLE_NOW_S));

	unlink(sample.map_path);
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S));
	sample_map_write(sample.map_path);
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S));
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	CU_ASSERT_FALSE(news_at(SAMPLE_NOW_S));
	end();
}

/* The file is written when its text changes, or somebody else did it. */
static void equal_text_is_not_written(void)
{
	struct stat before, after;

	begin();
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	CU_ASSERT_EQUAL_FATAL(stat(file, &before), 0);
	see("second.push.apple.com", "17.57.144.10");
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	CU_ASSERT_EQUAL_FATAL(stat(file, &after), 0);
	CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
	CU_ASSERT_FALSE(news_at(SAMPLE_NOW_S));
	CU_ASSERT_TRUE_FATAL(unit_write(file, "mine\n", 5));
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S));
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	CU_ASSERT_TRUE(file_has("17.57.144.10\n"));
	unlink(file);
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S));
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	CU_ASSERT_TRUE(file_has("17.57.144.10\n"));
	end();
}

static void failures_stay_news(void)
{
	begin();
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S + 100000), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "the file stays as it is"));
	CU_ASSERT_TRUE(file_has("17.57.144.10\n"));
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S));
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_OK);
	CU_ASSERT_FALSE(news_at(SAMPLE_NOW_S));
	unlink(sample.policy_path);
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S));
	CU_ASSERT_EQUAL(round_at(SAMPLE_NOW_S), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "there is no policy"));
	CU_ASSERT_TRUE(news_at(SAMPLE_NOW_S));
	end();
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("export_round", set_up, NULL,
    UNIT(no_news_where_nothing_happens), UNIT(what_happens_is_news),
    UNIT(equal_text_is_not_written), UNIT(failures_stay_news))
