/*
 * The bytes of the map file, mapped shared by the writers (threads of Unbound)
 * and read-only by the tools. Host byte order; all sections aligned to 64.
 *
 *	+--------------------+ 0
 *	| header, 4096 bytes |
 *	+--------------------+ index_off   slot_count x _Atomic uint64_t
 *	| index              |
 *	+--------------------+ feed_off    feed_count x _Atomic uint64_t
 *	| change feed        |
 *	+--------------------+ slots_off   slot_count x struct dp_slot_d
 *	| slots              |
 *	+--------------------+ file_b
 *
 * slot_count is a power of two of at least twice the capacity. A binding lives
 * in one of DP_MAP_WINDOW slots that follow the place that its hash gives
 * (SipHash-2-4 under the header's key over name, family and address).
 *
 * index[i] tells of slots[i]: tag (upper 32 bits: hash bits, never 0) and
 * lifetime end (lower 32 bits: seconds since 1970). 0 was never used. Lifetime
 * is kept here only, so that one compare-and-swap both extends a binding and
 * fails when the slot went to another one meanwhile. A slot whose lifetime end
 * has passed is free for the next binding in its window.
 *
 * slots[i].seq is odd while its writer fills it, 0 when it never was filled.
 * check is a SipHash of the fields that never change while the binding lives
 * (first_seen_s, name, final, address): a slot that a crash or a power cut
 * tore does not fit it, nor the tag in the index, and is dropped at the next
 * exclusive open. A process that dies while it fills a slot leaves a claim
 * (lifetime end = DP_MAP_CLAIM_S after the claim) that runs out by itself.
 *
 * feed[s % feed_count] = (s's low 32 bits, slot number) for change number s: a
 * new binding or a longer life. feed_next is the next number to be given. A
 * reader that falls behind by feed_count changes must read all slots.
 *
 * History
 *	1	first
 */
#ifndef DP_MAP_D_H
#define DP_MAP_D_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define DP_MAP_MAGIC "DNSPINMA" /* 8 octets, no NUL */
#define DP_MAP_VERSION 1u
#define DP_MAP_WINDOW 32u  /* slots; a reader relies on it */
#define DP_MAP_CLAIM_S 60u /* s */

struct dp_map_d {
	uint8_t magic[8];
	uint32_t version;
	uint32_t header_b; /* 4096 */
	uint64_t file_b;
	uint32_t capacity;   /* live bindings at most */
	uint32_t slot_count; /* a power of two */
	uint32_t feed_count; /* a power of two */
	uint32_t slot_b;     /* sizeof(struct dp_slot_d) */
	uint64_t index_off;
	uint64_t feed_off;
	uint64_t slots_off;
	uint8_t key[16];   /* SipHash, random per map */
	uint64_t created_s; /* since 1970 */
	uint64_t check;	    /* SipHash of all above under key */
	_Alignas(64) _Atomic uint64_t feed_next;
	_Alignas(64) _Atomic uint64_t recorded; /* sightings since created */
	_Atomic uint64_t refused_full;		/* bindings there was no room for */
	_Atomic uint64_t dropped_torn; /* slots dropped at exclusive opens */
};

struct dp_slot_d {
	_Atomic uint32_t seq;
	_Atomic uint32_t first_seen_s;
	_Atomic uint32_t last_seen_s;
	_Atomic uint32_t ttl_end_s; /* latest expiry of the record's TTL */
	_Atomic uint64_t hits;	    /* sightings of this binding */
	_Atomic uint64_t check;
	_Atomic uint64_t addr[2];   /* octets as they stand in dp_addr.bytes */
	_Atomic uint32_t shape;	    /* name_len | final_len << 8 | family << 16 */
	_Atomic uint32_t zero[3];
	_Atomic uint64_t name[32];  /* wire octets, 0-padded */
	_Atomic uint64_t final[32]; /* wire octets; as name: final_len 0 */
};

_Static_assert(sizeof(struct dp_slot_d) == 576, "layout");
_Static_assert(offsetof(struct dp_slot_d, name) == 64, "layout");
_Static_assert(sizeof(_Atomic uint64_t) == 8, "layout");

#endif
