#include "dp_config.h"

#include "tools/nft/nft_private.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_S 5	  /* the kernel answers before send returns */
#define RECEIVE_B 1048576 /* room for an error of each message */

enum dp_err dp_nft_refused(struct dp_diag *diag, const char *object, int code)
{
	const char *hint = code == EPERM ? " (CAP_NET_ADMIN is needed)" :
	    code == ENFILE ? " (the set is full: it was made with a size)" : "";

	dp_diag_set(diag, object, 0, "the kernel says: %s%s", strerror(code),
	    hint);
	return DP_ERR_IO;
}

static int socket_open(struct dp_nft *nft)
{
	struct timeval limit = { .tv_sec = ANSWER_S };
	int one = 1, size_b = RECEIVE_B, fd;

	nft->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nft->socket || mnl_socket_bind(nft->socket, 0, MNL_SOCKET_AUTOPID))
		return errno;
	nft->port = mnl_socket_get_portid(nft->socket);
	fd = mnl_socket_get_fd(nft->socket);
	/* A small buffer only means that errors get lost, which shows. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size_b,
	    sizeof(size_b));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit))
	    ? errno : 0;
}

enum dp_err dp_nft_open(struct dp_nft **out, const char *table,
    struct dp_diag *diag)
{
	struct dp_nft *nft = calloc(1, sizeof(*nft));
	int code = ENOMEM;

	if (nft) {
		nft->send = malloc(DP_NFT_SEND_B);
		nft->recv = malloc(DP_NFT_RECV_B);
		if (strlen(table) >= sizeof(nft->table))
			code = ENAMETOOLONG;
		else if (nft->send && nft->recv)
			code = socket_open(nft);
	}
	if (code) {
		dp_nft_close(&nft);
		dp_diag_set(diag, "netlink", 0, "%s", strerror(code));
		return DP_ERR_IO;
	}
	memcpy(nft->table, table, strlen(table) + 1);
	dp_nft_begin(nft);
	*out = nft;
	return DP_OK;
}

void dp_nft_close(struct dp_nft **nft)
{
	if (!*nft)
		return;
	if ((*nft)->socket)
		mnl_socket_close((*nft)->socket);
	if ((*nft)->news)
		mnl_socket_close((*nft)->news);
	free((*nft)->send);
	free((*nft)->recv);
	free(*nft);
	*nft = NULL;
}

const char *dp_nft_table(const struct dp_nft *nft)
{
	return nft->table;
}

struct nlmsghdr *dp_nft_header(struct dp_nft *nft, char *at, uint16_t type,
    uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(at, type, NFPROTO_INET, flags, ++nft->seq);
}

/* The next datagram; below 0: -errno. */
static ssize_t receive(struct dp_nft *nft)
{
	ssize_t n;

	do
		n = mnl_socket_recvfrom(nft->socket, nft->recv, DP_NFT_RECV_B);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return n;
}

/* Any change of anybody's to the ruleset marks what is dumped meanwhile as
 * inconsistent; which of them count dp_nft_foreign tells. */
static void inconsistency_pass(void *messages, size_t size_b)
{
	struct nlmsghdr *m = messages;
	int left = (int)size_b;

	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
		m->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
}

/* What an earlier request left behind, when it ended early, must not be taken
 * for an answer to the next: mnl_cb_run tells them apart by number. */
int dp_nft_ask(struct dp_nft *nft, const struct nlmsghdr *request,
    mnl_cb_t cb, void *arg)
{
	int state = MNL_CB_OK;

	if (mnl_socket_sendto(nft->socket, request, request->nlmsg_len) < 0)
		return errno;
	while (state == MNL_CB_OK) {
		ssize_t n = receive(nft);

		if (n < 0)
			return (int)-n;
		if (((const struct nlmsghdr *)(void *)nft->recv)->nlmsg_seq !=
		    request->nlmsg_seq)
			continue;
		inconsistency_pass(nft->recv, (size_t)n);
		state = mnl_cb_run(nft->recv, (size_t)n, request->nlmsg_seq,
		    nft->port, cb, arg);
		if (state < 0)
			return errno;
	}
	return 0;
}

void dp_nft_begin(struct dp_nft *nft)
{
	nft->first_seq = ++nft->seq;
	nft->send_b = nftnl_batch_begin(nft->send, nft->seq)->nlmsg_len;
	nft->messages = 0;
	nft->changes = 0;
}

char *dp_nft_next(struct dp_nft *nft)
{
	return nft->send + nft->send_b;
}

/* Numbered from the begin on, whatever was asked meanwhile. */
void dp_nft_put(struct dp_nft *nft, struct nlmsghdr *message)
{
	nft->last = nft->send + nft->send_b;
	nft->send_b += (message->nlmsg_len + 3u) & ~3u; /* MNL_ALIGNTO */
	message->nlmsg_seq = nft->first_seq + (uint32_t)++nft->messages;
}

/*
 * The last message asks for an answer, so there is one in any case; errors of
 * those before it come first. A transaction that fails as a whole is answered
 * under the number of its begin.
 */
static int answers_read(struct dp_nft *nft, uint32_t last_seq, long *failed)
{
	int code = 0;

	for (;;) {
		const struct nlmsghdr *m = (const void *)nft->recv;
		ssize_t n = receive(nft);
		int left = (int)n;

		if (n < 0)
			return (int)-n;
		for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(m);
			uint32_t place = m->nlmsg_seq - nft->first_seq;

			if (m->nlmsg_type != NLMSG_ERROR ||
			    place > last_seq - nft->first_seq)
				continue;
			if (e->error && !code) {
				code = -e->error;
				*failed = (long)place - 1;
			}
			if (place == 0 || m->nlmsg_seq == last_seq)
				return code;
		}
	}
}

int dp_nft_send(struct dp_nft *nft, long *failed)
{
	struct nlmsghdr *last = (void *)nft->last;
	uint32_t end_seq = last->nlmsg_seq + 1;
	size_t size_b = nft->send_b;
	int code;

	*failed = -1;
	last->nlmsg_flags |= NLM_F_ACK;
	size_b += nftnl_batch_end(nft->send + size_b, end_seq)->nlmsg_len;
	if ((int32_t)(end_seq - nft->seq) > 0)
		nft->seq = end_seq;
	if (mnl_socket_sendto(nft->socket, nft->send, size_b) < 0)
		code = errno;
	else
		code = answers_read(nft, last->nlmsg_seq, failed);
	return code;
}
