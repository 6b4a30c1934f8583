#include "dp_config.h"

#include "tools/enable/checkconf.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* All that comes out of fd, as far as it fits, as text without the last line
 * end. */
static void read_all(int fd, char text[DP_CHECKCONF_MAX])
{
	char rest[512];
	size_t len = 0;
	ssize_t n;

	for (;;) {
		bool fits = len < DP_CHECKCONF_MAX - 1;

		n = fits ? read(fd, text + len, DP_CHECKCONF_MAX - 1 - len)
			 : read(fd, rest, sizeof(rest));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += fits ? (size_t)n : 0;
	}
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\0'))
		len--;
	text[len] = '\0';
}

/* Standard input is empty; what it says on standard error is wanted where it
 * checks, and not where it prints a value. 0 or an errno. */
static int spawn(pid_t *pid, const struct dp_checkconf *c, const char *option,
    int out)
{
	/* posix_spawn() wants them so and does not write to them. */
	char *argv[5] = { (char *)c->program };
	posix_spawn_file_actions_t files;
	int n = 1, err = posix_spawn_file_actions_init(&files);

	if (err)
		return err;
	if (option) {
		argv[n++] = "-o";
		argv[n++] = (char *)option;
	}
	argv[n] = (char *)c->conf;
	err = posix_spawn_file_actions_addopen(&files, STDIN_FILENO,
	    "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&files, out,
		    STDOUT_FILENO);
	if (!err && option)
		err = posix_spawn_file_actions_addopen(&files, STDERR_FILENO,
		    "/dev/null", O_WRONLY, 0);
	else if (!err)
		err = posix_spawn_file_actions_adddup2(&files, out,
		    STDERR_FILENO);
	if (!err)
		err = posix_spawn(pid, c->program, &files, NULL, argv,
		    environ);
	posix_spawn_file_actions_destroy(&files);
	return err;
}

/* Run it to its end; *good: with exit status 0. */
static enum dp_err run(const struct dp_checkconf *c, const char *option,
    char said[DP_CHECKCONF_MAX], bool *good, struct dp_diag *diag)
{
	int ends[2], err, status = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		dp_diag_set(diag, c->program, 0, "cannot be run: %s",
		    strerror(errno));
		return DP_ERR_IO;
	}
	err = spawn(&pid, c, option, ends[1]);
	close(ends[1]);
	if (!err) {
		read_all(ends[0], said);
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			;
	}
	close(ends[0]);
	if (err) {
		dp_diag_set(diag, c->program, 0, "cannot be run: %s: name the "
		    "one of your server with -x", strerror(err));
		return DP_ERR_IO;
	}
	*good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return DP_OK;
}

/* Lines as one, without the "[time] unbound-checkconf[pid:0] " in front. */
static void join_lines(char *out, size_t size_b, char *said)
{
	char *rest = NULL;
	size_t n = 0;

	out[0] = '\0';
	for (char *line = strtok_r(said, "\n", &rest); line && n < size_b;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *behind = line[0] == '[' ? strstr(line, ":0] ") : NULL;

		n += (size_t)snprintf(out + n, size_b - n, "%s%s",
		    n ? "; " : "", behind ? behind + strlen(":0] ") : line);
	}
}

enum dp_err dp_checkconf_passes(const struct dp_checkconf *c,
    struct dp_diag *diag)
{
	char said[DP_CHECKCONF_MAX], line[400];
	bool good = false;
	enum dp_err err = run(c, NULL, said, &good, diag);

	if (err || good)
		return err;
	join_lines(line, sizeof(line), said);
	dp_diag_set(diag, c->conf ? c->conf : c->program, 0, "%s",
	    line[0] ? line : "is refused without a word");
	return DP_ERR_SYNTAX;
}

enum dp_err dp_checkconf_option(const struct dp_checkconf *c,
    const char *option, char value[DP_CHECKCONF_MAX], struct dp_diag *diag)
{
	char said[DP_CHECKCONF_MAX];
	bool good = false;
	enum dp_err err = run(c, option, said, &good, diag);

	if (err)
		return err;
	if (!good) {
		dp_diag_set(diag, c->program, 0, "does not tell %s: run it to "
		    "see what is wrong", option);
		return DP_ERR_SYNTAX;
	}
	memcpy(value, said, strlen(said) + 1);
	return DP_OK;
}
