/* Is a seal line the next one of the chain, and does it fit its block? */
#include "dp_config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/seal/verify_private.h"

static struct dp_verify_place line_place(const struct dp_verify *v,
    size_t size_b)
{
	return (struct dp_verify_place){ v->line + 1, v->line + 1, v->octet,
		v->octet + size_b, "" };
}

/* The block with its checkpoint. */
static struct dp_verify_place whole_place(const struct dp_verify *v,
    size_t size_b)
{
	return (struct dp_verify_place){ v->block_line + 1, v->line + 1,
		v->block_octet, v->octet + size_b, v->line_now.time };
}

static struct dp_verify_place block_place(const struct dp_verify *v)
{
	return (struct dp_verify_place){ v->block_line + 1,
		v->line > v->block_line ? v->line : v->block_line + 1,
		v->block_octet, v->octet, v->line_now.time };
}

/* Read it, and find out whether the key's owner signed it. False: said. */
static bool is_genuine(struct dp_verify *v, const char *text, size_t size_b,
    enum dp_err *err)
{
	struct dp_verify_place at = line_place(v, size_b);
	struct dp_seal_line *l = &v->line_now;

	*err = dp_seal_line_read(l, text, size_b);
	if (*err == DP_ERR_NOMEM)
		return false;
	if (*err) {
		dp_verify_found(v, DP_VERIFY_SIGNATURE, &at, "%s",
		    *err == DP_ERR_VERSION
			? "the checkpoint is of another version than this "
			  "dnspin knows"
			: "the checkpoint is damaged");
		*err = DP_OK;
		return false;
	}
	at.before = l->time;
	if (!v->has_key && !l->is_block &&
	    dp_seal_line_signed(text, size_b, l->key)) {
		v->has_key = true;
		memcpy(v->sum.key, l->key, DP_KEY_B);
	} else if (!v->has_key) {
		dp_verify_found(v, DP_VERIFY_SIGNATURE, &at,
		    "nothing before the checkpoint tells the key: name it "
		    "with -k");
		return false;
	} else if (!dp_seal_line_signed(text, size_b, v->sum.key)) {
		dp_verify_found(v, DP_VERIFY_SIGNATURE, &at,
		    "the checkpoint is damaged or was made with another key");
		return false;
	} else if (!l->is_block &&
	    memcmp(l->key, v->sum.key, sizeof(l->key)) != 0) {
		dp_verify_found(v, DP_VERIFY_SIGNATURE, &at,
		    "it names another key than the one it was made with");
		return false;
	}
	return true;
}

/* Where in its file does it stand? False: said, and it leads nowhere. */
static bool stands_right(struct dp_verify *v, size_t size_b)
{
	static const struct dp_verify_place start = { 1, 1, 0, 0, "" };
	struct dp_verify_place at = whole_place(v, size_b);
	bool began = v->began;

	v->began = true;
	if (v->line_now.is_block && !began)
		dp_verify_found(v, DP_VERIFY_REMOVED, &start,
		    "the first line of the file, which names its chain, is "
		    "missing or damaged");
	if (v->line_now.is_block || v->octet == 0)
		return true;
	/* Files that were put together are still a log. */
	if (began && v->octet == v->block_octet && v->last.is_block &&
	    v->last.end == DP_SEAL_END_FILE)
		return true;
	dp_verify_found(v, DP_VERIFY_INSERTED, &at,
	    "the first line of a file stands in the middle of one");
	return !began;
}

static void blocks_missing(struct dp_verify *v, uint64_t expected)
{
	const struct dp_seal_line *l = &v->line_now;
	struct dp_verify_place at = block_place(v);
	uint64_t known = v->last.before + v->last.records;

	at.to_line = at.from_line;
	at.to_octet = at.from_octet;
	dp_verify_found(v, DP_VERIFY_REMOVED, &at,
	    "checkpoints %" PRIu64 " to %" PRIu64 " are missing before this, "
	    "and %" PRIu64 " records with them", expected, l->number - 1,
	    l->before > known ? l->before - known : 0);
}

/* Only who has the key, or a writer with an error, says such things. */
static bool contradicts(const struct dp_verify *v)
{
	const struct dp_seal_line *l = &v->line_now, *last = &v->last;
	bool file_ended = last->is_block && last->end == DP_SEAL_END_FILE;

	if (!v->sum.has_chain)
		return l->number == 0 && (l->is_block || l->file != 1 ||
		    l->before != 0 ||
		    !sodium_is_zero(l->previous, sizeof(l->previous)));
	return l->before != last->before + last->records ||
	    l->is_block == file_ended ||
	    (!l->is_block && l->file <= v->sum.last_file);
}

/* Is it the next one of the chain? False: no, and the chain goes on where it
 * was. */
static bool follows(struct dp_verify *v, size_t size_b)
{
	const struct dp_seal_line *l = &v->line_now;
	struct dp_verify_place at = whole_place(v, size_b);
	uint64_t expected = v->last.number + 1;

	if (!v->sum.has_chain) {
		if (contradicts(v))
			dp_verify_found(v, DP_VERIFY_CHAIN, &at,
			    "it says that it is the first of a log, and that "
			    "it is not");
		return true;
	}
	if (memcmp(l->chain, v->last.chain, sizeof(l->chain)) != 0) {
		dp_verify_found(v, DP_VERIFY_CHAIN, &at,
		    "%s of another log, sealed with the same key",
		    l->is_block ? "the checkpoint is" : "from here on it is");
		return !l->is_block;
	}
	if (l->number < expected) {
		dp_verify_found(v, DP_VERIFY_ORDER, &at,
		    "checkpoint %" PRIu64 " stands behind checkpoint %" PRIu64,
		    l->number, v->last.number);
		return !l->is_block;
	}
	if (l->number - expected > v->damaged)
		blocks_missing(v, expected);
	else if (l->number == expected &&
	    memcmp(l->previous, v->last_digest, sizeof(l->previous)) != 0)
		dp_verify_found(v, DP_VERIFY_CHAIN, &at,
		    "the checkpoint does not follow checkpoint %" PRIu64
		    " that stands before it", v->last.number);
	else if (l->number == expected && contradicts(v))
		dp_verify_found(v, DP_VERIFY_CHAIN, &at,
		    "the checkpoint contradicts checkpoint %" PRIu64
		    " that stands before it", v->last.number);
	return true;
}

/* False: said. */
static bool block_fits(struct dp_verify *v)
{
	const struct dp_seal_line *l = &v->line_now;
	struct dp_verify_place at = block_place(v);
	uint64_t lines = v->line - v->block_line;
	uint8_t digest[DP_SEAL_DIGEST_B];

	crypto_generichash_final(&v->digest, digest, sizeof(digest));
	if (lines == l->lines && v->octet - v->block_octet == l->octets &&
	    memcmp(digest, l->digest, sizeof(digest)) == 0)
		return true;
	if (lines < l->lines)
		dp_verify_found(v, DP_VERIFY_REMOVED, &at,
		    "%" PRIu64 " of %" PRIu64 " lines are missing here",
		    l->lines - lines, l->lines);
	else if (lines > l->lines)
		dp_verify_found(v, DP_VERIFY_INSERTED, &at,
		    "%" PRIu64 " lines are too many here, %" PRIu64
		    " were sealed", lines - l->lines, l->lines);
	else
		dp_verify_found(v, DP_VERIFY_CHANGED, &at,
		    "these lines are not those that were sealed");
	return false;
}

static void add_block(struct dp_verify_sum *sum, const struct dp_seal_line *l)
{
	sum->blocks++;
	sum->records += l->records;
	sum->gaps += l->gaps;
	sum->lost += l->lost;
	sum->recovered += l->recovered;
	sum->cut_b += l->cut_b;
	if (l->from[0] && (!sum->from[0] || strcmp(l->from, sum->from) < 0))
		strcpy(sum->from, l->from);
	if (strcmp(l->until, sum->until) > 0)
		strcpy(sum->until, l->until);
	sum->end = l->end;
}

static enum dp_err add_file(struct dp_verify *v)
{
	const struct dp_seal_line *l = &v->line_now;
	struct dp_verify_sum *sum = &v->sum;
	uint8_t own[DP_KEY_B];

	if (!sum->has_chain)
		sum->first_file = l->file;
	sum->last_file = l->file;
	sum->encrypted |= l->is_encrypted;
	sum->end = DP_SEAL_END_NO;
	if (!v->o.auditor)
		return DP_OK;
	if (!l->is_encrypted)
		return DP_ERR_FORMAT;
	crypto_sign_ed25519_sk_to_pk(own, v->o.auditor);
	return memcmp(own, l->auditor, sizeof(own)) == 0 ? DP_OK
							 : DP_ERR_SIGNATURE;
}

/* From the last seal line to this one. A clock that was set back makes none. */
static void measure_silence(struct dp_verify *v)
{
	const struct dp_seal_line *l = &v->line_now;
	struct dp_verify_sum *sum = &v->sum;
	uint64_t from_us, until_us;

	if (!sum->has_chain || l->number != v->last.number + 1 ||
	    !dp_seal_time_read(&from_us, v->last.time) ||
	    !dp_seal_time_read(&until_us, l->time) ||
	    until_us <= from_us || until_us - from_us <= sum->silence_us)
		return;
	sum->silence_us = until_us - from_us;
	strcpy(sum->silence_from, v->last.time);
	strcpy(sum->silence_until, l->time);
}

enum dp_err dp_verify_seal_line(struct dp_verify *v, const char *text,
    size_t size_b)
{
	const struct dp_seal_line *l = &v->line_now;
	struct dp_verify_place at;
	enum dp_err err;
	bool fits = false;

	if (!is_genuine(v, text, size_b, &err)) {
		v->began |= v->octet == 0;
		v->damaged++;
		return err;
	}
	if (!stands_right(v, size_b) || !follows(v, size_b))
		return DP_OK;
	if (l->is_block) {
		fits = block_fits(v);
		add_block(&v->sum, l);
	} else {
		err = add_file(v);
		if (err)
			return err;
	}
	at = block_place(v);
	measure_silence(v);
	v->last = *l;
	dp_seal_line_digest(v->last_digest, text, size_b);
	memcpy(v->sum.chain, l->chain, sizeof(v->sum.chain));
	v->sum.has_chain = true;
	v->damaged = 0;
	if (v->copies.from)
		dp_verify_copy_compare(v);
	return fits && v->o.auditor ? dp_verify_decrypt(v, &at) : DP_OK;
}

/* --- decryption ----------------------------------------------------------- */

/* The octets of the box in the block's only line; NULL: said. The caller
 * frees. */
static uint8_t *box_of(struct dp_verify *v, size_t *size_b)
{
	size_t frame_b = strlen(DP_SEAL_BOX_PREFIX) +
	    strlen(DP_SEAL_BOX_SUFFIX) + 1;
	uint8_t *box = v->box_b > frame_b ? malloc(v->box_b) : NULL;

	if (!box || memcmp(v->box, DP_SEAL_BOX_PREFIX,
		strlen(DP_SEAL_BOX_PREFIX)) != 0 ||
	    sodium_base642bin(box, v->box_b, v->box +
		strlen(DP_SEAL_BOX_PREFIX), v->box_b - frame_b, NULL, size_b,
		NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    *size_b < crypto_box_SEALBYTES) {
		free(box);
		return NULL;
	}
	return box;
}

enum dp_err dp_verify_decrypt(struct dp_verify *v,
    const struct dp_verify_place *at)
{
	uint8_t secret[crypto_box_SECRETKEYBYTES];
	uint8_t public[crypto_box_PUBLICKEYBYTES];
	enum dp_err err = DP_OK;
	size_t size_b = 0;
	uint8_t *box;

	if (v->box_b == 0)
		return DP_OK; /* the log was only stopped, or cut off */
	crypto_sign_ed25519_sk_to_curve25519(secret, v->o.auditor);
	crypto_scalarmult_base(public, secret);
	box = box_of(v, &size_b);
	/* What is opened is shorter than its base64, which is used no more. */
	if (!box || crypto_box_seal_open((uint8_t *)v->box, box, size_b,
		public, secret) != 0) {
		dp_verify_found(v, DP_VERIFY_CHANGED, at,
		    "the block is sealed, but cannot be decrypted");
	} else {
		v->sum.decrypted = true;
		if (!v->o.plain(v->o.arg, v->box,
			size_b - crypto_box_SEALBYTES))
			err = DP_ERR_LIMIT;
	}
	sodium_memzero(secret, sizeof(secret));
	free(box);
	return err;
}
