/*
 * The formats of `dnspin export`, one source each. A format turns a list of
 * bindings into text on a stream and knows nothing of files, options or the
 * clock: equal lists at equal times give equal bytes. Single-threaded.
 *
 * A format that prints names prints them escaped as in master files (RFC 1035,
 * 5.1) and without the last dot, so that no octet that a server may put into a
 * name ends a line, a string or a field.
 */
#ifndef DP_EXPORT_H
#define DP_EXPORT_H

#include <stdint.h>
#include <stdio.h>
#include "module/core/err.h"
#include "module/core/policy.h"
#include "tools/cli.h"
#include "tools/export/bindings.h"

/* For the formats to fill that open to everybody what they hold: all but json
 * and csv. */
struct dp_export_tally {
	size_t elements; /* that the list has */
	size_t left_out; /* for they are not open to all of x->audiences */
};

struct dp_export {
	const struct dp_policy *policy; /* that bindings was made with */
	const struct dp_bindings *bindings;
	uint32_t now_s; /* since 1970 */
	uint64_t audiences; /* whom it is for: all, or those of one client */
	/* Of what the firewall loads; NULL: that of the settings for nft, else
	 * "dnspin". */
	const char *name;
	struct dp_export_tally *tally; /* NULL: nobody asks */
};

/* Write all of x to out. DP_ERR_NOMEM, or DP_ERR_IO when out refused. */
typedef enum dp_err dp_export_fn(const struct dp_export *x, FILE *out);

/* {"bindings":[...]}, one binding a line; dnspin(1) has the keys. */
dp_export_fn dp_export_json;
/* RFC 4180 with a header line; lists within a field joined by ';'. */
dp_export_fn dp_export_csv;
/* Input for nft -f: table, sets, elements, the chain dnspin_allow. */
dp_export_fn dp_export_nft;
/* Input for ipset restore: sets that are filled apart and swapped. */
dp_export_fn dp_export_ipset;
/* Addresses only, one a line (external dynamic list, threat feed, pf table). */
dp_export_fn dp_export_edl;
/* YAML: a CiliumCIDRGroup, and a NetworkPolicy of Kubernetes. */
dp_export_fn dp_export_cilium;
dp_export_fn dp_export_k8s;
/* PowerShell: dynamic keyword addresses and rules that use them. */
dp_export_fn dp_export_windows;

const char *dp_export_name(const struct dp_export *x); /* with the default */

/* now_s as RFC 3339 has it. */
#define DP_EXPORT_WHEN_MAX sizeof("YYYYYY-MM-DDThh:mm:ssZ")
void dp_export_when(uint32_t now_s, char text[DP_EXPORT_WHEN_MAX]);

/* "none", "inside", "outside"; static storage. */
const char *dp_export_pin_word(enum dp_pin_state pin);

/* The verb with the clock given; returns an enum dp_exit. */
int dp_export_at(const struct dp_cli *cli, int argc, char **argv,
    uint32_t now_s);

#endif
