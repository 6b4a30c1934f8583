#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/sealed_parts.h"

#include "tools/cli.h"

static struct sealed clear, secret;
static struct command_line line;
static char first[64], second[64], copies[64], hidden[64];

static int set_up(void)
{
	if (sealed_set_up() != 0)
		return -1;
	snprintf(first, sizeof(first), "%s/1", sealed_folder);
	snprintf(second, sizeof(second), "%s/2", sealed_folder);
	snprintf(copies, sizeof(copies), "%s/c", sealed_folder);
	snprintf(hidden, sizeof(hidden), "%s/h", sealed_folder);
	return 0;
}

static int tear_down(void)
{
	unlink(first);
	unlink(second);
	unlink(copies);
	unlink(hidden);
	return sealed_tear_down();
}

static void put(const char *path, const struct sealed_file *f)
{
	CU_ASSERT_TRUE_FATAL(unit_write(path, f->text, f->size_b));
}

static void logs_are_made(void)
{
	sealed_two(&clear);
	put(first, &clear.files[0]);
	put(second, &clear.files[1]);
	put(copies, &clear.copies);
	sealed_begin(&secret, sealed_key, sealed_auditor_pub);
	sealed_add(&secret, 2);
	sealed_stop(&secret);
	put(hidden, &secret.files[0]);
}

/* The words of the arguments: K is the public key's file, X the auditor's
 * secret, 1 and 2 are the files of the log, C its copies, H is encrypted. */
static int run(const char *arguments)
{
	const struct dp_cli cli = { .state_dir = "/nowhere" };
	char text[1024] = "verify";

	for (const char *c = arguments; *c; c++) {
		const char one[] = { *c, '\0' };

		strcat(text, *c == 'K' ? sealed_pub : *c == 'X'
			? sealed_auditor : *c == '1' ? first : *c == '2'
			? second : *c == 'C' ? copies : *c == 'H'
			? hidden : one);
	}
	return command_line_run(&line, dp_verb_verify, &cli, text);
}

static void logs_are_judged(void)
{
	static const struct {
		const char *arguments;
		int code;
		const char *out, *err; /* "": nothing; NULL: any */
	} cases[] = {
		{ " -k K 1 2", DP_EXIT_OK, "intact: 11 records in 5 blocks, 0 "
		    "lost in 0 gaps", "" },
		{ " -k K -P C 1 2", DP_EXIT_OK, "elsewhere: 7 checkpoints", "" },
		{ " -k K 1", DP_EXIT_OK, "it goes on in file 2", "" },
		{ " -k K -P C 1", DP_EXIT_FINDING, ": copy: the log lacks",
		    "" },
		{ " -k K 2 1", DP_EXIT_FINDING, "1:1: order", NULL },
		{ " -k K C", DP_EXIT_FINDING, "not intact: ", "" },
		{ " -k K -f json 1 2", DP_EXIT_OK, "\"intact\": true", "" },
		{ " 1 2", DP_EXIT_OK, "intact", "anybody may have made" },
		{ " -k K -x X H", DP_EXIT_OK, "{\"n\":0}\n{\"n\":1}\n",
		    "intact: 2 records" },
		{ " -k K -x X 1", DP_EXIT_FAILED, "", "is not encrypted" },
		{ " -k K -x K H", DP_EXIT_FAILED, "", "is a public key" },
		{ " -k X 1", DP_EXIT_FAILED, "", "is a secret key" },
		{ " -k K /nowhere", DP_EXIT_FAILED, "", "No such file" },
		{ " -k K -P /nowhere 1", DP_EXIT_FAILED, "", "No such file" },
		{ " -k K /", DP_EXIT_FAILED, "", "Is a directory" },
		{ " -k K", DP_EXIT_USAGE, "", "FILE is missing" },
		{ " -f xml 1", DP_EXIT_USAGE, "", "unknown format xml" },
		{ " -z 1", DP_EXIT_USAGE, "", "unknown option -z" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *out = cases[i].out, *err = cases[i].err;
		int code = run(cases[i].arguments);
		bool right = code == cases[i].code &&
		    (*out ? strstr(line.out.text, out) != NULL
			  : !line.out.text[0]) &&
		    (!err || (*err ? strstr(line.err.text, err) != NULL
				   : !line.err.text[0]));

		if (!right)
			printf("\n%s: %d\n%s%s", cases[i].arguments, code,
			    line.out.text, line.err.text);
		CU_ASSERT_TRUE(right);
	}
}

static void an_open_end_is_allowed_on_request(void)
{
	struct sealed_file f = clear.files[1];

	f.size_b -= 10;
	put(second, &f);
	CU_ASSERT_EQUAL(run(" -k K 1 2"), DP_EXIT_FINDING);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, ": open: "));
	CU_ASSERT_EQUAL(run(" -l -k K 1 2"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "not sealed, behind"));
	put(second, &clear.files[1]);
}

/* It is no log that somebody tampered with. */
static void what_is_compressed_is_told(void)
{
	static const char *const begins[] = { "\x1f\x8b\x08", "\3757zXZ",
		"\x28\xb5\x2f\xfd", "BZh9" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		CU_ASSERT_TRUE_FATAL(unit_write(second, begins[i],
		    strlen(begins[i])));
		CU_ASSERT_EQUAL(run(" -k K 1 2"), DP_EXIT_FAILED);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "compressed"));
		CU_ASSERT_TRUE_FATAL(unit_write(second, begins[i], 1));
		CU_ASSERT_EQUAL(run(" -k K 1 2"), DP_EXIT_FINDING);
	}
	put(second, &clear.files[1]);
}

UNIT_MAIN_WITH("verb_verify", set_up, tear_down, UNIT(logs_are_made),
    UNIT(logs_are_judged), UNIT(an_open_end_is_allowed_on_request),
    UNIT(what_is_compressed_is_told))
