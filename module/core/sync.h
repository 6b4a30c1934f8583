/*
 * What the firewall agent promises: the file sync/ack (sync_d.h). The agent
 * holds one handle for writing; the module and the tools hold handles for
 * reading and distrust every byte but may believe the promise, for the folder
 * is the agent's; a file that is cut short promises nothing. Each handle may be used by any number of threads, but for
 * what is said below.
 *
 * Nothing here reads a clock: now_ns is CLOCK_BOOTTIME in nanoseconds, which
 * all processes of a machine share.
 */
#ifndef DP_SYNC_H
#define DP_SYNC_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/err.h"
#include "module/core/sync_d.h"

#define DP_SYNC_DIGEST_B 32 /* of a policy: dp_policy_digest */

struct dp_sync;

/* --- the agent ------------------------------------------------------------ */

/* Make the file anew where it is none of ours, else take it over; nothing is
 * promised. The caller has made sure that it is the only agent. */
enum dp_err dp_sync_create(struct dp_sync **out, const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

/* One thread at a time, all of these. */
void dp_sync_beat(struct dp_sync *s, uint64_t now_ns);

/* Nothing is promised from here on, until the next ack. */
void dp_sync_withdraw(struct dp_sync *s);

/* What later acks are about. Withdraws what was promised where either differs;
 * digest then becomes the policy in use and the one in use the one before. */
void dp_sync_subject(struct dp_sync *s, uint64_t map_id,
    const uint8_t digest[DP_SYNC_DIGEST_B]);

/* The kernel holds all changes below seq; wakes who waits. seq is not 0 and
 * never below that of the ack before, unless something was withdrawn. */
void dp_sync_ack(struct dp_sync *s, uint64_t seq);

void dp_sync_publish(struct dp_sync *s, const struct dp_sync_report *report);

/* --- everybody else ------------------------------------------------------- */

/* DP_ERR_NOTFOUND: no agent ever ran. The file stays the same one when an agent
 * starts again, unless somebody removed it: see dp_sync_is_at. */
enum dp_err dp_sync_open_ro(struct dp_sync **out, const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

/* False when the file at path is not this one any more. */
bool dp_sync_is_at(const struct dp_sync *s, const char *path);

/* Was the agent heard of lately? */
bool dp_sync_alive(const struct dp_sync *s, uint64_t now_ns);

/* All changes of this map below the returned number are in the kernel, as far
 * as this policy allows; 0: nothing is promised. Says nothing of whether the
 * agent lives. */
uint64_t dp_sync_acked(const struct dp_sync *s, uint64_t map_id,
    const uint8_t digest[DP_SYNC_DIGEST_B]);

/*
 * Wait until the agent acks or withdraws after dp_sync_word was asked, at most
 * timeout_ns. Ask for the word first, then look at what is acked, then wait.
 */
uint32_t dp_sync_word(const struct dp_sync *s);
void dp_sync_wait(const struct dp_sync *s, uint32_t word, uint64_t timeout_ns);

/* A consistent copy, texts NUL-terminated. DP_ERR_BUSY: the agent died while it
 * wrote. DP_ERR_FORMAT: the file was cut short. */
enum dp_err dp_sync_read(const struct dp_sync *s, struct dp_sync_report *out)
    DP_MUST_CHECK;

/* Of both kinds; *s may be NULL. */
void dp_sync_close(struct dp_sync **s);

#endif
