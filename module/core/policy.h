/*
 * A compiled policy: the settings, the groups and the rules, and the one
 * question that matters: which rule decides this name?
 *
 * A policy is immutable after open and may be used by any number of threads
 * until close; the caller sees to it that nobody uses it then (epoch.h).
 * Opening checks every byte, so that matching trusts them; matching allocates
 * nothing, takes no lock, makes no system call and does not fail.
 *
 * Exact rules come first, then the wildcard with the longest base (design:
 * "the most specific rule decides"); names without a rule are denied.
 */
#ifndef DP_POLICY_H
#define DP_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "module/core/addr.h"
#include "module/core/err.h"
#include "module/core/name.h"
#include "module/core/settings.h"

#define DP_POLICY_FILE_MAX ((size_t)1 << 30) /* bytes */
#define DP_POLICY_KEY_B 32		     /* Ed25519 public key */
#define DP_POLICY_DIGEST_B 32		     /* BLAKE2b-256 */
#define DP_RULE_NONE UINT32_MAX

struct dp_policy;

/*
 * Open and check STATE/policy. With trusted (DP_POLICY_KEY_B bytes, or NULL)
 * only a policy signed by that key is taken, else DP_ERR_SIGNATURE; a signature
 * that is there is checked in any case. DP_ERR_NOTFOUND: no such file.
 * The caller closes.
 */
enum dp_err dp_policy_open(struct dp_policy **out, const char *path,
    const uint8_t *trusted, struct dp_diag *diag) DP_MUST_CHECK;

/*
 * A second thread, where the caller has one to lend. begin: in it, call
 * work(arg), and after a short pause again whenever that returns true. False:
 * there is none, and nothing is called. end: return when work has returned
 * false. Both are called by the thread that opens, end once for each begin.
 */
struct dp_aside {
	bool (*begin)(void *thread, bool (*work)(void *arg), void *arg);
	void (*end)(void *thread);
	void *thread;
};

/* The same with part of the work aside: of a million rules, digest and checks
 * take about as long. */
enum dp_err dp_policy_open_aside(struct dp_policy **out, const char *path,
    const uint8_t *trusted, const struct dp_aside *aside,
    struct dp_diag *diag) DP_MUST_CHECK;

/* As dp_policy_open, for bytes in memory, aligned to 8, borrowed until close;
 * object names them in diag. */
enum dp_err dp_policy_from_bytes(struct dp_policy **out, const uint8_t *bytes,
    size_t size_b, const uint8_t *trusted, const char *object,
    struct dp_diag *diag) DP_MUST_CHECK;

/*
 * Does the file at path say that it is a signed policy, of any version? Nothing
 * of it is checked: it is what to ask of a file that open does not take, before
 * it is replaced.
 */
bool dp_policy_claims_signature(const char *path);

void dp_policy_close(struct dp_policy **p);

/* All borrowed until close. */
const struct dp_settings *dp_policy_settings(const struct dp_policy *p);
const uint8_t *dp_policy_digest(const struct dp_policy *p);
/* Tells this policy from all others that the process opens, also from a later
 * one at the same address; never 0. */
uint64_t dp_policy_instance(const struct dp_policy *p);
/* The key that signed it; NULL: unsigned. */
const uint8_t *dp_policy_signer(const struct dp_policy *p);
/* The file that was opened (dp_file.id); zeros for from_bytes. */
const uint64_t *dp_policy_file_id(const struct dp_policy *p);

/*
 * Audiences. A group may be limited to clients in some prefixes. Clients to
 * whom the same groups apply are an audience: an audience is judged as if the
 * policy had been compiled from its groups alone. Audience 0 are the clients
 * that lie in no prefix of any group; where no group is limited there is no
 * other.
 */
#define DP_AUDIENCES_MAX 64u

uint32_t dp_policy_audience_count(const struct dp_policy *p);
/* Whom client belongs to: the longest of all prefixes that hold it decides. An
 * IPv4-mapped address is the IPv4 address that it stands for. */
uint32_t dp_policy_audience(const struct dp_policy *p,
    const struct dp_addr *client);
/* All of them, as a set: bit i for audience i. */
uint64_t dp_policy_audiences(const struct dp_policy *p);

/*
 * The clients of a set of audiences as prefixes, one after the other; *cursor
 * begins with 0, false: no more. Of all prefixes given the longest that holds a
 * client decides: excepted ones are not in the set. Those of a group hold no
 * excepted ones.
 */
struct dp_client {
	struct dp_prefix prefix;
	bool excepted;
};
bool dp_policy_client_next(const struct dp_policy *p, uint64_t audiences,
    uint32_t *cursor, struct dp_client *out);
#define DP_CLIENT_TEXT_MAX (DP_PREFIX_TEXT_MAX + 1)
/* "192.0.2.0/24", excepted "!192.0.2.0/24"; returns the length. */
size_t dp_client_to_text(const struct dp_client *c,
    char text[DP_CLIENT_TEXT_MAX]);

/* What dp_policy_match found. */
struct dp_match {
	uint32_t rule; /* index, DP_RULE_NONE: no rule */
	bool allow;
};

/*
 * The rule that decides name for an audience below the count. name must be
 * canonical (dp_name_copy_lower of octets that are a name by construction will
 * do).
 */
struct dp_match dp_policy_match(const struct dp_policy *p,
    const struct dp_name *name, uint32_t audience);

/*
 * The rules that decide name for all audiences, one after the other: left is
 * the set of audiences that are still to be told about, to begin with
 * dp_policy_audiences(p). Each call takes those out of left that *match decides
 * for; false: left was empty. A name that no rule decides comes as
 * DP_RULE_NONE, once.
 */
bool dp_policy_match_next(const struct dp_policy *p,
    const struct dp_name *name, uint64_t *left, struct dp_match *match);

enum dp_pin_state { DP_PIN_NONE, DP_PIN_INSIDE, DP_PIN_OUTSIDE };

/* Where addr lies seen from rule's pins; NONE where it has none. */
enum dp_pin_state dp_policy_pin(const struct dp_policy *p, uint32_t rule,
    const struct dp_addr *addr);

struct dp_service {
	uint8_t protocol; /* 6 TCP, 17 UDP */
	uint16_t port;
};
#define DP_SERVICE_TEXT_MAX 16
/* "tcp/443"; returns the length. */
size_t dp_service_to_text(struct dp_service s, char text[DP_SERVICE_TEXT_MAX]);
enum dp_err dp_service_from_text(struct dp_service *out, const char *text,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Reading it out, for the tools; indexes must be in range. */
uint32_t dp_policy_group_count(const struct dp_policy *p);
uint32_t dp_policy_rule_count(const struct dp_policy *p);

struct dp_group_info {
	struct dp_name apex;
	uint32_t serial;
	const uint8_t *text; /* length-prefixed strings, borrowed */
	size_t text_b;
	uint64_t audiences; /* that it applies to; all: it is not limited */
};
void dp_policy_group(const struct dp_policy *p, uint32_t i,
    struct dp_group_info *out);
/* The group's name as people see it: the apex without a last label "dnspin". */
void dp_policy_group_name(const struct dp_policy *p, uint32_t i,
    char text[DP_NAME_TEXT_MAX]);

struct dp_rule_info {
	struct dp_name base; /* x for *.x */
	bool wildcard;
	bool allow;
	uint32_t group_count;
	uint32_t service_count; /* 0: any */
	uint32_t pin_count;
	uint64_t audiences; /* that it is for */
};
/* A pattern that is not the same for all audiences has several rules, side by
 * side, each with audiences of its own. */
void dp_policy_rule(const struct dp_policy *p, uint32_t i,
    struct dp_rule_info *out);
/* The pattern as text, "*.x" or "x". */
void dp_policy_rule_text(const struct dp_policy *p, uint32_t i,
    char text[DP_NAME_TEXT_MAX]);
/* What events say of a rule: where in a name that it matches its base stands,
 * counted from the end, and the first of its groups, cut at 255 octets. The text
 * is borrowed until close and not NUL-terminated. And whether there are pins to
 * look at. */
struct dp_rule_told {
	bool pinned;
	bool wildcard;
	uint8_t base_b;
	uint8_t group_b;
	const char *group;
};
void dp_policy_rule_told(const struct dp_policy *p, uint32_t i,
    struct dp_rule_told *out);
/* k below the counts of dp_rule_info; in sorted order. */
uint32_t dp_policy_rule_group(const struct dp_policy *p, uint32_t i,
    uint32_t k);
struct dp_service dp_policy_rule_service(const struct dp_policy *p, uint32_t i,
    uint32_t k);
struct dp_prefix dp_policy_rule_pin(const struct dp_policy *p, uint32_t i,
    uint32_t k);

#endif
