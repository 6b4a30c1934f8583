/*
 * Zone text compiled in memory, for the tests of what reads or prints
 * policies. All by the real reader, writer and checker.
 */
#ifndef DP_COMPILED_H
#define DP_COMPILED_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module/core/policy.h"
#include "tools/policy/ruleset.h"
#include "tools/policy/zone.h"

#define SOA(group) "$ORIGIN " group ".\n@ SOA a. b. 7 1 1 1 1\n"

struct compiled {
	enum dp_err err;
	struct dp_diag diag;
	uint8_t *bytes;
	size_t size_b;
	struct dp_policy *policy; /* NULL on error */
};

static inline struct compiled compile_bytes(const char *text, size_t len)
{
	struct compiled c = { .err = DP_OK };
	struct dp_ruleset *rs = NULL;
	struct dp_settings settings;
	FILE *in = tmpfile();

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_EQUAL_FATAL(fwrite(text, 1, len, in), len);
	rewind(in);
	dp_settings_default(&settings);
	CU_ASSERT_EQUAL_FATAL(dp_ruleset_new(&rs), DP_OK);
	c.err = dp_zone_read(rs, in, "t.zone", NULL, &c.diag);
	if (!c.err) {
		CU_ASSERT_EQUAL_FATAL(dp_ruleset_write(rs, &settings,
		    &c.bytes, &c.size_b, &c.diag), DP_OK);
		CU_ASSERT_EQUAL_FATAL(dp_policy_from_bytes(&c.policy, c.bytes,
		    c.size_b, NULL, "test", &c.diag), DP_OK);
	}
	dp_ruleset_close(&rs);
	fclose(in);
	return c;
}

static inline struct compiled compile(const char *text)
{
	return compile_bytes(text, strlen(text));
}

static inline void compiled_free(struct compiled *c)
{
	dp_policy_close(&c->policy);
	free(c->bytes);
	c->bytes = NULL;
}

/* Compile good zone text into the file at path. */
static inline void compile_to(const char *path, const char *text)
{
	struct compiled c = compile(text);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c.policy);
	CU_ASSERT_TRUE_FATAL(unit_write(path, c.bytes, c.size_b));
	compiled_free(&c);
}

#endif
