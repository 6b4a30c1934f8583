/*
 * The tables of verb.def, and what is made from them: the parser of a verb's
 * options and the help texts. Single-threaded, because getopt(3) is.
 */
#ifndef DP_VERB_H
#define DP_VERB_H

#include <stdio.h>
#include "tools/cli.h"

struct dp_option {
	char letter;
	const char *arg;  /* name of its argument, "": takes none */
	const char *text;
};

struct dp_verb {
	const char *name;
	dp_verb_fn *run;
	const char *operands;
	const char *brief;
	const char *text;
	const char *examples; /* a line each */
};

extern const struct dp_verb dp_verbs[];
extern const size_t dp_verb_count;
extern const struct dp_option dp_globals[];
extern const size_t dp_global_count;

/* NULL: there is none of that name. */
const struct dp_verb *dp_verb_find(const char *name);

/* The k-th option of verb, NULL behind the last. */
const struct dp_option *dp_verb_option(const struct dp_verb *verb, size_t k);

/* All that the argument of this option can be, or with letter 0 the operand,
 * with a blank between; NULL: it can be anything. */
const char *dp_verb_words(const struct dp_verb *verb, char letter);

/*
 * getopt(3) for the verb argv[0]: the next option's letter with optarg set, -1
 * at the end with optind at the first operand, '?' when the command line is
 * wrong, which was said then: return DP_EXIT_USAGE.
 */
int dp_verb_getopt(int argc, char **argv);
/* The same for the options before the verb; stops at the verb. 'h' is --help,
 * 'V' --version. */
int dp_global_getopt(int argc, char **argv);

void dp_verb_help(FILE *out, const struct dp_verb *verb);
void dp_global_help(FILE *out);

#endif
