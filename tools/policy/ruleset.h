/*
 * All rules on their way from zones to a policy: collected from the zone
 * reader, united, pins inherited, sorted. Single-threaded; the owner closes.
 *
 * A rule is a pattern in one or more groups. The same pattern in two zones is
 * one rule: deny beats allow, services and pins unite, both groups are
 * remembered; a rule without services means any service and stays so when
 * united. In one zone it is a duplicate, an error. A rule that denies keeps
 * neither services nor pins.
 *
 * An allowed rule inherits the pins of all allowed wildcards that cover it
 * (*.x covers every name and wildcard below x).
 *
 * A group may be limited to clients. What is said above holds for each audience
 * (policy.h) as if there were only the groups that apply to it.
 *
 * Limits: DP_RULE_MAX rules, DP_POLICY_FILE_MAX bytes of policy.
 */
#ifndef DP_RULESET_H
#define DP_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/err.h"
#include "module/core/name.h"
#include "module/core/policy.h"
#include "module/core/settings.h"

#define DP_RULE_MAX ((uint32_t)1 << 26)

struct dp_ruleset;

enum dp_err dp_ruleset_new(struct dp_ruleset **out) DP_MUST_CHECK;
void dp_ruleset_close(struct dp_ruleset **rs);

/* A new group; *group is its number for add. text: length-prefixed strings,
 * copied. DP_ERR_SYNTAX: the apex is there already. */
enum dp_err dp_ruleset_group(struct dp_ruleset *rs, const struct dp_name *apex,
    uint32_t serial, const uint8_t *text, size_t text_b, uint32_t *group,
    struct dp_diag *diag) DP_MUST_CHECK;

/* The group is for the clients in these prefixes, and in those of other calls,
 * only; copies. None of them is IPv4-mapped. DP_ERR_NOMEM. */
enum dp_err dp_ruleset_limit(struct dp_ruleset *rs, uint32_t group,
    const struct dp_prefix *prefixes, size_t count, struct dp_diag *diag)
    DP_MUST_CHECK;

struct dp_rule_source {
	struct dp_name base; /* x for *.x */
	bool wildcard;
	bool allow;
	const struct dp_service *services; /* count 0: any */
	size_t service_count;
	const struct dp_prefix *pins;
	size_t pin_count;
	unsigned long line; /* where it stands, for messages */
};

/* Add a rule; copies. DP_ERR_SYNTAX: duplicate in this group (the diag names
 * the line of the first), a base with a label "*", or a wildcard of more than
 * 255 octets. diag's object is the pattern, its line rule->line. */
enum dp_err dp_ruleset_add(struct dp_ruleset *rs, uint32_t group,
    const struct dp_rule_source *rule, struct dp_diag *diag) DP_MUST_CHECK;

/*
 * The compiled policy: unites, inherits, sorts, writes (policy_d.h), seals it
 * with its digest. The same groups and rules in any order give the same bytes.
 * *bytes is malloc'd (aligned to 16), the caller frees. No time stamps inside.
 * DP_ERR_LIMIT: more rules, bytes or audiences than a policy holds.
 */
enum dp_err dp_ruleset_write(struct dp_ruleset *rs,
    const struct dp_settings *settings, uint8_t **bytes, size_t *size_b,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
