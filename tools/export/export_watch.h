/*
 * `dnspin export -w`: round after round until SIGTERM or SIGINT. Blocks both
 * for the process. Single-threaded.
 */
#ifndef DP_EXPORT_WATCH_H
#define DP_EXPORT_WATCH_H

#include "tools/cli.h"
#include "tools/export/export_options.h"

/* Rounds at least o->watch_s apart, and only when there are news; the first at
 * once. What fails is said once and tried again. Returns an enum dp_exit. */
int dp_export_watch(const struct dp_cli *cli, const struct dp_export_options *o);

#endif
