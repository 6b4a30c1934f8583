#include "tools/record.h"

#include <string.h>
#include <strings.h>

#define SYNTAX(diag, line, ...) \
	(dp_diag_set(diag, NULL, line, __VA_ARGS__), DP_ERR_SYNTAX)

static enum dp_record_type type_of(const char *text)
{
	static const struct {
		const char *name;
		enum dp_record_type type;
	} types[] = {
		{ "TXT", DP_RECORD_TXT },
		{ "APL", DP_RECORD_APL },
		{ "CNAME", DP_RECORD_CNAME },
		{ "SOA", DP_RECORD_SOA },
		{ "NS", DP_RECORD_NS },
		{ "RRSIG", DP_RECORD_DNSSEC },
		{ "NSEC", DP_RECORD_DNSSEC },
		{ "NSEC3", DP_RECORD_DNSSEC },
		{ "NSEC3PARAM", DP_RECORD_DNSSEC },
		{ "DNSKEY", DP_RECORD_DNSSEC },
		{ "CDS", DP_RECORD_DNSSEC },
		{ "CDNSKEY", DP_RECORD_DNSSEC },
		{ "ZONEMD", DP_RECORD_DNSSEC },
		{ "TYPE65534", DP_RECORD_DNSSEC }, /* BIND's signing state */
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(text, types[i].name) == 0)
			return types[i].type;
	return DP_RECORD_OTHER;
}

/* "3600" or, as all name servers take it, "1h30m"; at most 2^31 - 1 s
 * (RFC 2181, 8). */
static bool is_ttl(const char *text)
{
	static const char units[] = "smhdw";
	static const uint32_t unit_s[] = { 1, 60, 3600, 86400, 604800 };
	uint64_t total = 0;

	do {
		const char *digits = text, *unit;
		uint64_t n = 0;

		for (; *text >= '0' && *text <= '9' && n <= INT32_MAX; text++)
			n = n * 10 + (uint64_t)(*text - '0');
		if (text == digits)
			return false;
		if (*text) {
			unit = strchr(units, *text | 0x20);
			if (!unit)
				return false;
			n *= unit_s[unit - units];
			text++;
		}
		total += n;
	} while (*text && total <= INT32_MAX);
	return total <= INT32_MAX;
}

static bool is_class(const char *text)
{
	static const char *const classes[] = {
		"IN", "CH", "HS", "CS", "NONE", "ANY"
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcasecmp(text, classes[i]) == 0)
			return true;
	return strncasecmp(text, "CLASS", 5) == 0;
}

/* Does a dot end the name, one that no backslash escapes? */
static bool is_absolute(const char *text)
{
	size_t len = strlen(text), escapes = 0;

	if (len == 0 || text[len - 1] != '.')
		return false;
	while (escapes < len - 1 && text[len - 2 - escapes] == '\\')
		escapes++;
	return escapes % 2 == 0;
}

/* Put the origin behind name. */
static enum dp_err append_origin(const struct dp_record_reader *r,
    const struct dp_token *token, struct dp_name *name, struct dp_diag *diag)
{
	const struct dp_name *origin = &r->origin;
	size_t len = name->len - 1u;

	if (origin->len == 0) {
		dp_diag_set(diag, token->text, token->line,
		    "a relative name before any $ORIGIN: write a line "
		    "\"$ORIGIN group.dnspin.\" with the group's name in front");
		return DP_ERR_SYNTAX;
	}
	if (len + origin->len > DP_NAME_MAX) {
		dp_diag_set(diag, token->text, token->line,
		    "longer than 255 octets together with the origin: take a "
		    "shorter name for the zone");
		return DP_ERR_SYNTAX;
	}
	memcpy(name->wire + len, origin->wire, origin->len);
	name->len = (uint8_t)(len + origin->len);
	return DP_OK;
}

enum dp_err dp_record_name(const struct dp_record_reader *r,
    const struct dp_token *token, struct dp_name *out, struct dp_diag *diag)
{
	struct dp_name name = { .len = 1 };
	enum dp_err err = DP_OK;

	if (token->quoted) {
		dp_diag_set(diag, token->text, token->line,
		    "a name in quotes: take the quotes away");
		return DP_ERR_SYNTAX;
	}
	if (strcmp(token->text, "@") != 0)
		err = dp_name_from_text(&name, token->text, diag);
	if (err) {
		diag->line = token->line;
		return err;
	}
	if (!is_absolute(token->text))
		err = append_origin(r, token, &name, diag);
	if (!err)
		*out = name;
	return err;
}

static enum dp_err directive(struct dp_record_reader *r,
    const struct dp_entry *e, struct dp_diag *diag)
{
	const char *word = e->tokens[0].text;

	if (strcasecmp(word, "$INCLUDE") == 0)
		return SYNTAX(diag, e->line, "$INCLUDE is not supported: give "
		    "all zone files to dnspin compile");
	if (strcasecmp(word, "$ORIGIN") != 0 && strcasecmp(word, "$TTL") != 0)
		return SYNTAX(diag, e->line, "unknown directive %s: only "
		    "$ORIGIN and $TTL are supported", word);
	if (e->count != 2)
		return SYNTAX(diag, e->line, "%s takes one value, such as "
		    "\"$ORIGIN group.dnspin.\" or \"$TTL 3600\"", word);
	if (strcasecmp(word, "$ORIGIN") == 0)
		return dp_record_name(r, &e->tokens[1], &r->origin, diag);
	if (!is_ttl(e->tokens[1].text))
		return SYNTAX(diag, e->line, "$TTL %s is no time: write "
		    "seconds, 0 to 2147483647", e->tokens[1].text);
	return DP_OK;
}

/* Step over TTL and class, which may come in either order (RFC 1035, 5.1), to
 * the type. */
static enum dp_err find_type(const struct dp_entry *e, size_t *at,
    struct dp_diag *diag)
{
	bool ttl = false, class = false;

	for (; *at < e->count && !e->tokens[*at].quoted; ++*at) {
		const char *text = e->tokens[*at].text;

		if (!class && is_class(text)) {
			if (strcasecmp(text, "IN") != 0)
				return SYNTAX(diag, e->tokens[*at].line,
				    "class %s: policy zones are of class IN",
				    text);
			class = true;
		} else if (!ttl && *text >= '0' && *text <= '9') {
			if (!is_ttl(text))
				return SYNTAX(diag, e->tokens[*at].line,
				    "%s is no TTL: write seconds, 0 to "
				    "2147483647", text);
			ttl = true;
		} else {
			return DP_OK;
		}
	}
	return SYNTAX(diag, e->line, "a record without a type: write NAME TXT "
	    "\"allow\" and services such as \"tcp/443\"");
}

static enum dp_err record(struct dp_record_reader *r, const struct dp_entry *e,
    struct dp_record *out, struct dp_diag *diag)
{
	enum dp_err err;
	size_t at = 0;

	if (!e->indented) {
		err = dp_record_name(r, &e->tokens[at++], &r->owner, diag);
		if (err)
			return err;
	} else if (r->owner.len == 0) {
		return SYNTAX(diag, e->line, "a record without a name, before "
		    "any other: write its name at the line's very start");
	}
	err = find_type(e, &at, diag);
	if (err)
		return err;
	out->owner = r->owner;
	out->type = type_of(e->tokens[at].text);
	out->type_text = e->tokens[at].text;
	out->rdata = e->tokens + at + 1;
	out->rdata_count = e->count - at - 1;
	out->line = e->line;
	if (out->type == DP_RECORD_OTHER)
		return DP_OK;
	if (out->rdata_count == 0)
		return SYNTAX(diag, e->line, "%s without data",
		    out->type_text);
	if (!out->rdata[0].quoted && strcmp(out->rdata[0].text, "\\#") == 0 &&
	    out->type != DP_RECORD_DNSSEC)
		return SYNTAX(diag, out->rdata[0].line, "data in the form of "
		    "RFC 3597 (\\#): write it in the form of the type %s",
		    out->type_text);
	return DP_OK;
}

enum dp_err dp_record_next(struct dp_record_reader *r, struct dp_record *out,
    struct dp_diag *diag)
{
	struct dp_entry e;
	enum dp_err err;

	do {
		err = dp_master_next(r->master, &e, diag);
		if (err)
			return err;
		if (e.indented || e.tokens[0].quoted ||
		    e.tokens[0].text[0] != '$')
			return record(r, &e, out, diag);
		err = directive(r, &e, diag);
	} while (!err);
	return err;
}
