/*
 * The bytes of the map file, mapped shared by the writers (threads of Unbound)
 * and read-only by the tools. Host byte order; all sections aligned to 64.
 *
 *	+--------------------+ 0
 *	| header, 4096 bytes |
 *	+--------------------+ index_off   slot_count x _Atomic uint64_t
 *	| index              |
 *	+--------------------+ slot_of_off slot_count x _Atomic uint32_t
 *	| slots of places    |
 *	+--------------------+ feed_off    feed_count x _Atomic uint64_t
 *	| change feed        |
 *	+--------------------+ slots_off   slot_count x struct dp_slot_d
 *	| slots              |
 *	+--------------------+ names_off   slot_count x struct dp_names_d
 *	| names              |
 *	+--------------------+ file_b
 *
 * The index has slot_count places, at least twice the capacity, in buckets of
 * DP_MAP_BUCKET. A binding lives in one of two buckets that its hash gives: H = SipHash-2-4 with
 * 128 bits of output under the header's key over name, one octet of family and
 * 16 of address; H[0..3] and H[4..7] scaled to the number of buckets (where
 * both are the same bucket, the second is the next one), H[8..11] its tag (0
 * becomes 1). A new binding goes to the bucket that holds fewer live ones: so a
 * map that is half full practically never has both full, which linear probing
 * of as many slots would have. There is no count of live bindings that could
 * drift when writers die.
 *
 * slot_of[i] is the number of the slot that place i has, from 1 on; 0: none yet.
 * A place gets the next slot that none has, slots_given, when it is first used,
 * and keeps it: so the slots in use lie side by side, and what is new touches
 * few pages of memory and of the disk, where places are scattered over all. A
 * writer that died in between, or a power cut, leaves a slot that no place has;
 * the next exclusive open gives it away.
 *
 * index[i] tells of place i: tag (upper 32 bits) and lifetime end (lower 32
 * bits: seconds since 1970). 0 was never used. Lifetime is kept here only, so
 * that one compare-and-swap both extends a binding and fails when the slot went
 * to another one meanwhile. A slot whose lifetime end has passed is free.
 *
 * A writer takes a free place by a compare-and-swap of its index entry to (tag,
 * DP_MAP_CLAIMED), makes its slot's seq odd, fills the slot, makes seq even and
 * puts the lifetime end in the index. Nobody takes a claimed place: a writer may sleep
 * for as long as it likes. One that dies leaves its claim to the next exclusive
 * open. A reader copies the slot between two looks at seq and at the index.
 * Two writers that meet a new binding at the same moment may both enter it;
 * then it stands in two places, of which one ages away.
 *
 * names[n] is the rest of slots[n], under the same seq: filled with it and not
 * looked at by a sighting whose binding is where it was. So what those change is
 * one cache line each, 64 on a page, which is also what goes to the disk.
 *
 * check is a SipHash of the fields that never change while the binding lives
 * (first_seen_s, shape, address, name, final, in words): a slot that a power
 * cut tore does not fit it, or not the tag and place in the index; readers pass
 * it over and the next exclusive open drops it.
 *
 * feed[s % feed_count] = (s's low 32 bits, place) for change number s,
 * from 1 on: a new binding or a longer life. feed_next is the next number to be
 * given. A writer first puts its change where feed_next points, by
 * compare-and-swap from the older entry, then moves feed_next; who finds the
 * place taken moves feed_next for the other, so that a dead writer leaves no
 * gap. A reader that falls behind by feed_count changes must read all slots.
 * fed_end_s of the slot follows the feed: a writer that finds its binding to
 * live long enough, but not so in the feed yet, puts the change there itself,
 * and so does the next exclusive open, for those that died in between.
 *
 * Every writing process holds a shared lock (F_OFD_SETLK of fcntl(2)) on the
 * file PATH.lock, mode 0600; who can take it exclusively is alone, makes,
 * checks, mends and moves the map. Who cannot joins where another one shares
 * more of that file than its first octet, which says that the map was prepared.
 *
 * A map of another capacity is another file. It is made and filled as PATH.new,
 * becomes PATH.next, and writers turn to it. When all have, it gets what the
 * old one got meanwhile and becomes PATH, and `left` of the old one becomes 1.
 * Until then readers have the old one. Who finds a PATH.next when alone carries what
 * it holds over to PATH: its owner died over the move.
 *
 * History
 *	1	first; left and fed_end_s were added to it, where zeros had been
 *	2	slot_of: slots[i] had been that of place i
 *	3	names_off: the names of slots[i] had stood behind its first 64
 *		octets, and check where names_off is. Such a map is rewritten
 *		at the next exclusive open (map_older.c).
 */
#ifndef DP_MAP_D_H
#define DP_MAP_D_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define DP_MAP_MAGIC "DNSPINMA" /* 8 octets, no NUL */
#define DP_MAP_VERSION 3u
#define DP_MAP_HEADER_B 4096u
#define DP_MAP_BUCKET 16u	  /* places: two cache lines of index */
#define DP_MAP_CLAIMED UINT32_MAX /* in place of a lifetime end */
#define DP_MAP_NO_PLACE UINT32_MAX /* in the feed: nothing to see */

struct dp_map_d {
	uint8_t magic[8];
	uint32_t version;
	uint32_t header_b; /* 4096 */
	uint64_t file_b;
	uint32_t capacity;   /* live bindings that it surely holds */
	uint32_t slot_count; /* a multiple of DP_MAP_BUCKET */
	uint32_t feed_count; /* a power of two */
	uint32_t slot_b;     /* sizeof(struct dp_slot_d) */
	uint64_t index_off;
	uint64_t slot_of_off;
	uint64_t feed_off;
	uint64_t slots_off;
	uint8_t key[16];   /* SipHash, random per map */
	uint64_t created_s; /* since 1970 */
	uint64_t names_off;
	uint64_t check;	    /* SipHash of all above under key */
	_Alignas(64) _Atomic uint64_t feed_next;
	_Alignas(64) _Atomic uint64_t recorded; /* new bindings entered */
	_Atomic uint64_t refused_full; /* sightings that found no room */
	_Atomic uint64_t dropped_torn; /* slots dropped at exclusive opens */
	_Atomic uint64_t left; /* 1: writers have moved to another file */
	_Atomic uint64_t slots_given; /* that a place has, counted from 0 on */
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
	_Atomic uint32_t fed_end_s; /* a lifetime end that is in the feed */
	_Atomic uint32_t zero[2];
};

struct dp_names_d {
	_Atomic uint64_t name[32];  /* wire octets, 0-padded */
	_Atomic uint64_t final[32]; /* wire octets; as name: final_len 0 */
};

_Static_assert(sizeof(struct dp_slot_d) == 64, "layout");
_Static_assert(sizeof(struct dp_names_d) == 512, "layout");
_Static_assert(offsetof(struct dp_map_d, names_off) == 96, "layout");
_Static_assert(offsetof(struct dp_map_d, feed_next) == 128, "layout");
_Static_assert(sizeof(struct dp_map_d) <= DP_MAP_HEADER_B, "layout");
_Static_assert(sizeof(_Atomic uint64_t) == 8, "layout");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2,
    "processes cannot share these");

#endif
