#include "dp_config.h"

#include "tools/nft/nft_private.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WORD_B 4 /* each part of a key fills whole words */
#define KEY_MAX_B (16 + 2 * WORD_B)

/* The octets of a key as the kernel has them; their number. */
static uint16_t key_bytes(const struct dp_nft_key *key,
    uint8_t out[KEY_MAX_B])
{
	const struct dp_nft_set *set = &dp_nft_sets[key->set];
	uint16_t n = set->family == 4 ? 4 : 16;
	uint16_t port = htobe16(key->service.port);

	memset(out, 0, KEY_MAX_B);
	memcpy(out, key->addr.bytes, n);
	if (set->any)
		return n;
	out[n] = key->service.protocol;
	memcpy(out + n + WORD_B, &port, sizeof(port));
	return (uint16_t)(n + 2 * WORD_B);
}

/* False: no key of this set. */
static bool key_parse(struct dp_nft_key *key, const uint8_t *bytes,
    size_t size_b)
{
	const struct dp_nft_set *set = &dp_nft_sets[key->set];
	size_t n = set->family == 4 ? 4 : 16;
	uint16_t port;

	if (size_b != n + (set->any ? 0 : 2 * WORD_B))
		return false;
	key->addr = n == 4 ? dp_addr_v4(bytes) : dp_addr_v6(bytes);
	key->service = (struct dp_service){ 0, 0 };
	if (set->any)
		return true;
	memcpy(&port, bytes + n + WORD_B, sizeof(port));
	key->service.protocol = bytes[n];
	key->service.port = be16toh(port);
	return true;
}

void dp_nft_key_text(const struct dp_nft_key *key,
    char text[DP_NFT_KEY_TEXT_MAX])
{
	char addr[DP_ADDR_TEXT_MAX], service[DP_SERVICE_TEXT_MAX] = "any";

	dp_addr_to_text(&key->addr, addr);
	if (!dp_nft_sets[key->set].any)
		dp_service_to_text(key->service, service);
	snprintf(text, DP_NFT_KEY_TEXT_MAX, "%s %s %s",
	    dp_nft_sets[key->set].name, addr, service);
}

static void message_put(struct dp_nft *nft, uint16_t type,
    const struct dp_nft_key *key, uint32_t timeout_s)
{
	uint16_t flags = type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0;
	struct nlattr *list, *element, *part;
	struct nlmsghdr *m;
	uint8_t bytes[KEY_MAX_B];
	uint16_t size_b = key_bytes(key, bytes);

	if (nft->messages == 0)
		dp_nft_begin(nft);
	nft->keys[nft->messages] = *key;
	m = dp_nft_header(nft, dp_nft_next(nft), type, flags);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, nft->table);
	mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET,
	    dp_nft_sets[key->set].name);
	list = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
	part = mnl_attr_nest_start(m, NFTA_SET_ELEM_KEY);
	mnl_attr_put(m, NFTA_DATA_VALUE, size_b, bytes);
	mnl_attr_nest_end(m, part);
	if (type == NFT_MSG_NEWSETELEM)
		mnl_attr_put_u64(m, NFTA_SET_ELEM_TIMEOUT,
		    htobe64(UINT64_C(1000) * timeout_s));
	mnl_attr_nest_end(m, element);
	mnl_attr_nest_end(m, list);
	dp_nft_put(nft, m);
}

void dp_nft_add(struct dp_nft *nft, const struct dp_nft_key *key,
    uint32_t timeout_s)
{
	message_put(nft, NFT_MSG_NEWSETELEM, key, timeout_s);
	nft->changes++;
}

void dp_nft_remove(struct dp_nft *nft, const struct dp_nft_key *key)
{
	message_put(nft, NFT_MSG_DELSETELEM, key, 0);
	nft->changes++;
}

/* Before Linux 6.12 adding what is there leaves its timeout as it was; removing
 * and adding it in one transaction works with all of them. */
void dp_nft_replace(struct dp_nft *nft, const struct dp_nft_key *key,
    uint32_t timeout_s)
{
	message_put(nft, NFT_MSG_DELSETELEM, key, 0);
	message_put(nft, NFT_MSG_NEWSETELEM, key, timeout_s);
	nft->changes++;
}

size_t dp_nft_queued(const struct dp_nft *nft)
{
	return nft->changes;
}

void dp_nft_forget(struct dp_nft *nft)
{
	nft->messages = 0;
	nft->changes = 0;
}

enum dp_err dp_nft_commit(struct dp_nft *nft, struct dp_diag *diag)
{
	char text[DP_NFT_KEY_TEXT_MAX];
	long failed;
	int code;

	if (nft->changes == 0)
		return DP_OK;
	code = dp_nft_send(nft, &failed);
	if (code && failed >= 0 && (size_t)failed < nft->messages)
		dp_nft_key_text(&nft->keys[failed], text);
	else
		snprintf(text, sizeof(text), "table inet %s", nft->table);
	dp_nft_forget(nft);
	return code ? dp_nft_refused(diag, text, code) : DP_OK;
}

struct dump {
	dp_nft_seen_fn *seen;
	void *arg;
	/* the element at hand */
	struct dp_nft_key key;
	uint64_t left_ms;
	bool has_key; /* of this set */
};

static int key_attr(const struct nlattr *a, void *arg)
{
	struct dump *d = arg;

	if (mnl_attr_get_type(a) == NFTA_DATA_VALUE)
		d->has_key = key_parse(&d->key, mnl_attr_get_payload(a),
		    mnl_attr_get_payload_len(a));
	return MNL_CB_OK;
}

static int element_attr(const struct nlattr *a, void *arg)
{
	struct dump *d = arg;

	if (mnl_attr_get_type(a) == NFTA_SET_ELEM_KEY)
		return mnl_attr_parse_nested(a, key_attr, d);
	if (mnl_attr_get_type(a) == NFTA_SET_ELEM_EXPIRATION &&
	    mnl_attr_validate(a, MNL_TYPE_U64) == 0)
		d->left_ms = be64toh(mnl_attr_get_u64(a));
	return MNL_CB_OK;
}

/* An element without a key, or with another set's, is none of ours. */
static int list_attr(const struct nlattr *a, void *arg)
{
	struct dump *d = arg;

	d->has_key = false;
	d->left_ms = DP_NFT_FOREVER;
	mnl_attr_parse_nested(a, element_attr, d);
	if (d->has_key)
		d->seen(d->arg, &d->key, d->left_ms);
	return MNL_CB_OK;
}

static int message_attr(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == NFTA_SET_ELEM_LIST_ELEMENTS)
		mnl_attr_parse_nested(a, list_attr, arg);
	return MNL_CB_OK;
}

static int elements_seen(const struct nlmsghdr *message, void *arg)
{
	mnl_attr_parse(message, sizeof(struct nfgenmsg), message_attr, arg);
	return MNL_CB_OK;
}

enum dp_err dp_nft_dump(struct dp_nft *nft, dp_nft_seen_fn *seen, void *arg,
    struct dp_diag *diag)
{
	for (uint8_t i = 0; i < DP_NFT_SETS; i++) {
		struct dump d = { .seen = seen, .arg = arg,
			.key = { .set = i } };
		_Alignas(struct nlmsghdr) char buffer[256];
		struct nlmsghdr *m = dp_nft_header(nft, buffer,
		    NFT_MSG_GETSETELEM, NLM_F_DUMP);
		int code;

		mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, nft->table);
		mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET,
		    dp_nft_sets[i].name);
		code = dp_nft_ask(nft, m, elements_seen, &d);
		if (code)
			return dp_nft_refused(diag, dp_nft_sets[i].name, code);
	}
	return DP_OK;
}
