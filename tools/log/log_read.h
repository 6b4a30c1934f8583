/*
 * The lines that dnspin log -f json wrote, one at a time. What is on them is a
 * stranger's: everything may be missing or odd. Single-threaded.
 */
#ifndef DP_LOG_READ_H
#define DP_LOG_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "module/core/event.h"

/* Octets of a line, longer ones are OTHER: a block of 4 MiB in base64 fits. */
#define DP_LOG_LINE_MAX ((size_t)8 << 20)

enum dp_log_kind {
	DP_LOG_EVENT,
	DP_LOG_LOST, /* `lost` events are missing; 0: nobody knows how many */
	DP_LOG_SEAL, /* a checkpoint */
	DP_LOG_BOX,  /* events that are encrypted */
	DP_LOG_STATE, /* positions */
	DP_LOG_OTHER /* no line of dnspin log */
};

struct dp_log_line {
	enum dp_log_kind kind;
	unsigned verdict;
	const char *name;   /* that was asked, NULL: not known */
	const char *rcode;  /* as in NXDOMAIN; "": not told */
	const char *client; /* address, prefix or pseudonym, "": not told */
	uint64_t time_us;   /* since 1970; 0: not told */
	const json_t *addresses; /* of the answer; NULL: none */
	uint64_t lost;
	bool placed; /* ring and number are told: the event's, or the last one */
	uint32_t ring; /* that is missing */
	uint64_t number;
};

/* One line; what out points to lives as long as the JSON, which the caller
 * gives back with json_decref. NULL: it is none, and out is DP_LOG_OTHER. */
json_t *dp_log_read_line(struct dp_log_line *out, const char *text,
    size_t text_b);

/* The line is borrowed until the function returns; an error ends the
 * reading. */
typedef enum dp_err dp_log_line_fn(void *arg, const struct dp_log_line *line);

/* To the end of `in`; object names it. DP_ERR_IO, or what fn returned. */
enum dp_err dp_log_read(FILE *in, const char *object, dp_log_line_fn *fn,
    void *arg, struct dp_diag *diag) DP_MUST_CHECK;

/* The same for the file at path, "-" being standard input. */
enum dp_err dp_log_read_file(const char *path, dp_log_line_fn *fn, void *arg,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
