#include "tools/policy/zone_rule.h"

#include <stdlib.h>
#include <string.h>

#define SYNTAX(diag, line, ...) \
	(dp_diag_set(diag, NULL, line, __VA_ARGS__), DP_ERR_SYNTAX)

enum dp_err dp_zone_rule_begin(struct dp_zone_rule *r,
    const struct dp_name *owner, const struct dp_name *apex,
    struct dp_diag *diag)
{
	enum dp_err err = dp_pattern_from_owner(&r->pattern, owner, apex, diag);

	if (err)
		return err;
	r->open = true;
	r->owner = *owner;
	r->is_cname = false;
	r->line = r->apl_line = 0;
	r->service_count = r->pin_count = 0;
	return DP_OK;
}

void dp_zone_rule_free(struct dp_zone_rule *r)
{
	free(r->services);
	free(r->pins);
	memset(r, 0, sizeof(*r));
}

/* Room for one more of size_b in *array. */
static enum dp_err make_room(void **array, size_t *max, size_t count,
    size_t size_b)
{
	size_t more = *max ? 2 * *max : 16;
	void *grown;

	if (count < *max)
		return DP_OK;
	grown = realloc(*array, more * size_b);
	if (!grown)
		return DP_ERR_NOMEM;
	*array = grown;
	*max = more;
	return DP_OK;
}

/* TXT and CNAME each say what the rule is: there is one of them. */
static enum dp_err only_one(const struct dp_zone_rule *r, unsigned long line,
    struct dp_diag *diag)
{
	if (r->line == 0)
		return DP_OK;
	if (r->is_cname)
		return SYNTAX(diag, line, "a second record beside the CNAME on "
		    "line %lu: take one of them out", r->line);
	return SYNTAX(diag, line, "a second rule for this name: the first "
	    "stands on line %lu; take one out, or write all services into one "
	    "TXT record", r->line);
}

static enum dp_err add_service(struct dp_zone_rule *r,
    const struct dp_string *string, struct dp_diag *diag)
{
	void *services = r->services;
	char text[DP_STRING_TEXT_MAX];
	struct dp_service service;
	enum dp_err err;

	dp_string_to_text(string, text);
	err = dp_service_from_text(&service, text, diag);
	if (err) {
		if (diag)
			diag->line = string->line;
		return err;
	}
	err = make_room(&services, &r->service_max, r->service_count,
	    sizeof(service));
	if (err)
		return err;
	r->services = services;
	r->services[r->service_count++] = service;
	return DP_OK;
}

enum dp_err dp_zone_rule_txt(struct dp_zone_rule *r,
    const struct dp_string *strings, size_t count, unsigned long line,
    struct dp_diag *diag)
{
	char word[DP_STRING_TEXT_MAX];
	enum dp_err err = only_one(r, line, diag);

	if (err)
		return err;
	dp_string_to_text(&strings[0], word);
	if (strcmp(word, "allow") != 0 && strcmp(word, "deny") != 0) {
		dp_diag_set(diag, word, line, "a rule begins with \"allow\" or "
		    "\"deny\"; for an allowed name then services such as "
		    "\"tcp/443\"");
		return DP_ERR_SYNTAX;
	}
	r->allow = word[0] == 'a';
	if (!r->allow && count > 1)
		return SYNTAX(diag, line, "services behind \"deny\": a denied "
		    "name is denied for all of them; take them out");
	for (size_t i = 1; i < count; i++) {
		err = add_service(r, &strings[i], diag);
		if (err)
			return err;
	}
	r->line = line;
	return DP_OK;
}

enum dp_err dp_zone_rule_cname(struct dp_zone_rule *r,
    const struct dp_name *target, unsigned long line, struct dp_diag *diag)
{
	static const struct dp_name passthru = {
		.len = 14, .wire = "\14rpz-passthru"
	};
	char text[DP_NAME_TEXT_MAX];
	enum dp_err err = only_one(r, line, diag);

	if (err)
		return err;
	if (r->apl_line > 0)
		return SYNTAX(diag, line, "a CNAME beside the APL on line %lu, "
		    "which DNS does not know: write TXT \"allow\" for the "
		    "CNAME", r->apl_line);
	r->allow = dp_name_equal(target, &passthru);
	if (!r->allow && target->len != 1) {
		dp_name_to_text(target, text);
		return SYNTAX(diag, line, "CNAME %s.: of Response Policy Zones "
		    "only CNAME rpz-passthru. (allow) and CNAME . (deny) are "
		    "supported", text);
	}
	r->is_cname = true;
	r->line = line;
	return DP_OK;
}

enum dp_err dp_zone_rule_apl(struct dp_zone_rule *r,
    const struct dp_prefix *pins, size_t count, unsigned long line,
    struct dp_diag *diag)
{
	enum dp_err err;

	if (r->is_cname)
		return SYNTAX(diag, line, "an APL beside the CNAME on line "
		    "%lu, which DNS does not know: write TXT \"allow\" for the "
		    "CNAME", r->line);
	if (r->apl_line == 0)
		r->apl_line = line;
	for (size_t i = 0; i < count; i++) {
		void *all = r->pins;

		err = make_room(&all, &r->pin_max, r->pin_count,
		    sizeof(*r->pins));
		if (err)
			return err;
		r->pins = all;
		r->pins[r->pin_count++] = pins[i];
	}
	return DP_OK;
}

enum dp_err dp_zone_rule_finish(struct dp_zone_rule *r, struct dp_ruleset *rs,
    uint32_t group, struct dp_diag *diag)
{
	struct dp_rule_source source = {
		.base = r->pattern.base,
		.wildcard = r->pattern.wildcard,
		.allow = r->allow,
		.services = r->services,
		.service_count = r->service_count,
		.pins = r->pins,
		.pin_count = r->pin_count,
		.line = r->line,
	};
	enum dp_err err;

	r->open = false;
	if (r->line == 0)
		return SYNTAX(diag, r->apl_line, "pins (APL) without a rule: "
		    "write TXT \"allow\" for the same name next to them");
	if (!r->allow && r->apl_line > 0)
		return SYNTAX(diag, r->apl_line, "pins (APL) at a denied name "
		    "mean nothing: take them out, or allow the name");
	err = dp_ruleset_add(rs, group, &source, diag);
	if (err && diag)
		diag->line = r->line;
	return err;
}
