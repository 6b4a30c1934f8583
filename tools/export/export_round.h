/*
 * One round of `dnspin export`: the policy in force and the map as they are now,
 * turned into text and brought to where it is to go. And whether another one
 * would bring anything new. Single-threaded.
 */
#ifndef DP_EXPORT_ROUND_H
#define DP_EXPORT_ROUND_H

#include <stdbool.h>
#include <stdint.h>
#include "module/core/map.h"
#include "tools/cli.h"
#include "tools/export/export_options.h"

#define DP_EXPORT_DIGEST_B 32

/* What the last round saw and left. Zeros before the first. */
struct dp_export_seen {
	struct dp_map *map; /* NULL: the round did not get so far */
	uint64_t seq;	    /* of the map, before it was read */
	uint64_t policy_id[4];
	uint64_t file_id[4]; /* of -O, after it was written */
	uint8_t digest[DP_EXPORT_DIGEST_B]; /* of the text written there */
	uint32_t end_s; /* when the first of the bindings ends */
	bool done; /* the round went well */
};

/* An enum dp_exit; what went wrong was said. A file that is still the one of
 * the last round and has the same text is left alone. */
int dp_export_round(const struct dp_cli *cli,
    const struct dp_export_options *o, uint32_t now_s,
    struct dp_export_seen *seen);

/* May the next round give another text, or put one back that somebody took
 * away? */
bool dp_export_news(const struct dp_cli *cli,
    const struct dp_export_options *o, uint32_t now_s,
    const struct dp_export_seen *seen);

void dp_export_seen_free(struct dp_export_seen *seen);

#endif
