/*
 * What `dnspin status` shows: the resolver as its status file tells, the policy
 * on disk, the map and the firewall agent, gathered by the verb and printed here
 * for people and for scripts. Status file and map belong to the resolver's
 * user: their texts are printed with every octet replaced that could steer a
 * terminal.
 */
#ifndef DP_OVERVIEW_H
#define DP_OVERVIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "module/core/err.h"
#include "module/core/map.h"
#include "module/core/policy.h"
#include "module/core/status.h"
#include "module/core/sync.h"
#include "tools/cli.h"

#define DP_HEARTBEAT_LOST_S 5u /* s without a heartbeat: not alive */

struct dp_overview {
	uint32_t now_s; /* since 1970 */

	bool has_status; /* head, counters, process_exists are filled */
	struct dp_status_head head;
	uint64_t counters[DP_COUNTER_COUNT];
	bool process_exists; /* with the number that head has */

	const struct dp_policy *policy; /* on disk; NULL: none that is good */

	bool has_map; /* map is filled */
	struct dp_map_stats map;
	uint64_t map_id, map_seq;

	bool has_agent; /* what follows is filled: one ran at some time */
	bool agent_alive;
	/* All changes of the map below map_seq - behind are in the kernel, as
	 * far as the policy in use allows. */
	bool agent_promises;
	uint64_t behind;
	struct dp_sync_report agent;
};

/* Did the resolver give a sign of life within DP_HEARTBEAT_LOST_S? */
bool dp_overview_alive(const struct dp_overview *o);
/* Is it alive and does it answer? */
bool dp_overview_ready(const struct dp_overview *o);
/* Has it taken any policy since its start? */
bool dp_overview_loaded(const struct dp_overview *o);
/* Is the policy that it uses the one on disk? Both must be there. */
bool dp_overview_same(const struct dp_overview *o);

/* What happens to answers that the firewall does not confirm: as the policy on
 * disk has it, DP_BARRIER_OFF in mode observe and without a policy. */
enum dp_barrier dp_overview_barrier(const struct dp_overview *o);
/* Does an agent confirm to the resolver what the kernel holds? */
bool dp_overview_confirmed(const struct dp_overview *o);
/* Ready, and confirmed where there is a barrier: what the exit status says. */
bool dp_overview_well(const struct dp_overview *o);

/* Copy a text of the status file: printable ASCII stays, all else is '?'. */
void dp_overview_clean(char *out, size_t out_b, const uint8_t *text,
    size_t text_b);

/* DP_ERR_IO: out refused; DP_ERR_NOMEM. */
enum dp_err dp_overview_text(const struct dp_overview *o, FILE *out)
    DP_MUST_CHECK;
enum dp_err dp_overview_json(const struct dp_overview *o, FILE *out)
    DP_MUST_CHECK;

/* The verb with the clock given; returns an enum dp_exit. */
int dp_status_at(const struct dp_cli *cli, int argc, char **argv,
    uint32_t now_s);

#endif
