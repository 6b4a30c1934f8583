/*
 * A policy as text, in the formats of dnspin show. Whether out took it all is
 * for the caller to see. Single-threaded.
 */
#ifndef DP_SHOW_H
#define DP_SHOW_H

#include <stdio.h>
#include "module/core/policy.h"

/* Policy zones, one per group, that compile to the same bytes again.
 * DP_ERR_FORMAT: no zones make this policy. */
enum dp_err dp_show_zone(FILE *out, const struct dp_policy *policy)
    DP_MUST_CHECK;

/* One JSON object, see dnspin(1). */
enum dp_err dp_show_json(FILE *out, const struct dp_policy *policy)
    DP_MUST_CHECK;

/* Two Response Policy Zones that together judge an audience as the policy does:
 * the rules, then a zone that denies what they leave. */
enum dp_err dp_show_rpz(FILE *out, const struct dp_policy *policy,
    uint32_t audience) DP_MUST_CHECK;

#endif
