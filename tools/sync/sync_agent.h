/*
 * The agent behind `dnspin sync`: the map and its change feed on one side, the
 * mirror of the kernel's sets on the other, between them the policy, which
 * alone says what of the map may pass; and sync/ack, where it promises what the
 * kernel holds. It opens everything itself and goes on when something is not
 * there or fails. Single-threaded; reads the clocks.
 */
#ifndef DP_SYNC_AGENT_H
#define DP_SYNC_AGENT_H

#include <signal.h>
#include <stdbool.h>
#include "tools/cli.h"
#include "tools/sync/sync_source.h"

/* Set by signal handlers; compare is cleared when it is done. */
struct dp_sync_signals {
	volatile sig_atomic_t stop;
	volatile sig_atomic_t compare;
};

/* Compare once; returns an enum dp_exit. Promises nothing. */
int dp_sync_once(const struct dp_cli *cli, const struct dp_sync_options *o);

/* Until signals->stop. notify: where systemd wants to hear that the sets are
 * filled ("READY=1"), NULL: nowhere. */
int dp_sync_run(const struct dp_cli *cli, const struct dp_sync_options *o,
    struct dp_sync_signals *signals, const char *notify);

#endif
