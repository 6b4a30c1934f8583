/*
 * What dnspin keeps in a table of nftables: the same sets and the same chain
 * whether `dnspin export` writes them or `dnspin sync` makes them, so that one
 * can take over from the other.
 */
#ifndef DP_NFT_SETS_H
#define DP_NFT_SETS_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/policy.h"

#define DP_NFT_SETS 4
#define DP_NFT_CHAIN "dnspin_allow" /* accepts what is in a set */

struct dp_nft_set {
	const char *name;
	const char *type;  /* as nft(8) writes it */
	const char *match; /* what of a packet is looked up */
	uint8_t family;	   /* 4 or 6 */
	bool any; /* addresses only: any service; else address and service */
};

extern const struct dp_nft_set dp_nft_sets[DP_NFT_SETS];

/* The number of the set that an element belongs to; protocol 0: any service. */
unsigned dp_nft_set_of(const struct dp_addr *addr, struct dp_service service);

#endif
