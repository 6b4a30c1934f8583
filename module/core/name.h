/*
 * DNS names in canonical wire form (RFC 1035, 3.1; RFC 4034, 6.2): labels with
 * length octets, ASCII letters in lower case, the root label at the end. Names
 * are compared in this form only: text loses escaped and 255-octet names.
 * Pure functions on the caller's memory, for any thread.
 */
#ifndef DP_NAME_H
#define DP_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"

#define DP_NAME_MAX 255	      /* octets, RFC 1035, 2.3.4 */
#define DP_LABEL_MAX 63	      /* octets */
#define DP_NAME_LABELS_MAX 128 /* with the root label */
#define DP_NAME_TEXT_MAX 1024 /* bytes, every octet escaped, with the NUL */

struct dp_name {
	uint8_t len; /* octets used in wire, 1 (the root) to 255 */
	uint8_t wire[DP_NAME_MAX];
};

/* Copy an uncompressed wire name of at most len octets, lower-casing it;
 * octets after the root label are ignored. DP_ERR_FORMAT: it is not a name. */
enum dp_err dp_name_from_wire(struct dp_name *out, const uint8_t *wire,
    size_t len) DP_MUST_CHECK;

/* As from_wire, for octets that are a name by construction (Unbound's qname):
 * copies and lower-cases only. False when len is 0 or over 255. */
bool dp_name_copy_lower(struct dp_name *out, const uint8_t *wire, size_t len);

/* Master file text (RFC 1035, 5.1, with \DDD and \X); a last dot may be
 * missing. DP_ERR_SYNTAX with the reason in diag. */
enum dp_err dp_name_from_text(struct dp_name *out, const char *text,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Master file text without the last dot ("." for the root); returns the
 * length. Octets other than letters, digits, '-', '_', '*', '/' come as \DDD. */
size_t dp_name_to_text(const struct dp_name *name,
    char text[DP_NAME_TEXT_MAX]);

/* "\DDD" (RFC 1035, 5.1) without a NUL behind it; returns its length. */
#define DP_OCTET_ESCAPE_B 4
size_t dp_octet_escape(uint8_t octet, char text[DP_OCTET_ESCAPE_B]);

bool dp_name_equal(const struct dp_name *a, const struct dp_name *b);

/* Canonical order (RFC 4034, 6.1): negative, 0, positive. */
int dp_name_compare(const struct dp_name *a, const struct dp_name *b);

/* Labels with the root label: 1 for ".". */
unsigned dp_name_labels(const struct dp_name *name);

/* True when name is parent or stands below it. */
bool dp_name_within(const struct dp_name *name, const struct dp_name *parent);

/* Is wire[0..len) exactly one well-formed name in lower case? For readers of
 * files. */
bool dp_name_is_canonical(const uint8_t *wire, size_t len);

/* Are the octets of a well-formed name in lower case? */
bool dp_name_is_lower(const uint8_t *wire, size_t len);

#endif
