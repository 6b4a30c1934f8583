#include "dp_config.h"
#include "tests/unit/unit_policy.h"

#include <unistd.h>

#include "module/core/file.h"
#include "module/core/policy_view.h"
#include "module/opener.h"

#define MANY 40000u /* enough for the second thread to have a share */

static char path[64];
static uint8_t *bytes;
static size_t bytes_b;

static int set_up(void)
{
	snprintf(path, sizeof(path), "/tmp/dnspin-opener.%ld", (long)getpid());
	return 0;
}

static int tear_down(void)
{
	unlink(path);
	free(bytes);
	return 0;
}

static void put(size_t size_b)
{
	CU_ASSERT_EQUAL_FATAL(dp_file_replace(path, bytes, size_b, 0600, NULL),
	    DP_OK);
}

static void given(void)
{
	static char text[MANY][64];
	static const char *lines[MANY + 1];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text[i], sizeof(text[i]),
		    "a.dnspin: name%u.example allow", i);
		lines[i] = text[i];
	}
	lines[MANY] = NULL;
	free(bytes);
	bytes = unit_policy_bytes(lines, NULL, &bytes_b);
	put(bytes_b);
}

static void it_opens_what_is_good(void)
{
	struct dp_name name = unit_name("name7.example");
	struct dp_policy *p = NULL;

	given();
	for (int i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL_FATAL(dp_opener_open(&p, path, NULL, NULL),
		    DP_OK);
		CU_ASSERT_EQUAL(dp_policy_rule_count(p), MANY);
		CU_ASSERT(dp_policy_match(p, &name, 0).allow);
		dp_policy_close(&p);
	}
}

static void it_refuses_what_is_not(void)
{
	struct dp_policy *p = NULL;
	struct dp_policy_d *head;
	struct dp_rule_d *rules;
	struct dp_diag diag;

	given();
	bytes[bytes_b - 1] ^= 1;
	put(bytes_b);
	CU_ASSERT_EQUAL(dp_opener_open(&p, path, NULL, &diag), DP_ERR_DIGEST);
	CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "digest does not fit"));
	put(sizeof(struct dp_policy_d) - 1);
	CU_ASSERT_EQUAL(dp_opener_open(&p, path, NULL, &diag), DP_ERR_FORMAT);
	head = (struct dp_policy_d *)bytes;
	rules = (struct dp_rule_d *)(bytes + head->rules.off);
	rules[MANY - 1].zero = 1;
	rules[MANY / 2].trait = 7;
	for (int i = 0; i < 20; i++) { /* whoever finds what first */
		dp_policy_digest_make(head->digest, bytes, bytes_b);
		put(bytes_b);
		CU_ASSERT_EQUAL(dp_opener_open(&p, path, NULL, &diag),
		    DP_ERR_FORMAT);
		CU_ASSERT_PTR_NOT_NULL(strstr(diag.reason, "has no trait"));
	}
	unlink(path);
	CU_ASSERT_EQUAL(dp_opener_open(&p, path, NULL, &diag),
	    DP_ERR_NOTFOUND);
	CU_ASSERT_PTR_NULL(p);
}

UNIT_MAIN_WITH("opener", set_up, tear_down, UNIT(it_opens_what_is_good),
    UNIT(it_refuses_what_is_not))
