#include "dp_config.h"

#include "tests/unit/compiled.h"

#include <unistd.h>

#include "tools/policy/gather.h"

static char folder[] = "/tmp/dnspin-gather-XXXXXX";
static char first[64], second[64], wrong[64], all[64], none[64], missing[64];

static bool write_zone(const char *path, const char *text)
{
	return unit_write(path, text, strlen(text));
}

static int set_up(void)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(first, sizeof(first), "%s/a.zone", folder);
	snprintf(second, sizeof(second), "%s/b.zone", folder);
	snprintf(wrong, sizeof(wrong), "%s/c.text", folder);
	snprintf(all, sizeof(all), "%s/*.zone", folder);
	snprintf(none, sizeof(none), "%s/*.none", folder);
	snprintf(missing, sizeof(missing), "%s/x/y.zone", folder);
	return write_zone(first, SOA("g") "a TXT \"allow\"\n") &&
		write_zone(second, SOA("h") "b TXT \"allow\"\n") &&
		write_zone(wrong, SOA("i") "b TXT \"allowed\"\n")
	    ? 0 : -1;
}

static int tear_down(void)
{
	unlink(first);
	unlink(second);
	unlink(wrong);
	return rmdir(folder);
}

typedef enum dp_err gather_fn(struct dp_ruleset *rs, char *const *paths,
    size_t count, struct dp_diag *diag);

/* What comes of one or two paths, and how many groups there are then. */
static enum dp_err gather(gather_fn *fn, char *one, char *two,
    uint32_t *groups, struct dp_diag *diag)
{
	char *const paths[] = { one, two };
	struct dp_ruleset *rs = NULL;
	struct dp_policy *policy = NULL;
	struct dp_settings settings;
	uint8_t *bytes = NULL;
	size_t size_b;
	enum dp_err err;

	memset(diag, 0, sizeof(*diag));
	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	err = fn(rs, paths, two ? 2 : 1, diag);
	if (!err) {
		dp_settings_default(&settings);
		CU_ASSERT_EQUAL_FATAL(dp_ruleset_write(rs, &settings, &bytes,
		    &size_b, diag), DP_OK);
		CU_ASSERT_EQUAL_FATAL(dp_policy_from_bytes(&policy, bytes,
		    size_b, NULL, "test", diag), DP_OK);
		*groups = dp_policy_group_count(policy);
	}
	dp_policy_close(&policy);
	free(bytes);
	dp_ruleset_close(&rs);
	return err;
}

static void files_are_read(void)
{
	struct dp_diag diag;
	uint32_t groups = 0;

	CU_ASSERT_EQUAL(gather(dp_gather_files, first, second, &groups, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL(groups, 2);
	CU_ASSERT_EQUAL(gather(dp_gather_files, first, wrong, &groups, &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_STRING_EQUAL(diag.object, wrong);
	CU_ASSERT_EQUAL(diag.line, 3);
	CU_ASSERT_EQUAL(gather(dp_gather_files, missing, NULL, &groups, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_STRING_EQUAL(diag.object, missing);
	CU_ASSERT_EQUAL(gather(dp_gather_files, folder, NULL, &groups, &diag),
	    DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(diag.object, folder);
}

static void patterns_are_read(void)
{
	struct dp_diag diag;
	uint32_t groups = 0;

	CU_ASSERT_EQUAL(gather(dp_gather_globs, all, NULL, &groups, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL(groups, 2);
	CU_ASSERT_EQUAL(gather(dp_gather_globs, first, second, &groups, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL(groups, 2);
	/* What one of them lacks is not made good by another. */
	CU_ASSERT_EQUAL(gather(dp_gather_globs, all, none, &groups, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_STRING_EQUAL(diag.object, none);
	CU_ASSERT_EQUAL(gather(dp_gather_globs, missing, NULL, &groups, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL(gather(dp_gather_globs, wrong, NULL, &groups, &diag),
	    DP_ERR_SYNTAX);
}

UNIT_MAIN_WITH("gather", set_up, tear_down, UNIT(files_are_read),
    UNIT(patterns_are_read))
