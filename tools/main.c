#include "dp_config.h"

#include <errno.h>
#include <getopt.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/verb.h"

/* What a full disk swallowed must not look like success. */
static int close_stdout(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	return dp_cli_fail(DP_EXIT_FAILED, "standard output", "%s",
	    errno ? strerror(errno) : "write error");
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

static int run(struct dp_cli *cli, const char **overrides, int argc,
    char **argv)
{
	int letter;

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
			return DP_EXIT_OK;
		case 'V':
			printf("dnspin %s\n", PACKAGE_VERSION);
			return DP_EXIT_OK;
		default:
			return DP_EXIT_USAGE;
		}
	}
	return run_verb(cli, argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	const char *dir = getenv("DNSPIN_DIR");
	const char **overrides;
	struct dp_cli cli = { .state_dir = DP_STATE_DIR_DEFAULT };
	int code;

	if (dir && dir[0])
		cli.state_dir = dir;
	/* More -o than arguments there cannot be. */
	overrides = calloc((size_t)argc + 1, sizeof(*overrides));
	if (!overrides || sodium_init() < 0)
		return dp_cli_fail(DP_EXIT_FAILED, "start", "%s",
		    overrides ? "libsodium finds no randomness"
			      : dp_err_text(DP_ERR_NOMEM));
	cli.overrides = overrides;
	code = close_stdout(run(&cli, overrides, argc, argv));
	free(overrides);
	return code;
}
