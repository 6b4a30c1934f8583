/*
 * The data of records, read by ldns (ldns_rr_new_frm_str). With record.c, the
 * only user of ldns.
 *
 * ldns reads kindly; a policy must be what stands in its zones. So it gets
 * prepared lines (entry.h), and what it is known to bend is read strictly as
 * well (word.h): both must agree, and as many fields must come out as words
 * went in. Single-threaded.
 */
#ifndef DP_RDATA_H
#define DP_RDATA_H

#include "tools/policy/entry.h"

#define DP_STRING_MAX 255 /* octets, RFC 1035, 3.3 */

enum dp_record_type {
	DP_RECORD_SOA,
	DP_RECORD_NS,
	DP_RECORD_TXT,
	DP_RECORD_APL,
	DP_RECORD_CNAME,
	DP_RECORD_DNSSEC, /* what signing and serving a zone add */
	DP_RECORD_OTHER
};

/* A character-string: its length, then so many octets. */
struct dp_string {
	const uint8_t *octets;
	unsigned long line;
};

#define DP_STRING_TEXT_MAX (4 * DP_STRING_MAX + 1)
/* As text; octets that cannot be seen come escaped, so that no NUL ends it. */
void dp_string_to_text(const struct dp_string *string,
    char text[DP_STRING_TEXT_MAX]);

struct ldns_struct_rr;

/* Begins zeroed. */
struct dp_rdata {
	uint32_t serial;	   /* SOA */
	struct dp_name target;	   /* NS, CNAME */
	struct dp_string *strings; /* TXT */
	struct dp_prefix *pins;	   /* APL */
	size_t count;		   /* of strings or pins, at least 1 */

	size_t max; /* that there is room for */
	struct ldns_struct_rr *rr;
};

/*
 * Read the data behind e->words[type_at], the type; all words in front of it
 * are lost. What d has then is valid until the next call. Of types DNSSEC and
 * OTHER nothing is read. origin as in word.h, never NULL; diag (never NULL) has
 * line and reason, and as its object the word that they are about, if one.
 */
enum dp_err dp_rdata_read(struct dp_rdata *d, enum dp_record_type type,
    const struct dp_entry *e, size_t type_at, const struct dp_name *origin,
    struct dp_diag *diag) DP_MUST_CHECK;

void dp_rdata_free(struct dp_rdata *d);

#endif
