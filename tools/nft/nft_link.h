/*
 * The sets of one table of nftables (nft_sets.h), by netlink: what is there,
 * and changes to it in transactions. The table's other sets and chains are
 * none of its business and stay as they are.
 *
 * One socket for requests, one for news of others' changes, and buffers made at
 * open; a commit allocates nothing. Single-threaded. Needs CAP_NET_ADMIN for every call but
 * close. DP_ERR_IO with a diag: what the kernel answered.
 */
#ifndef DP_NFT_LINK_H
#define DP_NFT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/err.h"
#include "module/core/policy.h"
#include "tools/nft/nft_sets.h"

#define DP_NFT_BATCH 256 /* changes in a transaction */
#define DP_NFT_FOREVER UINT64_MAX

struct dp_nft;

/* An element: where it stands and what it opens. In sets for any service,
 * service is zeros. */
struct dp_nft_key {
	uint8_t set; /* number in dp_nft_sets */
	struct dp_addr addr;
	struct dp_service service;
};

/* Changes nothing in the kernel. The caller closes. */
enum dp_err dp_nft_open(struct dp_nft **out, const char *table,
    struct dp_diag *diag) DP_MUST_CHECK;
void dp_nft_close(struct dp_nft **nft);

const char *dp_nft_table(const struct dp_nft *nft);

/* Since the call before, has somebody else changed the table, its sets or its
 * chain? The first call says yes, and so does one that cannot tell. What others
 * do elsewhere in the ruleset, or in the table's other sets and chains, does
 * not count, nor does an element that times out. Never waits. */
enum dp_err dp_nft_foreign(struct dp_nft *nft, bool *changed,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Make what is missing of the table, its sets and its chain with its rules;
 * *made: something was. DP_ERR_FORMAT: a set of that name is of another kind.
 */
enum dp_err dp_nft_frame(struct dp_nft *nft, bool *made,
    struct dp_diag *diag) DP_MUST_CHECK;

/* left_ms until the element times out, or DP_NFT_FOREVER. */
typedef void dp_nft_seen_fn(void *arg, const struct dp_nft_key *key,
    uint64_t left_ms);

/* Tell about all elements of all sets. Where somebody else changes them
 * meanwhile (dp_nft_foreign) some may be missing. */
enum dp_err dp_nft_dump(struct dp_nft *nft, dp_nft_seen_fn *seen, void *arg,
    struct dp_diag *diag) DP_MUST_CHECK;

/*
 * Changes for the next commit, not more than DP_NFT_BATCH of them. Adding what
 * is there changes nothing; replacing gives an element that is there a new
 * timeout, and no packet finds it missing meanwhile.
 */
void dp_nft_add(struct dp_nft *nft, const struct dp_nft_key *key,
    uint32_t timeout_s);
void dp_nft_replace(struct dp_nft *nft, const struct dp_nft_key *key,
    uint32_t timeout_s);
void dp_nft_remove(struct dp_nft *nft, const struct dp_nft_key *key);
size_t dp_nft_queued(const struct dp_nft *nft);
void dp_nft_forget(struct dp_nft *nft); /* what is queued */

/* All of them or none, and none are queued afterwards. diag: the first that was
 * refused and why. Nothing is sent where nothing is queued. */
enum dp_err dp_nft_commit(struct dp_nft *nft, struct dp_diag *diag)
    DP_MUST_CHECK;

#define DP_NFT_KEY_TEXT_MAX 128
/* "allowed4 192.0.2.1 tcp/443". */
void dp_nft_key_text(const struct dp_nft_key *key,
    char text[DP_NFT_KEY_TEXT_MAX]);

#endif
