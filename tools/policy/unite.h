/*
 * Rules as zones have them, made one for each pattern: all that the groups say
 * of it united, the pins of the wildcards around it inherited; and so for each
 * audience as if there were only the groups that apply to it. Audiences that
 * get the same share a rule. For ruleset.c only. Single-threaded.
 */
#ifndef DP_UNITE_H
#define DP_UNITE_H

#include <stddef.h>
#include <stdint.h>
#include "tools/intern.h"
#include "tools/policy/audience.h"
#include "tools/policy/policy_write.h"

#define DP_ADDED_NONE UINT32_MAX

/* A pattern in one group. */
struct dp_added {
	uint32_t trait; /* number in traits */
	uint32_t group;
	uint32_t line;
	uint32_t next; /* the same pattern in another group, or NONE */
};

/* All borrowed. */
struct dp_unite_source {
	const struct dp_intern *patterns; /* keys of sort_key.h */
	const uint32_t *first; /* by pattern: its first struct dp_added */
	const struct dp_added *added;
	const struct dp_intern *traits; /* of added: without members */
	const uint32_t *rank; /* by group: its number in the file */
	const struct dp_audiences *audiences; /* of the groups by rank */
};

/* *rules, sorted as in the file: malloc'd; *traits, zeroed before, are theirs.
 * Errors as dp_intern_add. */
enum dp_err dp_unite(const struct dp_unite_source *source,
    struct dp_policy_rule **rules, size_t *rule_count,
    struct dp_intern *traits) DP_MUST_CHECK;

#endif
