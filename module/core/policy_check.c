/*
 * The part of the policy reader that trusts nothing. It goes through the file
 * once, in the order of policy_d.h (rules, names and table: in
 * policy_check_rules.c), and in time that grows with the file only:
 * whoever made the bytes can neither lead a reader outside them nor keep it
 * busy.
 */
#include <string.h>

#include "module/core/policy_view.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "policies are read in place, and their bytes are little-endian");

/* What all checks need. */
struct check {
	const uint8_t *bytes;
	size_t size_b;
	const char *object;
	struct dp_diag *diag;
	struct dp_policy_view *view;
};

enum dp_err dp_policy_damaged(const char *what, const char *object,
    struct dp_diag *diag)
{
	dp_diag_set(diag, object, 0,
	    "damaged policy: %s; run dnspin compile again", what);
	return DP_ERR_FORMAT;
}

static enum dp_err damaged(const struct check *c, const char *what)
{
	return dp_policy_damaged(what, c->object, c->diag);
}

/* Is this a whole policy of this version? */
static enum dp_err check_frame(const struct check *c)
{
	const struct dp_policy_d *head = (const struct dp_policy_d *)c->bytes;

	if (c->size_b > DP_POLICY_FILE_MAX) {
		dp_diag_set(c->diag, c->object, 0,
		    "larger than a policy may be (%zu bytes)",
		    DP_POLICY_FILE_MAX);
		return DP_ERR_LIMIT;
	}
	if (c->size_b < sizeof(head->magic) ||
	    memcmp(head->magic, DP_POLICY_MAGIC, sizeof(head->magic)) != 0) {
		dp_diag_set(c->diag, c->object, 0,
		    "not a policy: make one with dnspin compile");
		return DP_ERR_FORMAT;
	}
	if (c->size_b < offsetof(struct dp_policy_d, header_b))
		return damaged(c, "cut off in its header");
	if (head->version != DP_POLICY_VERSION) {
		dp_diag_set(c->diag, c->object, 0,
		    "policy of format version %u, this dnspin reads version "
		    "%u: install the same release of dnspin and of its "
		    "module, then run dnspin compile",
		    head->version, DP_POLICY_VERSION);
		return DP_ERR_VERSION;
	}
	if (c->size_b < sizeof(*head))
		return damaged(c, "cut off in its header");
	if (head->header_b != sizeof(*head))
		return damaged(c, "its header has another size");
	if (head->file_b != c->size_b)
		return damaged(c, head->file_b > c->size_b
			? "cut off, the file is shorter than its header says"
			: "the file is longer than its header says");
	return DP_OK;
}

static enum dp_err check_settings(const struct check *c,
    struct dp_settings *settings)
{
	const struct dp_policy_d *head = (const struct dp_policy_d *)c->bytes;
	const uint8_t *rest = (const uint8_t *)&head->setting[DP_SETTING_COUNT];
	const uint8_t *past = head->nft_table;
	const uint8_t *table_end = head->nft_table + DP_NFT_TABLE_MAX;
	const uint8_t *nul = memchr(head->nft_table, 0, DP_NFT_TABLE_MAX);
	const char *wrong;

	if (head->flags & ~DP_POLICY_SIGNED)
		return damaged(c, "unknown flags");
	if (head->setting_count != DP_SETTING_COUNT ||
	    !dp_policy_is_zero(rest, (size_t)(past - rest)))
		return damaged(c, "another number of settings");
	if (head->audience_count == 0 ||
	    head->audience_count > DP_AUDIENCES_MAX)
		return damaged(c, "too many audiences or none");
	if (!nul || !dp_policy_is_zero(nul, (size_t)(table_end - nul)))
		return damaged(c, "the nftables table's name does not end");
	memcpy(settings->value, head->setting, sizeof(settings->value));
	memcpy(settings->nft_table, head->nft_table, DP_NFT_TABLE_MAX);
	wrong = dp_settings_wrong(settings);
	return wrong ? damaged(c, wrong) : DP_OK;
}

/*
 * The sections must lie where the writer puts them: one behind the other, each
 * at the next multiple of 8, the last one ending the file. What is inside the
 * file and overlaps nothing follows from that.
 */
static enum dp_err check_sections(const struct check *c)
{
	const struct dp_policy_d *head = (const struct dp_policy_d *)c->bytes;
	const struct {
		const struct dp_section_d *section;
		size_t item_b;
	} sections[] = {
		{ &head->groups, sizeof(struct dp_group_d) },
		{ &head->clients, sizeof(struct dp_client_d) },
		{ &head->rules, sizeof(struct dp_rule_d) },
		{ &head->traits, sizeof(struct dp_trait_d) },
		{ &head->members, sizeof(uint32_t) },
		{ &head->services, sizeof(struct dp_service_d) },
		{ &head->pins, sizeof(struct dp_pin_d) },
		{ &head->names, 1 },
		{ &head->table, sizeof(struct dp_entry_d) },
	};
	size_t end = sizeof(*head);

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		const struct dp_section_d *s = sections[i].section;
		size_t start = (end + 7) & ~(size_t)7;

		if (start > c->size_b || s->off != start)
			return damaged(c, "a section lies in a wrong place");
		if (s->count > (c->size_b - start) / sections[i].item_b)
			return damaged(c, "a section does not end in the file");
		if (!dp_policy_is_zero(c->bytes + end, start - end))
			return damaged(c, "bytes between sections");
		end = start + (size_t)s->count * sections[i].item_b;
	}
	if (end != c->size_b)
		return damaged(c, "bytes behind the last section");
	if (head->table.count == 0 ||
	    (head->table.count & (head->table.count - 1)) != 0)
		return damaged(c, "the table's size is no power of two");
	return DP_OK;
}

/* The file is smaller than 4 GiB, so that all counts fit. */
static void make_view(const struct check *c)
{
	const struct dp_policy_d *head = (const struct dp_policy_d *)c->bytes;
	struct dp_policy_view *v = c->view;

	v->head = head;
	v->groups = (const void *)(c->bytes + head->groups.off);
	v->clients = (const void *)(c->bytes + head->clients.off);
	v->rules = (const void *)(c->bytes + head->rules.off);
	v->traits = (const void *)(c->bytes + head->traits.off);
	v->members = (const void *)(c->bytes + head->members.off);
	v->services = (const void *)(c->bytes + head->services.off);
	v->pins = (const void *)(c->bytes + head->pins.off);
	v->names = c->bytes + head->names.off;
	v->table = (const void *)(c->bytes + head->table.off);
	v->group_count = (uint32_t)head->groups.count;
	v->client_count = (uint32_t)head->clients.count;
	v->audience_count = head->audience_count;
	v->rule_count = (uint32_t)head->rules.count;
	v->table_mask = (uint32_t)head->table.count - 1;
}

/* Copy the name at off of the names section. False: there is none. */
static bool name_from(const struct check *c, uint32_t off, uint32_t len,
    struct dp_name *out)
{
	uint64_t names_b = c->view->head->names.count;

	if (off > names_b || len > names_b - off ||
	    !dp_name_is_canonical(c->view->names + off, len))
		return false;
	memcpy(out->wire, c->view->names + off, len);
	out->len = (uint8_t)len;
	return true;
}

/* Do length-prefixed strings fill the text_b bytes at off? */
static bool texts_fit(const struct check *c, uint32_t off, uint32_t text_b)
{
	uint64_t names_b = c->view->head->names.count;
	const uint8_t *text;
	size_t at = 0;

	if (off > names_b || text_b > names_b - off)
		return false;
	text = c->view->names + off;
	while (at < text_b)
		at += 1u + text[at];
	return at == text_b;
}

static enum dp_err check_groups(const struct check *c)
{
	struct dp_name name, last = { .len = 0 };

	for (uint32_t i = 0; i < c->view->group_count; i++) {
		const struct dp_group_d *group = &c->view->groups[i];

		if (!name_from(c, group->name_off, group->name_len, &name))
			return damaged(c, "a group's name is none");
		if (i > 0 && dp_name_compare(&last, &name) >= 0)
			return damaged(c, "the groups are not sorted");
		if (!texts_fit(c, group->text_off, group->text_b) ||
		    group->zero != 0)
			return damaged(c, "a group's texts are none");
		last = name;
	}
	return DP_OK;
}

static enum dp_err check_clients(const struct check *c)
{
	const char *wrong = dp_policy_clients_wrong(c->view);

	return wrong ? damaged(c, wrong) : DP_OK;
}

/* Groups apply to all whom the rule is for. */
static bool members_fit(const struct dp_policy_view *v,
    const struct dp_trait_d *t)
{
	const uint32_t *member = v->members + t->member_first;

	for (uint32_t i = 0; i < t->member_count; i++)
		if (member[i] >= v->group_count ||
		    (i > 0 && member[i - 1] >= member[i]) ||
		    (t->audiences & ~v->groups[member[i]].audiences) != 0)
			return false;
	return t->member_count > 0 && t->audiences != 0;
}

static bool services_fit(const struct dp_policy_view *v,
    const struct dp_trait_d *t)
{
	const struct dp_service_d *s = v->services + t->service_first;
	uint32_t last = 0;

	for (uint32_t i = 0; i < t->service_count; i++) {
		uint32_t key = (uint32_t)s[i].protocol << 16 | s[i].port;

		if ((s[i].protocol != 6 && s[i].protocol != 17) ||
		    s[i].port == 0 || s[i].zero != 0 || key <= last)
			return false;
		last = key;
	}
	return true;
}

static bool pins_fit(const struct dp_policy_view *v, const struct dp_trait_d *t)
{
	const struct dp_pin_d *pin = v->pins + t->pin_first;
	struct dp_prefix prefix, last = { .len = 0 };

	for (uint32_t i = 0; i < t->pin_count; i++) {
		prefix.len = pin[i].len;
		prefix.addr.family = pin[i].family;
		memcpy(prefix.addr.bytes, pin[i].bytes, sizeof(pin[i].bytes));
		if (!dp_prefix_valid(&prefix) || pin[i].zero[0] != 0 ||
		    pin[i].zero[1] != 0 ||
		    (i > 0 && dp_prefix_compare(&last, &prefix) >= 0))
			return false;
		last = prefix;
	}
	return true;
}

/* Does the slice begin at *next and end within count? Moves *next to its end.
 * Slices without overlap keep the work below linear. */
static bool slice_fits(uint64_t *next, uint32_t first, uint32_t n,
    uint64_t count)
{
	if (first != *next || n > count - *next)
		return false;
	*next += n;
	return true;
}

static enum dp_err check_traits(const struct check *c)
{
	const struct dp_policy_view *v = c->view;
	const struct dp_policy_d *head = v->head;
	uint64_t members = 0, services = 0, pins = 0;

	for (uint64_t i = 0; i < head->traits.count; i++) {
		const struct dp_trait_d *t = &v->traits[i];

		if (!slice_fits(&members, t->member_first, t->member_count,
			head->members.count) ||
		    !slice_fits(&services, t->service_first, t->service_count,
			head->services.count) ||
		    !slice_fits(&pins, t->pin_first, t->pin_count,
			head->pins.count))
			return damaged(c, "a trait's slice has a wrong place");
		if (!members_fit(v, t))
			return damaged(c, "a rule's groups are wrong");
		if (!services_fit(v, t))
			return damaged(c, "a rule's services are wrong");
		if (!pins_fit(v, t))
			return damaged(c, "a rule's pins are wrong");
	}
	if (members != head->members.count ||
	    services != head->services.count || pins != head->pins.count)
		return damaged(c, "groups, services or pins of no rule");
	return DP_OK;
}

enum dp_err dp_policy_check_frame(const uint8_t *bytes, size_t size_b,
    const char *object, struct dp_diag *diag)
{
	const struct check c = { bytes, size_b, object, diag, NULL };

	return check_frame(&c);
}

enum dp_err dp_policy_check(struct dp_policy_view *out,
    struct dp_settings *settings, const uint8_t *bytes, size_t size_b,
    const char *object, struct dp_diag *diag)
{
	struct dp_policy_view view;
	struct dp_settings found = { .value = { 0 } };
	const struct check c = { bytes, size_b, object, diag, &view };
	enum dp_err (*const checks[])(const struct check *) = {
		check_groups, check_clients, check_traits,
	};
	enum dp_err err = check_settings(&c, &found);

	if (err == DP_OK)
		err = check_sections(&c);
	if (err != DP_OK)
		return err;
	make_view(&c);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		err = checks[i](&c);
		if (err != DP_OK)
			return err;
	}
	*out = view;
	*settings = found;
	return DP_OK;
}
