/*
 * The bytes of the status file, mapped shared by the module and read-only by
 * the tools. Host byte order. It is made anew at each start of the module.
 *
 *	+---------------------+ 0
 *	| header              | one writer: the module's keeper thread
 *	+---------------------+ 2048
 *	| DP_STATUS_SHARDS x  | each but the first written by one thread; the
 *	| struct dp_shard_d   | value of a counter is the sum over all shards
 *	+---------------------+
 *
 * seq is odd while the keeper changes the header; a reader copies the header
 * and tries again when seq was odd or differs afterwards.
 *
 * History
 *	1	first
 *	2	notes
 *	3	counters of the barrier
 *	4	unlogged queries
 */
#ifndef DP_STATUS_D_H
#define DP_STATUS_D_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define DP_STATUS_MAGIC "DNSPINST" /* 8 octets, no NUL */
#define DP_STATUS_VERSION 4u
#define DP_STATUS_SHARDS 32u
#define DP_STATUS_COUNTERS_MAX 32u
#define DP_STATUS_TEXT_B 512u

struct dp_status_head { /* what the keeper publishes, plain bytes */
	uint64_t pid;
	uint64_t started_s;   /* since 1970 */
	uint64_t heartbeat_s; /* since 1970, every second while alive */
	uint64_t generation;  /* policies taken since the start; 0: none */
	uint64_t applied_s;   /* when this generation was fully in force */
	uint8_t digest[32];   /* of the policy in force */
	uint32_t ready;	      /* 1: answers; 0: SERVFAIL, see trouble */
	uint32_t mode;	      /* enum dp_mode, of the policy in force */
	uint8_t unbound[64];  /* version of the server, NUL-terminated text */
	uint8_t trouble[DP_STATUS_TEXT_B]; /* what is wrong now, else empty */
	uint8_t notes[DP_STATUS_TEXT_B]; /* what answers before the module */
};

struct dp_status_d {
	uint8_t magic[8];
	uint32_t version;
	uint32_t counter_count;
	_Atomic uint32_t seq;
	uint32_t zero;
	_Atomic uint64_t head[(sizeof(struct dp_status_head) + 7) / 8];
};

struct dp_shard_d {
	_Alignas(64) _Atomic uint64_t counter[DP_STATUS_COUNTERS_MAX];
};

#define DP_STATUS_SHARDS_OFF 2048u
#define DP_STATUS_FILE_B \
	(DP_STATUS_SHARDS_OFF + DP_STATUS_SHARDS * sizeof(struct dp_shard_d))

_Static_assert(sizeof(struct dp_status_d) <= DP_STATUS_SHARDS_OFF, "layout");
_Static_assert(sizeof(struct dp_shard_d) == 256, "layout");

#endif
