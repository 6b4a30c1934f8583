/*
 * One rule of a policy zone while its records come in: TXT or CNAME say what
 * it is, APL records its pins. For zone.c only. Errors fill the diag's line
 * and reason; an object other than the file is what the reason is about.
 */
#ifndef DP_ZONE_RULE_H
#define DP_ZONE_RULE_H

#include "tools/policy/pattern.h"
#include "tools/policy/rdata.h"
#include "tools/policy/ruleset.h"

struct dp_zone_rule {
	bool open; /* between begin and finish */
	struct dp_name owner;
	struct dp_pattern pattern;
	bool allow;
	bool is_cname;
	unsigned long line;	/* of the TXT or CNAME; 0: none yet */
	unsigned long apl_line; /* of the first APL; 0: none */
	struct dp_service *services;
	size_t service_count, service_max;
	struct dp_prefix *pins;
	size_t pin_count, pin_max;
};

/* r is zeroed or finished; frees nothing, keeps its memory for the next. */
enum dp_err dp_zone_rule_begin(struct dp_zone_rule *r,
    const struct dp_name *owner, const struct dp_name *apex,
    struct dp_diag *diag) DP_MUST_CHECK;

/* At least one string or pin. */
enum dp_err dp_zone_rule_txt(struct dp_zone_rule *r,
    const struct dp_string *strings, size_t count, unsigned long line,
    struct dp_diag *diag) DP_MUST_CHECK;
enum dp_err dp_zone_rule_apl(struct dp_zone_rule *r,
    const struct dp_prefix *pins, size_t count, unsigned long line,
    struct dp_diag *diag) DP_MUST_CHECK;
enum dp_err dp_zone_rule_cname(struct dp_zone_rule *r,
    const struct dp_name *target, unsigned long line, struct dp_diag *diag)
    DP_MUST_CHECK;

/* All records of the owner have come: add the rule. */
enum dp_err dp_zone_rule_finish(struct dp_zone_rule *r, struct dp_ruleset *rs,
    uint32_t group, struct dp_diag *diag) DP_MUST_CHECK;

void dp_zone_rule_free(struct dp_zone_rule *r);

#endif
