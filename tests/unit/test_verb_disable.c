#include "tests/unit/server_of.h"

static struct command_line line;

static int run(const char *options)
{
	return server_run(&line, dp_verb_disable, "disable", options);
}

static void begin(void)
{
	server_make();
	server_write("included/module.conf",
	    "module-config: \"dynlib iterator\"\n");
}

static void what_is_there_is_removed(void)
{
	begin();
	server_write("included/closed.conf", "");
	CU_ASSERT_EQUAL(run("-n"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "would be removed"));
	CU_ASSERT_TRUE(server_has("included/module.conf"));
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
		    "\"validator iterator\" from now on"));
		CU_ASSERT_FALSE(server_has("included/module.conf"));
		CU_ASSERT_FALSE(server_has("included/closed.conf"));
	} else {
		CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "only root"));
	}
	server_remove();
}

static void nothing_there_is_no_failure(void)
{
	server_make();
	CU_ASSERT_EQUAL(run("-n"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.out.text,
	    "is not enabled: nothing changed\n");
	CU_ASSERT_EQUAL(run("-n -D /nonexistent/folder"), DP_EXIT_OK);
	server_write("conf", "module_config='dynlib iterator'\n");
	CU_ASSERT_EQUAL(run("-n"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "take dynlib out there"));
	server_remove();
}

static void what_the_server_cannot_do_without_is_put_back(void)
{
	if (geteuid() != 0)
		return;
	begin();
	server_write("behind",
	    "[ -f included/module.conf ] || bad='not without'\n");
	CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "nothing changed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "not without"));
	CU_ASSERT_STRING_EQUAL(server_read("included/module.conf"),
	    "module-config: \"dynlib iterator\"\n");
	/* What was bad before is no reason to keep it. */
	server_write("behind", "bad=always\n");
	CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
	CU_ASSERT_FALSE(server_has("included/module.conf"));
	server_remove();
}

UNIT_MAIN("verb_disable", UNIT(what_is_there_is_removed),
    UNIT(nothing_there_is_no_failure),
    UNIT(what_the_server_cannot_do_without_is_put_back))
