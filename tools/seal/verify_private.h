/* What the sources of verify.h share. */
#ifndef DP_VERIFY_PRIVATE_H
#define DP_VERIFY_PRIVATE_H

#include <sodium.h>
#include "tools/seal/verify.h"

struct dp_verify_copies {
	FILE *from; /* NULL: none */
	const char *path;
	uint64_t line;
	bool has; /* next is read and not yet met */
	struct dp_seal_line next;
	uint8_t digest[DP_SEAL_DIGEST_B]; /* of next */

	/* those of other logs that were sealed with this key */
	uint64_t rivals, rival_line; /* the first one's line */
	uint8_t rival_chain[DP_SEAL_CHAIN_B]; /* and chain */
	char rival_time[DP_SEAL_TIME_MAX];    /* the last one's */
};

struct dp_verify {
	struct dp_verify_options o;
	struct dp_verify_sum sum;
	bool has_key;

	/* the file */
	const char *path; /* NULL: none yet */
	bool began;	  /* something was said of its first line */
	uint64_t line, octet; /* that were read of it, whole lines */
	bool in_line;	  /* the line that is read is no seal line */
	char pending[DP_SEAL_LINE_MAX]; /* begin of what may be one */
	size_t pending_b;

	/* what was read behind the last seal line */
	crypto_generichash_state digest;
	uint64_t block_line, block_octet; /* where it begins */
	char *box; /* its octets, where they are to be decrypted */
	size_t box_b, box_room;

	/* the chain: the last seal line that belongs to it */
	struct dp_seal_line last;
	uint8_t last_digest[DP_SEAL_DIGEST_B];
	uint64_t damaged; /* seal lines since then that are none */
	struct dp_seal_line line_now;

	struct dp_verify_copies copies;
};

/* A finding; from and to: what of the file it is about. */
struct dp_verify_place {
	uint64_t from_line, to_line;
	uint64_t from_octet, to_octet;
	const char *before; /* the time; "" */
};
void dp_verify_found(struct dp_verify *v, enum dp_verify_kind kind,
    const struct dp_verify_place *at, const char *fmt, ...) DP_PRINTF(4, 5);

/* The seal line that begins where v is; behind it a new block begins. */
enum dp_err dp_verify_seal_line(struct dp_verify *v, const char *text,
    size_t size_b) DP_MUST_CHECK;

/* The lines of the block that is read, which is sealed, decrypted. */
enum dp_err dp_verify_decrypt(struct dp_verify *v,
    const struct dp_verify_place *at) DP_MUST_CHECK;

/* v->last was read: what do the copies say? */
void dp_verify_copy_compare(struct dp_verify *v);
/* Are there any behind the end of the log? */
void dp_verify_copy_rest(struct dp_verify *v);

#endif
