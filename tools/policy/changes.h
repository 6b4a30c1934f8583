/*
 * What a new policy holds and how it differs from the one in force, as text
 * for the person who compiles it. Single-threaded.
 */
#ifndef DP_CHANGES_H
#define DP_CHANGES_H

#include <stdio.h>
#include "module/core/policy.h"

/* A line per group: its rules that allow and deny and their pins, and where any
 * group is limited to clients, for whom it is; a total. */
enum dp_err dp_changes_table(FILE *out, const struct dp_policy *policy)
    DP_MUST_CHECK;

/* Settings, groups for other clients, and rules that were added, removed or
 * changed: their numbers, and the first of each kind by name. */
void dp_changes_say(FILE *out, const struct dp_policy *before,
    const struct dp_policy *after);

#endif
