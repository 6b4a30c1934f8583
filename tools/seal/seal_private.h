/* What the sources of seal.h share. */
#ifndef DP_SEAL_PRIVATE_H
#define DP_SEAL_PRIVATE_H

#include <sodium.h>
#include "tools/seal/seal_line.h"

struct dp_seal {
	dp_seal_copy_fn *copy;
	void *arg;
	uint32_t block_lines;
	uint32_t block_ms;
	uint32_t idle_ms;
	uint8_t key[DP_KEY_SIGN_B];
	uint8_t public_key[DP_KEY_B];
	bool is_encrypted;
	uint8_t auditor[DP_KEY_B]; /* Ed25519 */
	uint8_t auditor_box[crypto_box_PUBLICKEYBYTES]; /* the same, X25519 */

	/* The seal line that comes next: counts of the open block, and what
	 * stays the same from one to the next. */
	struct dp_seal_line next;
	uint64_t began_us;  /* when the block's first line was added */
	uint64_t sealed_us; /* when the last seal line was made, or resumed */
	uint64_t from_us, until_us;
	bool file_ended;
	crypto_generichash_state digest;
	char *plain; /* lines of the block that are to be encrypted */
	size_t plain_b, plain_room;

	char *out; /* to be written, and before it what is written already */
	size_t out_b, out_room, written_b;
	size_t *marks; /* where in out seal lines begin and end */
	size_t mark_count, mark_room;
};

/* Count a line into the open block. */
void dp_seal_count(struct dp_seal *s, const struct dp_seal_item *item);
/* The octets of the open block go on with these. */
void dp_seal_cover(struct dp_seal *s, const char *octets, size_t size_b);
/* Close the block, whatever is in it. */
enum dp_err dp_seal_checkpoint(struct dp_seal *s, enum dp_seal_end end,
    uint64_t now_us) DP_MUST_CHECK;
/* Behind that line, which stands in the file, the chain goes on. */
void dp_seal_follow(struct dp_seal *s, const struct dp_seal_line *last,
    const char *text, size_t size_b);

#endif
