#include "dp_config.h"

#include "tests/unit/unit.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/verb.h"

static void every_verb_is_found_and_complete(void)
{
	CU_ASSERT(dp_verb_count > 0);
	for (size_t i = 0; i < dp_verb_count; i++) {
		const struct dp_verb *verb = &dp_verbs[i];
		const struct dp_option *option;

		CU_ASSERT_PTR_EQUAL(dp_verb_find(verb->name), verb);
		CU_ASSERT_PTR_NOT_NULL(verb->run);
		CU_ASSERT_NOT_EQUAL(verb->brief[0], '\0');
		CU_ASSERT_NOT_EQUAL(verb->text[0], '\0');
		CU_ASSERT_EQUAL(strncmp(verb->examples, "dnspin", 6), 0);
		for (size_t k = 0; (option = dp_verb_option(verb, k)); k++) {
			/* h is --help everywhere. */
			CU_ASSERT_NOT_EQUAL(option->letter, 'h');
			CU_ASSERT_NOT_EQUAL(option->text[0], '\0');
			for (size_t j = 0; j < k; j++)
				CU_ASSERT_NOT_EQUAL(option->letter,
				    dp_verb_option(verb, j)->letter);
		}
	}
	CU_ASSERT_PTR_NULL(dp_verb_find("fly"));
	CU_ASSERT_PTR_NULL(dp_verb_find(""));
}

/* The letters of a command line with their arguments, then '|' and the
 * operands; wrong ones end with '?'. */
static void parse(char **argv, char *out)
{
	int argc = 0, letter, kept = dup(STDERR_FILENO);

	while (argv[argc])
		argc++;
	CU_ASSERT_FATAL(kept >= 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(freopen("/dev/null", "w", stderr));
	optind = 0;
	while ((letter = dp_verb_getopt(argc, argv)) != -1 && letter != '?')
		out += sprintf(out, "%c%s ", letter, optarg ? optarg : "");
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	*out++ = letter == '?' ? '?' : '|';
	for (int i = optind; letter == -1 && i < argc; i++)
		out += sprintf(out, "%s ", argv[i]);
	*out = '\0';
}

static void options_are_parsed(void)
{
	static const struct {
		const char *argv[6];
		const char *want;
	} cases[] = {
		{ { "compile" }, "|" },
		{ { "compile", "-n", "a", "b" }, "n |a b " },
		{ { "compile", "-nkK", "-" }, "n kK |- " },
		{ { "compile", "a", "-k", "K" }, "kK |a " },
		{ { "compile", "--", "-n" }, "|-n " },
		{ { "compile", "-k" }, "?" },
		{ { "compile", "-x" }, "?" },
		{ { "compile", "--no" }, "?" },
		{ { "keygen", "-n" }, "?" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *argv[6], out[256];

		for (int k = 0; k < 6; k++)
			argv[k] = cases[i].argv[k] ? strdup(cases[i].argv[k])
						   : NULL;
		parse(argv, out);
		CU_ASSERT_STRING_EQUAL(out, cases[i].want);
		/* getopt moves them about, and loses none. */
		for (int k = 0; k < 6; k++)
			free(argv[k]);
	}
}

static void help_fits_a_terminal(void)
{
	char *text = NULL;
	size_t size_b = 0;
	FILE *out = open_memstream(&text, &size_b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for (size_t i = 0; i < dp_verb_count; i++)
		dp_verb_help(out, &dp_verbs[i]);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	for (char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		CU_ASSERT(len < 80);
		CU_ASSERT(len == 0 || line[len - 1] != ' ');
		line += len + 1;
	}
	free(text);
}

UNIT_MAIN("verb", UNIT(every_verb_is_found_and_complete),
    UNIT(options_are_parsed), UNIT(help_fits_a_terminal))
