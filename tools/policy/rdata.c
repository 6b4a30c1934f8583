#include "tools/policy/rdata.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#define SYNTAX(diag, line, ...) \
	(dp_diag_set(diag, NULL, line, __VA_ARGS__), DP_ERR_SYNTAX)
#define ABOUT(diag, word, ...) \
	(dp_diag_set(diag, (word)->text, (word)->line, __VA_ARGS__), \
	    DP_ERR_SYNTAX)

#define NAMES_MAX 2 /* in the data of one record */

/* A record on its way in. */
struct source {
	const struct dp_word *type;
	struct dp_word *fields; /* the words behind the type */
	size_t count;
	const struct dp_name *origin;
};

void dp_string_to_text(const struct dp_string *string,
    char text[DP_STRING_TEXT_MAX])
{
	const uint8_t *p = string->octets + 1;
	size_t n = 0;

	for (unsigned left = string->octets[0]; left > 0; left--, p++) {
		if (*p >= ' ' && *p < 0x7f)
			text[n++] = (char)*p;
		else
			n += dp_octet_escape(*p, text + n);
	}
	text[n] = '\0';
}

void dp_rdata_free(struct dp_rdata *d)
{
	ldns_rr_free(d->rr);
	free(d->strings);
	free(d->pins);
	memset(d, 0, sizeof(*d));
}

/* Room for count strings and as many pins. */
static enum dp_err make_room(struct dp_rdata *d, size_t count)
{
	void *strings, *pins;

	if (count <= d->max)
		return DP_OK;
	strings = realloc(d->strings, count * sizeof(*d->strings));
	if (!strings)
		return DP_ERR_NOMEM;
	d->strings = strings;
	pins = realloc(d->pins, count * sizeof(*d->pins));
	if (!pins)
		return DP_ERR_NOMEM;
	d->pins = pins;
	d->max = count;
	return DP_OK;
}

/*
 * Have ldns read the record. For the owner, TTL and class, which were read, it
 * gets a ".": the two bytes in front of the type are free.
 */
static ldns_status parse(struct dp_rdata *d, const struct source *s,
    const ldns_rdf *origin)
{
	char *line = s->type->text - 2;
	ldns_status status;

	memcpy(line, ". ", 2);
	for (size_t i = 0; i < s->count; i++)
		s->fields[i].text[-1] = ' ';
	status = ldns_rr_new_frm_str(&d->rr, line, 0, origin, NULL);
	for (size_t i = 0; i < s->count; i++)
		s->fields[i].text[-1] = '\0';
	return status;
}

/* Say what ldns found wrong. */
static enum dp_err refused(const struct source *s, ldns_status status,
    struct dp_diag *diag)
{
	if (status == LDNS_STATUS_MEM_ERR)
		return DP_ERR_NOMEM;
	return SYNTAX(diag, s->type->line, "the data of this %s: %s",
	    s->type->text, ldns_get_errorstr_by_id(status));
}

/* What ldns read is not what stands there. */
static enum dp_err misread(const struct dp_word *word, struct dp_diag *diag)
{
	return ABOUT(diag, word, "is not read as it is written: write it as "
	    "dnspin-zone(5) does");
}

static bool is_name(const ldns_rdf *field, const struct dp_name *name)
{
	struct dp_name read;

	return dp_name_from_wire(&read, ldns_rdf_data(field),
		   ldns_rdf_size(field)) == DP_OK &&
	    dp_name_equal(&read, name);
}

/* RFC 3123, 4: family, prefix length, negation and length of the address,
 * whose last octets are missing when they are 0. */
static bool is_pin(const ldns_rdf *field, const struct dp_prefix *pin)
{
	const uint8_t *data = ldns_rdf_data(field);
	size_t size_b = ldns_rdf_size(field);
	uint8_t bytes[sizeof(pin->addr.bytes)] = { 0 };

	if (size_b < 4 || size_b - 4 != data[3] ||
	    data[3] > dp_addr_size_b(&pin->addr))
		return false;
	memcpy(bytes, data + 4, data[3]);
	return data[0] == 0 && data[1] == (pin->addr.family == 4 ? 1 : 2) &&
	    data[2] == pin->len &&
	    memcmp(bytes, pin->addr.bytes, sizeof(bytes)) == 0;
}

/* Data that begins with count names. */
static enum dp_err read_names(struct dp_rdata *d, const struct source *s,
    struct dp_name *names, size_t count, struct dp_diag *diag)
{
	ldns_rdf *origin = NULL;
	ldns_status status;
	enum dp_err err;

	for (size_t i = 0; i < count; i++) {
		err = dp_word_name(&names[i], &s->fields[i], s->origin, diag);
		if (err)
			return err;
	}
	if (s->origin->len > 0) {
		origin = ldns_dname_new_frm_data(s->origin->len,
		    s->origin->wire);
		if (!origin)
			return DP_ERR_NOMEM;
	}
	status = parse(d, s, origin);
	ldns_rdf_deep_free(origin);
	if (status != LDNS_STATUS_OK)
		return refused(s, status, diag);
	if (ldns_rr_rd_count(d->rr) != s->count)
		return misread(s->type, diag);
	for (size_t i = 0; i < count; i++)
		if (!is_name(ldns_rr_rdf(d->rr, i), &names[i]))
			return misread(&s->fields[i], diag);
	return DP_OK;
}

static enum dp_err read_soa(struct dp_rdata *d, const struct source *s,
    struct dp_diag *diag)
{
	const struct dp_word *fields = s->fields;
	struct dp_name names[NAMES_MAX];
	uint32_t serial;
	enum dp_err err;

	if (s->count != 7)
		return SYNTAX(diag, s->type->line, "an SOA has seven fields: "
		    "server, mailbox, serial, refresh, retry, expire, minimum");
	if (!dp_word_number(&serial, &fields[2]))
		return SYNTAX(diag, fields[2].line, "the serial %s is no "
		    "number of 0 to 4294967295", fields[2].text);
	for (size_t i = 3; i < s->count; i++)
		if (!dp_word_period(&fields[i], UINT32_MAX))
			return SYNTAX(diag, fields[i].line, "%s is no time: "
			    "write seconds, 0 to 4294967295", fields[i].text);
	err = read_names(d, s, names, NAMES_MAX, diag);
	if (err)
		return err;
	if (ldns_rdf2native_int32(ldns_rr_rdf(d->rr, 2)) != serial)
		return misread(&fields[2], diag);
	d->serial = serial;
	return DP_OK;
}

/* NS and CNAME. */
static enum dp_err read_target(struct dp_rdata *d, const struct source *s,
    struct dp_diag *diag)
{
	struct dp_name target;
	enum dp_err err;

	if (s->count != 1)
		return SYNTAX(diag, s->type->line, "%s has one target",
		    s->type->text);
	err = read_names(d, s, &target, 1, diag);
	if (!err)
		d->target = target;
	return err;
}

/* Which of the strings ldns does not take, and why. */
static enum dp_err bad_string(const struct source *s, ldns_status status,
    struct dp_diag *diag)
{
	for (size_t i = 0; i < s->count; i++) {
		struct dp_word *word = &s->fields[i];
		ldns_rdf *field = NULL;

		if (word->text[0] == '"') {
			word->text++;
			word->text[strlen(word->text) - 1] = '\0';
		}
		switch (ldns_str2rdf_str(&field, word->text)) {
		case LDNS_STATUS_INVALID_STR:
			return ABOUT(diag, word, "a string of more than %d "
			    "octets: write several strings", DP_STRING_MAX);
		case LDNS_STATUS_SYNTAX_BAD_ESCAPE:
			return ABOUT(diag, word, "\\ and a digit must be "
			    "followed by two more, in all at most 255");
		default:
			ldns_rdf_deep_free(field);
		}
	}
	return refused(s, status, diag);
}

static enum dp_err read_txt(struct dp_rdata *d, const struct source *s,
    struct dp_diag *diag)
{
	ldns_status status = parse(d, s, NULL);

	if (status != LDNS_STATUS_OK)
		return bad_string(s, status, diag);
	if (ldns_rr_rd_count(d->rr) != s->count)
		return misread(s->type, diag);
	for (size_t i = 0; i < s->count; i++)
		d->strings[i] = (struct dp_string){
			.octets = ldns_rdf_data(ldns_rr_rdf(d->rr, i)),
			.line = s->fields[i].line,
		};
	d->count = s->count;
	return DP_OK;
}

static enum dp_err read_apl(struct dp_rdata *d, const struct source *s,
    struct dp_diag *diag)
{
	ldns_status status;
	enum dp_err err;

	for (size_t i = 0; i < s->count; i++) {
		err = dp_word_pin(&d->pins[i], &s->fields[i], diag);
		if (err)
			return err;
	}
	status = parse(d, s, NULL);
	if (status != LDNS_STATUS_OK)
		return refused(s, status, diag);
	if (ldns_rr_rd_count(d->rr) != s->count)
		return misread(s->type, diag);
	for (size_t i = 0; i < s->count; i++)
		if (!is_pin(ldns_rr_rdf(d->rr, i), &d->pins[i]))
			return misread(&s->fields[i], diag);
	d->count = s->count;
	return DP_OK;
}

enum dp_err dp_rdata_read(struct dp_rdata *d, enum dp_record_type type,
    const struct dp_entry *e, size_t type_at, const struct dp_name *origin,
    struct dp_diag *diag)
{
	const struct source s = {
		.type = &e->words[type_at],
		.fields = e->words + type_at + 1,
		.count = e->count - type_at - 1,
		.origin = origin,
	};
	enum dp_err err;

	ldns_rr_free(d->rr);
	d->rr = NULL;
	if (type == DP_RECORD_DNSSEC || type == DP_RECORD_OTHER)
		return DP_OK;
	if (s.count == 0)
		return SYNTAX(diag, s.type->line, "%s without data",
		    s.type->text);
	/* ldns takes what follows for octets, in any field (RFC 3597, 5). */
	for (size_t i = 0; i < s.count; i++)
		if (strcmp(s.fields[i].text, "\\#") == 0)
			return SYNTAX(diag, s.fields[i].line, "data in the "
			    "form of RFC 3597 (\\#): write it in the form of "
			    "the type %s", s.type->text);
	err = make_room(d, s.count);
	if (err)
		return err;
	switch (type) {
	case DP_RECORD_SOA:
		return read_soa(d, &s, diag);
	case DP_RECORD_NS:
	case DP_RECORD_CNAME:
		return read_target(d, &s, diag);
	case DP_RECORD_TXT:
		return read_txt(d, &s, diag);
	case DP_RECORD_APL:
		return read_apl(d, &s, diag);
	default:
		return DP_OK;
	}
}
