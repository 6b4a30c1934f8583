/*
 * A policy's bytes with their sections found. Shared by the sources that make
 * up the policy reader; everybody else uses policy.h.
 */
#ifndef DP_POLICY_VIEW_H
#define DP_POLICY_VIEW_H

#include <sodium.h>
#include <stdatomic.h>

#include "module/core/file.h"
#include "module/core/policy.h"
#include "module/core/policy_d.h"

struct dp_policy_view {
	const struct dp_policy_d *head;
	const struct dp_group_d *groups;
	const struct dp_client_d *clients;
	const struct dp_rule_d *rules;
	const struct dp_trait_d *traits;
	const uint32_t *members;
	const struct dp_service_d *services;
	const struct dp_pin_d *pins;
	const uint8_t *names;
	const struct dp_entry_d *table;
	uint32_t group_count;
	uint32_t client_count;
	uint32_t rule_count;
	uint32_t audience_count;
	uint32_t table_mask;
	/* Sets of depths: the labels of base names, without the root's. Found
	 * out by the check; in most policies they are few. */
	uint64_t exact_depths;
	uint64_t wildcard_depths;
};

/* As a set; beyond 63 labels the last bit stands for all. */
static inline uint64_t dp_policy_depth(unsigned labels)
{
	return (uint64_t)1 << (labels < 63 ? labels : 63);
}

struct dp_policy {
	struct dp_policy_view view;
	struct dp_settings settings;
	char *labels;	     /* the names of the groups as people see them, */
	uint32_t *label_end; /* where in labels each ends */
	struct dp_file file; /* closed where the bytes are borrowed */
	uint64_t file_id[4];
	uint64_t instance;
};

/* Is this a policy of this version and length, with a whole header? */
enum dp_err dp_policy_check_frame(const uint8_t *bytes, size_t size_b,
    const char *object, struct dp_diag *diag) DP_MUST_CHECK;

/*
 * After the frame, check every other byte but those of rules and table, which
 * come behind (dp_policy_rules_begin): afterwards each index, offset and name
 * reached from the view is good, and a search of the table ends. bytes are
 * aligned to 8. settings is filled from the header. The seal is not looked at.
 * Errors as dp_policy_open.
 */
enum dp_err dp_policy_check(struct dp_policy_view *out,
    struct dp_settings *settings, const uint8_t *bytes, size_t size_b,
    const char *object, struct dp_diag *diag) DP_MUST_CHECK;

/* The digest over size_b bytes (at least the header) as policy_d.h says. */
void dp_policy_digest_make(uint8_t digest[DP_POLICY_DIGEST_B],
    const uint8_t *bytes, size_t size_b);

/* The same in steps, for bytes that come in one after the other: ready_b of
 * size_b are there. */
struct dp_policy_digesting {
	const uint8_t *bytes;
	size_t size_b;
	size_t done_b;
	crypto_generichash_state state;
};
void dp_policy_digest_begin(struct dp_policy_digesting *d,
    const uint8_t *bytes, size_t size_b);
void dp_policy_digest_more(struct dp_policy_digesting *d, size_t ready_b);
void dp_policy_digest_end(struct dp_policy_digesting *d,
    uint8_t digest[DP_POLICY_DIGEST_B]);

/* Does the digest, made over bytes, fit, and the signature, where there is one
 * or trusted wants one? bytes hold a whole header. Errors as dp_policy_open. */
enum dp_err dp_policy_seal_check(const uint8_t *bytes,
    const uint8_t digest[DP_POLICY_DIGEST_B], const uint8_t *trusted,
    const char *object, struct dp_diag *diag) DP_MUST_CHECK;

/* The set of all audiences where there are count, 1 to DP_AUDIENCES_MAX. */
static inline uint64_t dp_audiences_all(uint32_t count)
{
	return UINT64_MAX >> (DP_AUDIENCES_MAX - count);
}

/* As a prefix; len not checked. */
struct dp_prefix dp_policy_client_prefix(const struct dp_client_d *client);

/* What groups and clients say about audiences, for dp_policy_check: NULL, or
 * what is wrong. After their sections were found. */
const char *dp_policy_clients_wrong(const struct dp_policy_view *v);

/*
 * The same about rules, their names and the table, in parts: after the traits
 * were found to be right one thread begins, any number check what nobody has
 * taken yet, each with a found of its own, and when all are back one adds up
 * what two found: NULL, or what is wrong. That fills the depths. Of a thread
 * that did not check, found is zero.
 */
struct dp_policy_parts {
	const struct dp_policy_view *view;
	uint32_t count;
	_Atomic uint32_t next; /* to be taken */
};
struct dp_policy_found {
	const char *wrong; /* with a rule, */
	uint32_t wrong_rule;
	unsigned depth;	    /* of wildcards, with the root label */
	uint64_t depths[2]; /* of exact rules, of wildcards */
	uint64_t patterns;
	uint64_t used; /* entries of the table */
	bool lost;     /* a pattern is not in the table */
	bool half_empty, no_rule; /* an entry is */
};
void dp_policy_rules_begin(struct dp_policy_parts *parts,
    const struct dp_policy_view *v);
void dp_policy_rules_check(struct dp_policy_parts *parts,
    struct dp_policy_found *f);
const char *dp_policy_rules_wrong(struct dp_policy_view *v,
    struct dp_policy_found *f, const struct dp_policy_found *more);

/* That much as an error: that of a damaged policy. */
enum dp_err dp_policy_damaged(const char *what, const char *object,
    struct dp_diag *diag) DP_MUST_CHECK;

bool dp_policy_is_zero(const uint8_t *bytes, size_t n);

#define DP_POLICY_SIGN_B (sizeof(DP_POLICY_SIGN_TEXT) - 1 + DP_POLICY_DIGEST_B)
/* What the signature is made over. */
void dp_policy_sign_text(uint8_t text[DP_POLICY_SIGN_B],
    const uint8_t digest[DP_POLICY_DIGEST_B]);

/* The first rule with this base name of the kind DP_HASH_EXACT or
 * DP_HASH_WILDCARD; hash is the base's suffix hash. DP_RULE_NONE: there is
 * none. */
uint32_t dp_policy_find(const struct dp_policy_view *v, const uint8_t *base,
    size_t base_b, uint64_t hash, uint64_t kind);

#endif
