#include "tools/verb.h"

#include <getopt.h>
#include <string.h>

#define WIDTH 79

enum verb_id {
#define DP_VERB(id, function, name, operands, brief, text, examples) VERB_##id,
#include "tools/verb.def"
};

const struct dp_verb dp_verbs[] = {
#define DP_VERB(id, function, name, operands, brief, text, examples) \
	{ name, dp_verb_##function, operands, brief, text, examples },
#include "tools/verb.def"
};
const size_t dp_verb_count = sizeof(dp_verbs) / sizeof(dp_verbs[0]);

const struct dp_option dp_globals[] = {
#define DP_GLOBAL(letter, arg, text) { letter, arg, text },
#include "tools/verb.def"
};
const size_t dp_global_count = sizeof(dp_globals) / sizeof(dp_globals[0]);

static const struct verb_option {
	int verb; /* enum verb_id; -1 in the last line, which is none */
	struct dp_option option;
} options[] = {
#define DP_OPTION(id, letter, arg, text) { VERB_##id, { letter, arg, text } },
#include "tools/verb.def"
	{ -1, { 0, NULL, NULL } },
};

static const struct verb_words {
	int verb; /* as above */
	char letter;
	const char *words;
} words[] = {
#define DP_WORDS(id, letter, words) { VERB_##id, letter, words },
#include "tools/verb.def"
	{ -1, 0, NULL },
};

const struct dp_verb *dp_verb_find(const char *name)
{
	for (size_t i = 0; i < dp_verb_count; i++)
		if (strcmp(dp_verbs[i].name, name) == 0)
			return &dp_verbs[i];
	return NULL;
}

const struct dp_option *dp_verb_option(const struct dp_verb *verb, size_t k)
{
	for (const struct verb_option *o = options; o->verb >= 0; o++)
		if (&dp_verbs[o->verb] == verb && k-- == 0)
			return &o->option;
	return NULL;
}

const char *dp_verb_words(const struct dp_verb *verb, char letter)
{
	const struct verb_words *w = words;

	while (w->verb >= 0 &&
	    (&dp_verbs[w->verb] != verb || w->letter != letter))
		w++;
	return w->words;
}

static void add_letter(char *letters, const struct dp_option *option)
{
	size_t len = strlen(letters);

	letters[len] = option->letter;
	letters[len + 1] = option->arg[0] ? ':' : '\0';
	letters[len + 2] = '\0';
}

static bool is_global(int letter)
{
	for (size_t i = 0; i < dp_global_count; i++)
		if (dp_globals[i].letter == letter)
			return true;
	return false;
}

/* One step of getopt; says what is wrong. */
static int step(const char *verb, int argc, char **argv, const char *letters,
    const struct option *longs)
{
	int letter;

	opterr = 0;
	letter = getopt_long(argc, argv, letters, longs, NULL);
	if (letter == ':') {
		dp_cli_usage(verb, "option -%c needs an argument", optopt);
		return '?';
	}
	if (letter != '?')
		return letter;
	/* optopt is 0 for a long option, or its letter where it stands with
	 * an argument that it does not take. */
	if (!optopt || strncmp(argv[optind - 1], "--", 2) == 0)
		dp_cli_usage(verb, "unknown option %s", argv[optind - 1]);
	else if (verb && is_global(optopt))
		dp_cli_usage(verb, "option -%c stands before the verb: dnspin "
		    "-%c ... %s", optopt, optopt, verb);
	else
		dp_cli_usage(verb, "unknown option -%c", optopt);
	return '?';
}

int dp_verb_getopt(int argc, char **argv)
{
	static const struct option none[] = { { NULL, 0, NULL, 0 } };
	const struct dp_verb *verb = dp_verb_find(argv[0]);
	const struct dp_option *option;
	char letters[128] = ":";

	for (size_t k = 0; verb && (option = dp_verb_option(verb, k)); k++)
		add_letter(letters, option);
	return step(argv[0], argc, argv, letters, none);
}

int dp_global_getopt(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	char letters[128] = "+:hV"; /* +: what follows the verb is the verb's */

	for (size_t i = 0; i < dp_global_count; i++)
		add_letter(letters, &dp_globals[i]);
	return step(NULL, argc, argv, letters, longs);
}

/* text in lines of WIDTH, each behind indent spaces; the first line goes on
 * where the cursor stands, at indent. */
static void say_wrapped(FILE *out, int indent, const char *text)
{
	int column = indent;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column > indent && column + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", len, text);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void say_option(FILE *out, const struct dp_option *option)
{
	enum { INDENT = 16 };
	int len = fprintf(out, "  -%c %s", option->letter, option->arg);

	if (len >= INDENT)
		fprintf(out, "\n%*s", INDENT, "");
	else
		fprintf(out, "%*s", INDENT - len, "");
	say_wrapped(out, INDENT, option->text);
}

/* A line for the options and operands, more where it would be too long. */
static void say_usage(FILE *out, const struct dp_verb *verb)
{
	enum { INDENT = 7 };
	const struct dp_option *option;
	int column = fprintf(out, "usage: dnspin [options] %s", verb->name);
	int operands_b = (int)strlen(verb->operands);

	for (size_t k = 0; (option = dp_verb_option(verb, k)); k++) {
		bool has_arg = option->arg[0] != '\0';
		int word_b = (int)(strlen(" [-c]") + has_arg +
		    strlen(option->arg));

		if (column + word_b > WIDTH)
			column = fprintf(out, "\n%*s", INDENT, "") - 1;
		column += fprintf(out, " [-%c%s%s]", option->letter,
		    has_arg ? " " : "", option->arg);
	}
	if (operands_b > 0 && column + 1 + operands_b > WIDTH)
		fprintf(out, "\n%*s", INDENT, "");
	fprintf(out, "%s%s\n\n", operands_b > 0 ? " " : "", verb->operands);
}

void dp_verb_help(FILE *out, const struct dp_verb *verb)
{
	const struct dp_option *option;

	say_usage(out, verb);
	say_wrapped(out, 0, verb->text);
	fputc('\n', out);
	for (size_t k = 0; (option = dp_verb_option(verb, k)); k++)
		say_option(out, option);
	fprintf(out, "%sexample:\n", dp_verb_option(verb, 0) ? "\n" : "");
	for (const char *line = verb->examples; *line;) {
		int len = (int)strcspn(line, "\n");

		fprintf(out, "  %.*s\n", len, line);
		line += len;
		line += *line == '\n';
	}
	fprintf(out, "\n'dnspin --help' lists the options before the verb; "
	    "the manual is dnspin(1).\n");
}

void dp_global_help(FILE *out)
{
	fprintf(out, "usage: dnspin [-C FILE] [-d DIR] [-o KEY=VALUE]... VERB "
	    "[ARGUMENT...]\n\n");
	for (size_t i = 0; i < dp_verb_count; i++)
		fprintf(out, "  %-14s%s\n", dp_verbs[i].name,
		    dp_verbs[i].brief);
	fputc('\n', out);
	for (size_t i = 0; i < dp_global_count; i++)
		say_option(out, &dp_globals[i]);
	fprintf(out, "  --help        print this text; after a verb: what it "
	    "does\n  --version     print the version\n\n"
	    "default settings file: %s\ndefault state directory: %s\n"
	    "exit status: 0 done, 1 failed, 2 wrong command line, 3 a finding "
	    "(denied name,\nbad signature). The manual is dnspin(1).\n",
	    DP_CONF_DEFAULT, DP_STATE_DIR_DEFAULT);
}
