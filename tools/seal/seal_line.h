/*
 * The lines that seal a log, dnspin-log(5): the first line of each file and the
 * checkpoint behind each block. Each is signed over its octets up to the
 * signature and names the digest of the one before, which makes them a chain.
 * There is one way only to write them, so that no octet can be changed unseen.
 * Pure functions on the caller's memory, for any thread; sodium_init must have
 * been called.
 */
#ifndef DP_SEAL_LINE_H
#define DP_SEAL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/key.h"
#include "tools/key.h"
#include "tools/seal/seal.h"

#define DP_SEAL_PREFIX "{\"dnspin\":{\"seal\":{" /* no other line begins so */
#define DP_SEAL_BOX_PREFIX "{\"dnspin\":{\"box\":\"" /* an encrypted block */
#define DP_SEAL_BOX_SUFFIX "\"}}"
#define DP_SEAL_VERSION 1
#define DP_SEAL_DIGEST_B 32 /* BLAKE2b */
#define DP_SEAL_CHAIN_B 16
#define DP_SEAL_RINGS_MAX 1024u
#define DP_SEAL_TIME_MAX 28 /* 2026-11-22T19:30:00.123456Z */

enum dp_seal_end {
	DP_SEAL_END_NO,	  /* the log goes on behind it */
	DP_SEAL_END_STOP, /* it ended there */
	DP_SEAL_END_FILE  /* it goes on in another file */
};

struct dp_seal_position {
	uint32_t ring;
	uint64_t id;	 /* of the ring's file */
	uint64_t number; /* of the last event that is in the log */
};

struct dp_seal_line {
	bool is_block;
	uint8_t chain[DP_SEAL_CHAIN_B];
	uint64_t number; /* of the line in the chain, from 0 */
	char time[DP_SEAL_TIME_MAX];
	uint8_t previous[DP_SEAL_DIGEST_B]; /* of the line before; zeros */
	uint64_t before; /* records of the chain before the block or file */

	/* of a file */
	uint64_t file; /* from 1 */
	uint8_t key[DP_KEY_B];
	bool is_encrypted;
	uint8_t auditor[DP_KEY_B];

	/* of a block */
	uint8_t digest[DP_SEAL_DIGEST_B]; /* of its octets in the file */
	uint64_t octets;
	uint64_t lines;	  /* in the file: 1 where it is encrypted */
	uint64_t records; /* lines that are events */
	uint64_t gaps;	  /* lines that say that events are missing, */
	uint64_t lost;	  /* so many in all */
	char from[DP_SEAL_TIME_MAX]; /* of its events; "" where none is */
	char until[DP_SEAL_TIME_MAX];
	bool recovered;
	uint64_t cut_b;
	enum dp_seal_end end;

	size_t position_count;
	struct dp_seal_position positions[DP_SEAL_RINGS_MAX];
};

/* Time since 1970 as text, UTC. */
void dp_seal_time_text(char text[DP_SEAL_TIME_MAX], uint64_t time_us);

/* The other way round; false: it is no such text of a time that there is. */
bool dp_seal_time_read(uint64_t *time_us, const char *text);

/* The signed line, with its line feed, to text; returns its length. Numbers
 * above INT64_MAX are written as that. */
size_t dp_seal_line_write(char text[DP_SEAL_LINE_MAX],
    const struct dp_seal_line *l, const uint8_t key[DP_KEY_SIGN_B]);

/* Does text begin like such a line? */
bool dp_seal_line_is(const char *text, size_t size_b);

/* The line in text, which ends with a line feed. DP_ERR_FORMAT: not as
 * dp_seal_line_write writes it; DP_ERR_VERSION: of a later version, maybe. Says
 * nothing of the signature. */
enum dp_err dp_seal_line_read(struct dp_seal_line *out, const char *text,
    size_t size_b) DP_MUST_CHECK;

/* Did the owner of key sign the line, which was read? */
bool dp_seal_line_signed(const char *text, size_t size_b,
    const uint8_t key[DP_KEY_B]);

/* What the next line calls `previous`. */
void dp_seal_line_digest(uint8_t digest[DP_SEAL_DIGEST_B], const char *text,
    size_t size_b);

#endif
