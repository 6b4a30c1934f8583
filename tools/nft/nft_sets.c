#include "tools/nft/nft_sets.h"

const struct dp_nft_set dp_nft_sets[DP_NFT_SETS] = {
	{ "allowed4", "ipv4_addr . inet_proto . inet_service",
	    "ip daddr . meta l4proto . th dport", 4, false },
	{ "allowed6", "ipv6_addr . inet_proto . inet_service",
	    "ip6 daddr . meta l4proto . th dport", 6, false },
	{ "allowed4_any", "ipv4_addr", "ip daddr", 4, true },
	{ "allowed6_any", "ipv6_addr", "ip6 daddr", 6, true },
};

unsigned dp_nft_set_of(const struct dp_addr *addr, struct dp_service service)
{
	return (addr->family == 6 ? 1u : 0u) + (service.protocol == 0 ? 2u : 0u);
}
