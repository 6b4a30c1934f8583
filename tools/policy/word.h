/*
 * Words of master files (RFC 1035, 5.1) read strictly, where ldns 1.8.3 reads
 * too kindly: it cuts owners to 255 characters of text, takes -1 and 4294967297
 * for numbers of 32 bits, lets times overflow, and 1:0.0.0.0/256 is 1:0.0.0.0/0
 * to it and 1:10.0.0.0/8x is 1:10.0.0.0/8. Pure functions.
 */
#ifndef DP_WORD_H
#define DP_WORD_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/name.h"

/* Escapes and quotes in place, NUL-terminated. */
struct dp_word {
	char *text;
	unsigned long line;
};

/* Errors are DP_ERR_SYNTAX; diag has the word as its object, its line and what
 * to write instead. Names may fail with DP_ERR_NOMEM, too. */

/* "@", relative to origin or absolute. origin NULL or of len 0: there is none,
 * and relative names are errors. */
enum dp_err dp_word_name(struct dp_name *out, const struct dp_word *word,
    const struct dp_name *origin, struct dp_diag *diag) DP_MUST_CHECK;

/* As dp_word_name, where labels may be in UTF-8 (idna.h). Names in data may
 * not: ldns, which reads them as well, takes UTF-8 for octets. */
enum dp_err dp_word_owner(struct dp_name *out, const struct dp_word *word,
    const struct dp_name *origin, struct dp_diag *diag) DP_MUST_CHECK;

/* An item of an APL record (RFC 3123, 5) with its family, an address without
 * host bits and the length. */
enum dp_err dp_word_pin(struct dp_prefix *out, const struct dp_word *word,
    struct dp_diag *diag) DP_MUST_CHECK;

/* A decimal number of 32 bits, without sign? Else out stays as it is. */
bool dp_word_number(uint32_t *out, const struct dp_word *word);

/* A time of at most max_s seconds: "3600" or, as all name servers take it,
 * "1h30m"? */
bool dp_word_period(const struct dp_word *word, uint32_t max_s);

#endif
