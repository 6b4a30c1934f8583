#include "dp_config.h"

#include "tests/unit/command_line.h"

#include <sodium.h>

#include "module/core/state.h"
#include "tools/cli.h"
#include "tools/key.h"

static char folder[] = "/tmp/dnspin-keygen-XXXXXX";
static char path[64], public_path[64];
static struct command_line line;

static int set_up(void)
{
	if (sodium_init() < 0 || !mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/key", folder);
	snprintf(public_path, sizeof(public_path), "%s/key.pub", folder);
	return 0;
}

static int tear_down(void)
{
	unlink(path);
	unlink(public_path);
	return rmdir(folder);
}

static int run(const char *operands)
{
	const struct dp_cli cli = { .state_dir = "/nowhere" };
	char text[512];

	snprintf(text, sizeof(text), "keygen %s", operands);
	return command_line_run(&line, dp_verb_keygen, &cli, text);
}

static void a_pair_that_fits_is_made_once(void)
{
	uint8_t secret[DP_KEY_SIGN_B], public[DP_KEY_B], again[DP_KEY_B];
	char wanted[80];

	CU_ASSERT_EQUAL(run(path), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
	snprintf(wanted, sizeof(wanted), "%s: public key", public_path);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, wanted));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "log -k"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "log -a"));
	CU_ASSERT_EQUAL_FATAL(dp_key_secret_read(secret, path, NULL), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_key_public_read(public, public_path, NULL),
	    DP_OK);
	CU_ASSERT_EQUAL(crypto_sign_ed25519_sk_to_pk(again, secret), 0);
	CU_ASSERT_EQUAL(memcmp(again, public, sizeof(public)), 0);

	CU_ASSERT_EQUAL(run(path), DP_EXIT_FAILED);
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "never overwritten"));
	CU_ASSERT_EQUAL(dp_key_public_read(again, public_path, NULL), DP_OK);
	CU_ASSERT_EQUAL(memcmp(again, public, sizeof(public)), 0);
}

static void wrong_command_lines_are_told(void)
{
	static const char *const cases[][2] = {
		{ "", "FILE is missing" },
		{ "a b", "one FILE only" },
		{ "-x", "unknown option -x" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i][0]), DP_EXIT_USAGE);
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i][1]));
	}
}

static void what_cannot_be_made_is_told(void)
{
	const struct dp_cli cli = { .state_dir = "/nowhere" };
	static char name[DP_PATH_MAX] = "/";

	CU_ASSERT_EQUAL(run("/nowhere/key"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "/nowhere/key"));
	/* There is no room for ".pub" behind it. */
	memset(name + 1, 'k', sizeof(name) - 2);
	command_line_begin(&line, "keygen FILE");
	line.argv[1] = name;
	CU_ASSERT_EQUAL(dp_verb_keygen(&cli, line.argc, line.argv),
	    DP_EXIT_FAILED);
	command_line_end(&line);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "name too long"));
	CU_ASSERT_STRING_EQUAL(line.out.text, "");
}

UNIT_MAIN_WITH("verb_keygen", set_up, tear_down,
    UNIT(a_pair_that_fits_is_made_once), UNIT(wrong_command_lines_are_told),
    UNIT(what_cannot_be_made_is_told))
