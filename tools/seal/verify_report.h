/*
 * What dnspin verify prints: findings as they come and the summary, as text or
 * as one object of JSON. Single-threaded.
 */
#ifndef DP_VERIFY_REPORT_H
#define DP_VERIFY_REPORT_H

#include <stdbool.h>
#include <stdio.h>
#include "tools/seal/verify.h"

/* So many findings are printed; the others are counted. */
#define DP_VERIFY_FINDINGS_MAX 1000u

struct dp_verify_report;

/* out is borrowed. */
enum dp_err dp_verify_report_open(struct dp_verify_report **out, FILE *to,
    bool as_json) DP_MUST_CHECK;

/* *r may be NULL. */
void dp_verify_report_close(struct dp_verify_report **r);

/* A dp_verify_found_fn; arg is the report. */
void dp_verify_report_found(void *arg, const struct dp_verify_finding *f);

/* The rest of it. still_open as in dp_verify_options. DP_ERR_NOMEM, or
 * DP_ERR_IO: it could not be written. */
enum dp_err dp_verify_report_end(struct dp_verify_report *r,
    const struct dp_verify_sum *sum) DP_MUST_CHECK;

#endif
