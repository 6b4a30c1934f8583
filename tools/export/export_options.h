/*
 * The options of `dnspin export`, read and checked.
 */
#ifndef DP_EXPORT_OPTIONS_H
#define DP_EXPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "tools/export/export_format.h"

struct dp_export_options {
	const struct dp_export_format *format; /* -f; never NULL */
	const char *file; /* -O; NULL: standard output */
	const char *name; /* -t; NULL: the default */
	bool has_client;
	struct dp_addr client; /* -c */
	const char **groups; /* -g, as the user wrote them */
	size_t group_count;
	bool v4_only;
	bool v6_only;
	bool force;
	uint32_t watch_s; /* -w; 0: one round */
};

/* An enum dp_exit; what is wrong was said. argv[0] is the verb. Texts are
 * borrowed from argv; the caller frees with dp_export_options_free, always. */
int dp_export_options_parse(struct dp_export_options *o, int argc,
    char **argv);
void dp_export_options_free(struct dp_export_options *o);

#endif
