#include "dp_config.h"

#include "tools/log/log_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/log/log_frames.h"

#define PIPE_B 4096u /* a pipe that is ready takes so much without waiting */

struct dp_log_socket {
	const char *path; /* NULL: standard output */
	bool frames;
	int fd;
	bool is_socket;
	bool is_file;
	size_t done_b; /* of the batch */
};

struct dp_log_socket *dp_log_socket_open(const char *path, bool frames)
{
	struct dp_log_socket *s = calloc(1, sizeof(*s));
	struct stat st;

	if (!s)
		return NULL;
	s->path = path;
	s->frames = frames;
	s->fd = path ? -1 : STDOUT_FILENO;
	s->is_socket = path != NULL;
	if (!path && fstat(s->fd, &st) == 0) {
		s->is_socket = S_ISSOCK(st.st_mode);
		s->is_file = S_ISREG(st.st_mode);
	}
	return s;
}

int dp_log_socket_fd(const struct dp_log_socket *s)
{
	return s->fd;
}

static void disconnect(struct dp_log_socket *s)
{
	if (s->path && s->fd >= 0) {
		close(s->fd);
		s->fd = -1;
		s->done_b = 0;
	}
}

void dp_log_socket_close(struct dp_log_socket **s)
{
	if (!*s)
		return;
	if ((*s)->path && (*s)->fd >= 0 && (*s)->frames)
		dp_frames_leave((*s)->fd);
	disconnect(*s);
	free(*s);
	*s = NULL;
}

static const char *name_of(const struct dp_log_socket *s)
{
	return s->path ? s->path : "standard output";
}

static enum dp_err refused(const struct dp_log_socket *s, const char *what,
    struct dp_diag *diag)
{
	dp_diag_set(diag, name_of(s), 0, "cannot %s: %s", what,
	    strerror(errno));
	return DP_ERR_IO;
}

static enum dp_err connect_to(struct dp_log_socket *s, struct dp_diag *diag)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	enum dp_err err = DP_OK;

	if (strlen(s->path) >= sizeof(to.sun_path)) {
		dp_diag_set(diag, s->path, 0, "is too long for a socket");
		return DP_ERR_LIMIT;
	}
	strcpy(to.sun_path, s->path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return refused(s, "make a socket", diag);
	if (connect(s->fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		err = refused(s, "connect", diag);
	if (err == DP_OK && s->frames)
		err = dp_frames_greet(s->fd, s->path, diag);
	if (err != DP_OK)
		disconnect(s);
	return err;
}

/* As write(2), but EAGAIN where it would wait. */
static ssize_t write_some(const struct dp_log_socket *s, const uint8_t *bytes,
    size_t size_b)
{
	struct pollfd ready = { .fd = s->fd, .events = POLLOUT };

	if (s->is_socket)
		return send(s->fd, bytes, size_b, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (s->is_file)
		return write(s->fd, bytes, size_b);
	if (poll(&ready, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(s->fd, bytes, size_b < PIPE_B ? size_b : PIPE_B);
}

enum dp_err dp_log_socket_write(struct dp_log_socket *s,
    const struct dp_log_batch *batch, struct dp_diag *diag)
{
	enum dp_err err = s->fd < 0 ? connect_to(s, diag) : DP_OK;

	if (err != DP_OK)
		return err;
	while (s->done_b < batch->size_b) {
		ssize_t n = write_some(s, batch->bytes + s->done_b,
		    batch->size_b - s->done_b);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return DP_ERR_BUSY;
		if (n < 0) {
			err = refused(s, "write", diag);
			if (!s->path && errno == EPIPE)
				err = DP_ERR_NOTFOUND;
			disconnect(s);
			return err;
		}
		s->done_b += (size_t)n;
	}
	s->done_b = 0;
	return DP_OK;
}
