#include "tools/policy/zone.h"

#include <stdlib.h>
#include <string.h>

#include "tools/policy/record.h"
#include "tools/policy/zone_rule.h"
#include "tools/vec.h"

#define TEXT_MAX 65535u /* octets of the apex's strings, as of one record */
#define TICK 4096u	/* records */

#define SYNTAX(diag, line, ...) \
	(dp_diag_set(diag, NULL, line, __VA_ARGS__), DP_ERR_SYNTAX)

struct zone_reader {
	struct dp_ruleset *rs;
	struct dp_record_reader *records;
	struct dp_diag diag;

	struct dp_name apex; /* len 0: no zone has begun */
	uint32_t serial;
	unsigned long soa_line;
	bool ended;	/* its SOA came again, as it does in a transfer */
	bool has_group; /* the rule set knows it */
	uint32_t group;
	uint8_t *text; /* the apex's strings, TEXT_MAX */
	size_t text_b;
	struct dp_prefix *clients; /* that the zone is limited to */
	size_t client_count, client_room;

	struct dp_zone_rule rule;
};

/* All records of the apex have come, for a rule does: the group is complete. */
static enum dp_err make_group(struct zone_reader *z)
{
	enum dp_err err;

	if (z->has_group)
		return DP_OK;
	err = dp_ruleset_group(z->rs, &z->apex, z->serial, z->text, z->text_b,
	    &z->group, &z->diag);
	if (err) {
		z->diag.line = z->soa_line;
		return err;
	}
	z->has_group = true;
	return dp_ruleset_limit(z->rs, z->group, z->clients, z->client_count,
	    &z->diag);
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
	uint32_t serial = r->data->serial;
	enum dp_err err;

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
	z->client_count = 0;
	return DP_OK;
}

/* Lists of clients are written as those of pins. */
static enum dp_err apex_apl(struct zone_reader *z, const struct dp_record *r)
{
	char text[DP_PREFIX_TEXT_MAX], meant[DP_PREFIX_TEXT_MAX];

	if (z->has_group)
		return SYNTAX(&z->diag, r->line, "the zone's own APL, the "
		    "clients that it is for, must stand in front of its rules");
	for (size_t i = 0; i < r->data->count; i++) {
		const struct dp_prefix *pin = &r->data->pins[i];
		struct dp_prefix v4 = *pin;

		if (pin->len >= 96 && dp_addr_unmap(&v4.addr)) {
			v4.len = (uint8_t)(pin->len - 96);
			dp_prefix_to_text(pin, text);
			dp_prefix_to_text(&v4, meant);
			dp_diag_set(&z->diag, text, r->line, "IPv4 clients are "
			    "known by their IPv4 address: write 1:%s", meant);
			return DP_ERR_SYNTAX;
		}
		if (dp_vec_room(&z->clients, &z->client_room,
			z->client_count + 1, sizeof(*pin)) != DP_OK)
			return DP_ERR_NOMEM;
		z->clients[z->client_count++] = *pin;
	}
	return DP_OK;
}

/* A text that looks as if the zone were for some clients only, as the output
 * of dnspin check does, and would leave it for everybody. */
static bool seems_to_limit(const struct dp_string *string)
{
	static const char key[] = "clients=";
	const size_t key_b = sizeof(key) - 1;

	return string->octets[0] >= key_b &&
	    memcmp(string->octets + 1, key, key_b) == 0;
}

static enum dp_err apex_txt(struct zone_reader *z, const struct dp_record *r)
{
	char text[DP_STRING_TEXT_MAX];

	if (z->has_group)
		return SYNTAX(&z->diag, r->line, "the zone's own TXT must "
		    "stand in front of its rules");
	for (size_t i = 0; i < r->data->count; i++) {
		const struct dp_string *string = &r->data->strings[i];
		size_t string_b = 1u + string->octets[0];

		if (TEXT_MAX - z->text_b < string_b)
			return SYNTAX(&z->diag, string->line, "the zone's own "
			    "TXT is too long: at most %u octets", TEXT_MAX);
		if (!memchr(string->octets + 1, '=', string->octets[0])) {
			dp_string_to_text(string, text);
			dp_diag_set(&z->diag, text, string->line, "no "
			    "key=value: the zone's own TXT describes the "
			    "group, as \"title=...\"; a rule has the name "
			    "that it is about in front");
			return DP_ERR_SYNTAX;
		}
		if (seems_to_limit(string)) {
			dp_string_to_text(string, text);
			dp_diag_set(&z->diag, text, string->line, "a text "
			    "limits no zone: write \"@ APL\" with the "
			    "prefixes, such as 1:192.0.2.0/24");
			return DP_ERR_SYNTAX;
		}
		memcpy(z->text + z->text_b, string->octets, string_b);
		z->text_b += string_b;
	}
	return DP_OK;
}

/* A record that the apex has; those of zones that are served are passed by. */
static enum dp_err apex_record(struct zone_reader *z,
    const struct dp_record *r)
{
	enum dp_err err;

	if (r->type == DP_RECORD_NS)
		return DP_OK;
	err = finish_rule(z);
	if (err)
		return err;
	if (r->type == DP_RECORD_TXT)
		return apex_txt(z, r);
	if (r->type == DP_RECORD_APL)
		return apex_apl(z, r);
	return SYNTAX(&z->diag, r->line, "%s at the zone's own name, which may "
	    "have SOA, NS, TXT and APL: write the name that the rule is about "
	    "in front", r->type_text);
}

static enum dp_err rule_record(struct zone_reader *z,
    const struct dp_record *r)
{
	const struct dp_rdata *data = r->data;
	struct dp_zone_rule *rule = &z->rule;
	enum dp_err err = DP_OK;

	if (rule->open && !dp_name_equal(&rule->owner, &r->owner))
		err = finish_rule(z);
	if (!err && !rule->open)
		err = dp_zone_rule_begin(rule, &r->owner, &z->apex, &z->diag);
	if (err)
		return err;
	switch (r->type) {
	case DP_RECORD_TXT:
		return dp_zone_rule_txt(rule, data->strings, data->count,
		    r->line, &z->diag);
	case DP_RECORD_APL:
		return dp_zone_rule_apl(rule, data->pins, data->count, r->line,
		    &z->diag);
	case DP_RECORD_CNAME:
		return dp_zone_rule_cname(rule, &data->target, r->line,
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
		err = dp_record_next(z->records, &r, &z->diag);
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
		err = dp_record_open(&z.records, in);
	if (!err)
		err = read_all(&z, file, watch);
	if (err && diag)
		place(diag, &z.diag, file, err);
	dp_zone_rule_free(&z.rule);
	dp_record_close(&z.records);
	free(z.text);
	free(z.clients);
	return err;
}
