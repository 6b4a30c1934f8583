#include "tests/unit/server_of.h"

#include <sodium.h>

static struct command_line line;

static int set_up(void)
{
	return sodium_init() < 0;
}

static int run(const char *options)
{
	char all[256];

	snprintf(all, sizeof(all), "-m %s/dnspin.so %s", server_at, options);
	return server_run(&line, dp_verb_enable, "enable", all);
}

static void begin(void)
{
	server_make();
	server_write("conf", "username=''\n");
}

static bool untouched(void)
{
	return !server_has("included/module.conf") && !server_has("state");
}

static void it_is_said_and_not_done(void)
{
	begin();
	CU_ASSERT_EQUAL(run("-n"), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "would be made, mode "
	    "observe"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\"dynlib validator iterator\", now \"validator iterator\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "nothing changed (-n)"));
	CU_ASSERT_TRUE(untouched());
	server_remove();
}

/* What follows changes files, for which the verb wants root. */
static void it_is_done_once(void)
{
	if (geteuid() != 0) {
		begin();
		CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "only root"));
		CU_ASSERT_TRUE(untouched());
		server_remove();
		return;
	}
	begin();
	server_write("included/module.conf.misfit", "aside");
	CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "made, mode observe, "
	    "without rules"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "\nnext:\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(server_read("included/module.conf"),
	    "module-config: \"dynlib validator iterator\""));
	CU_ASSERT_FALSE(server_has("included/module.conf.misfit"));
	CU_ASSERT_TRUE(server_has("state/policy"));
	CU_ASSERT_TRUE(server_has("state/unbound"));
	CU_ASSERT_EQUAL(run(""), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "stays: mode observe"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "is enabled: nothing changed"));
	server_remove();
}

static void what_is_wrong_before_changes_nothing(void)
{
	static const struct {
		const char *conf, *says;
	} cases[] = {
		{ "bad='not good'\n", "errors already, mend them first: "
		    "fatal error: not good" },
		{ "dynlib_file=/other.so\n", "\"/other.so\" already" },
		{ "module_config='dynlib iterator'\n", "take that out first" },
		{ "chroot=/jail\n", "must lie in it" },
		{ "module_config=\n", "dynlib cannot be put in" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		server_write("conf", cases[i].conf);
		CU_ASSERT_EQUAL(run("-n"), DP_EXIT_FAILED);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i].says));
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
		CU_ASSERT_TRUE(untouched());
		server_remove();
	}
	begin();
	server_write("included/closed.conf", "");
	CU_ASSERT_EQUAL(run("-n"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "run dnspin guard"));
	CU_ASSERT_TRUE(untouched());
	server_remove();
	begin();
	server_module("abcd");
	CU_ASSERT_EQUAL(run("-n"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "build abcd"));
	CU_ASSERT_EQUAL(run("-n -D /nonexistent/folder"), DP_EXIT_FAILED);
	server_remove();
	begin();
	CU_ASSERT_EQUAL(run("-n -D /nonexistent/folder"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text,
	    "include-toplevel: \"/nonexistent/folder/*.conf\""));
	unlink(server_path("dnspin.so"));
	CU_ASSERT_EQUAL(run("-n -D /nonexistent/folder"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "there is no module"));
	server_remove();
}

/* Whoever may write beside the state directory could lead root elsewhere. */
static void a_state_directory_that_leads_elsewhere_is_refused(void)
{
	begin();
	CU_ASSERT_EQUAL_FATAL(symlink("included", server_path("state")), 0);
	CU_ASSERT_EQUAL(run(geteuid() == 0 ? "" : "-n"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "state directory"));
	CU_ASSERT_STRING_EQUAL(line.out.text, ""); /* nothing was begun */
	CU_ASSERT_FALSE(server_has("included/policy"));
	CU_ASSERT_FALSE(server_has("included/unbound"));
	CU_ASSERT_FALSE(server_has("included/module.conf"));
	unlink(server_path("included/policy"));
	server_remove();
	begin(); /* what it leads to may come later */
	CU_ASSERT_EQUAL_FATAL(symlink("nowhere", server_path("state")), 0);
	CU_ASSERT_EQUAL(run("-n"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "state directory"));
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	server_remove();
}

static void what_goes_wrong_is_taken_back(void)
{
	static const struct {
		const char *behind, *says;
	} cases[] = {
		{ "[ ! -f included/module.conf ] || bad='not with it'\n",
		    "fatal error: not with it" },
		{ "dynlib_file=\n", "does not include it" },
		{ "module_config=iterator\n", "\"iterator\" stands behind" },
		{ "[ ! -f included/module.conf ] || dynlib_file=/o.so\n",
		    "\"/o.so\" stands before" },
	};

	for (size_t i = 0; geteuid() == 0 &&
	     i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		server_write("behind", cases[i].behind);
		CU_ASSERT_EQUAL(run(""), DP_EXIT_FAILED);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i].says));
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "put back"));
		CU_ASSERT_TRUE(untouched());
		server_remove();
	}
}

UNIT_MAIN_WITH("verb_enable", set_up, NULL, UNIT(it_is_said_and_not_done),
    UNIT(it_is_done_once), UNIT(what_is_wrong_before_changes_nothing),
    UNIT(a_state_directory_that_leads_elsewhere_is_refused),
    UNIT(what_goes_wrong_is_taken_back))
