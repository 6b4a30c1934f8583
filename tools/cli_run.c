#include "dp_config.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/verb.h"

/* Nothing takes an empty argument: it is a variable of a script that was not
 * set. As -d it would name the root directory. */
static int find_empty(int argc, char **argv)
{
	int i = 1;

	while (i < argc && argv[i][0])
		i++;
	return i < argc ? i : 0;
}

/* Is --help among the verb's arguments? Any place will do, so that people may
 * append it to a command line that does not do what they want. */
static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int run_verb(const struct dp_cli *cli, int argc, char **argv)
{
	const struct dp_verb *verb;

	if (argc == 0)
		return dp_cli_usage(NULL, "a verb is missing");
	verb = dp_verb_find(argv[0]);
	if (!verb)
		return dp_cli_usage(NULL, "unknown verb %s", argv[0]);
	if (wants_help(argc, argv)) {
		dp_verb_help(stdout, verb);
		return DP_EXIT_OK;
	}
	/* 0 and not 1: glibc forgets its place in the arguments before. */
	optind = 0;
	return verb->run(cli, argc, argv);
}

/* The options in front of the verb; false when that was all, with the exit code
 * in *code. */
static bool parse(struct dp_cli *cli, const char **overrides, int argc,
    char **argv, int *code)
{
	int letter;

	*code = DP_EXIT_OK;
	while ((letter = dp_global_getopt(argc, argv)) != -1) {
		switch (letter) {
		case 'C':
			cli->conf = optarg;
			break;
		case 'd':
			cli->state_dir = optarg;
			break;
		case 'o':
			overrides[cli->override_count++] = optarg;
			break;
		case 'h':
			dp_global_help(stdout);
			return false;
		case 'V':
			printf("dnspin %s\n", PACKAGE_VERSION);
			return false;
		default:
			*code = DP_EXIT_USAGE;
			return false;
		}
	}
	return true;
}

int dp_cli_run(const char *state_dir, int argc, char **argv)
{
	struct dp_cli cli = { .state_dir = state_dir };
	int code, empty = find_empty(argc, argv);
	const char **overrides;

	if (empty)
		return dp_cli_usage(NULL, "argument %d is empty", empty);
	/* More -o than arguments there cannot be. */
	overrides = calloc((size_t)argc + 1, sizeof(*overrides));
	if (!overrides)
		return dp_cli_fail(DP_EXIT_FAILED, "start", "%s",
		    dp_err_text(DP_ERR_NOMEM));
	cli.overrides = overrides;
	optind = 0;
	if (parse(&cli, overrides, argc, argv, &code))
		code = run_verb(&cli, argc - optind, argv + optind);
	free(overrides);
	return code;
}
