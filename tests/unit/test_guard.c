#include "dp_config.h"

#include "tests/unit/folder_of.h"

#include <stdlib.h>

#include "module/core/build_id.h"
#include "module/core/file.h"
#include "tools/guard/guard.h"

static struct dp_guard guard;
static struct dp_diag diag;

static void put(const char *name, const char *text)
{
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(folder_path(name), text,
	    strlen(text), 0644, NULL), DP_OK);
}

static bool is_there(const char *name)
{
	return access(folder_path(name), F_OK) == 0;
}

static void empty(void)
{
	folder_empty();
	guard = (struct dp_guard){ .folder = folder_at };
}

static void nothing_is_enabled_in_an_empty_folder(void)
{
	empty();
	CU_ASSERT_FALSE(dp_guard_is_enabled(&guard));
	put("closed.conf", "");
	CU_ASSERT_FALSE(dp_guard_is_enabled(&guard));
	put("module.conf.misfit", "");
	CU_ASSERT_TRUE(dp_guard_is_enabled(&guard));
	guard.folder = "/nonexistent";
	CU_ASSERT_FALSE(dp_guard_is_enabled(&guard));
}

static void the_module_goes_aside_and_comes_back(void)
{
	bool changed = false;

	for (int closed = 0; closed < 2; closed++) {
		empty();
		put("module.conf", "mine");
		/* A second time, as before each start. */
		for (int turn = 0; turn < 2; turn++) {
			CU_ASSERT_EQUAL(dp_guard_aside(&guard, closed, &diag),
			    DP_OK);
			CU_ASSERT_FALSE(is_there("module.conf"));
			CU_ASSERT_STRING_EQUAL(
			    folder_read("module.conf.misfit"), "mine");
			CU_ASSERT_EQUAL(is_there("closed.conf"), closed);
		}
		CU_ASSERT_EQUAL(dp_guard_back(&guard, &changed, &diag),
		    DP_OK);
		CU_ASSERT_TRUE(changed);
		CU_ASSERT_STRING_EQUAL(folder_read("module.conf"), "mine");
		CU_ASSERT_FALSE(is_there("module.conf.misfit"));
		CU_ASSERT_FALSE(is_there("closed.conf"));
		CU_ASSERT_EQUAL(dp_guard_back(&guard, &changed, &diag),
		    DP_OK);
		CU_ASSERT_FALSE(changed);
		CU_ASSERT_TRUE(is_there("module.conf"));
	}
}

static void closed_means_that_clients_are_refused(void)
{
	empty();
	put("module.conf", "mine");
	CU_ASSERT_EQUAL(dp_guard_aside(&guard, true, &diag), DP_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(folder_read("closed.conf"),
	    "local-zone: \".\" refuse\n"));
	/* The administrator has chosen otherwise since. */
	CU_ASSERT_EQUAL(dp_guard_aside(&guard, false, &diag), DP_OK);
	CU_ASSERT_FALSE(is_there("closed.conf"));
	CU_ASSERT_TRUE(is_there("module.conf.misfit"));
}

static void what_was_interrupted_is_mended(void)
{
	bool changed = true;

	empty();
	put("module.conf", "mine");
	put("closed.conf", "x");
	put("module.conf.misfit", "older");
	CU_ASSERT_EQUAL(dp_guard_back(&guard, &changed, &diag), DP_OK);
	CU_ASSERT_FALSE(changed);
	CU_ASSERT_STRING_EQUAL(folder_read("module.conf"), "mine");
	CU_ASSERT_FALSE(is_there("closed.conf"));
	CU_ASSERT_FALSE(is_there("module.conf.misfit"));

	put("module.conf.misfit", "older");
	CU_ASSERT_EQUAL(dp_guard_aside(&guard, true, &diag), DP_OK);
	CU_ASSERT_STRING_EQUAL(folder_read("module.conf.misfit"), "mine");
}

static void builds_are_compared(void)
{
	char have[DP_BUILD_ID_TEXT_MAX], module[512];

	empty();
	guard.server = "/proc/self/exe";
	guard.module = "/nonexistent/dnspin.so";
	CU_ASSERT_EQUAL(dp_guard_fits(&guard, &diag), DP_ERR_NOTFOUND);
	CU_ASSERT_STRING_EQUAL(diag.object, guard.module);
	/* No module at all. */
	guard.module = "/proc/self/exe";
	CU_ASSERT_EQUAL(dp_guard_fits(&guard, &diag), DP_ERR_FORMAT);

	snprintf(module, sizeof(module), "%s/.libs/dnspin.so",
	    getenv("DNSPIN_BUILDDIR"));
	guard.module = module;
	CU_ASSERT_EQUAL_FATAL(dp_guard_fits(&guard, &diag), DP_ERR_VERSION);
	CU_ASSERT_STRING_EQUAL(diag.object, guard.module);
	CU_ASSERT_EQUAL_FATAL(dp_build_id_of_file("/proc/self/exe", have,
	    &diag), DP_OK);
	CU_ASSERT_EQUAL(dp_guard_fits(&guard, &diag), DP_ERR_VERSION);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, have));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "made for unbound "));

	guard.server = getenv("UNBOUND");
	CU_ASSERT_PTR_NOT_NULL_FATAL(guard.server);
	CU_ASSERT_EQUAL(dp_guard_fits(&guard, &diag), DP_OK);
}

static void a_folder_that_cannot_be_written_is_told(void)
{
	bool changed = false;

	empty();
	guard.folder = "/proc/self";
	CU_ASSERT_NOT_EQUAL(dp_guard_aside(&guard, true, &diag), DP_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.object, "/proc/self/"));
	/* There is nothing to move there. */
	CU_ASSERT_EQUAL(dp_guard_back(&guard, &changed, &diag), DP_OK);
}

static int set_up(void)
{
	return folder_make();
}

static void the_state_directory_is_the_modules(void)
{
	char dir[DP_PATH_MAX];

	empty();
	CU_ASSERT_FALSE(dp_guard_state_dir(&guard, dir));
	put("module.conf.misfit", "server:\n\tmodule-config: \"dynlib\"\n"
	    "dynlib:\n\tdynlib-file: \"/m.so\"\n"
	    "\tdynlib-file: \"/srv/state\"\n\tdynlib-file: \"/key\"\n");
	CU_ASSERT_TRUE_FATAL(dp_guard_state_dir(&guard, dir));
	CU_ASSERT_STRING_EQUAL(dir, "/srv/state");
	/* What is loaded counts more than what was put aside. */
	put("module.conf", "dynlib:\n\tdynlib-file: \"/m.so\"\n");
	CU_ASSERT_FALSE(dp_guard_state_dir(&guard, dir));
	put("module.conf", "\tdynlib-file: \"/m.so\"\n"
	    "\tdynlib-file: \"/srv/st\n");
	CU_ASSERT_FALSE(dp_guard_state_dir(&guard, dir));
}

UNIT_MAIN_WITH("guard", set_up, folder_remove,
    UNIT(nothing_is_enabled_in_an_empty_folder),
    UNIT(the_module_goes_aside_and_comes_back),
    UNIT(closed_means_that_clients_are_refused),
    UNIT(what_was_interrupted_is_mended), UNIT(builds_are_compared),
    UNIT(a_folder_that_cannot_be_written_is_told),
    UNIT(the_state_directory_is_the_modules))
