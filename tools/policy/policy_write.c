#include "tools/policy/policy_write.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "module/core/policy_hash.h"
#include "module/core/policy_view.h"
#include "tools/policy/sort_key.h"
#include "tools/policy/trait.h"

struct writer {
	const struct dp_policy_source *source;
	uint8_t *bytes; /* zeros where nothing is written yet */
	size_t room_b;
	size_t end; /* of the last section placed */
};

static struct dp_policy_d *head_of(const struct writer *w)
{
	return (struct dp_policy_d *)w->bytes;
}

/* The next section takes count items of item_b bytes. */
static void place(size_t *end, struct dp_section_d *section, size_t count,
    size_t item_b)
{
	section->off = (*end + 7) & ~(size_t)7;
	section->count = count;
	*end = (size_t)section->off + count * item_b;
}

/* Place all sections but names and table, whose sizes show later. Returns the
 * most that the names can take: no key is shorter than its name. */
static uint64_t place_sections(const struct dp_policy_source *source,
    struct dp_policy_d *head, size_t *end)
{
	uint64_t names_b = source->patterns->used_b;
	size_t members = 0, services = 0, pins = 0;
	struct dp_trait_lists l;

	for (uint32_t i = 0; i < source->group_count; i++)
		names_b += source->groups[i]->apex.len +
		    source->groups[i]->text_b;
	for (uint32_t i = 0; i < source->traits->count; i++) {
		dp_trait_unpack(source->traits, i, &l);
		members += l.member_count;
		services += l.service_count;
		pins += l.pin_count;
	}
	*end = sizeof(*head);
	place(end, &head->groups, source->group_count,
	    sizeof(struct dp_group_d));
	place(end, &head->clients, source->audiences->client_count,
	    sizeof(struct dp_client_d));
	place(end, &head->rules, source->rule_count, sizeof(struct dp_rule_d));
	place(end, &head->traits, source->traits->count,
	    sizeof(struct dp_trait_d));
	place(end, &head->members, members, sizeof(uint32_t));
	place(end, &head->services, services, sizeof(struct dp_service_d));
	place(end, &head->pins, pins, sizeof(struct dp_pin_d));
	place(end, &head->names, 0, 1);
	return names_b;
}

static uint32_t put_name(struct writer *w, const void *bytes, size_t len)
{
	struct dp_policy_d *head = head_of(w);
	uint32_t off = (uint32_t)head->names.count;

	if (len > 0)
		memcpy(w->bytes + w->end, bytes, len);
	w->end += len;
	head->names.count += len;
	return off;
}

static void write_groups(struct writer *w)
{
	struct dp_group_d *out = (void *)(w->bytes + head_of(w)->groups.off);

	for (uint32_t i = 0; i < w->source->group_count; i++) {
		const struct dp_policy_group *g = w->source->groups[i];

		out[i].name_off = put_name(w, g->apex.wire, g->apex.len);
		out[i].name_len = g->apex.len;
		out[i].text_off = put_name(w, g->text, g->text_b);
		out[i].text_b = (uint32_t)g->text_b;
		out[i].serial = g->serial;
		out[i].audiences = w->source->audiences->groups[i];
	}
}

static void write_clients(struct writer *w)
{
	const struct dp_audiences *audiences = w->source->audiences;

	if (audiences->client_count > 0)
		memcpy(w->bytes + head_of(w)->clients.off, audiences->clients,
		    audiences->client_count * sizeof(*audiences->clients));
}

static void write_rules(struct writer *w)
{
	const struct dp_policy_source *source = w->source;
	struct dp_policy_d *head = head_of(w);
	struct dp_rule_d *out = (void *)(w->bytes + head->rules.off);
	struct dp_name base, last = { .len = 0 };
	size_t key_b;

	for (uint32_t i = 0; i < source->rule_count; i++) {
		const uint8_t *key = dp_intern_get(source->patterns,
		    source->rules[i].pattern, &key_b);

		if (i + DP_INTERN_AHEAD < source->rule_count)
			dp_intern_fetch(source->patterns,
			    source->rules[i + DP_INTERN_AHEAD / 2].pattern,
			    source->rules[i + DP_INTERN_AHEAD].pattern);
		dp_sort_key_name(&base, key, key_b);
		/* x and *.x stand side by side and share the name. */
		out[i].name_off = dp_name_equal(&base, &last)
		    ? out[i - 1].name_off
		    : put_name(w, base.wire, base.len);
		out[i].name_len = base.len;
		out[i].flags = (uint8_t)source->rules[i].flags;
		out[i].trait = source->rules[i].trait;
		last = base;
		if (!dp_sort_key_is_wildcard(key, key_b))
			continue;
		out[i].flags |= DP_RULE_WILDCARD;
		if (dp_name_labels(&base) > head->wildcard_depth_max)
			head->wildcard_depth_max = dp_name_labels(&base);
	}
}

static void write_traits(struct writer *w)
{
	const struct dp_policy_d *head = head_of(w);
	struct dp_trait_d *out = (void *)(w->bytes + head->traits.off);
	uint8_t *members = w->bytes + head->members.off;
	uint8_t *services = w->bytes + head->services.off;
	uint8_t *pins = w->bytes + head->pins.off;
	struct dp_trait_d next = { .member_first = 0 };

	for (uint32_t i = 0; i < w->source->traits->count; i++) {
		struct dp_trait_lists l;

		dp_trait_unpack(w->source->traits, i, &l);
		memcpy(members + next.member_first * sizeof(*l.members),
		    l.members, l.member_count * sizeof(*l.members));
		memcpy(services + next.service_first * sizeof(*l.services),
		    l.services, l.service_count * sizeof(*l.services));
		memcpy(pins + next.pin_first * sizeof(*l.pins), l.pins,
		    l.pin_count * sizeof(*l.pins));
		next.audiences = l.audiences;
		next.member_count = l.member_count;
		next.service_count = l.service_count;
		next.pin_count = l.pin_count;
		out[i] = next;
		next.member_first += l.member_count;
		next.service_first += l.service_count;
		next.pin_first += l.pin_count;
	}
}

/* The table's key of a rule that is written. */
static uint64_t rule_key(const struct writer *w, uint32_t i)
{
	const struct dp_policy_d *head = head_of(w);
	const struct dp_rule_d *rules = (void *)(w->bytes + head->rules.off);
	struct dp_suffixes s;

	dp_hash_suffixes(&s, w->bytes + head->names.off + rules[i].name_off);
	return dp_hash_key(s.hash[s.labels],
	    rules[i].flags & DP_RULE_WILDCARD ? DP_HASH_WILDCARD
					      : DP_HASH_EXACT);
}

/* False: the rule would stand too far from its place. */
static bool enter(struct dp_entry_d *table, uint32_t mask, uint64_t key,
    uint32_t rule)
{
	uint32_t at = (uint32_t)key & mask;

	for (unsigned n = 0; n < DP_POLICY_PROBE_MAX; n++) {
		if (table[at].rule == 0) {
			table[at].hash = (uint32_t)(key >> 32);
			table[at].rule = rule + 1;
			return true;
		}
		at = (at + 1) & mask;
	}
	return false;
}

/* Enter the first rule of each pattern into an empty table, in their order.
 * Their places are fetched a block ahead. */
static bool fill_table(struct writer *w)
{
	enum { BLOCK = 32 };
	const struct dp_policy_d *head = head_of(w);
	struct dp_entry_d *table = (void *)(w->bytes + head->table.off);
	uint32_t mask = (uint32_t)head->table.count - 1;
	uint32_t count = w->source->rule_count;
	const struct dp_policy_rule *rules = w->source->rules;
	uint64_t key[BLOCK];

	for (uint32_t first = 0, n; first < count; first += n) {
		n = count - first < BLOCK ? count - first : BLOCK;
		for (uint32_t i = 0; i < n; i++) {
			key[i] = rule_key(w, first + i);
			__builtin_prefetch(&table[(uint32_t)key[i] & mask], 1);
		}
		for (uint32_t i = first; i < first + n; i++)
			if ((i == 0 || !(rules[i - 1].flags & DP_RULE_MORE)) &&
			    !enter(table, mask, key[i - first], i))
				return false;
	}
	return true;
}

static enum dp_err too_large(struct dp_diag *diag)
{
	dp_diag_set(diag, "rules", 0,
	    "too many rules: the policy would be larger than %zu bytes",
	    DP_POLICY_FILE_MAX);
	return DP_ERR_LIMIT;
}

/* Half full at most; more room where the hashes meet too often. */
static enum dp_err write_table(struct writer *w, struct dp_diag *diag)
{
	size_t count = 1, names_end = w->end;

	while (w->source->rule_count > 0 &&
	    count < (size_t)w->source->rule_count * 2)
		count *= 2;
	for (;; count *= 2) {
		uint8_t *grown;

		w->end = names_end;
		place(&w->end, &head_of(w)->table, count,
		    sizeof(struct dp_entry_d));
		if (w->end > DP_POLICY_FILE_MAX)
			return too_large(diag);
		grown = realloc(w->bytes, w->end);
		if (!grown) {
			dp_diag_set(diag, "rules", 0, "out of memory");
			return DP_ERR_NOMEM;
		}
		w->bytes = grown;
		memset(w->bytes + names_end, 0, w->end - names_end);
		if (fill_table(w))
			return DP_OK;
	}
}

static void write_head(struct writer *w)
{
	const struct dp_settings *settings = w->source->settings;
	struct dp_policy_d *head = head_of(w);

	memcpy(head->magic, DP_POLICY_MAGIC, sizeof(head->magic));
	head->version = DP_POLICY_VERSION;
	head->header_b = sizeof(*head);
	head->file_b = w->end;
	head->audience_count = w->source->audiences->count;
	head->setting_count = DP_SETTING_COUNT;
	memcpy(head->setting, settings->value, sizeof(settings->value));
	/* Nothing that stood behind the NUL gets into the file. */
	strncpy((char *)head->nft_table, settings->nft_table,
	    sizeof(head->nft_table));
	dp_policy_digest_make(head->digest, w->bytes, w->end);
}

enum dp_err dp_policy_write(const struct dp_policy_source *source,
    uint8_t **bytes, size_t *size_b, struct dp_diag *diag)
{
	struct writer w = { .source = source };
	struct dp_policy_d head = { .version = 0 };
	uint64_t names_b = place_sections(source, &head, &w.end);
	enum dp_err err;

	if (names_b > UINT32_MAX || w.end > DP_POLICY_FILE_MAX)
		return too_large(diag);
	w.bytes = calloc(1, w.end + (size_t)names_b);
	if (!w.bytes) {
		dp_diag_set(diag, "rules", 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	*head_of(&w) = head;
	write_groups(&w);
	write_clients(&w);
	write_rules(&w);
	write_traits(&w);
	err = write_table(&w, diag);
	if (err != DP_OK) {
		free(w.bytes);
		return err;
	}
	write_head(&w);
	*bytes = w.bytes;
	*size_b = w.end;
	return DP_OK;
}

void dp_policy_sign(uint8_t *bytes, size_t size_b, const uint8_t *secret)
{
	struct dp_policy_d *head = (struct dp_policy_d *)bytes;
	uint8_t text[DP_POLICY_SIGN_B];

	head->flags |= DP_POLICY_SIGNED;
	dp_policy_digest_make(head->digest, bytes, size_b);
	dp_policy_sign_text(text, head->digest);
	crypto_sign_detached(head->signature, NULL, text, sizeof(text), secret);
	/* libsodium keeps the public key in the secret key's second half. */
	memcpy(head->signer, secret + crypto_sign_SEEDBYTES,
	    sizeof(head->signer));
}
