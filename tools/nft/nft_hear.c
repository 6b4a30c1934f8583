#include "dp_config.h"

#include "tools/nft/nft_private.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

#define NEWS_B 4194304 /* a large ruleset that somebody else loads */
#define NEWS_MAX 4096  /* datagrams at once, lest it never ends */
#define TYPE(message) ((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | (message)))

/* The kernel tells of one transaction in datagrams of its own, and who did it
 * in each message: those that are ours stop at the first, and so does the word
 * that ends each transaction. */
static int filter_set(int fd, unsigned port)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 2, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
		    offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(TYPE(NFT_MSG_NEWGEN)),
		    0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
	    sizeof(program));
}

/* 0, or an errno. */
static int hear(struct dp_nft *nft)
{
	int size_b = NEWS_B, fd, code = 0;

	nft->news = mnl_socket_open2(NETLINK_NETFILTER,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!nft->news)
		return errno;
	fd = mnl_socket_get_fd(nft->news);
	/* Where it is small, more is compared than needed. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size_b,
	    sizeof(size_b));
	if (filter_set(fd, nft->port) ||
	    mnl_socket_bind(nft->news, 1u << (NFNLGRP_NFTABLES - 1),
		MNL_SOCKET_AUTOPID)) {
		code = errno;
		mnl_socket_close(nft->news);
		nft->news = NULL;
	}
	return code;
}

struct about {
	uint16_t name_attr; /* of the set or the chain; 0: it is the table */
	const char *table;
	const char *name;
};

static int name_seen(const struct nlattr *a, void *arg)
{
	struct about *about = arg;
	uint16_t type = mnl_attr_get_type(a);

	if (mnl_attr_validate(a, MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_OK;
	/* NFTA_*_TABLE is 1 for everything. */
	if (type == NFTA_TABLE_NAME)
		about->table = mnl_attr_get_str(a);
	else if (type == about->name_attr)
		about->name = mnl_attr_get_str(a);
	return MNL_CB_OK;
}

static bool is_set(const char *name)
{
	for (unsigned i = 0; i < DP_NFT_SETS; i++)
		if (strcmp(name, dp_nft_sets[i].name) == 0)
			return true;
	return false;
}

/* Is it about the table, one of its sets or its chain? */
static bool concerns(const struct dp_nft *nft, const struct nlmsghdr *m)
{
	static const struct {
		uint16_t name_attr;
		bool set;
	} kinds[] = {
		[NFT_MSG_NEWTABLE] = { 0, false },
		[NFT_MSG_DELTABLE] = { 0, false },
		[NFT_MSG_NEWCHAIN] = { NFTA_CHAIN_NAME, false },
		[NFT_MSG_DELCHAIN] = { NFTA_CHAIN_NAME, false },
		[NFT_MSG_NEWRULE] = { NFTA_RULE_CHAIN, false },
		[NFT_MSG_DELRULE] = { NFTA_RULE_CHAIN, false },
		[NFT_MSG_NEWSET] = { NFTA_SET_NAME, true },
		[NFT_MSG_DELSET] = { NFTA_SET_NAME, true },
		[NFT_MSG_NEWSETELEM] = { NFTA_SET_ELEM_LIST_SET, true },
		[NFT_MSG_DELSETELEM] = { NFTA_SET_ELEM_LIST_SET, true },
	};
	const struct nfgenmsg *family = mnl_nlmsg_get_payload(m);
	size_t kind = NFNL_MSG_TYPE(m->nlmsg_type);
	struct about about = { .name_attr = 0 };

	if (NFNL_SUBSYS_ID(m->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    kind >= sizeof(kinds) / sizeof(kinds[0]) ||
	    mnl_nlmsg_get_payload_len(m) < sizeof(*family) ||
	    family->nfgen_family != NFPROTO_INET)
		return false;
	about.name_attr = kinds[kind].name_attr;
	mnl_attr_parse(m, sizeof(*family), name_seen, &about);
	if (!about.table || strcmp(about.table, nft->table) != 0)
		return false;
	if (about.name_attr == 0)
		return kind == NFT_MSG_NEWTABLE || kind == NFT_MSG_DELTABLE;
	if (!about.name)
		return false;
	return kinds[kind].set ? is_set(about.name)
			       : strcmp(about.name, DP_NFT_CHAIN) == 0;
}

enum dp_err dp_nft_foreign(struct dp_nft *nft, bool *changed,
    struct dp_diag *diag)
{
	bool first = !nft->news, found = first;
	int code = first ? hear(nft) : 0;

	for (int i = 0; !code && i < NEWS_MAX; i++) {
		const struct nlmsghdr *m = (const void *)nft->recv;
		ssize_t n = mnl_socket_recvfrom(nft->news, nft->recv,
		    DP_NFT_RECV_B);
		int left = (int)n;

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOBUFS || errno == ENOSPC))
			found = true; /* some of it is lost, or cut off */
		else if (n < 0)
			code = errno;
		for (; n > 0 && mnl_nlmsg_ok(m, left);
		     m = mnl_nlmsg_next(m, &left))
			found = found || concerns(nft, m);
	}
	if (code)
		return dp_nft_refused(diag, nft->table, code);
	*changed = found;
	return DP_OK;
}
