/*
 * `dnspin log` at work: from the rings to the log until SIGTERM or SIGINT;
 * SIGHUP reopens the file. Blocks the three for the process. What cannot be
 * written stays in the rings meanwhile, and what these then lose is in the log.
 * Single-threaded.
 */
#ifndef DP_LOG_RUN_H
#define DP_LOG_RUN_H

#include "tools/log/log_options.h"

/* An enum dp_exit. */
int dp_log_run(const char *state_dir, const struct dp_log_options *o);

#endif
