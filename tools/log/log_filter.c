#include "dp_config.h"

#include "tools/log/log_filter.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/vec.h"

#define PSEUDONYM_B 16

struct dp_log_filter_client {
	bool is_pseudonym;
	uint8_t pseudonym[PSEUDONYM_B];
	struct dp_prefix prefix;
};

struct dp_log_filter_name {
	bool wildcard;
	struct dp_name base;
};

/* --- making --------------------------------------------------------------- */

enum dp_err dp_log_filter_verdict(struct dp_log_filter *f, const char *word,
    struct dp_diag *diag)
{
	for (unsigned i = 0; i < DP_EVENT_VERDICT_COUNT; i++)
		if (strcmp(word, dp_event_verdicts[i].word) == 0) {
			f->verdicts |= UINT32_C(1) << i;
			return DP_OK;
		}
	dp_diag_set(diag, word, 0,
	    "is no verdict: allow, deny, would-deny, local or error");
	return DP_ERR_SYNTAX;
}

enum dp_err dp_log_filter_group(struct dp_log_filter *f, const char *word,
    struct dp_diag *diag)
{
	if (dp_vec_room(&f->groups, &f->group_room, f->group_count + 1,
		sizeof(*f->groups)) != DP_OK) {
		dp_diag_set(diag, word, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	f->groups[f->group_count++] = word;
	return DP_OK;
}

static bool is_pseudonym(struct dp_log_filter_client *out, const char *word)
{
	size_t n;

	out->is_pseudonym = sodium_hex2bin(out->pseudonym, PSEUDONYM_B, word,
	    strlen(word), NULL, &n, NULL) == 0 && n == PSEUDONYM_B &&
	    strlen(word) == (size_t)2 * PSEUDONYM_B;
	return out->is_pseudonym;
}

enum dp_err dp_log_filter_client(struct dp_log_filter *f, const char *word,
    struct dp_diag *diag)
{
	struct dp_log_filter_client client;
	enum dp_err err;

	memset(&client, 0, sizeof(client));
	if (!is_pseudonym(&client, word)) {
		err = dp_prefix_from_text(&client.prefix, word, diag);
		if (err != DP_OK)
			return err;
	}
	err = dp_vec_room(&f->clients, &f->client_room, f->client_count + 1,
	    sizeof(client));
	if (err == DP_OK)
		f->clients[f->client_count++] = client;
	else
		dp_diag_set(diag, word, 0, "out of memory");
	return err;
}

enum dp_err dp_log_filter_name(struct dp_log_filter *f, const char *word,
    struct dp_diag *diag)
{
	bool wildcard = strncmp(word, "*.", 2) == 0;
	struct dp_log_filter_name name = { .wildcard = wildcard };
	const char *base = wildcard && word[2] ? word + 2 : word;
	enum dp_err err;

	err = dp_name_from_text(&name.base, strcmp(word, "*.") == 0 ? "." :
	    base, diag);
	if (err != DP_OK)
		return err;
	err = dp_vec_room(&f->names, &f->name_room, f->name_count + 1,
	    sizeof(name));
	if (err == DP_OK)
		f->names[f->name_count++] = name;
	else
		dp_diag_set(diag, word, 0, "out of memory");
	return err;
}

void dp_log_filter_free(struct dp_log_filter *f)
{
	free(f->groups);
	free(f->clients);
	free(f->names);
	*f = (struct dp_log_filter){ .verdicts = 0 };
}

/* --- asking --------------------------------------------------------------- */

static bool group_fits(const struct dp_log_filter *f, const struct dp_event *e)
{
	for (size_t i = 0; i < f->group_count; i++)
		if (strlen(f->groups[i]) == e->group_b &&
		    strncasecmp(f->groups[i], e->group, e->group_b) == 0)
			return true;
	return f->group_count == 0;
}

/* What the event knows of its client; false: no address. */
static bool client_prefix(struct dp_prefix *out, const struct dp_event_d *d)
{
	switch ((enum dp_event_client)d->client_kind) {
	case DP_EVENT_CLIENT_V4:
		*out = (struct dp_prefix){ dp_addr_v4(d->client), 32 };
		return true;
	case DP_EVENT_CLIENT_V6:
		*out = (struct dp_prefix){ dp_addr_v6(d->client), 128 };
		return true;
	case DP_EVENT_CLIENT_PREFIX4:
		*out = (struct dp_prefix){ dp_addr_v4(d->client), 24 };
		return true;
	case DP_EVENT_CLIENT_PREFIX6:
		*out = (struct dp_prefix){ dp_addr_v6(d->client), 56 };
		return true;
	case DP_EVENT_CLIENT_NONE:
	case DP_EVENT_CLIENT_PSEUDONYM:
		break;
	}
	return false;
}

/* Where only a prefix is known, all that might be. */
static bool client_fits(const struct dp_log_filter *f, const struct dp_event *e)
{
	struct dp_prefix known;
	bool has_prefix = client_prefix(&known, &e->fixed);

	for (size_t i = 0; i < f->client_count; i++) {
		const struct dp_log_filter_client *c = &f->clients[i];

		if (c->is_pseudonym &&
		    e->fixed.client_kind == DP_EVENT_CLIENT_PSEUDONYM &&
		    memcmp(c->pseudonym, e->fixed.client, PSEUDONYM_B) == 0)
			return true;
		if (!c->is_pseudonym && has_prefix &&
		    (dp_prefix_has(&c->prefix, &known.addr) ||
			dp_prefix_has(&known, &c->prefix.addr)))
			return true;
	}
	return f->client_count == 0;
}

static bool name_fits(const struct dp_log_filter *f, const struct dp_event *e)
{
	struct dp_name name;

	if (f->name_count == 0)
		return true;
	if (!dp_event_name(e, &name))
		return false;
	for (size_t i = 0; i < f->name_count; i++) {
		const struct dp_log_filter_name *n = &f->names[i];
		bool equal = dp_name_equal(&name, &n->base);

		if (n->wildcard ? !equal && dp_name_within(&name, &n->base) :
				  equal)
			return true;
	}
	return false;
}

bool dp_log_filter_fits(const struct dp_log_filter *f, const struct dp_event *e)
{
	return e->fixed.time_us >= f->since_us &&
	    (f->verdicts == 0 || (f->verdicts >> e->fixed.verdict & 1)) &&
	    group_fits(f, e) && client_fits(f, e) && name_fits(f, e);
}
