#include "tools/zone.h"

#include <stdlib.h>
#include <string.h>

#include "tools/record.h"
#include "tools/zone_rule.h"

#define TEXT_MAX 65535u /* octets of the apex's strings, as of one record */
#define TICK 4096u	/* records */

#define SYNTAX(diag, line, ...) \
	(dp_diag_set(diag, NULL, line, __VA_ARGS__), DP_ERR_SYNTAX)

struct zone_reader {
	struct dp_ruleset *rs;
	struct dp_record_reader records;
	struct dp_diag diag;

	struct dp_name apex; /* len 0: no zone has begun */
	uint32_t serial;
	unsigned long soa_line;
	bool ended;	/* its SOA came again, as it does in a transfer */
	bool has_group; /* the rule set knows it */
	uint32_t group;
	uint8_t *text; /* the apex's strings, TEXT_MAX */
	size_t text_b;

	struct dp_zone_rule rule;
};

static bool is_number(const char *text, uint32_t *value)
{
	uint64_t n = 0;

	if (*text == '\0')
		return false;
	for (; *text >= '0' && *text <= '9' && n <= UINT32_MAX; text++)
		n = n * 10 + (uint64_t)(*text - '0');
	*value = (uint32_t)n;
	return *text == '\0' && n <= UINT32_MAX;
}

/* All strings of the apex have come, for a rule does: the group is complete. */
static enum dp_err make_group(struct zone_reader *z)
{
	enum dp_err err;

	if (z->has_group)
		return DP_OK;
	err = dp_ruleset_group(z->rs, &z->apex, z->serial, z->text, z->text_b,
	    &z->group, &z->diag);
	if (err)
		z->diag.line = z->soa_line;
	else
		z->has_group = true;
	return err;
}

static enum dp_err finish_rule(struct zone_reader *z)
{
	enum dp_err err;

	if (!z->rule.open)
		return DP_OK;
	err = make_group(z);
	if (err)
		return err;
	return dp_zone_rule_finish(&z->rule, z->rs, z->group, &z->diag);
}

static enum dp_err finish_zone(struct zone_reader *z)
{
	enum dp_err err = finish_rule(z);

	if (err || z->apex.len == 0)
		return err;
	return make_group(z);
}

static enum dp_err soa(struct zone_reader *z, const struct dp_record *r)
{
	struct dp_name name;
	uint32_t serial;
	enum dp_err err;

	if (r->rdata_count != 7)
		return SYNTAX(&z->diag, r->line, "an SOA has seven fields: "
		    "server, mailbox, serial, refresh, retry, expire, minimum");
	for (size_t i = 0; i < 2; i++) {
		err = dp_record_name(&z->records, &r->rdata[i], &name,
		    &z->diag);
		if (err)
			return err;
	}
	if (!is_number(r->rdata[2].text, &serial))
		return SYNTAX(&z->diag, r->rdata[2].line, "the serial %s is no "
		    "number of 0 to 4294967295", r->rdata[2].text);
	if (r->owner.len == 1)
		return SYNTAX(&z->diag, r->line, "the zone is named after its "
		    "group, and the root is no group's name: begin with "
		    "\"$ORIGIN group.dnspin.\"");
	if (z->apex.len > 0 && dp_name_equal(&z->apex, &r->owner)) {
		z->ended = true;
		if (serial == z->serial)
			return finish_zone(z);
		return SYNTAX(&z->diag, r->line, "a second SOA of this zone, "
		    "with another serial than on line %lu: take one out",
		    z->soa_line);
	}
	err = finish_zone(z);
	if (err)
		return err;
	z->apex = r->owner;
	z->serial = serial;
	z->soa_line = r->line;
	z->ended = z->has_group = false;
	z->text_b = 0;
	return DP_OK;
}

static enum dp_err apex_txt(struct zone_reader *z, const struct dp_record *r)
{
	if (z->has_group)
		return SYNTAX(&z->diag, r->line, "the zone's own TXT must "
		    "stand in front of its rules");
	for (size_t i = 0; i < r->rdata_count; i++) {
		const struct dp_token *token = &r->rdata[i];
		uint8_t *string = z->text + z->text_b;
		const char *reason;

		if (TEXT_MAX - z->text_b < DP_STRING_MAX + 1)
			return SYNTAX(&z->diag, token->line, "the zone's own "
			    "TXT is too long: at most 65279 octets");
		reason = dp_master_string(string, token);
		if (!reason && !memchr(string + 1, '=', string[0]))
			reason = "no key=value: the zone's own TXT describes "
				 "the group, as \"title=...\"; a rule has the "
				 "name that it is about in front";
		if (reason) {
			dp_diag_set(&z->diag, token->text, token->line, "%s",
			    reason);
			return DP_ERR_SYNTAX;
		}
		z->text_b += 1u + string[0];
	}
	return DP_OK;
}

/* A record that the apex has; those of zones that are served are passed by. */
static enum dp_err apex_record(struct zone_reader *z,
    const struct dp_record *r)
{
	if (r->type == DP_RECORD_NS)
		return DP_OK;
	if (r->type == DP_RECORD_TXT)
		return apex_txt(z, r);
	return SYNTAX(&z->diag, r->line, "%s at the zone's own name, which may "
	    "have SOA, NS and TXT: write the name that the rule is about in "
	    "front", r->type_text);
}

static enum dp_err rule_record(struct zone_reader *z,
    const struct dp_record *r)
{
	struct dp_zone_rule *rule = &z->rule;
	struct dp_name target;
	enum dp_err err = DP_OK;

	if (rule->open && !dp_name_equal(&rule->owner, &r->owner))
		err = finish_rule(z);
	if (!err && !rule->open)
		err = dp_zone_rule_begin(rule, &r->owner, &z->apex, &z->diag);
	if (err)
		return err;
	switch (r->type) {
	case DP_RECORD_TXT:
		return dp_zone_rule_txt(rule, r->rdata, r->rdata_count,
		    r->line, &z->diag);
	case DP_RECORD_APL:
		return dp_zone_rule_apl(rule, r->rdata, r->rdata_count,
		    r->line, &z->diag);
	case DP_RECORD_CNAME:
		if (r->rdata_count != 1)
			return SYNTAX(&z->diag, r->line,
			    "a CNAME has one target");
		err = dp_record_name(&z->records, &r->rdata[0], &target,
		    &z->diag);
		return err ? err : dp_zone_rule_cname(rule, &target, r->line,
		    &z->diag);
	default:
		return SYNTAX(&z->diag, r->line, "records of type %s are not "
		    "supported here: a rule is TXT \"allow\" or \"deny\", its "
		    "pins are APL", r->type_text);
	}
}

static enum dp_err record(struct zone_reader *z, const struct dp_record *r)
{
	char apex[DP_NAME_TEXT_MAX], owner[DP_NAME_TEXT_MAX];

	if (r->type == DP_RECORD_SOA)
		return soa(z, r);
	if (z->apex.len == 0 || z->ended)
		return SYNTAX(&z->diag, r->line, "a record in front of the "
		    "zone's SOA: begin with \"@ SOA localhost. "
		    "hostmaster.localhost. 1 3600 600 86400 60\"");
	if (!dp_name_within(&r->owner, &z->apex)) {
		dp_name_to_text(&z->apex, apex);
		dp_name_to_text(&r->owner, owner);
		dp_diag_set(&z->diag, owner, r->line, "stands outside of the "
		    "zone %s: write names without a dot at the end, and leave "
		    "$ORIGIN %s. as it is", apex, apex);
		return DP_ERR_SYNTAX;
	}
	if (r->type == DP_RECORD_DNSSEC)
		return DP_OK;
	if (dp_name_equal(&r->owner, &z->apex))
		return apex_record(z, r);
	return rule_record(z, r);
}

static enum dp_err read_all(struct zone_reader *z, const char *file,
    const struct dp_zone_watch *watch)
{
	struct dp_record r;
	unsigned long n = 0;
	enum dp_err err;

	for (;;) {
		err = dp_record_next(&z->records, &r, &z->diag);
		if (err)
			break;
		err = record(z, &r);
		if (err) {
			if (z->diag.line == 0)
				z->diag.line = r.line;
			return err;
		}
		if (watch && ++n % TICK == 0)
			watch->tick(watch->arg, file, r.line);
	}
	if (err != DP_ERR_NOTFOUND)
		return err;
	if (z->apex.len == 0)
		return SYNTAX(&z->diag, 0, "holds no zone: a policy zone "
		    "begins with an SOA record, see dnspin-zone(5)");
	return finish_zone(z);
}

/* The file is the object; what the reason is about goes in front of it. */
static void place(struct dp_diag *out, const struct dp_diag *diag,
    const char *file, enum dp_err err)
{
	const char *reason =
	    diag->reason[0] ? diag->reason : dp_err_text(err);

	if (!diag->object[0])
		dp_diag_set(out, file, diag->line, "%s", reason);
	else
		dp_diag_set(out, file, diag->line, "%s: %s", diag->object,
		    reason);
}

enum dp_err dp_zone_read(struct dp_ruleset *rs, FILE *in, const char *file,
    const struct dp_zone_watch *watch, struct dp_diag *diag)
{
	struct zone_reader z = { .rs = rs };
	enum dp_err err = DP_ERR_NOMEM;

	z.text = malloc(TEXT_MAX);
	if (z.text)
		err = dp_master_open(&z.records.master, in);
	if (!err)
		err = read_all(&z, file, watch);
	if (err && diag)
		place(diag, &z.diag, file, err);
	dp_zone_rule_free(&z.rule);
	dp_master_close(&z.records.master);
	free(z.text);
	return err;
}
