/*
 * Records of master files (RFC 1035, 5.1): entries (master.h) with owner, type
 * and rdata told apart, names made absolute, $ORIGIN and $TTL followed. TTLs
 * are checked and forgotten. Single-threaded.
 */
#ifndef DP_RECORD_H
#define DP_RECORD_H

#include "module/core/name.h"
#include "tools/master.h"

enum dp_record_type {
	DP_RECORD_SOA,
	DP_RECORD_NS,
	DP_RECORD_TXT,
	DP_RECORD_APL,
	DP_RECORD_CNAME,
	DP_RECORD_DNSSEC, /* what signing and serving a zone add */
	DP_RECORD_OTHER
};

struct dp_record_reader {
	struct dp_master *master; /* borrowed */
	struct dp_name origin;	  /* len 0: none yet */
	struct dp_name owner;	  /* of the last record; len 0: none yet */
};

struct dp_record {
	struct dp_name owner;
	enum dp_record_type type;
	const char *type_text;
	const struct dp_token *rdata;
	size_t rdata_count; /* at least 1 but for DP_RECORD_OTHER */
	unsigned long line; /* of the entry's first token */
};

/* The next record, its pointers borrowed until the next call. DP_ERR_NOTFOUND:
 * the end. diag (never NULL) as in master.h, but its object may be a name. */
enum dp_err dp_record_next(struct dp_record_reader *reader,
    struct dp_record *out, struct dp_diag *diag) DP_MUST_CHECK;

/* A name as owners and rdata have it: "@", relative or absolute. */
enum dp_err dp_record_name(const struct dp_record_reader *reader,
    const struct dp_token *token, struct dp_name *out, struct dp_diag *diag)
    DP_MUST_CHECK;

#endif
