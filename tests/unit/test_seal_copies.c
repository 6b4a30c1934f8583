#include "dp_config.h"

#include "tests/unit/capture.h"
#include "tests/unit/folder_of.h"

#include <errno.h>
#include <sys/resource.h>
#include <signal.h>

#include "tools/seal/seal_copies.h"

#define COPY "{\"dnspin\":{\"seal\":{\"kind\":\"block\"}}}\n"

static const struct {
	const char *before;
	const char *after; /* opening it */
} cases[] = {
	{ "", "" },
	{ COPY, COPY },
	{ COPY "{", COPY },
	{ COPY "{\"dnspin\":{\"sea", COPY },
	{ COPY "{\"dnspin\":{\"seal\":{\"kind\":\"bl", COPY },
	{ "{\"dnspin\":{\"seal\":{", "" },
	/* what is not ours stays */
	{ "notes", "notes" },
	{ COPY "{\"dnspin\":{\"se{", COPY "{\"dnspin\":{\"se{" },
};

static void half_a_copy_is_cut_off(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *out = fopen(folder_path("copies"), "w");
		struct dp_diag diag;
		int fd = -1;

		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		fputs(cases[i].before, out);
		fclose(out);
		CU_ASSERT_EQUAL_FATAL(dp_seal_copies_open(&fd,
		    folder_path("copies"), &diag), DP_OK);
		CU_ASSERT_STRING_EQUAL(folder_read("copies"), cases[i].after);
		CU_ASSERT_TRUE(dp_seal_copies_add(fd, COPY, strlen(COPY)));
		CU_ASSERT_STRING_EQUAL(folder_read("copies") +
		    strlen(cases[i].after), COPY);
		close(fd);
	}
	folder_empty();
}

/* A file that may not grow takes a part of what is written. */
static void a_copy_that_finds_no_room_leaves_nothing(void)
{
	struct rlimit old, small = { 20, RLIM_INFINITY };
	struct dp_diag diag;
	int fd = -1;

	CU_ASSERT_EQUAL_FATAL(dp_seal_copies_open(&fd, folder_path("copies"),
	    &diag), DP_OK);
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	CU_ASSERT_FALSE(dp_seal_copies_add(fd, COPY, strlen(COPY)));
	CU_ASSERT_EQUAL(errno, ENOSPC);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
	CU_ASSERT_STRING_EQUAL(folder_read("copies"), "");
	CU_ASSERT_TRUE(dp_seal_copies_add(fd, COPY, strlen(COPY)));
	CU_ASSERT_STRING_EQUAL(folder_read("copies"), COPY);
	close(fd);
	folder_empty();
}

static void what_cannot_be_opened_is_said(void)
{
	struct dp_diag diag;
	int fd = -1;

	CU_ASSERT_EQUAL(dp_seal_copies_open(&fd, "/nowhere/copies", &diag),
	    DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(diag.object, "/nowhere/copies");
	CU_ASSERT_EQUAL(dp_seal_copies_open(&fd, "/dev/full", &diag), DP_OK);
	CU_ASSERT_FALSE(dp_seal_copies_add(fd, COPY, strlen(COPY)));
	CU_ASSERT_EQUAL(errno, ENOSPC);
	close(fd);
}

UNIT_MAIN_WITH("seal_copies", folder_make, folder_remove,
    UNIT(half_a_copy_is_cut_off),
    UNIT(a_copy_that_finds_no_room_leaves_nothing),
    UNIT(what_cannot_be_opened_is_said))
