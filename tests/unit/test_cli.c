#include "dp_config.h"

#include "tests/unit/capture.h"
#include "tools/cli.h"

static struct capture err;

static void say_fail(int *code)
{
	*code = dp_cli_fail(DP_EXIT_FAILED, "a.zone", "is %s", "bad");
}

static void say_controls(int *code)
{
	*code = dp_cli_fail(DP_EXIT_FAILED, "\033[2Ja\n", "is %s", "b\303d\r");
}

static void say_usage_controls(int *code)
{
	*code = dp_cli_usage("compile", "unknown option -%c", '\303');
}

static void say_usage(int *code)
{
	*code = dp_cli_usage("compile", "unknown option -%c", 'x');
}

static void say_usage_without_verb(int *code)
{
	*code = dp_cli_usage(NULL, "a verb is missing");
}

static void say_line(int *code)
{
	struct dp_diag diag;

	dp_diag_set(&diag, "a.zone", 7, "is bad");
	*code = dp_cli_diag(DP_ERR_SYNTAX, &diag);
}

static void say_signature(int *code)
{
	struct dp_diag diag;

	dp_diag_set(&diag, "policy", 0, "is forged");
	*code = dp_cli_diag(DP_ERR_SIGNATURE, &diag);
}

static void say_nothing_known(int *code)
{
	struct dp_diag diag = { .line = 3 };

	*code = dp_cli_diag(DP_ERR_NOMEM, &diag);
}

static void errors_have_one_form(void)
{
	static const struct {
		void (*say)(int *code);
		int code;
		const char *want;
	} cases[] = {
		{ say_fail, 1, "dnspin: a.zone: is bad\n" },
		{ say_controls, 1, "dnspin: ?[2Ja?: is b?d?\n" },
		{ say_usage_controls, 2,
		    "dnspin compile: unknown option -?\n"
		    "Try 'dnspin compile --help'.\n" },
		{ say_usage, 2,
		    "dnspin compile: unknown option -x\n"
		    "Try 'dnspin compile --help'.\n" },
		{ say_usage_without_verb, 2,
		    "dnspin: a verb is missing\nTry 'dnspin --help'.\n" },
		{ say_line, 1, "dnspin: a.zone:7: is bad\n" },
		{ say_signature, 3, "dnspin: policy: is forged\n" },
		{ say_nothing_known, 1, "dnspin: out of memory\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int code = -1;

		capture_begin(&err, stderr);
		cases[i].say(&code);
		capture_end(&err);
		CU_ASSERT_EQUAL(code, cases[i].code);
		CU_ASSERT_STRING_EQUAL(err.text, cases[i].want);
	}
}

static const char *said(const char *object, const char *fmt, int number)
{
	capture_begin(&err, stderr);
	CU_ASSERT_EQUAL(strcmp(fmt, "a") == 0
		? dp_cli_fail(DP_EXIT_FAILED, object, "a %d", number)
		: dp_cli_fail(DP_EXIT_FAILED, object, "b %d", number),
	    DP_EXIT_FAILED);
	capture_end(&err);
	return err.text;
}

/* The last test: there is no way back. */
static void rounds_do_not_repeat_themselves(void)
{
	int code;

	CU_ASSERT_STRING_EQUAL(said("x", "a", 1), "dnspin: x: a 1\n");
	CU_ASSERT_STRING_EQUAL(said("x", "a", 1), "dnspin: x: a 1\n");
	dp_cli_round();
	CU_ASSERT_STRING_EQUAL(said("x", "a", 1), "dnspin: x: a 1\n");
	CU_ASSERT_STRING_EQUAL(said("x", "a", 2), "");
	CU_ASSERT_STRING_EQUAL(said("y", "a", 1), "dnspin: y: a 1\n");
	dp_cli_round();
	CU_ASSERT_STRING_EQUAL(said("x", "a", 3), "");
	CU_ASSERT_STRING_EQUAL(said("x", "b", 3), "dnspin: x: b 3\n");
	capture_begin(&err, stderr);
	say_line(&code);
	say_line(&code);
	capture_end(&err);
	CU_ASSERT_STRING_EQUAL(err.text, "dnspin: a.zone:7: is bad\n");
	dp_cli_round();
	dp_cli_round();
	/* A round without it: it is new again. */
	CU_ASSERT_STRING_EQUAL(said("x", "a", 4), "dnspin: x: a 4\n");
	for (int i = 0; i < 100; i++)
		said("z", "a", i);
	CU_ASSERT_STRING_EQUAL(said("x", "a", 5), "");
}

static const struct {
	const char *text;
	uint32_t most;
	uint32_t number; /* 0: refused */
} numbers[] = {
	{ "1", 1, 1 }, { "007", 9, 7 }, { "4294967295", UINT32_MAX, UINT32_MAX },
	{ "4294967296", UINT32_MAX, 0 }, { "99999999999999999999", 9, 0 },
	{ "10", 9, 0 }, { "0", 9, 0 }, { "", 9, 0 }, { "-1", 9, 0 },
	{ "+1", 9, 0 }, { " 1", 9, 0 }, { "1 ", 9, 0 }, { "1s", 9, 0 },
	{ "0x1", 9, 0 },
};

static void numbers_are_digits_in_range(void)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint32_t n = 0;
		bool taken;

		capture_begin(&err, stderr);
		taken = dp_cli_number(&n, "top", "SECONDS", numbers[i].text,
		    numbers[i].most);
		capture_end(&err);
		CU_ASSERT_EQUAL(taken, numbers[i].number > 0);
		CU_ASSERT_EQUAL(n, numbers[i].number);
		CU_ASSERT_EQUAL(strstr(err.text, ": SECONDS must be 1 to ") !=
		    NULL, !taken);
	}
}

static void formats_are_two(void)
{
	static const struct {
		const char *text;
		bool taken, json;
	} cases[] = {
		{ "json", true, true },
		{ "text", true, false },
		{ "JSON", false, false },
		{ "", false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool json = !cases[i].json, taken;

		capture_begin(&err, stderr);
		taken = dp_cli_json(&json, "drift", cases[i].text);
		capture_end(&err);
		CU_ASSERT_EQUAL(taken, cases[i].taken);
		CU_ASSERT_EQUAL(json, taken ? cases[i].json : true);
		CU_ASSERT_EQUAL(strstr(err.text, ": text or json") != NULL,
		    !taken);
	}
}

UNIT_MAIN("cli", UNIT(formats_are_two), UNIT(numbers_are_digits_in_range),
    UNIT(errors_have_one_form),
    UNIT(rounds_do_not_repeat_themselves))
