#include "tests/unit/server_of.h"

#include "tools/enable/module_files.h"

static struct dp_module_files files;

static void the_text_is_what_unbound_reads(void)
{
	struct dp_module_lines lines = { "dynlib iterator", "/m.so", "/s",
		NULL };
	char text[DP_MODULE_FILES_TEXT_MAX];

	CU_ASSERT_EQUAL_FATAL(dp_module_files_text(text, &lines, NULL),
	    DP_OK);
	CU_ASSERT_STRING_EQUAL(text,
	    "# Made by dnspin enable; dnspin disable removes it.\n"
	    "server:\n\tmodule-config: \"dynlib iterator\"\n"
	    "dynlib:\n\tdynlib-file: \"/m.so\"\n\tdynlib-file: \"/s\"\n");
	lines.trusted_key = "/k.pub";
	CU_ASSERT_EQUAL_FATAL(dp_module_files_text(text, &lines, NULL),
	    DP_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(text,
	    "\"/s\"\n\tdynlib-file: \"/k.pub\"\n"));
}

static void what_cannot_stand_there_is_refused(void)
{
	static const struct dp_module_lines cases[] = {
		{ "w", "m.so", "/s", NULL },
		{ "w", "/m.so", "s", NULL },
		{ "w", "/m.so", "/s", "k" },
		{ "w", "/m.so\"\n\tinclude: \"/x", "/s", NULL },
		{ "w", "/m.so", "/s\n", NULL },
		{ "w", "/m.so", "/s", "/\x7f" },
	};
	static char deep[DP_MODULE_FILES_TEXT_MAX + 2] = "/";
	const struct dp_module_lines long_one = { "w", deep, "/s", "/k" };
	char text[DP_MODULE_FILES_TEXT_MAX];
	struct dp_diag diag;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(dp_module_files_text(text, &cases[i], &diag),
		    DP_ERR_SYNTAX);
	memset(deep, '/', sizeof(deep) - 1);
	CU_ASSERT_EQUAL(dp_module_files_text(text, &long_one, &diag),
	    DP_ERR_LIMIT);
}

static void read_again(void)
{
	static char folder[128]; /* files borrows it */

	snprintf(folder, sizeof(folder), "%s", server_path("included"));
	dp_module_files_free(&files);
	CU_ASSERT_EQUAL_FATAL(dp_module_files_read(&files, folder, NULL),
	    DP_OK);
}

static void one_takes_the_place_of_all(void)
{
	struct dp_diag diag;

	server_make();
	CU_ASSERT_EQUAL(dp_module_files_read(&files, server_path("none"),
	    &diag), DP_ERR_NOTFOUND);
	CU_ASSERT_EQUAL(dp_module_files_read(&files, server_path("conf"),
	    &diag), DP_ERR_NOTFOUND);
	read_again();
	CU_ASSERT_FALSE(dp_module_files_any(&files));
	server_write("included/module.conf.misfit", "old");
	server_write("included/closed.conf", "");
	read_again();
	CU_ASSERT_TRUE(dp_module_files_any(&files));
	CU_ASSERT_FALSE(dp_module_files_are(&files, "old"));
	CU_ASSERT_EQUAL(dp_module_files_write(&files, "new", NULL), DP_OK);
	CU_ASSERT_STRING_EQUAL(server_read("included/module.conf"), "new");
	CU_ASSERT_FALSE(server_has("included/module.conf.misfit"));
	CU_ASSERT_FALSE(server_has("included/closed.conf"));
	CU_ASSERT_EQUAL(dp_module_files_restore(&files, NULL), DP_OK);
	CU_ASSERT_FALSE(server_has("included/module.conf"));
	CU_ASSERT_STRING_EQUAL(server_read("included/module.conf.misfit"),
	    "old");
	CU_ASSERT_STRING_EQUAL(server_read("included/closed.conf"), "");
	CU_ASSERT_EQUAL(dp_module_files_write(&files, "new", NULL), DP_OK);
	read_again();
	CU_ASSERT_TRUE(dp_module_files_are(&files, "new"));
	CU_ASSERT_FALSE(dp_module_files_are(&files, "other"));
	CU_ASSERT_EQUAL(dp_module_files_write(&files, NULL, NULL), DP_OK);
	read_again();
	CU_ASSERT_FALSE(dp_module_files_any(&files));
	dp_module_files_free(&files);
	server_remove();
}

/* A folder in the place of a file: nothing is lost, the reason is said. */
static void what_cannot_be_written_is_said(void)
{
	struct dp_diag diag = { .line = 0 };

	server_make();
	read_again();
	CU_ASSERT_EQUAL_FATAL(mkdir(server_path("included/module.conf"), 0755),
	    0);
	CU_ASSERT_NOT_EQUAL(dp_module_files_write(&files, "new", &diag),
	    DP_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.object, "module.conf"));
	CU_ASSERT_NOT_EQUAL(dp_module_files_write(&files, NULL, &diag),
	    DP_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "cannot be removed"));
	dp_module_files_free(&files);
	server_remove();
}

UNIT_MAIN("module_files", UNIT(the_text_is_what_unbound_reads),
    UNIT(what_cannot_stand_there_is_refused),
    UNIT(one_takes_the_place_of_all), UNIT(what_cannot_be_written_is_said))
