/*
 * What the user chose on the command line of a verb that brings bindings to a
 * firewall: groups of the policy, and the table of nftables. Single-threaded.
 */
#ifndef DP_CHOICE_H
#define DP_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include "module/core/policy.h"

/* May this be the name of a table (-t)? False: said, as dp_cli_usage. */
bool dp_choice_table(const char *verb, const char *name);

/* Groups (-g) by name or by apex, in any case. *wanted, by number of the group,
 * stays as it is when no word is given, else the caller frees. An enum dp_exit;
 * what is wrong was said. */
int dp_choice_groups(const char *verb, const struct dp_policy *policy,
    const char *const *words, size_t count, bool **wanted);

#endif
