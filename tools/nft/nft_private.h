/*
 * What the sources of nft_link.h share: nft_link.c (the socket), nft_hear.c
 * (others' changes), nft_frame.c (table, sets, chain; by libnftnl) and
 * nft_batch.c (elements; by libmnl alone, because libnftnl allocates for each of
 * them).
 */
#ifndef DP_NFT_PRIVATE_H
#define DP_NFT_PRIVATE_H

#include <libmnl/libmnl.h>
#include <netinet/in.h> /* before the kernel's own, which then steps aside */
#include <stdint.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "module/core/settings.h"
#include "tools/nft/nft_link.h"

/* An element is at most 140 octets in a message of its own, a rule 500; to
 * replace one takes two. */
#define DP_NFT_SEND_B 131072u
#define DP_NFT_RECV_B 65536u
#define DP_NFT_MESSAGES (2 * DP_NFT_BATCH)

struct dp_nft {
	struct mnl_socket *socket;
	struct mnl_socket *news; /* NULL: not asked for yet */
	unsigned port;
	uint32_t seq; /* of the message made last */
	char table[DP_NFT_TABLE_MAX];
	/* the transaction that is being made */
	char *send;
	size_t send_b;
	char *last; /* message */
	uint32_t first_seq; /* of its begin */
	size_t changes;
	size_t messages;
	struct dp_nft_key keys[DP_NFT_MESSAGES]; /* by message, from first */
	char *recv;
};

/* The header of a request to nf_tables at `at`; its sequence number is
 * nft->seq. */
struct nlmsghdr *dp_nft_header(struct dp_nft *nft, char *at, uint16_t type,
    uint16_t flags);

/* A request of its own and all that comes back, to cb as mnl_cb_run does.
 * 0, or the kernel's errno. */
int dp_nft_ask(struct dp_nft *nft, const struct nlmsghdr *request,
    mnl_cb_t cb, void *arg);

/* A transaction: begin, messages (each made at dp_nft_next), send. 0, or the
 * errno of the first message that was refused and its place in *failed,
 * counted from 0; -1: none of them in particular. */
void dp_nft_begin(struct dp_nft *nft);
char *dp_nft_next(struct dp_nft *nft);
void dp_nft_put(struct dp_nft *nft, struct nlmsghdr *message);
int dp_nft_send(struct dp_nft *nft, long *failed);

/* diag from an errno; DP_ERR_IO. */
enum dp_err dp_nft_refused(struct dp_diag *diag, const char *object, int code);

#endif
