#include "dp_config.h"

#include "tests/unit/unit.h"

#include <jansson.h>
#include <string.h>

#include "tools/seal/verify_report.h"

static char *printed;
static size_t printed_b;

static const struct dp_verify_finding changed = {
	.kind = DP_VERIFY_CHANGED, .path = "dns\n.log", .from_line = 11,
	.to_line = 20, .from_octet = 1000, .to_octet = 2000,
	.after = "2026-11-22T19:30:00.000000Z",
	.before = "2026-11-22T19:30:01.000000Z",
	.reason = "these lines are not those that were sealed",
};
static const struct dp_verify_finding missing = {
	.kind = DP_VERIFY_COPY, .path = "\xff", .reason = "is missing",
};
static const struct dp_verify_sum whole = {
	.files = 2, .blocks = 5, .records = 11, .gaps = 1, .lost = 70,
	.copies = 3, .recovered = 1, .cut_b = 9, .has_chain = true,
	.first_file = 4, .last_file = 5, .end = DP_SEAL_END_FILE,
	.from = "2026-11-22T19:00:00.000000Z",
	.until = "2026-11-22T20:00:00.000000Z",
	.silence_us = 3723999999,
	.silence_from = "2026-11-22T19:10:00.000000Z",
	.silence_until = "2026-11-22T20:12:03.999999Z",
};

static void report(const struct dp_verify_finding *f, size_t count,
    const struct dp_verify_sum *sum, bool as_json)
{
	struct dp_verify_report *r = NULL;
	FILE *to;

	free(printed);
	to = open_memstream(&printed, &printed_b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	CU_ASSERT_EQUAL_FATAL(dp_verify_report_open(&r, to, as_json), DP_OK);
	for (size_t i = 0; i < count; i++)
		dp_verify_report_found(r, f);
	CU_ASSERT_EQUAL(dp_verify_report_end(r, sum), DP_OK);
	dp_verify_report_close(&r);
	CU_ASSERT_PTR_NULL(r);
	fclose(to);
}

static void text_says_what_and_where(void)
{
	struct dp_verify_sum sum = whole;

	report(NULL, 0, &whole, false);
	CU_ASSERT_STRING_EQUAL(printed,
	    "intact: 11 records in 5 blocks, 70 lost in 1 gap, from "
	    "2026-11-22T19:00:00.000000Z to 2026-11-22T20:00:00.000000Z\n"
	    "files 4 to 5 of the log; it goes on in file 6\n"
	    "longest time without a checkpoint: 1:02:03, from "
	    "2026-11-22T19:10:00.000000Z to 2026-11-22T20:12:03.999999Z\n"
	    "recovered after a crash: 1 block; cut off then: 9 octets\n"
	    "compared with what was sent elsewhere: 3 checkpoints; of other "
	    "logs: 0\n");
	memset(&sum, 0, sizeof(sum));
	sum.findings = 1;
	report(&changed, 1, &sum, false);
	CU_ASSERT_STRING_EQUAL(printed,
	    "dns?.log:11-20: changed: these lines are not those that were "
	    "sealed; octets 1000 to 1999; after 2026-11-22T19:30:00.000000Z; "
	    "before 2026-11-22T19:30:01.000000Z\n"
	    "not intact: 1 finding; sealed are 0 records in 0 blocks, 0 lost "
	    "in 0 gaps\n");
	sum.open_lines = 2;
	sum.open_octets = 30;
	sum.has_chain = true;
	report(&missing, 1, &sum, false);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, ": copy: is missing\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "its end is open"));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\nnot sealed, behind the last checkpoint: 2 lines, 30 "
	    "octets\n"));
	sum.end = DP_SEAL_END_STOP;
	report(NULL, 0, &sum, false);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "it was stopped there\n"));
}

static json_int_t at(const json_t *object, const char *name)
{
	CU_ASSERT_TRUE(json_is_integer(json_object_get(object, name)));
	return json_integer_value(json_object_get(object, name));
}

static void json_says_the_same(void)
{
	struct dp_verify_sum sum = whole;
	json_t *root;
	const json_t *f;

	sum.findings = 1;
	report(&changed, 1, &sum, true);
	root = json_loads(printed, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	CU_ASSERT_TRUE(json_is_false(json_object_get(root, "intact")));
	CU_ASSERT_EQUAL(at(root, "records"), 11);
	CU_ASSERT_EQUAL(at(root, "lost"), 70);
	CU_ASSERT_EQUAL(at(root, "recovered"), 1);
	CU_ASSERT_EQUAL(at(root, "last_file"), 5);
	CU_ASSERT_EQUAL(at(json_object_get(root, "copies"), "compared"), 3);
	CU_ASSERT_EQUAL(at(json_object_get(root, "silence"), "seconds"), 3723);
	CU_ASSERT_EQUAL(at(json_object_get(root, "unsealed"), "lines"), 0);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(root,
	    "end")), "turned");
	f = json_array_get(json_object_get(root, "findings"), 0);
	CU_ASSERT_EQUAL(at(f, "from_line"), 11);
	CU_ASSERT_EQUAL(at(f, "octets"), 1000);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(f, "file")),
	    "dns\n.log");
	json_decref(root);
	report(&missing, 1, &sum, true);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\"file\": \"ff\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\"after\": null"));
}

static void findings_without_end_are_counted(void)
{
	struct dp_verify_sum sum = { .findings = 1 + DP_VERIFY_FINDINGS_MAX };
	size_t lines = 0;
	json_t *root;

	report(&changed, 1 + DP_VERIFY_FINDINGS_MAX, &sum, false);
	for (const char *p = printed; (p = strchr(p, '\n')); p++)
		lines++;
	CU_ASSERT_EQUAL(lines, DP_VERIFY_FINDINGS_MAX + 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "\nand so on, 1 more\n"));
	report(&changed, 1 + DP_VERIFY_FINDINGS_MAX, &sum, true);
	root = json_loads(printed, 0, NULL);
	CU_ASSERT_EQUAL(at(root, "found"), DP_VERIFY_FINDINGS_MAX + 1);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "findings")),
	    DP_VERIFY_FINDINGS_MAX);
	json_decref(root);
}

static int tear_down(void)
{
	free(printed);
	return 0;
}

UNIT_MAIN_WITH("verify_report", NULL, tear_down,
    UNIT(text_says_what_and_where), UNIT(json_says_the_same),
    UNIT(findings_without_end_are_counted))
