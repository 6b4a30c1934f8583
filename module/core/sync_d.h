/*
 * The bytes of the file sync/ack, by which the firewall agent tells the module
 * and the tools what the kernel holds. Written by the agent alone, in a folder
 * of its own; everybody else maps it read-only. Host byte order.
 *
 *	+--------------------+ 0
 *	| magic, version     |
 *	| promise            | what the agent vouches for
 *	| report             | what it tells people, under seq
 *	+--------------------+ DP_SYNC_FILE_B
 *
 * acked says that every change of the map `map_id` with a number below it is in
 * the kernel, as far as one of the two policies allows; 0: nothing is promised.
 * Whoever changes map_id or policy_id makes acked 0 before. The agent names the
 * policy before its own, too, for it may take a new one before the module does;
 * what only the older one allowed is not in the kernel, what both allow is.
 *
 * beat_ns is CLOCK_BOOTTIME, stored at least every DP_SYNC_BEAT_MS: an agent
 * that was not heard of for DP_SYNC_DEAD_MS is dead. A beat that is further in
 * the future than that is from before the machine was started; one that is
 * nearer came after the reader looked at the clock.
 *
 * wake changes with acked; the module waits on it with futex(2).
 *
 * seq is odd while the agent changes the report; a reader copies it and tries
 * again when seq was odd or differs afterwards.
 *
 * History
 *	1	first
 */
#ifndef DP_SYNC_D_H
#define DP_SYNC_D_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define DP_SYNC_MAGIC "DNSPINSY" /* 8 octets, no NUL */
#define DP_SYNC_VERSION 1u
#define DP_SYNC_FILE_B 4096u
#define DP_SYNC_BEAT_MS 250
#define DP_SYNC_DEAD_MS 1000
#define DP_SYNC_TEXT_B 512u

struct dp_sync_report { /* plain bytes, as published */
	uint64_t pid;
	uint64_t started_s;   /* since 1970 */
	uint64_t elements;    /* in the sets now */
	uint64_t added;	      /* since the start, as all below */
	uint64_t prolonged;
	uint64_t removed;
	uint64_t refused;     /* bindings that the policy does not allow */
	uint64_t batches;     /* sent to the kernel */
	uint64_t errors;      /* that the kernel answered */
	uint64_t resyncs;     /* comparisons of everything, the first included */
	uint8_t trouble[DP_SYNC_TEXT_B]; /* what is wrong now, else empty */
};

struct dp_sync_d {
	uint8_t magic[8];
	uint32_t version;
	_Atomic uint32_t wake;
	_Alignas(64) _Atomic uint64_t acked;
	_Atomic uint64_t map_id;
	_Atomic uint64_t policy_id[2]; /* in use, and the one before */
	_Alignas(64) _Atomic uint64_t beat_ns;
	_Alignas(64) _Atomic uint32_t seq;
	_Atomic uint64_t report[sizeof(struct dp_sync_report) / 8];
};

_Static_assert(sizeof(struct dp_sync_report) % 8 == 0, "copied in words");
_Static_assert(offsetof(struct dp_sync_d, acked) == 64, "layout");
_Static_assert(offsetof(struct dp_sync_d, beat_ns) == 128, "layout");
_Static_assert(sizeof(struct dp_sync_d) <= DP_SYNC_FILE_B, "layout");

#endif
