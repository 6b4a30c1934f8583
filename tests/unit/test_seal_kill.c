/*
 * kill -9 at any moment: a child seals a log into files, in writes of any size,
 * until a timer ends it wherever it is; the next one goes on. After each the
 * parent verifies the log, and at the end that each event is in it once.
 */
#include "dp_config.h"

#include "tests/unit/sealed.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "tools/seal/seal_copies.h"

#define ROUNDS 200
#define QUICK_ROUNDS 40
#define FILE_LINES 400 /* then the next file is begun */

static const char *auditor;
static uint64_t seed;
static struct dp_seal *writer;
static int log_fd, copies_fd;
static unsigned file;

static void file_path(char path[96], unsigned number)
{
	snprintf(path, 96, "%s/log.%06u", sealed_folder, number);
}

/* --- the child ------------------------------------------------------------ */

static void must(bool done)
{
	if (!done)
		_exit(EXIT_FAILURE);
}

static void copy(void *arg, const char *line, size_t line_b)
{
	(void)arg;
	must(dp_seal_copies_add(copies_fd, line, line_b));
}

/* Some octets at a time. */
static void flush(void)
{
	const char *text;
	size_t size_b;

	while ((text = dp_seal_output(writer, &size_b, NULL))) {
		size_t n = 1 + unit_random(&seed) % (2 * size_b);

		n = n < size_b ? n : size_b;
		must(write(log_fd, text, n) == (ssize_t)n);
		dp_seal_written(writer, n);
	}
}

static void open_file(void)
{
	char path[96];

	file_path(path, file);
	log_fd = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
	must(log_fd >= 0);
}

static void next_file(void)
{
	close(log_fd);
	file++;
	open_file();
	must(dp_seal_next_file(writer, SEALED_NOW) == DP_OK);
	flush();
}

static enum dp_err resume(void)
{
	uint64_t cut_b;

	return dp_seal_resume(writer, log_fd, "log", sealed_known, NULL,
	    SEALED_NOW, &cut_b, NULL);
}

/* The files as the last child left them. */
static void go_on(void)
{
	enum dp_err err;
	char path[96];

	file_path(path, file + 1);
	file += access(path, F_OK) == 0; /* begun, without a whole line */
	open_file();
	err = resume();
	if (err == DP_ERR_NOTFOUND) {
		must(ftruncate(log_fd, 0) == 0);
		if (file == 0) {
			must(dp_seal_begin(writer, SEALED_NOW) == DP_OK);
			flush();
			return;
		}
		close(log_fd);
		file--;
		open_file();
		err = resume();
		must(!err && dp_seal_file_ended(writer));
	}
	must(!err);
	flush();
	if (dp_seal_file_ended(writer))
		next_file();
}

/* The event behind the last one in the log. */
static unsigned next_event(void)
{
	uint64_t id, number, next = 0;
	uint32_t ring;

	for (size_t k = 0; dp_seal_position(writer, k, &ring, &id, &number);
	     k++)
		next = number >= next ? number + 1 : next;
	return (unsigned)next;
}

static void run(void)
{
	struct dp_seal_options o = { .key = sealed_key, .auditor = auditor,
		.block_lines = 20, .block_ms = 1000, .copy = copy };
	char path[96];

	snprintf(path, sizeof(path), "%s/copies", sealed_folder);
	must(dp_seal_copies_open(&copies_fd, path, NULL) == DP_OK);
	must(dp_seal_open(&writer, &o, NULL) == DP_OK);
	go_on();
	for (unsigned n = next_event();; n++) {
		struct dp_seal_item item = { .id = 7 };
		char text[64];

		item.line_b = (size_t)snprintf(text, sizeof(text),
		    "{\"n\":%u}", n);
		item.line = text;
		must(sealed_known(NULL, &item));
		must(dp_seal_add(writer, &item, SEALED_NOW) == DP_OK);
		if (unit_random(&seed) % 4 == 0)
			flush();
		if (n % FILE_LINES == FILE_LINES - 1) {
			must(dp_seal_end_file(writer, SEALED_NOW) == DP_OK);
			flush();
			next_file();
		}
	}
}

/* --- the parent ----------------------------------------------------------- */

static void found(void *arg, const struct dp_verify_finding *f)
{
	(void)arg;
	printf("\n%s:%lu-%lu: %s\n", f->path, (unsigned long)f->from_line,
	    (unsigned long)f->to_line, f->reason);
}

static struct {
	uint64_t next; /* number of the event that is expected */
	bool wrong;
} events;

/* Decrypted lines, or those of a file. */
static bool count_events(void *arg, const char *text, size_t size_b)
{
	const char *end = text + size_b, *next;

	(void)arg;
	for (; text < end && (next = memchr(text, '\n',
		(size_t)(end - text))); text = next + 1) {
		unsigned long n;

		if (sscanf(text, "{\"n\":%lu}", &n) != 1)
			continue;
		events.wrong |= n != events.next;
		events.next = n + 1;
	}
	return true;
}

static void verify_file(struct dp_verify *v, unsigned number, bool counts)
{
	static char text[1 << 20];
	char path[96];
	ssize_t n;
	int fd;

	file_path(path, number);
	fd = open(path, O_RDONLY);
	CU_ASSERT_FATAL(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	CU_ASSERT_FATAL(n >= 0 && n < (ssize_t)sizeof(text) - 1);
	text[n] = '\0';
	dp_verify_file_begin(v, path);
	CU_ASSERT_EQUAL_FATAL(dp_verify_octets(v, text, (size_t)n), DP_OK);
	dp_verify_file_end(v);
	if (counts)
		(void)count_events(NULL, text, (size_t)n);
}

/* Files from..to. */
static void verify(struct dp_verify_sum *sum, unsigned from, unsigned to,
    bool all)
{
	struct dp_verify_options o = { .key = sealed_public, .found = found,
		.plain = count_events, .still_open = true,
		.auditor = all && auditor ? sealed_secret : NULL };
	struct dp_verify *v;
	FILE *copies = NULL;
	char path[96];

	CU_ASSERT_EQUAL_FATAL(dp_verify_open(&v, &o), DP_OK);
	snprintf(path, sizeof(path), "%s/copies", sealed_folder);
	if (all) {
		copies = fopen(path, "r");
		CU_ASSERT_PTR_NOT_NULL_FATAL(copies);
		dp_verify_copies(v, copies, "copies");
	}
	for (unsigned i = from; i <= to; i++)
		verify_file(v, i, all && !auditor);
	dp_verify_end(v, sum);
	dp_verify_close(&v);
	if (copies)
		fclose(copies);
}

/* Has the file a whole line? One that was just begun says nothing yet. */
static bool has_line(unsigned number)
{
	static char text[DP_SEAL_LINE_MAX];
	char path[96];
	ssize_t n = -1;
	int fd;

	file_path(path, number);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text));
		close(fd);
	}
	return n > 0 && memchr(text, '\n', (size_t)n);
}

static void child_lives_and_dies(uint64_t random)
{
	struct itimerval until = { .it_value.tv_usec =
		(suseconds_t)(500 + random % 15000) };
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		seed = random;
		/* Its signal ends a process as SIGKILL does, between any two
		 * instructions. */
		signal(SIGALRM, SIG_DFL);
		must(setitimer(ITIMER_REAL, &until, NULL) == 0);
		run();
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE_FATAL(WIFSIGNALED(status));
}

static void kill_often(void)
{
	unsigned rounds = unit_turns(ROUNDS, QUICK_ROUNDS);
	struct dp_verify_sum sum;
	uint64_t random = 1;
	char path[96];

	file = 0;
	memset(&events, 0, sizeof(events));
	for (unsigned i = 0; i < rounds; i++) {
		unsigned from = file;

		child_lives_and_dies(unit_random(&random));
		if (!has_line(from))
			continue;
		while (has_line(file + 1))
			file++;
		verify(&sum, from, file, false);
		CU_ASSERT_EQUAL_FATAL(sum.findings, 0);
	}
	verify(&sum, 0, file, true);
	CU_ASSERT_EQUAL(sum.findings, 0);
	CU_ASSERT_FALSE(events.wrong);
	CU_ASSERT_TRUE(events.next > 1000);
	/* Encrypted, a block is in memory until it is closed. */
	CU_ASSERT_TRUE(auditor || sum.recovered > 0);
	CU_ASSERT_TRUE(sum.copies > 10);
	printf("%lu events, %u files, %lu blocks, %lu recovered, %lu octets "
	    "cut ", (unsigned long)events.next, file + 1,
	    (unsigned long)sum.blocks, (unsigned long)sum.recovered,
	    (unsigned long)sum.cut_b);
	for (unsigned i = 0; i <= file + 1; i++) {
		file_path(path, i);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/copies", sealed_folder);
	unlink(path);
}

static void a_log_survives_its_writers(void)
{
	auditor = NULL;
	kill_often();
}

static void an_encrypted_log_survives_them(void)
{
	auditor = sealed_auditor_pub;
	kill_often();
}

UNIT_MAIN_WITH("seal_kill", sealed_set_up, sealed_tear_down,
    UNIT(a_log_survives_its_writers), UNIT(an_encrypted_log_survives_them))
