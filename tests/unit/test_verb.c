#include "dp_config.h"

#include "tests/unit/command_line.h"
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
static void parse(const char *text, char *out)
{
	static struct command_line line;
	int letter;

	command_line_begin(&line, text);
	while ((letter = dp_verb_getopt(line.argc, line.argv)) != -1 &&
	    letter != '?')
		out += sprintf(out, "%c%s ", letter, optarg ? optarg : "");
	command_line_end(&line);
	*out++ = letter == '?' ? '?' : '|';
	for (int i = optind; letter == -1 && i < line.argc; i++)
		out += sprintf(out, "%s ", line.argv[i]);
	*out = '\0';
	CU_ASSERT_EQUAL(line.err.text[0] != '\0', letter == '?');
}

static void options_are_parsed(void)
{
	static const struct {
		const char *line;
		const char *want;
	} cases[] = {
		{ "compile", "|" },
		{ "compile -n a b", "n |a b " },
		{ "compile -nkK -", "n kK |- " },
		{ "compile a -k K", "kK |a " },
		{ "compile -- -n", "|-n " },
		{ "compile -k", "?" },
		{ "compile -x", "?" },
		{ "compile --no", "?" },
		{ "keygen -n", "?" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[256];

		parse(cases[i].line, out);
		CU_ASSERT_STRING_EQUAL(out, cases[i].want);
	}
}

/* What cannot be parted is as long as it is: a path, by where it was installed.
 */
static bool is_one_word(const char *line, size_t len)
{
	size_t indent = strspn(line, " ");

	return indent < len && !memchr(line + indent, ' ', len - indent);
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

		CU_ASSERT(len < 80 || is_one_word(line, len));
		CU_ASSERT(len == 0 || line[len - 1] != ' ');
		line += len + 1;
	}
	free(text);
}

UNIT_MAIN("verb", UNIT(every_verb_is_found_and_complete),
    UNIT(options_are_parsed), UNIT(help_fits_a_terminal))
