#include "dp_config.h"

#include "tools/nft/nft_private.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Types of data as nft(8) numbers them; six bits each in a concatenation. */
#define TYPE_IPV4_ADDR 7u
#define TYPE_IPV6_ADDR 8u
#define TYPE_INET_PROTO 12u
#define TYPE_INET_SERVICE 13u

#define IPV4_DADDR_OFF 16
#define IPV6_DADDR_OFF 24
#define DPORT_OFF 2
#define KEPT_FLAGS (NFT_SET_TIMEOUT | NFT_SET_EVAL) /* of a set that will do */

static uint32_t key_type(const struct dp_nft_set *set)
{
	uint32_t type = set->family == 4 ? TYPE_IPV4_ADDR : TYPE_IPV6_ADDR;

	return set->any ? type
			: (type << 6 | TYPE_INET_PROTO) << 6 | TYPE_INET_SERVICE;
}

static uint32_t key_size(const struct dp_nft_set *set)
{
	return (set->family == 4 ? 4u : 16u) + (set->any ? 0u : 8u);
}

/* What is there. */
struct found {
	bool sets[DP_NFT_SETS];
	long wrong;	/* a set of another kind; -1: none */
	unsigned rules; /* in the chain */
	bool ordered;	/* they look up what they should */
};

static int set_seen(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_set *s = nftnl_set_alloc();
	struct found *found = arg;
	uint32_t flags;

	if (!s || nftnl_set_nlmsg_parse(message, s) < 0) {
		if (s)
			nftnl_set_free(s);
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	flags = nftnl_set_get_u32(s, NFTNL_SET_FLAGS);
	for (long i = 0; i < DP_NFT_SETS; i++) {
		const struct dp_nft_set *set = &dp_nft_sets[i];

		if (strcmp(nftnl_set_get_str(s, NFTNL_SET_NAME), set->name))
			continue;
		found->sets[i] = true;
		if (nftnl_set_get_u32(s, NFTNL_SET_KEY_LEN) != key_size(set) ||
		    nftnl_set_get_u32(s, NFTNL_SET_KEY_TYPE) != key_type(set) ||
		    !(flags & NFT_SET_TIMEOUT) || (flags & ~(uint32_t)KEPT_FLAGS))
			found->wrong = i;
	}
	nftnl_set_free(s);
	return MNL_CB_OK;
}

/* The set that a rule looks up must be the next one of the list. */
static int expression_seen(struct nftnl_expr *e, void *arg)
{
	struct found *found = arg;
	const char *name;

	if (strcmp(nftnl_expr_get_str(e, NFTNL_EXPR_NAME), "lookup") != 0)
		return 0;
	name = nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET);
	if (found->rules >= DP_NFT_SETS || !name ||
	    strcmp(name, dp_nft_sets[found->rules].name) != 0)
		found->ordered = false;
	found->rules++;
	return 0;
}

static int rule_seen(const struct nlmsghdr *message, void *arg)
{
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct found *found = arg;
	unsigned before = found->rules;

	if (!r || nftnl_rule_nlmsg_parse(message, r) < 0) {
		if (r)
			nftnl_rule_free(r);
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	nftnl_expr_foreach(r, expression_seen, found);
	if (found->rules != before + 1)
		found->ordered = false;
	nftnl_rule_free(r);
	return MNL_CB_OK;
}

/* 0 or an errno. */
static int look(struct dp_nft *nft, struct found *found)
{
	_Alignas(struct nlmsghdr) char buffer[256];
	struct nlmsghdr *m;
	int code;

	*found = (struct found){ .wrong = -1, .ordered = true };
	m = dp_nft_header(nft, buffer, NFT_MSG_GETSET, NLM_F_DUMP);
	mnl_attr_put_strz(m, NFTA_SET_TABLE, nft->table);
	code = dp_nft_ask(nft, m, set_seen, found);
	if (code == ENOENT)
		return 0;
	if (code)
		return code;
	m = dp_nft_header(nft, buffer, NFT_MSG_GETRULE, NLM_F_DUMP);
	mnl_attr_put_strz(m, NFTA_RULE_TABLE, nft->table);
	mnl_attr_put_strz(m, NFTA_RULE_CHAIN, DP_NFT_CHAIN);
	code = dp_nft_ask(nft, m, rule_seen, found);
	return code == ENOENT ? 0 : code;
}

static bool complete(const struct found *found)
{
	for (unsigned i = 0; i < DP_NFT_SETS; i++)
		if (!found->sets[i])
			return false;
	return found->rules == DP_NFT_SETS && found->ordered;
}

static bool table_put(struct dp_nft *nft)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *m;

	if (!t)
		return false;
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, nft->table);
	m = dp_nft_header(nft, dp_nft_next(nft), NFT_MSG_NEWTABLE,
	    NLM_F_CREATE);
	nftnl_table_nlmsg_build_payload(m, t);
	nftnl_table_free(t);
	dp_nft_put(nft, m);
	return true;
}

/* id tells the set from others of the same transaction. */
static bool set_put(struct dp_nft *nft, const struct dp_nft_set *set,
    uint32_t id)
{
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *m;

	if (!s)
		return false;
	nftnl_set_set_str(s, NFTNL_SET_TABLE, nft->table);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_TIMEOUT);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, key_type(set));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, key_size(set));
	nftnl_set_set_u32(s, NFTNL_SET_ID, id);
	m = dp_nft_header(nft, dp_nft_next(nft), NFT_MSG_NEWSET, NLM_F_CREATE);
	nftnl_set_nlmsg_build_payload(m, s);
	nftnl_set_free(s);
	dp_nft_put(nft, m);
	return true;
}

static void chain_put(struct dp_nft *nft)
{
	struct nlmsghdr *m = dp_nft_header(nft, dp_nft_next(nft),
	    NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, nft->table);
	mnl_attr_put_strz(m, NFTA_CHAIN_NAME, DP_NFT_CHAIN);
	dp_nft_put(nft, m);
	/* All rules of the chain. */
	m = dp_nft_header(nft, dp_nft_next(nft), NFT_MSG_DELRULE, 0);
	mnl_attr_put_strz(m, NFTA_RULE_TABLE, nft->table);
	mnl_attr_put_strz(m, NFTA_RULE_CHAIN, DP_NFT_CHAIN);
	dp_nft_put(nft, m);
}

/* A new expression at the end of the rule; NULL once memory ran out. */
static struct nftnl_expr *expression(struct nftnl_rule *r, bool *whole,
    const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e)
		nftnl_rule_add_expr(r, e);
	else
		*whole = false;
	return e;
}

static void meta_load(struct nftnl_rule *r, bool *whole, uint32_t key,
    uint32_t to)
{
	struct nftnl_expr *e = expression(r, whole, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, to);
}

static void payload_load(struct nftnl_rule *r, bool *whole, uint32_t base,
    uint32_t off, uint32_t size_b, uint32_t to)
{
	struct nftnl_expr *e = expression(r, whole, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, off);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, size_b);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, to);
}

/* What set->match and "@set accept" say to nft: the key in registers from
 * NFT_REG_1 on, which is NFT_REG32_00 to NFT_REG32_03. */
static bool expressions_make(struct nftnl_rule *r,
    const struct dp_nft_set *set, uint32_t id)
{
	uint8_t family = set->family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	uint32_t behind = set->family == 4 ? NFT_REG32_01 : NFT_REG32_04;
	struct nftnl_expr *e;
	bool whole = true;

	meta_load(r, &whole, NFT_META_NFPROTO, NFT_REG_1);
	e = expression(r, &whole, "cmp");
	if (e) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
		nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
		nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, &family, sizeof(family));
	}
	payload_load(r, &whole, NFT_PAYLOAD_NETWORK_HEADER,
	    set->family == 4 ? IPV4_DADDR_OFF : IPV6_DADDR_OFF,
	    set->family == 4 ? 4 : 16, NFT_REG_1);
	if (!set->any) {
		meta_load(r, &whole, NFT_META_L4PROTO, behind);
		payload_load(r, &whole, NFT_PAYLOAD_TRANSPORT_HEADER,
		    DPORT_OFF, 2, behind + 1);
	}
	e = expression(r, &whole, "lookup");
	if (e) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
		nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set->name);
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SET_ID, id);
	}
	e = expression(r, &whole, "immediate");
	if (e) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
		nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, NF_ACCEPT);
	}
	return whole;
}

static bool rule_put(struct dp_nft *nft, const struct dp_nft_set *set,
    uint32_t id)
{
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct nlmsghdr *m;
	bool whole;

	if (!r)
		return false;
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, nft->table);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, DP_NFT_CHAIN);
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, NFPROTO_INET);
	whole = expressions_make(r, set, id);
	if (whole) {
		m = dp_nft_header(nft, dp_nft_next(nft), NFT_MSG_NEWRULE,
		    NLM_F_CREATE | NLM_F_APPEND);
		nftnl_rule_nlmsg_build_payload(m, r);
		dp_nft_put(nft, m);
	}
	nftnl_rule_free(r);
	return whole;
}

static bool frame_put(struct dp_nft *nft, const struct found *found)
{
	dp_nft_begin(nft);
	if (!table_put(nft))
		return false;
	for (uint32_t i = 0; i < DP_NFT_SETS; i++)
		if (!found->sets[i] && !set_put(nft, &dp_nft_sets[i], i + 1))
			return false;
	chain_put(nft);
	for (uint32_t i = 0; i < DP_NFT_SETS; i++)
		if (!rule_put(nft, &dp_nft_sets[i],
			found->sets[i] ? 0 : i + 1))
			return false;
	return true;
}

enum dp_err dp_nft_frame(struct dp_nft *nft, bool *made, struct dp_diag *diag)
{
	struct found found;
	long failed;
	int code = look(nft, &found);

	if (code)
		return dp_nft_refused(diag, nft->table, code);
	if (found.wrong >= 0) {
		dp_diag_set(diag, dp_nft_sets[found.wrong].name, 0,
		    "a set of this name in table inet %s has another type or "
		    "no timeouts: remove it", nft->table);
		return DP_ERR_FORMAT;
	}
	*made = !complete(&found);
	if (!*made)
		return DP_OK;
	code = frame_put(nft, &found) ? dp_nft_send(nft, &failed) : ENOMEM;
	nft->messages = 0;
	return code ? dp_nft_refused(diag, nft->table, code) : DP_OK;
}
