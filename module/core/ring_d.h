/*
 * The bytes of a ring of events, STATE/unbound/events/N. One thread of the
 * resolver writes it; nobody waits for anybody. Host byte order.
 *
 *	+--------------------+ 0
 *	| struct dp_ring_d   |
 *	+--------------------+ DP_RING_DATA_AT
 *	| block | block | .. | size_b octets, written round and round
 *	+--------------------+ DP_RING_DATA_AT + size_b
 *
 * A position counts octets since the ring was made; it lies at position modulo
 * size_b of the data. A record begins at a multiple of DP_RING_ALIGN_B with
 * struct dp_ring_record_d and does not cross the end of a block; where the next
 * one would, a record of kind DP_RING_PAD fills the rest, so that who fell
 * behind finds a record at the beginning of each block.
 *
 * Records are numbered one by one, pads have no number. Who misses numbers
 * knows how many records he lost.
 *
 * The writer stores `reserved`, the end of the record that it begins, then the
 * record, then `next`, then `committed`, the same end. So what lies between
 * committed - size_b (reserved - size_b while a record is being written) and
 * committed is whole; a reader copies first and looks at reserved again
 * afterwards. A writer that was killed leaves reserved above committed; the one
 * that takes over pads that place. `reserved` never decreases.
 *
 * After the machine was started anew, and where another size is wanted, a new
 * file takes the place of the old one, with numbers that continue.
 *
 * History
 *	1	first
 */
#ifndef DP_RING_D_H
#define DP_RING_D_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define DP_RING_MAGIC "DNSPINEV" /* 8 octets, no NUL */
#define DP_RING_VERSION 1u
#define DP_RING_DATA_AT 4096u
#define DP_RING_BLOCK_B 16384u
#define DP_RING_ALIGN_B 16u
#define DP_RING_RECORD_MAX 4096u /* octets, with the head */

enum dp_ring_kind {
	DP_RING_PAD = 1,
	DP_RING_EVENT = 2 /* event_d.h */
};

struct dp_ring_d {
	uint8_t magic[8];
	uint32_t version;
	uint32_t zero;
	uint64_t size_b;  /* of the data: a power of two, several blocks */
	uint64_t id;	  /* of this file, by chance */
	uint64_t boot[2]; /* the start of the machine that it was made in */
	uint64_t first;	  /* number of the first record that was written */
	_Alignas(64) _Atomic uint64_t reserved;
	_Atomic uint64_t next; /* number of the next record */
	_Atomic uint64_t committed;
};

struct dp_ring_record_d {
	uint32_t len_b; /* with this head; a multiple of DP_RING_ALIGN_B */
	uint32_t kind;
	uint64_t number; /* 0 in a pad */
};

_Static_assert(sizeof(struct dp_ring_record_d) == DP_RING_ALIGN_B, "layout");
_Static_assert(offsetof(struct dp_ring_d, first) == 48, "layout");
_Static_assert(offsetof(struct dp_ring_d, reserved) == 64, "layout");
_Static_assert(offsetof(struct dp_ring_d, committed) == 80, "layout");
_Static_assert(sizeof(struct dp_ring_d) <= DP_RING_DATA_AT, "layout");
_Static_assert(DP_RING_BLOCK_B % DP_RING_RECORD_MAX == 0, "layout");

#endif
