/* The process: its streams, signals, environment and exit code. */
#include "dp_config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli.h"

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

int main(int argc, char **argv)
{
	struct sigaction on_bus_error = { .sa_handler = cut_short };
	const char *dir = getenv("DNSPIN_DIR");

	if (!streams_hold())
		return DP_EXIT_FAILED;
	sigaction(SIGBUS, &on_bus_error, NULL);
	if (sodium_init() < 0)
		return dp_cli_fail(DP_EXIT_FAILED, "start",
		    "libsodium finds no randomness");
	if (!dir || !dir[0])
		dir = DP_STATE_DIR_DEFAULT;
	return close_stdout(dp_cli_run(dir, argc, argv));
}
