/*
 * The off-list names of an audit trail: from lines of `dnspin log`, and from
 * the rings themselves. Single-threaded.
 */
#ifndef DP_SUGGEST_READ_H
#define DP_SUGGEST_READ_H

#include "tools/log/event_stream.h"
#include "tools/report/suggest.h"

struct dp_suggest_read {
	bool denied; /* those that were refused, too */
	bool absent; /* names that do not exist, too */
	struct dp_name asked_for; /* to be counted; len 0: none */
	uint64_t events; /* that were read, and off-list ones of them */
	uint64_t off_list;
	uint64_t nxdomains; /* of these: left out */
	uint64_t nxdomains_asked_for;
	uint64_t lost;	/* that the trail says are missing */
	uint64_t boxes; /* lines that are encrypted */
	uint64_t other; /* lines that are none of dnspin log */
};

/* The file at path, "-" being standard input. */
enum dp_err dp_suggest_read_log(struct dp_suggest *s,
    struct dp_suggest_read *r, const char *path,
    struct dp_diag *diag) DP_MUST_CHECK;

/* All that the stream has to tell at now_us (event_stream.h). */
enum dp_err dp_suggest_read_stream(struct dp_suggest *s,
    struct dp_suggest_read *r, struct dp_stream *stream, uint64_t now_us,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
