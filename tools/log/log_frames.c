#include "dp_config.h"

#include "tools/log/log_frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fstrm.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define CONTENT "protobuf:dnstap.Dnstap"
#define PATIENCE_MS 3000

static bool control(struct dp_log_batch *to, fstrm_control_type type)
{
	uint8_t bytes[FSTRM_CONTROL_FRAME_LENGTH_MAX];
	struct fstrm_control *c = fstrm_control_init();
	bool plain = type == FSTRM_CONTROL_STOP || type == FSTRM_CONTROL_FINISH;
	size_t size_b = sizeof(bytes);
	bool made;

	made = fstrm_control_set_type(c, type) == fstrm_res_success &&
	    (plain || fstrm_control_add_field_content_type(c,
		(const uint8_t *)CONTENT, strlen(CONTENT)) ==
		fstrm_res_success) &&
	    fstrm_control_encode(c, bytes, &size_b,
		FSTRM_CONTROL_FLAG_WITH_HEADER) == fstrm_res_success;
	fstrm_control_destroy(&c);
	if (made)
		dp_log_batch_add(to, bytes, size_b);
	return made;
}

void dp_frames_start(struct dp_log_batch *to)
{
	(void)control(to, FSTRM_CONTROL_START);
}

void dp_frames_stop(struct dp_log_batch *to)
{
	(void)control(to, FSTRM_CONTROL_STOP);
}

void dp_frames_add(struct dp_log_batch *to, const void *bytes, size_t size_b)
{
	uint32_t len = htonl((uint32_t)size_b);

	dp_log_batch_add(to, &len, sizeof(len));
	dp_log_batch_add(to, bytes, size_b);
}

/* --- handshake ------------------------------------------------------------ */

static bool send_control(int fd, fstrm_control_type type)
{
	struct dp_log_batch b = { .size_b = 0 };
	bool sent = control(&b, type) && !b.starved &&
	    send(fd, b.bytes, b.size_b, MSG_NOSIGNAL | MSG_DONTWAIT) ==
		(ssize_t)b.size_b;

	dp_log_batch_free(&b);
	return sent;
}

static bool receive(int fd, uint8_t *bytes, size_t size_b)
{
	while (size_b > 0) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&ready, 1, PATIENCE_MS) <= 0)
			return false;
		n = recv(fd, bytes, size_b, MSG_DONTWAIT);
		if (n <= 0)
			return false;
		bytes += n;
		size_b -= (size_t)n;
	}
	return true;
}

/* A frame of that type that speaks of our content, if of any. */
static bool receive_control(int fd, fstrm_control_type wanted)
{
	uint8_t bytes[FSTRM_CONTROL_FRAME_LENGTH_MAX];
	struct fstrm_control *c;
	fstrm_control_type type;
	uint32_t head[2];
	bool fits;

	if (!receive(fd, (uint8_t *)head, sizeof(head)))
		return false;
	head[1] = ntohl(head[1]);
	if (head[0] != 0 || head[1] > sizeof(bytes) ||
	    !receive(fd, bytes, head[1]))
		return false;
	c = fstrm_control_init();
	fits = fstrm_control_decode(c, bytes, head[1], 0) ==
		fstrm_res_success &&
	    fstrm_control_get_type(c, &type) == fstrm_res_success &&
	    type == wanted &&
	    fstrm_control_match_field_content_type(c,
		(const uint8_t *)CONTENT, strlen(CONTENT)) ==
		fstrm_res_success;
	fstrm_control_destroy(&c);
	return fits;
}

enum dp_err dp_frames_greet(int fd, const char *name, struct dp_diag *diag)
{
	if (send_control(fd, FSTRM_CONTROL_READY) &&
	    receive_control(fd, FSTRM_CONTROL_ACCEPT) &&
	    send_control(fd, FSTRM_CONTROL_START))
		return DP_OK;
	dp_diag_set(diag, name, 0,
	    "who listens there does not accept dnstap over Frame Streams");
	return DP_ERR_IO;
}

void dp_frames_leave(int fd)
{
	if (send_control(fd, FSTRM_CONTROL_STOP))
		(void)receive_control(fd, FSTRM_CONTROL_FINISH);
}
