#include "dp_config.h"

#include "tests/unit/command_line.h"

#include "tools/verb.h"

static struct command_line line;

static int run(const char *text)
{
	const struct dp_cli cli = { .state_dir = "/nowhere" };

	return command_line_run(&line, dp_verb_completion, &cli, text);
}

static void every_verb_is_in_it(void)
{
	static const char *const shells[] = { "completion bash",
		"completion zsh" };

	for (size_t s = 0; s < 2; s++) {
		CU_ASSERT_EQUAL(run(shells[s]), DP_EXIT_OK);
		CU_ASSERT_STRING_EQUAL(line.err.text, "");
		for (size_t i = 0; i < dp_verb_count; i++)
			CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text,
			    dp_verbs[i].name));
		CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "mode=observe"));
		CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "grace= "));
	}
}

/* The words are those that the help tells. */
static void words_are_in_the_help(void)
{
	size_t count = 0;

	for (size_t i = 0; i < dp_verb_count; i++) {
		const struct dp_verb *verb = &dp_verbs[i];
		const struct dp_option *option;

		for (size_t k = 0; (option = dp_verb_option(verb, k)); k++) {
			const char *words = dp_verb_words(verb,
			    option->letter);
			char copy[128], *rest = NULL;

			snprintf(copy, sizeof(copy), "%s", words ? words : "");
			for (char *word = strtok_r(copy, " ", &rest); word;
			     word = strtok_r(NULL, " ", &rest), count++)
				CU_ASSERT_PTR_NOT_NULL(strstr(option->text,
				    word));
			CU_ASSERT_EQUAL(words != NULL,
			    strcmp(option->arg, "FORMAT") == 0 ||
			    strcmp(option->arg, "VERDICT") == 0);
		}
	}
	CU_ASSERT(count > 0);
}

static void wrong_command_lines_are_told(void)
{
	static const char *const cases[][2] = {
		{ "completion", "one SHELL" },
		{ "completion bash zsh", "one SHELL" },
		{ "completion fish", "unknown shell fish" },
		{ "completion -x", "unknown option -x" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(run(cases[i][0]), DP_EXIT_USAGE);
		CU_ASSERT_STRING_EQUAL(line.out.text, "");
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, cases[i][1]));
	}
}

UNIT_MAIN("verb_completion", UNIT(every_verb_is_in_it),
    UNIT(words_are_in_the_help), UNIT(wrong_command_lines_are_told))
