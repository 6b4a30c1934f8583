#include "dp_config.h"

#include "tests/unit/folder_of.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tools/log/log_socket.h"

static struct dp_diag diag;

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CU_ASSERT_FATAL(fd >= 0);
	strcpy(at.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&at,
	    sizeof(at)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, 1), 0);
	return fd;
}

static size_t read_all(int fd, char *to, size_t size_b)
{
	size_t done_b = 0;
	ssize_t n;

	while (done_b < size_b && (n = recv(fd, to + done_b,
		size_b - done_b, MSG_DONTWAIT)) > 0)
		done_b += (size_t)n;
	return done_b;
}

/* A peer that is late, slow, and goes and comes. */
static void peers_come_and_go(void)
{
	static char text[600000], heard[sizeof(text)];
	char path[512];
	struct dp_log_batch b = { .size_b = 0 };
	struct dp_log_socket *s;
	size_t got_b = 0;
	int listener, peer;

	snprintf(path, sizeof(path), "%s", folder_path("socket"));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	dp_log_batch_add(&b, text, sizeof(text));
	s = dp_log_socket_open(path, false);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(dp_log_socket_fd(s), -1);
	CU_ASSERT_EQUAL(dp_log_socket_write(s, &b, &diag), DP_ERR_IO);

	listener = listen_at(path);
	CU_ASSERT_EQUAL(dp_log_socket_write(s, &b, &diag), DP_ERR_BUSY);
	CU_ASSERT(dp_log_socket_fd(s) >= 0);
	peer = accept(listener, NULL, NULL);
	got_b = read_all(peer, heard, sizeof(heard));
	CU_ASSERT(got_b > 0 && got_b < sizeof(text));
	close(peer);
	CU_ASSERT_EQUAL(dp_log_socket_write(s, &b, &diag), DP_ERR_IO);

	got_b = 0; /* and all of it once more */
	CU_ASSERT_EQUAL(dp_log_socket_write(s, &b, &diag), DP_ERR_BUSY);
	peer = accept(listener, NULL, NULL);
	for (int i = 0; i < 100 && got_b < sizeof(text); i++) {
		got_b += read_all(peer, heard + got_b, sizeof(heard) - got_b);
		if (dp_log_socket_write(s, &b, &diag) == DP_OK)
			break;
	}
	got_b += read_all(peer, heard + got_b, sizeof(heard) - got_b);
	CU_ASSERT_EQUAL(got_b, sizeof(text));
	CU_ASSERT_EQUAL(memcmp(heard, text, sizeof(text)), 0);
	dp_log_socket_close(&s);
	CU_ASSERT_PTR_NULL(s);
	close(peer);
	close(listener);
	dp_log_batch_free(&b);
	folder_empty();
}

static void a_path_must_fit(void)
{
	char path[200];
	struct dp_log_batch b = { .size_b = 0 };
	struct dp_log_socket *s;

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	s = dp_log_socket_open(path, true);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(dp_log_socket_write(s, &b, &diag), DP_ERR_LIMIT);
	dp_log_socket_close(&s);
}

/* A pipe that nobody reads makes nobody wait; without a reader it is over. */
static void standard_output_is_never_waited_for(void)
{
	struct dp_log_batch b = { .size_b = 0 };
	struct dp_log_socket *s;
	int kept = dup(STDOUT_FILENO), ends[2];
	static char text[200000];
	enum dp_err busy, gone;

	memset(text, 'x', sizeof(text));
	dp_log_batch_add(&b, text, sizeof(text));
	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[1]);
	s = dp_log_socket_open(NULL, false);
	busy = s ? dp_log_socket_write(s, &b, &diag) : DP_ERR_NOMEM;
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	gone = s ? dp_log_socket_write(s, &b, &diag) : DP_ERR_NOMEM;
	signal(SIGPIPE, SIG_DFL);
	dp_log_socket_close(&s);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	CU_ASSERT_EQUAL(busy, DP_ERR_BUSY);
	CU_ASSERT_EQUAL(gone, DP_ERR_NOTFOUND);
	dp_log_batch_free(&b);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT(peers_come_and_go),
		UNIT(a_path_must_fit),
		UNIT(standard_output_is_never_waited_for),
		CU_TEST_INFO_NULL,
	};

	return unit_run("log_socket", folder_make, folder_remove, tests);
}
