#include "dp_config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/verb.h"

/* A standard stream that came closed gets a descriptor that fails at each use.
 * Else the next file to be opened would be in its place: a policy could be read
 * as standard input, or a message written into one. */
static bool streams_hold(void)
{
	static const int unfit[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null", unfit[fd]) != fd)
			return false;
	return true;
}

/* The map and the status file are read where they lie. Whoever writes them may
 * cut them short meanwhile; a read behind their end then comes here. */
static void cut_short(int signal)
{
	static const char text[] = "dnspin: the map or the status file was "
	    "cut short while it was read: try again\n";

	(void)signal;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(DP_EXIT_FAILED);
}

/* What a full disk swallowed must not look like success. */
static int close_stdout(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	return dp_cli_fail(DP_EXIT_FAILED, "standard output", "%s",
	    errno ? strerror(errno) : "write error");
}

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
	struct sigaction on_bus_error = { .sa_handler = cut_short };
	const char *dir = getenv("DNSPIN_DIR");
	const char **overrides;
	struct dp_cli cli = { .state_dir = DP_STATE_DIR_DEFAULT };
	int code, empty = find_empty(argc, argv);

	if (!streams_hold())
		return DP_EXIT_FAILED;
	sigaction(SIGBUS, &on_bus_error, NULL);
	if (empty)
		return dp_cli_usage(NULL, "argument %d is empty", empty);
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
