#include "dp_config.h"

#include "tests/unit/capture.h"
#include "tests/unit/compiled.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/key.h"
#include "tools/policy/policy_write.h"

static char folder[] = "/tmp/dnspin-cli-XXXXXX";
static char policy_path[64], key_path[64], public_path[64], conf_path[64];
static char trust[128];
static struct capture err;

static int set_up(void)
{
	struct dp_diag diag;

	if (sodium_init() < 0 || !mkdtemp(folder))
		return -1;
	snprintf(policy_path, sizeof(policy_path), "%s/policy", folder);
	snprintf(key_path, sizeof(key_path), "%s/k", folder);
	snprintf(public_path, sizeof(public_path), "%s/k.pub", folder);
	snprintf(conf_path, sizeof(conf_path), "%s/conf", folder);
	snprintf(trust, sizeof(trust), "trusted-key=%s", public_path);
	/* No settings of the machine's own. */
	if (!unit_write(conf_path, "", 0))
		return -1;
	return dp_key_make(key_path, public_path, &diag) == DP_OK ? 0 : -1;
}

static int tear_down(void)
{
	unlink(policy_path);
	unlink(key_path);
	unlink(public_path);
	unlink(conf_path);
	return rmdir(folder);
}

/* The exit code of opening the policy in force under one setting. */
static int open_code(const char *override)
{
	struct dp_cli cli = {
		.conf = conf_path,
		.state_dir = folder,
		.overrides = &override,
		.override_count = override ? 1 : 0,
	};
	int code = DP_EXIT_OK;
	struct dp_policy *policy;

	capture_begin(&err, stderr);
	policy = dp_cli_policy(&cli, &code);
	capture_end(&err);
	CU_ASSERT_EQUAL(policy != NULL, code == DP_EXIT_OK);
	CU_ASSERT_EQUAL(policy == NULL, err.text[0] != '\0');
	dp_policy_close(&policy);
	return code;
}

static void the_exit_code_says_what_is_wrong(void)
{
	struct compiled c = compile(SOA("g"));
	uint8_t key[DP_KEY_SIGN_B];
	struct dp_diag diag;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	CU_ASSERT_EQUAL(open_code(NULL), DP_EXIT_FAILED);
	CU_ASSERT_TRUE_FATAL(unit_write(policy_path, c.bytes, c.size_b));
	CU_ASSERT_EQUAL(open_code(NULL), DP_EXIT_OK);
	CU_ASSERT_EQUAL(open_code("mode=lax"), DP_EXIT_USAGE);
	CU_ASSERT_EQUAL(open_code("trusted-key=/none"), DP_EXIT_FAILED);
	CU_ASSERT_EQUAL(open_code(trust), DP_EXIT_FINDING);

	CU_ASSERT_EQUAL_FATAL(dp_key_secret_read(key, key_path, &diag),
	    DP_OK);
	dp_policy_close(&c.policy);
	dp_policy_sign(c.bytes, c.size_b, key);
	CU_ASSERT_TRUE_FATAL(unit_write(policy_path, c.bytes, c.size_b));
	CU_ASSERT_EQUAL(open_code(trust), DP_EXIT_OK);
	CU_ASSERT_EQUAL(open_code(NULL), DP_EXIT_OK);
	CU_ASSERT_TRUE_FATAL(unit_write(policy_path, c.bytes, c.size_b - 1));
	CU_ASSERT_EQUAL(open_code(NULL), DP_EXIT_FAILED);
	compiled_free(&c);
}

UNIT_MAIN_WITH("cli_policy", set_up, tear_down,
    UNIT(the_exit_code_says_what_is_wrong))
