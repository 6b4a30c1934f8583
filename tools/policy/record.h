/*
 * Records of master files (RFC 1035, 5.1): owner, type and data told apart,
 * names made absolute, $ORIGIN and $TTL followed. TTLs are checked and
 * forgotten. The data is read by ldns (rdata.h), the owner is not: ldns 1.8.3
 * cuts its text off at 255 characters. Single-threaded; the owner closes.
 */
#ifndef DP_RECORD_H
#define DP_RECORD_H

#include "tools/policy/rdata.h"

struct dp_record {
	struct dp_name owner;
	enum dp_record_type type;
	const char *type_text;
	unsigned long line; /* of the first word */
	const struct dp_rdata *data;
};

struct dp_record_reader;

/* in is borrowed until close. */
enum dp_err dp_record_open(struct dp_record_reader **out, FILE *in)
    DP_MUST_CHECK;
void dp_record_close(struct dp_record_reader **reader);

/* The next record, its pointers borrowed until the next call. DP_ERR_NOTFOUND:
 * the end. diag (never NULL) as in rdata.h. */
enum dp_err dp_record_next(struct dp_record_reader *reader,
    struct dp_record *out, struct dp_diag *diag) DP_MUST_CHECK;

#endif
