/*
 * What a format of dnspin export makes of the sample (sample.h).
 */
#ifndef DP_EXPORTED_H
#define DP_EXPORTED_H

#include "tests/unit/golden.h"
#include "tests/unit/sample.h"
#include "tools/export/export.h"

/* The caller frees. */
static inline char *exported(const struct sample *s, dp_export_fn *format,
    const struct dp_bindings_filter *filter, uint32_t now_s, size_t *size_b)
{
	struct dp_export x = { .now_s = now_s };
	struct dp_diag diag = { .line = 0 };
	struct dp_bindings *list = NULL;
	struct dp_policy *policy = NULL;
	struct dp_map *map = NULL;
	char *text = NULL;
	FILE *out;

	CU_ASSERT_EQUAL_FATAL(
	    dp_policy_open(&policy, s->policy_path, NULL, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_map_open_ro(&map, s->map_path, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(
	    dp_bindings_collect(&list, map, policy, filter, now_s), DP_OK);
	x.policy = policy;
	x.audiences = filter->audiences ? filter->audiences
					: dp_policy_audiences(policy);
	x.bindings = list;
	out = open_memstream(&text, size_b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(format(&x, out), DP_OK);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	dp_bindings_close(&list);
	dp_map_close(&map);
	dp_policy_close(&policy);
	return text;
}

/* The whole sample against a golden file. */
static inline void exported_is_golden(dp_export_fn *format, const char *name)
{
	static const struct dp_bindings_filter all = { NULL, true, true, 0 };
	struct sample s;
	size_t size_b = 0;
	char *text;

	sample_make(&s);
	text = exported(&s, format, &all, SAMPLE_NOW_S, &size_b);
	golden_check(name, text, size_b);
	free(text);
	sample_remove(&s);
}

/* The caller frees. */
static inline char *exported_text(dp_export_fn *format, uint32_t now_s)
{
	static const struct dp_bindings_filter all = { NULL, true, true, 0 };
	struct sample s;
	size_t size_b = 0;
	char *text;

	sample_make(&s);
	text = exported(&s, format, &all, now_s, &size_b);
	sample_remove(&s);
	CU_ASSERT_EQUAL_FATAL(strlen(text), size_b);
	return text;
}

static inline size_t exported_times(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

/* The sample has names with quotes, commas, backslashes and line ends: none of
 * them gets in, not even escaped. */
static inline void exported_has_no_name(dp_export_fn *format)
{
	char *text = exported_text(format, SAMPLE_NOW_S);

	CU_ASSERT_EQUAL(exported_times(text, "odd"), 0);
	CU_ASSERT_EQUAL(exported_times(text, "microsoft"), 0);
	CU_ASSERT_EQUAL(exported_times(text, "\\"), 0);
	for (const char *c = text; *c; c++)
		CU_ASSERT((*c >= ' ' && *c <= '~') || *c == '\n' || *c == '\t');
	free(text);
}

/* The sample when all of its bindings have ended. */
static inline void exported_empty_is(dp_export_fn *format, const char *wanted)
{
	static const struct dp_bindings_filter all = { NULL, true, true, 0 };
	struct sample s;
	size_t size_b = 0;
	char *text;

	sample_make(&s);
	text = exported(&s, format, &all, SAMPLE_NOW_S + 100000, &size_b);
	CU_ASSERT_STRING_EQUAL(text, wanted);
	free(text);
	sample_remove(&s);
}

#endif
