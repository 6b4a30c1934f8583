/*
 * The entries of master files (RFC 1035, 5.1) as ldns reads them rightly: one
 * entry, one line of words with a blank between them, comments and parentheses
 * gone. What the words mean is not known here.
 *
 * ldns_fget_token_l, which ldns itself joins lines with, is not trusted with
 * what people write (1.8.3): NUL bytes, a '(' or '"' that is never closed, a ')'
 * too many and a backslash at the end of a line pass in silence, words on both
 * sides of a parenthesis or a comment may become one, and the line that an
 * entry begins on is lost.
 *
 * Single-threaded; the owner closes.
 */
#ifndef DP_ENTRY_H
#define DP_ENTRY_H

#include <stdio.h>
#include "tools/policy/word.h"

/* Bytes of an entry's words. ldns cuts rdata at 65533 of them in silence. */
#define DP_ENTRY_MAX 65000u

/*
 * All words of an entry stand in one piece of memory, each one byte behind the
 * one before; in front of the first there are two bytes. Who reads may change
 * all of them.
 */
struct dp_entry {
	struct dp_word *words;
	size_t count;	    /* at least 1 */
	unsigned long line; /* of the first word */
	bool indented;	    /* begins with a blank: owner as before */
};

struct dp_entry_reader;

/* in is borrowed until close. */
enum dp_err dp_entry_open(struct dp_entry_reader **out, FILE *in)
    DP_MUST_CHECK;
void dp_entry_close(struct dp_entry_reader **reader);

/* The next entry, borrowed until the next call. DP_ERR_NOTFOUND: the end. On
 * errors diag has line and reason, its object is left alone. */
enum dp_err dp_entry_next(struct dp_entry_reader *reader, struct dp_entry *out,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
