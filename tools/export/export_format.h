/*
 * The table of the formats of `dnspin export`. Pure functions.
 */
#ifndef DP_EXPORT_FORMAT_H
#define DP_EXPORT_FORMAT_H

#include "tools/export/export.h"

struct dp_export_format {
	const char *name;
	dp_export_fn *write;
	/* NULL when what -t gives may be the name of what the firewall loads,
	 * else a sentence that says what is wrong (static storage). The whole
	 * member is NULL where nothing there has a name. */
	const char *(*name_wrong)(const char *name);
};

/* NULL: there is none of that name. */
const struct dp_export_format *dp_export_format_find(const char *name);

/* The k-th, NULL behind the last. */
const struct dp_export_format *dp_export_format_at(size_t k);

#endif
