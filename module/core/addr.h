/*
 * IPv4 and IPv6 addresses and prefixes as octets in network order, and the
 * registries that say which of them are no hosts of the public Internet. Pure
 * functions on the caller's memory, for any thread.
 */
#ifndef DP_ADDR_H
#define DP_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "module/core/err.h"

#define DP_ADDR_TEXT_MAX 46   /* as INET6_ADDRSTRLEN, with the NUL */
#define DP_PREFIX_TEXT_MAX 50 /* with /128 and the NUL */

struct dp_addr {
	uint8_t family; /* 4 or 6 */
	uint8_t bytes[16]; /* IPv4: the first four, the rest 0 */
};

struct dp_prefix {
	struct dp_addr addr; /* host bits are 0 */
	uint8_t len;	     /* bits, 0 to 32 or 128 */
};

static inline struct dp_addr dp_addr_v4(const uint8_t bytes[4])
{
	struct dp_addr a = { .family = 4 };

	memcpy(a.bytes, bytes, 4);
	return a;
}

static inline struct dp_addr dp_addr_v6(const uint8_t bytes[16])
{
	struct dp_addr a = { .family = 6 };

	memcpy(a.bytes, bytes, 16);
	return a;
}

static inline size_t dp_addr_size_b(const struct dp_addr *a)
{
	return a->family == 4 ? 4 : 16;
}

bool dp_addr_equal(const struct dp_addr *a, const struct dp_addr *b);
/* IPv4 before IPv6, then by octets. */
int dp_addr_compare(const struct dp_addr *a, const struct dp_addr *b);

/* Make an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2), which is how a socket
 * for both families names an IPv4 client, the IPv4 address that it stands for.
 * False: a is none, and stays as it is. */
bool dp_addr_unmap(struct dp_addr *a);

enum dp_err dp_addr_from_text(struct dp_addr *out, const char *text,
    struct dp_diag *diag) DP_MUST_CHECK;
size_t dp_addr_to_text(const struct dp_addr *a, char text[DP_ADDR_TEXT_MAX]);

/* "192.0.2.0/24", "2001:db8::/32"; a bare address is a host prefix. Host bits
 * set are DP_ERR_SYNTAX, and diag names the prefix that was perhaps meant. */
enum dp_err dp_prefix_from_text(struct dp_prefix *out, const char *text,
    struct dp_diag *diag) DP_MUST_CHECK;
size_t dp_prefix_to_text(const struct dp_prefix *p,
    char text[DP_PREFIX_TEXT_MAX]);
bool dp_prefix_has(const struct dp_prefix *p, const struct dp_addr *a);
/* By address, then by length. */
int dp_prefix_compare(const struct dp_prefix *a, const struct dp_prefix *b);
/* Octets and length in range and no host bit set? For readers of files. */
bool dp_prefix_valid(const struct dp_prefix *p);

/*
 * The special-purpose registry (RFC 6890 as IANA keeps it) that holds a, as a
 * short word for messages ("private", "loopback", "cgnat", ...); NULL when a
 * may be a host of the public Internet. Multicast, reserved and documentation
 * space count as special, and so does IPv6 outside 2000::/3 (global unicast,
 * RFC 4291). NAT64 (64:ff9b::/96) and 6to4 (2002::/16) addresses are what the
 * IPv4 address inside them is; IPv4-mapped ones are always special.
 */
const char *dp_addr_special(const struct dp_addr *a);

#endif
