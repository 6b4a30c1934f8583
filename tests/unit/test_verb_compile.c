#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/golden.h"
#include "tests/unit/sample.h"

#include <sodium.h>

#include "module/core/policy_d.h"
#include "tools/cli.h"
#include "tools/key.h"

#define ZONE "$ORIGIN g.dnspin.\n@ SOA a. b. 7 1 1 1 1\n"

/* A state directory with a policy in it, and beside that in the same folder
 * zones, keys and a place for other policies. */
static struct sample sample;
static char good[64], bad[64], key[64], public_key[64], other[64];
static struct command_line line;
static const char *override;

static void begin(void)
{
	static const char zone[] = ZONE "a.example TXT \"allow\"\n";
	static const char wrong[] = ZONE "a.example TXT \"permit\"\n";

	sample_make(&sample);
	snprintf(good, sizeof(good), "%s/good", sample.folder);
	snprintf(bad, sizeof(bad), "%s/bad", sample.folder);
	snprintf(key, sizeof(key), "%s/key", sample.folder);
	snprintf(public_key, sizeof(public_key), "%s/key.pub", sample.folder);
	snprintf(other, sizeof(other), "%s/other", sample.folder);
	CU_ASSERT_TRUE_FATAL(unit_write(good, zone, sizeof(zone) - 1));
	CU_ASSERT_TRUE_FATAL(unit_write(bad, wrong, sizeof(wrong) - 1));
	CU_ASSERT_EQUAL_FATAL(dp_key_make(key, public_key, NULL), DP_OK);
	override = NULL;
}

static void end(void)
{
	unlink(good);
	unlink(bad);
	unlink(key);
	unlink(public_key);
	unlink(other);
	sample_remove(&sample);
}

static int run(const char *before, const char *file, const char *after)
{
	const struct dp_cli cli = {
		.conf = sample.conf_path,
		.state_dir = sample.folder,
		.overrides = &override,
		.override_count = override ? 1 : 0,
	};
	char text[512];

	snprintf(text, sizeof(text), "compile %s %s %s", before, file, after);
	return command_line_run(&line, dp_verb_compile, &cli, text);
}

/* Is the policy at path there, and signed by the key? */
static bool is_signed(const char *path)
{
	struct dp_policy *policy = NULL;
	bool is;

	CU_ASSERT_EQUAL_FATAL(dp_policy_open(&policy, path, NULL, NULL),
	    DP_OK);
	is = dp_policy_signer(policy) != NULL;
	dp_policy_close(&policy);
	return is;
}

static uint64_t inode_of_policy(void)
{
	struct stat st;

	CU_ASSERT_EQUAL_FATAL(stat(sample.policy_path, &st), 0);
	return st.st_ino;
}

static void failures_leave_the_policy_in_force(void)
{
	size_t size_b, now_b;
	char *before, *now, trust[128];

	begin();
	before = golden_read(sample.policy_path, &size_b);
	CU_ASSERT_EQUAL(run("", bad, ""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "/bad:3: permit: "));
	CU_ASSERT_EQUAL(run("", good, bad), DP_EXIT_FAILED);
	CU_ASSERT_EQUAL(run("-k /nowhere", good, ""), DP_EXIT_FAILED);
	CU_ASSERT_EQUAL(run("", "", ""), DP_EXIT_USAGE);
	CU_ASSERT_EQUAL(run("-x", good, ""), DP_EXIT_USAGE);
	CU_ASSERT_EQUAL(run("-n", good, ""), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "nothing written"));
	CU_ASSERT_EQUAL(run("-O /nowhere/x", good, ""), DP_EXIT_FAILED);
	/* Nobody else's policy, nor an unsigned one, where a key is wanted. */
	snprintf(trust, sizeof(trust), "trusted-key=%s", public_key);
	override = trust;
	CU_ASSERT_EQUAL(run("", good, ""), DP_EXIT_FINDING);
	now = golden_read(sample.policy_path, &now_b);
	CU_ASSERT_EQUAL_FATAL(now_b, size_b);
	CU_ASSERT_EQUAL(memcmp(now, before, size_b), 0);
	free(now);
	free(before);
	end();
}

static void the_difference_is_said_and_the_policy_replaced(void)
{
	uint64_t inode;

	begin();
	CU_ASSERT_EQUAL(run("", good, ""), DP_EXIT_OK);
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "\n+ a.example: allow\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\n- *.push.apple.com: allow\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, ", not signed\n"));
	inode = inode_of_policy();
	CU_ASSERT_EQUAL(run("", good, ""), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "is this policy already"));
	CU_ASSERT_EQUAL(inode_of_policy(), inode);
	end();
}

/* Only -F takes a signature away; the same rules signed are another policy. */
static void signatures_are_kept(void)
{
	char sign[80];

	begin();
	snprintf(sign, sizeof(sign), "-k %s", key);
	CU_ASSERT_EQUAL(run("", good, ""), DP_EXIT_OK);
	CU_ASSERT_EQUAL(run(sign, good, ""), DP_EXIT_OK);
	CU_ASSERT_TRUE(is_signed(sample.policy_path));
	CU_ASSERT_EQUAL(run("", good, ""), DP_EXIT_FINDING);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "force it with -F"));
	CU_ASSERT_TRUE(is_signed(sample.policy_path));
	CU_ASSERT_EQUAL(run("-F", good, ""), DP_EXIT_OK);
	CU_ASSERT_FALSE(is_signed(sample.policy_path));
	/* Also from one of another version. */
	CU_ASSERT_TRUE_FATAL(unit_write(sample.policy_path,
	    &(struct dp_policy_d){ .magic = { 'D', 'N', 'S', 'P', 'I', 'N',
		'P', 'O' }, .version = 1, .flags = DP_POLICY_SIGNED },
	    sizeof(struct dp_policy_d)));
	CU_ASSERT_EQUAL(run("", good, ""), DP_EXIT_FINDING);
	CU_ASSERT_EQUAL(run(sign, good, ""), DP_EXIT_OK);
	end();
}

static void a_policy_that_allows_nothing_must_be_forced(void)
{
	static const char denies[] = ZONE "a.example TXT \"deny\"\n";
	uint64_t inode;

	begin();
	inode = inode_of_policy();
	CU_ASSERT_TRUE_FATAL(unit_write(bad, denies, sizeof(denies) - 1));
	CU_ASSERT_EQUAL(run("", bad, ""), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "allows no name"));
	CU_ASSERT_EQUAL(inode_of_policy(), inode);
	CU_ASSERT_EQUAL(run("-F", bad, ""), DP_EXIT_OK);
	CU_ASSERT_NOT_EQUAL(inode_of_policy(), inode);
	end();
}

static void a_policy_that_allows_everything_is_remarked_upon(void)
{
	static const char all[] = ZONE "b.example TXT \"deny\"\n"
				       "* TXT \"allow\"\n";

	begin();
	CU_ASSERT_TRUE_FATAL(unit_write(bad, all, sizeof(all) - 1));
	CU_ASSERT_EQUAL(run("", bad, ""), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
	    "\nthe rule * allows every name that no other rule denies\n"));
	CU_ASSERT_EQUAL(run("", good, ""), DP_EXIT_OK);
	CU_ASSERT_PTR_NULL(strstr(line.out.text, "the rule *"));
	end();
}

static void other_files_do_not_touch_the_policy_in_force(void)
{
	uint64_t inode;
	char where[80];

	begin();
	inode = inode_of_policy();
	snprintf(where, sizeof(where), "-O %s", other);
	CU_ASSERT_EQUAL(run(where, good, ""), DP_EXIT_OK);
	CU_ASSERT_FALSE(is_signed(other));
	CU_ASSERT_EQUAL(run("-O -", good, ""), DP_EXIT_OK);
	CU_ASSERT_EQUAL(memcmp(line.out.text, "DNSPIN", 6), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "\n+ a.example: allow\n"));
	CU_ASSERT_EQUAL(inode_of_policy(), inode);
	end();
}

static int set_up(void)
{
	return sodium_init() < 0;
}

UNIT_MAIN_WITH("verb_compile", set_up, NULL,
    UNIT(failures_leave_the_policy_in_force),
    UNIT(the_difference_is_said_and_the_policy_replaced),
    UNIT(signatures_are_kept),
    UNIT(a_policy_that_allows_nothing_must_be_forced),
    UNIT(a_policy_that_allows_everything_is_remarked_upon),
    UNIT(other_files_do_not_touch_the_policy_in_force))
