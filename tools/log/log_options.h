/*
 * The command line of `dnspin log`. Single-threaded.
 */
#ifndef DP_LOG_OPTIONS_H
#define DP_LOG_OPTIONS_H

#include <stdbool.h>
#include "tools/log/log_filter.h"
#include "tools/log/log_out.h"

struct dp_log_options {
	struct dp_log_target target;
	struct dp_log_filter filter;
	bool since; /* -S was given: what is in the rings from then on */
	bool once;
};

/* Words are borrowed from argv. now_s: since 1970. An enum dp_exit; what is
 * wrong was said. The caller frees in any case. */
int dp_log_options_parse(struct dp_log_options *o, int argc, char **argv,
    uint64_t now_s);
void dp_log_options_free(struct dp_log_options *o);

#endif
