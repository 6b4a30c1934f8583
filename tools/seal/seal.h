/*
 * Sealed logs, the writing half: lines of a log in, octets of a sealed log out,
 * as dnspin-log(5) has them under SEALED LOGS. Lines are gathered into blocks;
 * a signed checkpoint follows each block and continues one chain, over files
 * and restarts.
 *
 *	open -> begin, or resume -> add, tick ... -> stop -> close
 *
 * Reads key files when it is opened, and the log when it is resumed; writes
 * nothing itself: whoever calls appends what output gives to the file, all of
 * it and in order, and says so. Reads no clock; random numbers are libsodium's,
 * for the name of a chain and for encryption. sodium_init must have been
 * called. Single-threaded.
 */
#ifndef DP_SEAL_H
#define DP_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"

#define DP_SEAL_LINE_MAX 65536u /* octets of a line, with its line feed */
#define DP_SEAL_BLOCK_MAX (4u << 20) /* octets; a fuller block is closed */

struct dp_seal;

/* A checkpoint, or the first line of a file, with its line feed. */
typedef void dp_seal_copy_fn(void *arg, const char *line, size_t line_b);

struct dp_seal_options {
	const char *key;       /* file of the secret key (dnspin keygen) */
	const char *auditor;   /* file of the public key that lines are
				* encrypted for; NULL: they are not */
	uint32_t block_lines;  /* a block is closed with so many lines, */
	uint32_t block_ms;     /* or so long after its first one; */
	uint32_t idle_ms;      /* an empty one so long after the last seal
				* line; 0: none is made */
	dp_seal_copy_fn *copy; /* NULL: none; called by dp_seal_written */
	void *arg;	       /* of copy */
};

/* Keeps nothing of o but copy and arg. Errors as of dp_key_secret_read and
 * dp_key_public_read. */
enum dp_err dp_seal_open(struct dp_seal **out, const struct dp_seal_options *o,
    struct dp_diag *diag) DP_MUST_CHECK;

/* *s may be NULL. Lines that are in no closed block are forgotten. */
void dp_seal_close(struct dp_seal **s);

/* A line of the log, what it means, and how far reading is with it. */
struct dp_seal_item {
	const char *line; /* borrowed, without a line feed */
	size_t line_b;
	uint64_t time_us; /* of the event, since 1970 */
	bool gap;	  /* it says that events are missing: */
	uint64_t lost;	  /* so many, 0: nobody knows how many */
	uint32_t ring;	  /* all of this ring, up to event `number` of the */
	uint64_t id;	  /* file with this id, is in the log now */
	uint64_t number;
};

/* --- where the log begins ------------------------------------------------- */

/* A new chain in a file that is empty. */
enum dp_err dp_seal_begin(struct dp_seal *s, uint64_t now_us) DP_MUST_CHECK;

/* Fills in all but line and line_b from them; false: this is no line of such
 * a log. Events say nothing of id: 0 leaves the one known. */
typedef bool dp_seal_known_fn(void *arg, struct dp_seal_item *item);

/*
 * Go on behind what is in the file, which fd reads and writes and path names in
 * messages. Lines behind the last checkpoint are asked for one by one (known),
 * and make a block that says that they were recovered; half a line, and what
 * comes behind a line that is not known, is cut off the file. So are all lines
 * behind the last checkpoint of an encrypted log. *cut_b: so many octets were.
 *
 * DP_ERR_NOTFOUND: there is no whole first line in it, so it holds nothing:
 * empty it and use the file before it, or begin. DP_ERR_SIGNATURE: sealed with
 * another key; DP_ERR_FORMAT: no sealed log. Nothing was changed then.
 */
enum dp_err dp_seal_resume(struct dp_seal *s, int fd, const char *path,
    dp_seal_known_fn *known, void *arg, uint64_t now_us, uint64_t *cut_b,
    struct dp_diag *diag) DP_MUST_CHECK;

/* After resume: was the file ended by dp_seal_end_file? Then only
 * dp_seal_next_file may follow. */
bool dp_seal_file_ended(const struct dp_seal *s);

/* How far reading was, for dp_stream_resume: false when there is no k-th ring.
 * All that were given to add, or that the file has. */
bool dp_seal_position(const struct dp_seal *s, size_t k, uint32_t *ring,
    uint64_t *id, uint64_t *number);

/* --- lines and checkpoints ------------------------------------------------ */

/* DP_ERR_FORMAT: longer than DP_SEAL_LINE_MAX, with a line feed in it, or
 * it looks like a checkpoint. On failure the line was not taken. */
enum dp_err dp_seal_add(struct dp_seal *s, const struct dp_seal_item *item,
    uint64_t now_us) DP_MUST_CHECK;

/* Close the block when it is time, also an empty one: it says that the writer
 * was there and nothing came. Call it each time that nothing is to be added,
 * and some times in block_ms. */
enum dp_err dp_seal_tick(struct dp_seal *s, uint64_t now_us) DP_MUST_CHECK;

/* Close the block, if there is anything in it. */
enum dp_err dp_seal_close_block(struct dp_seal *s, uint64_t now_us)
    DP_MUST_CHECK;

/* Close the block, whatever is in it, and say that the log ends here: it was
 * not cut off. It may be resumed later. */
enum dp_err dp_seal_stop(struct dp_seal *s, uint64_t now_us) DP_MUST_CHECK;

/* Rotation: close the block and the file; what output gives now still belongs
 * to the old file. When that is written, begin the next one. */
enum dp_err dp_seal_end_file(struct dp_seal *s, uint64_t now_us) DP_MUST_CHECK;
enum dp_err dp_seal_next_file(struct dp_seal *s, uint64_t now_us) DP_MUST_CHECK;

/* --- what is to be written ------------------------------------------------ */

/* What is to be appended to the file now; NULL: nothing. Borrowed until the
 * next call of another function. *checkpoint (may be NULL): there is one in
 * it: sync the file before dp_seal_written, so that no copy of a checkpoint
 * tells of more than a power loss leaves. */
const char *dp_seal_output(const struct dp_seal *s, size_t *size_b,
    bool *checkpoint);

/* The first size_b octets of it are in the file; copies of the checkpoints
 * among them are handed out now. */
void dp_seal_written(struct dp_seal *s, size_t size_b);

#endif
