/*
 * The reader of policy zones (dnspin-zone(5)), the only user of ldns. A text
 * may hold several zones one after the other, each beginning with its SOA.
 * Single-threaded. Errors name file, line and what to write instead; on error
 * the rule set is of no use any more.
 */
#ifndef DP_ZONE_H
#define DP_ZONE_H

#include <stdio.h>
#include "tools/ruleset.h"

/* Read all of in; file names it in messages ("-" for standard input). */
enum dp_err dp_zone_read(struct dp_ruleset *rs, FILE *in, const char *file,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
