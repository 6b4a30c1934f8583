/*
 * From the owner of a record in a policy zone to the pattern of a rule, as in
 * Response Policy Zones: what stands in front of the apex. Pure functions.
 */
#ifndef DP_PATTERN_H
#define DP_PATTERN_H

#include <stdbool.h>
#include "module/core/err.h"
#include "module/core/name.h"

struct dp_pattern {
	struct dp_name base; /* x for *.x */
	bool wildcard;
};

/* owner stands below apex. Patterns that mean nothing here, or not what they
 * seem to, are DP_ERR_SYNTAX; diag has the pattern as its object and says what
 * to write instead. */
enum dp_err dp_pattern_from_owner(struct dp_pattern *out,
    const struct dp_name *owner, const struct dp_name *apex,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
