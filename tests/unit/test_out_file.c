#include "dp_config.h"

#include "tests/unit/unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/out_file.h"

static char folder[] = "/tmp/dnspin-out-XXXXXX";
static char path[64];
static struct dp_diag diag;

static int set_up(void)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/out", folder);
	return 0;
}

static int tear_down(void)
{
	return rmdir(folder);
}

static void a_regular_file_is_replaced(void)
{
	char text[8] = "";
	struct stat st;
	FILE *in;

	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(
		    dp_out_file(path, i ? "new" : "old", 3, &diag), DP_OK);
	in = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_EQUAL(fread(text, 1, sizeof(text) - 1, in), 3);
	fclose(in);
	CU_ASSERT_STRING_EQUAL(text, "new");
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0644);
	unlink(path);
}

/* What is at path is as it was, and the reason says word. */
static void refuse(const char *word)
{
	struct stat before, after;

	CU_ASSERT_EQUAL_FATAL(lstat(path, &before), 0);
	CU_ASSERT_EQUAL(dp_out_file(path, "x", 1, &diag), DP_ERR_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, word));
	CU_ASSERT_STRING_EQUAL(diag.object, path);
	CU_ASSERT_EQUAL_FATAL(lstat(path, &after), 0);
	CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
	CU_ASSERT_EQUAL(before.st_mode, after.st_mode);
}

static void nothing_else_is_replaced(void)
{
	static const char *const targets[] = { "/dev/null", "out", "none",
		"/etc/passwd" };

	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	refuse("no regular file");
	unlink(path);
	CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
	refuse("a directory");
	rmdir(path);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(symlink(targets[i], path), 0);
		refuse("a symbolic link");
		unlink(path);
	}
}

static void a_folder_that_is_missing_is_said(void)
{
	CU_ASSERT_EQUAL(dp_out_file("/nowhere/at", "x", 1, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_STRING_EQUAL(diag.object, "/nowhere");
}

UNIT_MAIN_WITH("out_file", set_up, tear_down,
    UNIT(a_regular_file_is_replaced),
    UNIT(nothing_else_is_replaced),
    UNIT(a_folder_that_is_missing_is_said))
