/*
 * How far names have moved from what the policy says of them: addresses outside
 * the pins of their rule, and rules that nobody uses. For who keeps a list of
 * names and addresses up to date. Single-threaded.
 */
#ifndef DP_DRIFT_H
#define DP_DRIFT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "module/core/addr.h"
#include "module/core/err.h"
#include "module/core/policy.h"
#include "tools/cli.h"

struct dp_drift;

/* policy is borrowed until close. */
enum dp_err dp_drift_open(struct dp_drift **out,
    const struct dp_policy *policy) DP_MUST_CHECK;
void dp_drift_close(struct dp_drift **d);

/* An answer to name was seen, for the rule that allows it (to anybody), and an
 * address in one. Names that no rule allows are passed over. */
void dp_drift_answer(struct dp_drift *d, const struct dp_name *name);
enum dp_err dp_drift_address(struct dp_drift *d, const struct dp_name *name,
    const struct dp_addr *addr) DP_MUST_CHECK;

/* Rules with addresses outside their pins. */
size_t dp_drift_moved(const struct dp_drift *d);

/* Each rule that has addresses outside its pins with them, and with the name at
 * which each was seen first, where that is not the rule's; unused: then those
 * that no answer was seen for; and a line for each group. */
enum dp_err dp_drift_text(struct dp_drift *d, bool unused,
    FILE *out) DP_MUST_CHECK;

/* An array of all allowing rules; NULL: out of memory. */
json_t *dp_drift_json(struct dp_drift *d);

/* `dnspin drift` at now_s, s since 1970. Returns an enum dp_exit. */
int dp_drift_at(const struct dp_cli *cli, int argc, char **argv,
    uint32_t now_s);

#endif
