/*
 * Clients on the command line and in output: which one is asked about, and for
 * whom something holds. Single-threaded.
 */
#ifndef DP_WHOM_H
#define DP_WHOM_H

#include <jansson.h>
#include <stdio.h>
#include "module/core/policy.h"

/* The operand of -c of a verb: an address. False: said, as dp_cli_usage. */
bool dp_whom_option(struct dp_addr *out, const char *verb,
    const char *word);

/* The clients of a set of audiences as dp_policy_client_next has them, with
 * separator between them. */
void dp_whom_say(FILE *out, const struct dp_policy *p, uint64_t audiences,
    const char *separator);

/* The same as an array of strings, but an empty one for everybody; NULL: out of
 * memory. */
json_t *dp_whom_array(const struct dp_policy *p, uint64_t audiences);

/* The rule that decides name for an audience, and in *audiences all those for
 * whom it does, or for whom no rule does. */
struct dp_match dp_whom_match(const struct dp_policy *p,
    const struct dp_name *name, uint32_t audience, uint64_t *audiences);

#endif
