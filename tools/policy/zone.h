/*
 * The reader of policy zones (dnspin-zone(5)): master files whose apex is a
 * group and whose other owners, relative to it, are patterns. A text may hold
 * several zones one after the other, each beginning with its SOA. The records
 * of one owner stand together, so that a zone of a million rules is read
 * without being held. Single-threaded. Errors name file, line and what to write
 * instead; on error the rule set is of no use any more.
 */
#ifndef DP_ZONE_H
#define DP_ZONE_H

#include <stdio.h>
#include "tools/policy/ruleset.h"

/* Called now and then while a text is read. */
struct dp_zone_watch {
	void (*tick)(void *arg, const char *file, unsigned long line);
	void *arg;
};

/* Read all of in; file names it in messages ("-" for standard input). watch
 * may be NULL. */
enum dp_err dp_zone_read(struct dp_ruleset *rs, FILE *in, const char *file,
    const struct dp_zone_watch *watch, struct dp_diag *diag) DP_MUST_CHECK;

#endif
