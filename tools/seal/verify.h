/*
 * Sealed logs, the reading half: is the log what its writer sealed? Octets in,
 * file by file; findings out. Memory stays the same however long the log is.
 * Every octet is distrusted. Single-threaded; sodium_init must have been
 * called.
 *
 *	open -> (file_begin, octets ..., file_end) ... -> end -> close
 */
#ifndef DP_VERIFY_H
#define DP_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "tools/seal/seal_line.h"

enum dp_verify_kind {
#define DP_VERIFY(id, word, text) DP_VERIFY_##id,
#include "tools/seal/verify.def"
#undef DP_VERIFY
	DP_VERIFY_COUNT
};

struct dp_verify_word {
	const char *word;
	const char *text;
};
extern const struct dp_verify_word dp_verify_words[DP_VERIFY_COUNT];

/* What is wrong, and where: lines from 1, octets from 0, to_octet not
 * included. line 0: nowhere in the file. */
struct dp_verify_finding {
	enum dp_verify_kind kind;
	const char *path;
	uint64_t from_line, to_line;
	uint64_t from_octet, to_octet;
	char after[DP_SEAL_TIME_MAX];  /* times of the seal lines around it; */
	char before[DP_SEAL_TIME_MAX]; /* "": there is none */
	char reason[320];
};

typedef void dp_verify_found_fn(void *arg,
    const struct dp_verify_finding *finding);
/* Decrypted lines of a block that is sealed; false: that is enough. */
typedef bool dp_verify_plain_fn(void *arg, const char *text, size_t size_b);

struct dp_verify_options {
	const uint8_t *key;	/* public; NULL: the one that the log names */
	const uint8_t *auditor; /* secret, as libsodium signs with it; NULL:
				 * nothing is decrypted */
	dp_verify_found_fn *found;
	dp_verify_plain_fn *plain;
	void *arg;	  /* of both */
	bool still_open;  /* it is being written: an open end is no finding */
};

struct dp_verify_sum {
	uint64_t files, blocks, records, gaps, lost;
	uint64_t recovered; /* blocks, */
	uint64_t cut_b;	    /* and octets that were cut off there */
	uint64_t findings;
	uint64_t copies;       /* that the log was compared with, */
	uint64_t other_copies; /* and such that another key made */
	uint64_t open_lines;   /* behind the last seal line, and */
	uint64_t open_octets;
	bool has_chain;
	bool encrypted;
	bool decrypted; /* something was */
	uint64_t first_file, last_file;
	uint8_t chain[DP_SEAL_CHAIN_B];
	uint8_t key[DP_KEY_B];
	char from[DP_SEAL_TIME_MAX]; /* "": no event is in it */
	char until[DP_SEAL_TIME_MAX];
	enum dp_seal_end end;
	uint64_t silence_us; /* the longest time between two seal lines; 0: */
	char silence_from[DP_SEAL_TIME_MAX]; /* none, and "" */
	char silence_until[DP_SEAL_TIME_MAX];
};

struct dp_verify;

enum dp_err dp_verify_open(struct dp_verify **out,
    const struct dp_verify_options *o) DP_MUST_CHECK;

/* *v may be NULL. */
void dp_verify_close(struct dp_verify **v);

/* Before the first file: the checkpoints in this stream, as they were sent
 * elsewhere, one a line, whatever stands before them in it. Borrowed until
 * dp_verify_end. */
void dp_verify_copies(struct dp_verify *v, FILE *copies, const char *path);

/* path is borrowed until the next one begins, or dp_verify_end. */
void dp_verify_file_begin(struct dp_verify *v, const char *path);
/* DP_ERR_NOMEM. Where lines are to be decrypted, DP_ERR_FORMAT: the log is not
 * encrypted; DP_ERR_SIGNATURE: it is for another auditor; DP_ERR_LIMIT: plain
 * said that it is enough. */
enum dp_err dp_verify_octets(struct dp_verify *v, const char *octets,
    size_t size_b) DP_MUST_CHECK;
void dp_verify_file_end(struct dp_verify *v);

void dp_verify_end(struct dp_verify *v, struct dp_verify_sum *out);

#endif
