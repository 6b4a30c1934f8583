/*
 * The bytes of a compiled policy, STATE/policy. Little-endian, written once,
 * never changed, mapped read-only. Every offset counts from the start of the
 * file; sections lie in this order, each aligned to 8, zero bytes between:
 *
 *	+--------------------+ 0
 *	| header             |
 *	+--------------------+ groups      group_count  x struct dp_group_d
 *	| groups             | sorted by apex name (canonical order)
 *	+--------------------+ clients     client_count x struct dp_client_d
 *	| clients            | sorted by family, octets, length
 *	+--------------------+ rules       rule_count   x struct dp_rule_d
 *	| rules              | sorted by base name, the exact rule before *.
 *	+--------------------+ traits      trait_count  x struct dp_trait_d
 *	| traits             | what rules share: audiences, groups, ...
 *	+--------------------+ members     member_count x uint32_t group index
 *	| members            |
 *	+--------------------+ services    service_count x struct dp_service_d
 *	| services           |
 *	+--------------------+ pins        pin_count    x struct dp_pin_d
 *	| pins               |
 *	+--------------------+ names       name_b bytes: canonical wire names and
 *	| names, texts       | apex texts (length octet, octets), no padding
 *	+--------------------+ table       table_count  x struct dp_entry_d
 *	| hash table         | open addressing, linear, a power of two
 *	+--------------------+ file_b
 *
 * A base name is the name of an exact rule, x for *.x; no label of it is "*".
 * The slices of the traits follow each other without gap or overlap. A rule
 * that denies has neither services nor pins.
 *
 * The prefixes that groups are limited to cut the address space into regions: a
 * client prefix opens the region of all clients that it, but no longer prefix,
 * holds. Regions to which the same groups apply are one audience; audience 0 is
 * what lies in no prefix. Sets of audiences are bit sets. A group that is not
 * limited has all audiences; the prefixes of one that is are those whose
 * audience it has while the region around them has one that it does not have.
 * So each prefix adds at least one group to those of the region around it, and
 * takes none away. Audiences are numbered in the order in which the prefixes
 * bring them. No prefix is IPv4-mapped (RFC 4291, 2.5.5.2).
 *
 * Where a pattern is not the same for all audiences it has several rules, next
 * to each other, in order of their lowest audience, with disjoint sets of
 * audiences; all but the last have DP_RULE_MORE. A rule holds for no audience
 * that one of its groups does not apply to.
 *
 * The key of a table entry is the base name of a pattern hashed with its kind;
 * see policy_hash.h. rule is the index + 1 of its first rule, 0 in an empty
 * entry; at least one entry is empty. A pattern stands at most
 * DP_POLICY_PROBE_MAX entries from the place that its key gives, before the
 * first empty one.
 *
 * digest is BLAKE2b-256 over the whole file with digest, signer and signature
 * taken as zero. Where flags has DP_POLICY_SIGNED, signature is Ed25519 by
 * signer over "dnspin policy 1" and the digest; else both are zero.
 *
 * Magic, version and flags stand at the same place in each version.
 *
 * History
 *	1	first
 *	2	clients and audiences, room for 16 settings
 *	3	barrier and its timeout
 *	4	event ring and privacy
 */
#ifndef DP_POLICY_D_H
#define DP_POLICY_D_H

#include <stddef.h>
#include <stdint.h>
#include "module/core/settings.h"

#define DP_POLICY_MAGIC "DNSPINPO" /* 8 octets, no NUL */
#define DP_POLICY_VERSION 4u
#define DP_POLICY_SIGNED 1u	    /* header.flags */
#define DP_POLICY_SIGN_TEXT "dnspin policy 1" /* without the NUL */

#define DP_POLICY_PROBE_MAX 256u

struct dp_section_d {
	uint64_t off; /* bytes from the start of the file */
	uint64_t count;
};

struct dp_policy_d {
	uint8_t magic[8];
	uint32_t version;
	uint32_t header_b; /* sizeof this */
	uint64_t file_b;
	uint32_t flags;
	uint32_t wildcard_depth_max; /* labels with root of the deepest x in *.x */
	uint32_t setting_count;	     /* DP_SETTING_COUNT */
	uint32_t setting[16];	     /* by enum dp_setting, the rest 0 */
	uint8_t nft_table[DP_NFT_TABLE_MAX]; /* NUL-padded */
	uint32_t audience_count; /* 1 to 64 */
	struct dp_section_d groups;
	struct dp_section_d clients;
	struct dp_section_d rules;
	struct dp_section_d traits;
	struct dp_section_d members;
	struct dp_section_d services;
	struct dp_section_d pins;
	struct dp_section_d names; /* count in bytes */
	struct dp_section_d table;
	uint8_t digest[32];
	uint8_t signer[32];    /* Ed25519 public key */
	uint8_t signature[64];
};

struct dp_group_d {
	uint32_t name_off; /* from the start of names; wire name of the apex */
	uint32_t name_len;
	uint32_t text_off; /* from the start of names; length-prefixed strings */
	uint32_t text_b;   /* bytes of all of them, with the length octets */
	uint32_t serial;   /* of the zone's SOA */
	uint32_t zero;
	uint64_t audiences; /* the set that the group applies to */
};

struct dp_client_d {
	uint8_t family; /* 4 or 6 */
	uint8_t len;	/* bits */
	uint8_t bytes[16];
	uint8_t zero[2];
	uint32_t parent;   /* index + 1 of the prefix around it; 0: none */
	uint32_t audience; /* of the region that it opens, 1 or more */
};

#define DP_RULE_WILDCARD 1u /* *.name, any depth below, never name itself */
#define DP_RULE_DENY 2u	    /* else allow */
#define DP_RULE_MORE 4u	    /* the next rule has the same pattern */

struct dp_rule_d {
	uint32_t name_off; /* from the start of names; the base name */
	uint8_t name_len;
	uint8_t flags;
	uint16_t zero;
	uint32_t trait; /* index */
};

struct dp_trait_d { /* slices of members, services, pins */
	uint64_t audiences;	/* the set that the rule holds for, not empty */
	uint32_t member_first;
	uint32_t member_count;	/* at least 1 */
	uint32_t service_first;
	uint32_t service_count; /* 0: any service */
	uint32_t pin_first;
	uint32_t pin_count;	/* 0: not pinned */
};

struct dp_service_d {
	uint8_t protocol; /* IANA number: 6 TCP, 17 UDP */
	uint8_t zero;
	uint16_t port; /* 1 to 65535 */
};

struct dp_pin_d {
	uint8_t family; /* 4 or 6 */
	uint8_t len;	/* bits */
	uint8_t bytes[16];
	uint8_t zero[2];
};

struct dp_entry_d {
	uint32_t hash; /* upper half of the 64-bit hash */
	uint32_t rule; /* index + 1; 0: empty */
};

_Static_assert(DP_SETTING_COUNT <= 16, "header.setting is too small");
_Static_assert(sizeof(struct dp_policy_d) == 408, "layout");
_Static_assert(offsetof(struct dp_policy_d, flags) == 24, "layout");
_Static_assert(offsetof(struct dp_policy_d, groups) == 136, "layout");
_Static_assert(offsetof(struct dp_policy_d, digest) == 280, "layout");
_Static_assert(sizeof(struct dp_group_d) == 32, "layout");
_Static_assert(sizeof(struct dp_client_d) == 28, "layout");
_Static_assert(sizeof(struct dp_rule_d) == 12, "layout");
_Static_assert(sizeof(struct dp_trait_d) == 32, "layout");
_Static_assert(sizeof(struct dp_service_d) == 4, "layout");
_Static_assert(sizeof(struct dp_pin_d) == 20, "layout");
_Static_assert(sizeof(struct dp_entry_d) == 8, "layout");

#endif
