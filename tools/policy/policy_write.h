/*
 * The writer of compiled policies: lays united rules out as policy_d.h says,
 * seals and signs them. dp_ruleset_write is the only caller of the first
 * function. Single-threaded.
 */
#ifndef DP_POLICY_WRITE_H
#define DP_POLICY_WRITE_H

#include <stddef.h>
#include <stdint.h>
#include "module/core/err.h"
#include "module/core/name.h"
#include "module/core/settings.h"
#include "tools/intern.h"
#include "tools/policy/audience.h"

struct dp_policy_group {
	struct dp_name apex;
	uint32_t serial;
	uint8_t *text;
	size_t text_b;
};

struct dp_policy_rule {
	uint32_t pattern; /* number in patterns */
	uint32_t trait;	  /* number in traits */
	uint32_t flags;	  /* DP_RULE_DENY, DP_RULE_MORE */
};

/* All borrowed; sorted as they shall stand in the file. */
struct dp_policy_source {
	const struct dp_settings *settings;
	const struct dp_policy_group *const *groups;
	uint32_t group_count;
	const struct dp_audiences *audiences; /* of these groups */
	const struct dp_policy_rule *rules;
	uint32_t rule_count;
	const struct dp_intern *patterns; /* keys of sort_key.h */
	const struct dp_intern *traits;	  /* packed as trait.h does */
};

/* The sealed policy, malloc'd. DP_ERR_LIMIT: larger than a policy may be. */
enum dp_err dp_policy_write(const struct dp_policy_source *source,
    uint8_t **bytes, size_t *size_b, struct dp_diag *diag) DP_MUST_CHECK;

/* Sign a sealed policy in place: fills flags, digest, signer and signature.
 * secret: Ed25519 secret key of libsodium, 64 bytes. */
void dp_policy_sign(uint8_t *bytes, size_t size_b, const uint8_t *secret);

#endif
