#include "tools/policy/record.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SYNTAX(diag, line, ...) \
	(dp_diag_set(diag, NULL, line, __VA_ARGS__), DP_ERR_SYNTAX)

#define TTL_MAX INT32_MAX /* s, RFC 2181, 8 */
#define TYPE_BIND 65534	  /* BIND's signing state, a private type */

struct dp_record_reader {
	struct dp_entry_reader *entries;
	struct dp_name origin; /* len 0: none yet */
	struct dp_name owner;  /* of the last record; len 0: none yet */
	struct dp_rdata rdata;
};

enum dp_err dp_record_open(struct dp_record_reader **out, FILE *in)
{
	struct dp_record_reader *r = calloc(1, sizeof(*r));
	enum dp_err err;

	if (!r)
		return DP_ERR_NOMEM;
	err = dp_entry_open(&r->entries, in);
	if (err) {
		free(r);
		return err;
	}
	*out = r;
	return DP_OK;
}

void dp_record_close(struct dp_record_reader **reader)
{
	struct dp_record_reader *r = *reader;

	if (!r)
		return;
	dp_rdata_free(&r->rdata);
	dp_entry_close(&r->entries);
	free(r);
	*reader = NULL;
}

static enum dp_record_type type_of(const char *text)
{
	/* Of TYPE16x (RFC 3597, 5) ldns would see the number only. */
	if (strncasecmp(text, "TYPE", 4) == 0 &&
	    (strlen(text) > 9 || text[4 + strspn(text + 4, "0123456789")]))
		return DP_RECORD_OTHER;
	switch ((int)ldns_get_rr_type_by_name(text)) {
	case LDNS_RR_TYPE_SOA:
		return DP_RECORD_SOA;
	case LDNS_RR_TYPE_NS:
		return DP_RECORD_NS;
	case LDNS_RR_TYPE_TXT:
		return DP_RECORD_TXT;
	case LDNS_RR_TYPE_APL:
		return DP_RECORD_APL;
	case LDNS_RR_TYPE_CNAME:
		return DP_RECORD_CNAME;
	case LDNS_RR_TYPE_RRSIG:
	case LDNS_RR_TYPE_NSEC:
	case LDNS_RR_TYPE_NSEC3:
	case LDNS_RR_TYPE_NSEC3PARAM:
	case LDNS_RR_TYPE_DNSKEY:
	case LDNS_RR_TYPE_CDS:
	case LDNS_RR_TYPE_CDNSKEY:
	case LDNS_RR_TYPE_ZONEMD:
	case TYPE_BIND:
		return DP_RECORD_DNSSEC;
	default:
		return DP_RECORD_OTHER;
	}
}

static enum dp_err directive(struct dp_record_reader *r,
    const struct dp_entry *e, struct dp_diag *diag)
{
	const char *word = e->words[0].text;

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
		return dp_word_owner(&r->origin, &e->words[1], &r->origin,
		    diag);
	if (!dp_word_period(&e->words[1], TTL_MAX))
		return SYNTAX(diag, e->line, "$TTL %s is no time: write "
		    "seconds, 0 to 2147483647", e->words[1].text);
	return DP_OK;
}

/* Step over TTL and class, which may come in either order (RFC 1035, 5.1; ldns
 * knows one), to the type. */
static enum dp_err find_type(const struct dp_entry *e, size_t *at,
    struct dp_diag *diag)
{
	bool ttl = false, class = false;

	for (; *at < e->count && e->words[*at].text[0] != '"'; ++*at) {
		const struct dp_word *word = &e->words[*at];

		if (!class && ldns_get_rr_class_by_name(word->text) != 0) {
			if (strcasecmp(word->text, "IN") != 0)
				return SYNTAX(diag, word->line, "class %s: "
				    "policy zones are of class IN",
				    word->text);
			class = true;
		} else if (!ttl && *word->text >= '0' && *word->text <= '9') {
			if (!dp_word_period(word, TTL_MAX))
				return SYNTAX(diag, word->line, "%s is no TTL: "
				    "write seconds, 0 to 2147483647",
				    word->text);
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
		err = dp_word_owner(&r->owner, &e->words[at++], &r->origin,
		    diag);
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
	out->type = type_of(e->words[at].text);
	out->type_text = e->words[at].text;
	out->line = e->line;
	out->data = &r->rdata;
	return dp_rdata_read(&r->rdata, out->type, e, at, &r->origin, diag);
}

enum dp_err dp_record_next(struct dp_record_reader *r, struct dp_record *out,
    struct dp_diag *diag)
{
	struct dp_entry e;
	enum dp_err err;

	do {
		err = dp_entry_next(r->entries, &e, diag);
		if (err)
			return err;
		if (e.indented || e.words[0].text[0] != '$')
			return record(r, &e, out, diag);
		err = directive(r, &e, diag);
	} while (!err);
	return err;
}
