#include "tests/unit/server_of.h"

#include "tools/enable/checkconf.h"

static char program[128];

static struct dp_checkconf made(void)
{
	server_make();
	snprintf(program, sizeof(program), "%s", server_path("checkconf"));
	return (struct dp_checkconf){ .program = program };
}

static void values_are_told(void)
{
	struct dp_checkconf c = made();
	char value[DP_CHECKCONF_MAX] = "as before";

	server_write("conf", "dynlib_file='/a.so\n/state'\necho noise >&2\n");
	CU_ASSERT_EQUAL(dp_checkconf_option(&c, "module-config", value, NULL),
	    DP_OK);
	CU_ASSERT_STRING_EQUAL(value, "validator iterator");
	CU_ASSERT_EQUAL(dp_checkconf_option(&c, "dynlib-file", value, NULL),
	    DP_OK);
	CU_ASSERT_STRING_EQUAL(value, "/a.so\n/state");
	CU_ASSERT_EQUAL(dp_checkconf_option(&c, "chroot", value, NULL),
	    DP_OK);
	CU_ASSERT_STRING_EQUAL(value, "");
	server_remove();
}

static void what_it_says_is_one_line(void)
{
	struct dp_checkconf c = made();
	struct dp_diag diag = { .line = 0 };

	CU_ASSERT_EQUAL(dp_checkconf_passes(&c, &diag), DP_OK);
	server_write("conf", "echo first >&2\nbad='not good'\n");
	CU_ASSERT_EQUAL(dp_checkconf_passes(&c, &diag), DP_ERR_SYNTAX);
	CU_ASSERT_STRING_EQUAL(diag.object, program);
	CU_ASSERT_STRING_EQUAL(diag.reason, "first; fatal error: not good");
	c.conf = "the.conf";
	CU_ASSERT_EQUAL(dp_checkconf_passes(&c, &diag), DP_ERR_SYNTAX);
	CU_ASSERT_STRING_EQUAL(diag.object, "the.conf");
	server_write("conf", "exit 1\n");
	CU_ASSERT_EQUAL(dp_checkconf_passes(&c, &diag), DP_ERR_SYNTAX);
	CU_ASSERT_STRING_EQUAL(diag.reason, "is refused without a word");
	server_remove();
}

/* More than fits is read to its end, so that nobody waits for anybody. */
static void it_may_say_a_lot(void)
{
	struct dp_checkconf c = made();
	char value[DP_CHECKCONF_MAX];
	struct dp_diag diag;

	server_write("conf", "head -c 300000 /dev/zero | tr '\\0' x\nexit 1\n");
	CU_ASSERT_EQUAL(dp_checkconf_passes(&c, &diag), DP_ERR_SYNTAX);
	CU_ASSERT_EQUAL(strspn(diag.reason, "x"), strlen(diag.reason));
	server_write("conf", "head -c 300000 /dev/zero | tr '\\0' x\n");
	CU_ASSERT_EQUAL(dp_checkconf_option(&c, "chroot", value, &diag),
	    DP_OK);
	CU_ASSERT_EQUAL(strlen(value), DP_CHECKCONF_MAX - 1);
	server_remove();
}

static void failures_are_told(void)
{
	struct dp_checkconf c = made();
	char value[DP_CHECKCONF_MAX] = "as before";
	struct dp_diag diag;

	server_write("conf", "exit 1\n");
	CU_ASSERT_EQUAL(dp_checkconf_option(&c, "chroot", value, &diag),
	    DP_ERR_SYNTAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "does not tell chroot"));
	server_write("conf", "kill -9 $$\n");
	CU_ASSERT_EQUAL(dp_checkconf_passes(&c, &diag), DP_ERR_SYNTAX);
	c.program = "/nonexistent";
	CU_ASSERT_EQUAL(dp_checkconf_passes(&c, &diag), DP_ERR_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "No such file"));
	CU_ASSERT_EQUAL(dp_checkconf_option(&c, "chroot", value, &diag),
	    DP_ERR_IO);
	CU_ASSERT_STRING_EQUAL(value, "as before");
	server_remove();
}

UNIT_MAIN("checkconf", UNIT(values_are_told), UNIT(what_it_says_is_one_line),
    UNIT(it_may_say_a_lot), UNIT(failures_are_told))
