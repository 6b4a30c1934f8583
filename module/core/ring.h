/*
 * A ring of records in a file (ring_d.h): one thread writes, never waits and
 * makes no system call; any number of readers, also in other processes, follow
 * by looking now and then, and are told how much they lost when they are slow.
 *
 * A writer is for one thread, a reader is for one thread. Readers distrust
 * every octet: they copy with read(2), so that no change of the file can hurt
 * them. Nothing here reads a clock or random numbers.
 */
#ifndef DP_RING_H
#define DP_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"
#include "module/core/ring_d.h"

#define DP_RING_MIN_B (16u * DP_RING_BLOCK_B)
#define DP_RING_MAX_B (UINT64_C(1) << 32)
#define DP_RING_PAYLOAD_MAX \
	(DP_RING_RECORD_MAX - sizeof(struct dp_ring_record_d))

/* --- writing -------------------------------------------------------------- */

struct dp_ring;

struct dp_ring_made { /* what a ring that is made anew is told */
	uint64_t size_b;  /* rounded up to a power of two, within the limits */
	uint64_t id;	  /* random */
	uint64_t boot[2]; /* tells this start of the machine from others */
};

/*
 * Take over the ring at path, or make one where there is none, where its size
 * is another or where it was made in another boot. DP_ERR_BUSY: another writer
 * has it.
 */
enum dp_err dp_ring_open(struct dp_ring **out, const char *path,
    const struct dp_ring_made *made, struct dp_diag *diag) DP_MUST_CHECK;

/*
 * Write one record: count words, the last ones 0 where the payload is shorter.
 * False, and nothing is written: more than DP_RING_PAYLOAD_MAX octets. Wait-
 * free; about as long as copying takes.
 */
bool dp_ring_write(struct dp_ring *r, enum dp_ring_kind kind,
    const uint64_t *words, size_t count);

/* Begin to fetch where the next record goes. */
void dp_ring_expect(const struct dp_ring *r);

/* False when the file at path is not the one that r writes, or was cut short
 * or written over: what is written to it is lost. */
bool dp_ring_is_at(const struct dp_ring *r, const char *path);

/* *r may be NULL. The file stays, and so do its records. */
void dp_ring_close(struct dp_ring **r);

/* --- reading -------------------------------------------------------------- */

struct dp_ring_reader;

/* To begin with the oldest record. DP_ERR_NOTFOUND: no such ring. */
enum dp_err dp_ring_reader_open(struct dp_ring_reader **out, const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

/* To begin with record number instead; records that are not there any more are
 * reported as lost. */
void dp_ring_reader_seek(struct dp_ring_reader *r, uint64_t number);

/* The number of the first record that this file was made with, the one that the
 * next record was to get when it was opened, and the one that is expected
 * next, 0: none was read. */
uint64_t dp_ring_reader_first(const struct dp_ring_reader *r);
uint64_t dp_ring_reader_end(const struct dp_ring_reader *r);
uint64_t dp_ring_reader_expected(const struct dp_ring_reader *r);
uint64_t dp_ring_reader_id(const struct dp_ring_reader *r);

enum dp_ring_step {
	DP_RING_NONE,	/* nothing new */
	DP_RING_RECORD, /* `kind`, `number`, `bytes` */
	DP_RING_LOST,	/* `lost` records up to `number`, not included */
	DP_RING_BACK	/* an older copy was put over it: from its oldest on */
};

struct dp_ring_item {
	uint32_t kind;
	uint64_t number;
	uint64_t lost;
	const uint8_t *bytes; /* aligned to 8, borrowed until the next call */
	size_t size_b;
};

enum dp_ring_step dp_ring_next(struct dp_ring_reader *r,
    struct dp_ring_item *out);

/* False when the file at path is not the one that r reads, or not any more: cut
 * short, or with something else in it. */
bool dp_ring_reader_is_at(const struct dp_ring_reader *r, const char *path);

/* *r may be NULL. */
void dp_ring_reader_close(struct dp_ring_reader **r);

#endif
