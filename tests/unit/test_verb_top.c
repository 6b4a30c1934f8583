#include "dp_config.h"

#include "tests/unit/command_line.h"
#include "tests/unit/rings_of.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "module/core/map.h"
#include "tools/verb.h"

static struct command_line line;

static int run(const char *text)
{
	const struct dp_cli cli = { .state_dir = rings_state };

	return command_line_run(&line, dp_verb_top, &cli, text);
}

static void tell(struct dp_ring *r, uint64_t time_us)
{
	static const uint8_t name[] = "\001x\007example\003org";
	struct dp_event e;

	memset(&e, 0, sizeof(e));
	e.fixed.time_us = time_us;
	e.name = name;
	e.name_b = sizeof(name);
	rings_tell(r, &e);
}

static void one_page_is_printed(void)
{
	struct dp_ring *r;

	rings_empty();
	CU_ASSERT_EQUAL(run("top -b"), DP_EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, "no events: has a "));
	r = rings_anew(1);
	for (uint64_t i = 0; i <= 10; i++)
		tell(r, 1595000000000000 + i * 1000000);
	CU_ASSERT_EQUAL(run("top -b"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "\n11 answers  0 lost"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "\n1.1/s  allow 100.0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, " ANSWERS NAME "));
	CU_ASSERT_PTR_NULL(strstr(line.out.text, "\n\n\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "     11 x.example.org\n"));
	CU_ASSERT_STRING_EQUAL(line.err.text, "");
	dp_ring_close(&r);
}

static void record(struct dp_map *map, const char *text, uint32_t now_s)
{
	struct dp_diag diag;
	struct dp_name name;
	struct dp_sighting s = { .name = &name, .ttl_s = 600,
		.addr = dp_addr_v4((uint8_t[]){ 203, 0, 113, 1 }),
		.lifetime_s = 660 };

	CU_ASSERT_EQUAL_FATAL(dp_name_from_text(&name, text, &diag), DP_OK);
	CU_ASSERT_EQUAL_FATAL(dp_map_record(map, &s, now_s), DP_OK);
}

/* Rings go back to a second; what was recorded before is not new. */
static void a_page_has_new_addresses(void)
{
	static const uint8_t key[DP_MAP_KEY_B] = { 1, 2, 3 };
	uint32_t now_s = (uint32_t)time(NULL);
	struct dp_ring *r = rings_anew(1);
	char path[128], lock[140];
	struct dp_map *map = NULL;
	struct dp_diag diag;

	snprintf(path, sizeof(path), "%s/" DP_STATE_MAP, rings_state);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	CU_ASSERT_EQUAL_FATAL(dp_map_open(&map, path, 64, key, now_s, &diag),
	    DP_OK);
	tell(r, (now_s - 5) * UINT64_C(1000000));
	record(map, "old.example.org", now_s - 6);
	record(map, "new.example.org", now_s - 5);
	dp_map_close(&map);
	CU_ASSERT_EQUAL(run("top -b"), DP_EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, "  1 new bindings\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(line.out.text, " new.example.org\n"));
	CU_ASSERT_PTR_NULL(strstr(line.out.text, "old.example.org"));
	unlink(path);
	unlink(lock);
	dp_ring_close(&r);
}

static const struct {
	const char *command;
	const char *err;
} wrong[] = {
	{ "top x", "unexpected argument x" },
	{ "top -i 0", "SECONDS must be 1 to 3600" },
	{ "top -i 1x", "SECONDS must be 1 to 3600" },
	{ "top", "must be a terminal: -b prints one page" },
};

static void what_is_wrong_is_said(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_EQUAL(run(wrong[i].command), DP_EXIT_USAGE);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.err.text, wrong[i].err));
	}
}

struct child {
	pid_t pid;
	int fd; /* its terminal's other end */
};

/* In the child; term: NULL for none. */
static void live(int terminal, const char *term)
{
	const struct dp_cli cli = { .state_dir = rings_state };
	char *argv[] = { (char[]){ "top" }, NULL };

	setsid();
	(void)ioctl(terminal, TIOCSCTTY, 0);
	dup2(terminal, 0);
	dup2(terminal, 1);
	signal(SIGHUP, SIG_IGN); /* as under nohup */
	if (term)
		setenv("TERM", term, 1);
	else
		unsetenv("TERM");
	optind = 0;
	_exit(dp_verb_top(&cli, 1, argv));
}

/* Reads until text was drawn; false: it did not come for long. */
static bool drawn(int fd, const char *text)
{
	static char all[1 << 20];
	size_t n = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (n < sizeof(all) - 1 && poll(&p, 1, 20000) == 1) {
		ssize_t got = read(fd, all + n, sizeof(all) - 1 - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
		all[n] = '\0';
		if (memmem(all, n, text, strlen(text)))
			return true;
	}
	return false;
}

static struct child start(const char *term)
{
	struct winsize size = { 40, 100, 0, 0 };
	struct child c = { .fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) };
	int terminal;

	CU_ASSERT_FATAL(c.fd >= 0 && grantpt(c.fd) == 0 &&
	    unlockpt(c.fd) == 0);
	terminal = open(ptsname(c.fd), O_RDWR | O_NOCTTY);
	CU_ASSERT_FATAL(terminal >= 0);
	CU_ASSERT_EQUAL(ioctl(c.fd, TIOCSWINSZ, &size), 0);
	fflush(NULL);
	c.pid = fork();
	CU_ASSERT_FATAL(c.pid >= 0);
	if (c.pid == 0) {
		close(c.fd); /* or it never hangs up */
		live(terminal, term);
	}
	close(terminal);
	return c;
}

static int end_of(struct child c)
{
	int status = -1;

	CU_ASSERT_EQUAL(waitpid(c.pid, &status, 0), c.pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void it_runs_on_a_terminal(void)
{
	struct dp_ring *r = rings_anew(1);
	struct child c = start("vt100");
	int fd = c.fd;

	CU_ASSERT(drawn(fd, "q quit  p pause  r reset"));
	tell(r, 1595000000000000);
	CU_ASSERT(drawn(fd, "x.example.org"));
	CU_ASSERT_EQUAL(write(fd, "p", 1), 1);
	CU_ASSERT(drawn(fd, "PAUSED"));
	CU_ASSERT_EQUAL(write(fd, "q", 1), 1);
	while (drawn(fd, "never"))
		;
	CU_ASSERT_EQUAL(end_of(c), DP_EXIT_OK);
	close(fd);
	dp_ring_close(&r);
}

static void a_terminal_of_no_kind_is_refused(void)
{
	static const char *const terms[] = { NULL, "", "no-such-terminal" };

	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		struct child c = start(terms[i]);

		CU_ASSERT_EQUAL(end_of(c), DP_EXIT_FAILED);
		close(c.fd);
	}
}

/* As by Ctrl-C, or by kill. */
static void a_signal_ends_it_in_good_order(void)
{
	static const int signals[] = { SIGINT, SIGTERM };
	struct dp_ring *r = rings_anew(1);

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct child c = start("vt100");

		CU_ASSERT(drawn(c.fd, "q quit  p pause  r reset"));
		CU_ASSERT_EQUAL(kill(c.pid, signals[i]), 0);
		while (drawn(c.fd, "never"))
			;
		CU_ASSERT_EQUAL(end_of(c), DP_EXIT_OK);
		close(c.fd);
	}
	dp_ring_close(&r);
}

static void it_ends_when_the_terminal_is_gone(void)
{
	struct dp_ring *r = rings_anew(1);
	struct child c = start("vt100");

	CU_ASSERT(drawn(c.fd, "q quit  p pause  r reset"));
	close(c.fd);
	CU_ASSERT_EQUAL(end_of(c), DP_EXIT_OK);
	dp_ring_close(&r);
}

UNIT_MAIN_WITH("verb_top", rings_make, rings_remove,
    UNIT(one_page_is_printed),
    UNIT(a_page_has_new_addresses),
    UNIT(what_is_wrong_is_said),
    UNIT(it_runs_on_a_terminal),
    UNIT(a_terminal_of_no_kind_is_refused),
    UNIT(a_signal_ends_it_in_good_order),
    UNIT(it_ends_when_the_terminal_is_gone))
