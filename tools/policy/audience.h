/*
 * Who is judged by which groups: the prefixes that groups are limited to, cut
 * into the audiences of a policy (policy.h, policy_d.h). Single-threaded.
 */
#ifndef DP_AUDIENCE_H
#define DP_AUDIENCE_H

#include <stddef.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/err.h"
#include "module/core/policy.h"
#include "module/core/policy_d.h"

/* group is for the clients in prefix; a group may have many, and is for
 * everybody where it has none. */
struct dp_limit {
	struct dp_prefix prefix;
	uint32_t group;
};

/* All zero: none yet. */
struct dp_audiences {
	uint32_t count;
	uint64_t *groups; /* by group: the set of audiences it applies to */
	struct dp_client_d *clients; /* as they stand in the file */
	size_t client_count, client_room;
};

/*
 * Equal limits in any order give equal audiences; those that add nothing, for a
 * shorter prefix of the group holds them, leave no trace. No prefix is
 * IPv4-mapped. DP_ERR_LIMIT: more than DP_AUDIENCES_MAX. The caller frees.
 */
enum dp_err dp_audiences_make(struct dp_audiences *out,
    const struct dp_limit *limits, size_t limit_count, uint32_t group_count,
    struct dp_diag *diag) DP_MUST_CHECK;
void dp_audiences_free(struct dp_audiences *a);

#endif
