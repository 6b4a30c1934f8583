/*
 * Random policies, and names and clients to ask about. Few different labels and
 * octets make one collide with the other: a name is often the base of a
 * wildcard, a label longer or shorter than it, or different in one octet.
 */
#ifndef DP_FUZZ_DICE_H
#define DP_FUZZ_DICE_H

#include <stdint.h>
#include <stdio.h>

#include "tests/fuzz/naive.h"

#define DICE_RULES 1000
#define DICE_LABELS 6
#define DICE_CLIENTS 3 /* prefixes of a group */

struct dice_label {
	unsigned char octets[NAIVE_LABEL];
	unsigned len;
};

struct dice_policy {
	struct naive_rule rules[DICE_RULES]; /* none twice in a group */
	size_t rule_count;
	struct naive_prefix clients[NAIVE_GROUPS][DICE_CLIENTS];
	unsigned client_count[NAIVE_GROUPS]; /* 0: for all */
	unsigned group_count; /* group i is the zone 'a' + i */
	struct dice_label labels[DICE_LABELS];
	unsigned label_count;
};

void dice_policy(struct dice_policy *out, uint64_t *state);
void dice_name(struct naive_name *out, const struct dice_policy *policy,
    uint64_t *state);
/* An address; the host bits of a prefix are there as well. */
void dice_client(struct naive_prefix *out, uint64_t *state);

/* As master file text (RFC 1035, 5.1), octets but letters and digits escaped;
 * the root is ".". */
void dice_name_print(FILE *out, const struct naive_name *name);
/* As policy zones. */
void dice_policy_print(FILE *out, const struct dice_policy *policy);

#endif
