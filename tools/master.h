/*
 * The lexer of master files (RFC 1035, 5.1): text in, entries of tokens out,
 * with the line that each token stands on. It knows blanks, comments, quotes,
 * parentheses and where an entry ends; what the tokens mean is zone.c's.
 *
 * It is our own because the parsers at hand read too kindly for a security
 * list: ldns 1.8.3 takes the prefix 0.0.0.0/256 for 0.0.0.0/0 and 10.0.0.1/8x
 * for 10.0.0.1/8 without a word.
 *
 * Single-threaded; the owner closes.
 */
#ifndef DP_MASTER_H
#define DP_MASTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "module/core/err.h"

#define DP_MASTER_ENTRY_MAX ((size_t)1 << 20) /* bytes of one entry's tokens */
#define DP_STRING_MAX 255		      /* octets, RFC 1035, 3.3 */

struct dp_token {
	const char *text;   /* escapes in place, quotes off, NUL-terminated */
	unsigned long line;
	bool quoted;
};

struct dp_entry {
	const struct dp_token *tokens;
	size_t count;	    /* at least 1 */
	unsigned long line; /* of the first token */
	bool indented;	    /* begins with a blank: owner as before */
};

struct dp_master;

/* in is borrowed until close. */
enum dp_err dp_master_open(struct dp_master **out, FILE *in) DP_MUST_CHECK;
void dp_master_close(struct dp_master **master);

/* The next entry, borrowed until the next call. DP_ERR_NOTFOUND: the end. On
 * errors diag has line and reason, its object is left alone. */
enum dp_err dp_master_next(struct dp_master *master, struct dp_entry *out,
    struct dp_diag *diag) DP_MUST_CHECK;

/*
 * A token as a character-string, its length in out[0]: \X and \DDD resolved.
 * NULL, or what is wrong with it.
 */
const char *dp_master_string(uint8_t out[DP_STRING_MAX + 1],
    const struct dp_token *token);

#endif
