#include "tests/unit/server_of.h"

#include "tools/enable/target.h"
#include "tools/verb.h"

static struct command_line line;

static bool parse(struct dp_target *t, const char *text)
{
	bool good;

	command_line_begin(&line, text);
	good = dp_target_parse(t, line.argc, line.argv);
	command_line_end(&line);
	return good;
}

static void options_name_it(void)
{
	struct dp_target t;

	CU_ASSERT_TRUE_FATAL(parse(&t, "enable"));
	CU_ASSERT_STRING_EQUAL(t.server, "/usr/sbin/unbound");
	CU_ASSERT_STRING_EQUAL(t.checkconf.program,
	    "/usr/sbin/unbound-checkconf");
	CU_ASSERT_PTR_NULL(t.checkconf.conf);
	CU_ASSERT_STRING_EQUAL(t.module, DP_MODULE_DEFAULT);
	CU_ASSERT_STRING_EQUAL(t.folder, DP_INCLUDED_DEFAULT);
	CU_ASSERT_FALSE(t.only_say);
	CU_ASSERT_TRUE_FATAL(parse(&t, "enable -s unbound -n -m m -D d -c c"));
	CU_ASSERT_STRING_EQUAL(t.checkconf.program, "unbound-checkconf");
	CU_ASSERT_STRING_EQUAL(t.checkconf.conf, "c");
	CU_ASSERT_STRING_EQUAL(t.module, "m");
	CU_ASSERT_STRING_EQUAL(t.folder, "d");
	CU_ASSERT_TRUE(t.only_say);
	CU_ASSERT_TRUE_FATAL(parse(&t, "disable -s /a/b -x /c"));
	CU_ASSERT_STRING_EQUAL(t.checkconf.program, "/c");
	CU_ASSERT_FALSE(parse(&t, "disable -m m"));
	CU_ASSERT_FALSE(parse(&t, "enable now"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "no operands"));
}

static void a_module_fits_one_build(void)
{
	char id[DP_BUILD_ID_TEXT_MAX] = "as before", module[128];
	struct dp_target t = { .server = "/proc/self/exe", .module = module };
	struct dp_diag diag;

	server_make();
	snprintf(module, sizeof(module), "%s", server_path("dnspin.so"));
	CU_ASSERT_EQUAL(dp_target_fits(&t, id, &diag), DP_OK);
	CU_ASSERT_EQUAL(strlen(id), 40);
	server_module("abcd");
	CU_ASSERT_EQUAL(dp_target_fits(&t, id, &diag), DP_ERR_VERSION);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, id));
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "unbound 1.17.1, "
	    "build abcd"));
	/* No build-id to compare: the module itself looks for texts. */
	server_module("");
	CU_ASSERT_EQUAL(dp_target_fits(&t, id, &diag), DP_OK);
	server_write("dnspin.so", "no module");
	CU_ASSERT_EQUAL(dp_target_fits(&t, id, &diag), DP_ERR_FORMAT);
	t.server = "/nonexistent";
	server_module("abcd");
	CU_ASSERT_EQUAL(dp_target_fits(&t, id, &diag), DP_ERR_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.object, "/nonexistent"));
	unlink(module);
	CU_ASSERT_EQUAL(dp_target_fits(&t, id, &diag), DP_ERR_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "there is no module"));
	server_remove();
}

static void its_configuration_is_read(void)
{
	struct dp_target t = { .only_say = true };
	struct dp_target_conf conf;
	struct dp_diag diag;
	char program[128];

	server_make();
	snprintf(program, sizeof(program), "%s", server_path("checkconf"));
	t.checkconf.program = program;
	server_write("conf", "chroot=/jail\nusername=unbound\n"
	    "client_subnet_always_forward=no\n");
	CU_ASSERT_EQUAL_FATAL(dp_target_read(&t, &conf, &diag), DP_OK);
	CU_ASSERT_STRING_EQUAL(conf.words, "validator iterator");
	CU_ASSERT_STRING_EQUAL(conf.files, "");
	CU_ASSERT_STRING_EQUAL(conf.chroot, "/jail");
	CU_ASSERT_STRING_EQUAL(conf.user, "unbound");
	CU_ASSERT_FALSE(conf.sends_subnets);
	server_write("conf", "send_client_subnet=192.0.2.1\n");
	CU_ASSERT_EQUAL_FATAL(dp_target_read(&t, &conf, &diag), DP_OK);
	CU_ASSERT_TRUE(conf.sends_subnets);
	server_write("conf", "client_subnet_always_forward=yes\n");
	CU_ASSERT_EQUAL_FATAL(dp_target_read(&t, &conf, &diag), DP_OK);
	CU_ASSERT_TRUE(conf.sends_subnets);
	server_write("conf", "exit 1\n");
	CU_ASSERT_EQUAL(dp_target_read(&t, &conf, &diag), DP_ERR_SYNTAX);
	server_remove();
}

static void paths_lie_in_the_chroot(void)
{
	CU_ASSERT_STRING_EQUAL(dp_target_sees("", "/a"), "/a");
	CU_ASSERT_STRING_EQUAL(dp_target_sees("/", "/a"), "/a");
	CU_ASSERT_STRING_EQUAL(dp_target_sees("/jail", "/jail/a"), "/a");
	CU_ASSERT_STRING_EQUAL(dp_target_sees("/jail/", "/jail/a"), "/a");
	CU_ASSERT_PTR_NULL(dp_target_sees("/jail", "/jailer/a"));
	CU_ASSERT_PTR_NULL(dp_target_sees("/jail", "/a"));
}

static void only_root_may(void)
{
	struct dp_target t = { .only_say = true };

	CU_ASSERT_TRUE(dp_target_may(&t, "enable"));
	t.only_say = false;
	capture_begin(&line.err, stderr);
	CU_ASSERT_EQUAL(dp_target_may(&t, "enable"), geteuid() == 0);
	capture_end(&line.err);
	CU_ASSERT_EQUAL(strstr(line.err.text, "only root") != NULL,
	    geteuid() != 0);
}

UNIT_MAIN("target", UNIT(options_name_it), UNIT(a_module_fits_one_build),
    UNIT(its_configuration_is_read), UNIT(paths_lie_in_the_chroot),
    UNIT(only_root_may))
