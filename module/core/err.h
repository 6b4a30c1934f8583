/*
 * Errors as values. What can fail returns enum dp_err and leaves its results
 * untouched on failure; what the caller should tell the user stands in a
 * struct dp_diag that the caller owns. Nothing here allocates, locks or logs;
 * every function may be called from any thread on data of its own.
 */
#ifndef DP_ERR_H
#define DP_ERR_H

#define DP_MUST_CHECK __attribute__((warn_unused_result))
#define DP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum dp_err {
	DP_OK = 0,
	DP_ERR_NOMEM,	  /* out of memory */
	DP_ERR_IO,	  /* the system refused; diag has its reason */
	DP_ERR_NOTFOUND,  /* no such file, name or entry */
	DP_ERR_SYNTAX,	  /* text that a person wrote is wrong */
	DP_ERR_FORMAT,	  /* bytes of a file are not what they must be */
	DP_ERR_VERSION,	  /* a file of another format version */
	DP_ERR_DIGEST,	  /* the digest does not fit the bytes */
	DP_ERR_SIGNATURE, /* unsigned, signed by another key, or forged */
	DP_ERR_LIMIT,	  /* a documented limit is exceeded */
	DP_ERR_FULL,	  /* no room for one more */
	DP_ERR_BUSY	  /* somebody else has it now */
};

/* A fixed English name for err, never NULL; static storage. */
const char *dp_err_text(enum dp_err err);

/*
 * Where, what and how to mend it. `object` is a file or a name, `line` is 0
 * where lines have no meaning. Always NUL-terminated, cut off when too long.
 */
struct dp_diag {
	char object[256];
	unsigned long line;
	char reason[512];
};

/* Fill d (may be NULL: then nothing happens); object may be NULL: kept. Control
 * characters and what is not UTF-8 become '?', for both may quote files. */
void dp_diag_set(struct dp_diag *d, const char *object, unsigned long line,
    const char *fmt, ...) DP_PRINTF(4, 5);

#endif
