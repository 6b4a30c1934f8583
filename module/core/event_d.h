/*
 * The bytes of an event: the payload of a record DP_RING_EVENT (ring_d.h), in
 * host byte order. One event is one answer to one client.
 *
 *	struct dp_event_d
 *	name_b octets		name that was asked, canonical wire form
 *	group_b octets		name of the group, as text, no NUL
 *	v4_count * 4 octets	addresses
 *	v6_count * 16 octets
 *	zeros up to a multiple of 8
 *
 * A rule's pattern is a suffix of the name or the name itself, so it is told by
 * where in the name it begins.
 *
 * The layout is part of the ring's version.
 */
#ifndef DP_EVENT_D_H
#define DP_EVENT_D_H

#include <stddef.h>
#include <stdint.h>

#define DP_EVENT_ADDRESSES_MAX 96u /* of each family, in a record */

enum dp_event_rule {
	DP_EVENT_RULE_NONE,
	DP_EVENT_RULE_EXACT,
	DP_EVENT_RULE_WILDCARD /* of what begins at rule_at */
};

enum dp_event_client { /* what client[] holds */
	DP_EVENT_CLIENT_NONE,
	DP_EVENT_CLIENT_V4,
	DP_EVENT_CLIENT_V6,
	DP_EVENT_CLIENT_PREFIX4, /* a /24, host bits 0 */
	DP_EVENT_CLIENT_PREFIX6, /* a /56, host bits 0 */
	DP_EVENT_CLIENT_PSEUDONYM
};

struct dp_event_d {
	uint64_t time_us;   /* since 1970, when it was answered */
	uint64_t policy;    /* first octets of the policy's digest; 0: none */
	uint32_t latency_us; /* from question to answer */
	uint32_t hold_us;   /* of that, waiting for the firewall */
	uint32_t ttl_s;	    /* of the answer */
	uint32_t flags;	    /* bits of event.def */
	uint16_t type;
	uint16_t class;
	uint16_t rcode;
	uint16_t port;	    /* of the client; 0: not told */
	uint8_t verdict;    /* words of event.def, from here */
	uint8_t source;
	uint8_t transport;
	uint8_t security;
	uint8_t client_kind;
	uint8_t rule_kind;
	uint8_t rule_at; /* octet of the name where the rule's base begins */
	uint8_t name_b;	 /* 0: not known */
	uint8_t group_b;
	uint8_t v4_count;
	uint8_t v6_count;
	uint8_t zero[5];
	uint8_t client[16];
};

_Static_assert(sizeof(struct dp_event_d) == 72, "layout");
_Static_assert(offsetof(struct dp_event_d, verdict) == 40, "layout");
_Static_assert(offsetof(struct dp_event_d, client) == 56, "layout");

#endif
