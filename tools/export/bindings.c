#include "tools/export/bindings.h"

#include <stdlib.h>
#include <string.h>

/* Names are kept at their length, not in 256 octets each: a map may hold
 * millions. Chunks never move, so that rows can point into them. */
struct chunk {
	struct chunk *next;
	size_t used_b;
	uint8_t bytes[65536];
};

struct dp_bindings {
	struct dp_row *rows;
	size_t count;
	size_t room;
	struct chunk *chunks;
	struct dp_bindings_tally tally;
};

static const uint8_t *name_store(struct dp_bindings *list,
    const struct dp_name *name)
{
	struct chunk *c = list->chunks;
	size_t size_b = 1u + name->len;
	uint8_t *stored;

	if (!c || sizeof(c->bytes) - c->used_b < size_b) {
		c = malloc(sizeof(*c));
		if (!c)
			return NULL;
		c->next = list->chunks;
		c->used_b = 0;
		list->chunks = c;
	}
	stored = c->bytes + c->used_b;
	c->used_b += size_b;
	stored[0] = name->len;
	memcpy(stored + 1, name->wire, name->len);
	return stored;
}

static void name_load(const uint8_t *stored, struct dp_name *out)
{
	out->len = stored[0];
	memcpy(out->wire, stored + 1, stored[0]);
}

size_t dp_row_name_text(const uint8_t *stored, char text[DP_NAME_TEXT_MAX])
{
	struct dp_name name;

	name_load(stored, &name);
	return dp_name_to_text(&name, text);
}

static int row_compare(const void *va, const void *vb)
{
	const struct dp_row *a = va, *b = vb;
	struct dp_name name_a, name_b;
	int order;

	name_load(a->name, &name_a);
	name_load(b->name, &name_b);
	order = dp_name_compare(&name_a, &name_b);
	if (order == 0)
		order = dp_addr_compare(&a->addr, &b->addr);
	if (order == 0)
		order = (a->rule > b->rule) - (a->rule < b->rule);
	return order;
}

static bool row_same(const struct dp_row *a, const struct dp_row *b)
{
	return a->name[0] == b->name[0] &&
	    memcmp(a->name + 1, b->name + 1, a->name[0]) == 0 &&
	    dp_addr_equal(&a->addr, &b->addr) && a->rule == b->rule;
}

/* No honest map holds a longer life than the settings give, but the resolver's
 * user writes it: what it holds must not open a firewall for years. */
static uint32_t end_within(uint32_t end_s, uint32_t now_s, uint32_t max_s)
{
	return end_s - now_s > max_s ? now_s + max_s : end_s;
}

/* A rule that allows a name, and to whom. */
struct allowed {
	uint32_t rule;
	uint64_t audiences;
};

static enum dp_err row_append(struct dp_bindings *list,
    const struct dp_binding *b, uint32_t end_s, const struct allowed *a,
    enum dp_pin_state pin)
{
	struct dp_row row = {
		.addr = b->addr,
		.rule = a->rule,
		.audiences = a->audiences,
		.pin = pin,
		.end_s = end_s,
		.ttl_end_s = b->ttl_end_s,
		.first_seen_s = b->first_seen_s,
		.last_seen_s = b->last_seen_s,
		.hits = b->hits,
	};

	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		struct dp_row *rows = realloc(list->rows, room * sizeof(*rows));

		if (!rows)
			return DP_ERR_NOMEM;
		list->rows = rows;
		list->room = room;
	}
	row.name = name_store(list, &b->name);
	row.final = row.name;
	if (row.name && !dp_name_equal(&b->name, &b->final))
		row.final = name_store(list, &b->final);
	if (!row.name || !row.final)
		return DP_ERR_NOMEM;
	list->rows[list->count++] = row;
	return DP_OK;
}

static bool wanted(const struct dp_policy *policy, uint32_t rule,
    const struct dp_addr *addr, const struct dp_bindings_filter *filter)
{
	struct dp_rule_info info;

	if (addr->family == 4 ? !filter->v4 : !filter->v6)
		return false;
	if (!filter->groups)
		return true;
	dp_policy_rule(policy, rule, &info);
	for (uint32_t k = 0; k < info.group_count; k++)
		if (filter->groups[dp_policy_rule_group(policy, rule, k)])
			return true;
	return false;
}

/* What becomes of a binding, the best last. */
enum fate { DENIED, SPECIAL, OUTSIDE, FILTERED, TAKEN, FATES };

/* What a rule that allows the name makes of a binding. */
static enum fate judge(const struct dp_policy *policy, uint32_t rule,
    const struct dp_addr *addr, const struct dp_bindings_filter *filter,
    enum dp_pin_state pin)
{
	const uint32_t *setting = dp_policy_settings(policy)->value;

	if (setting[DP_SET_PRIVATE] != DP_PRIVATE_ALLOW &&
	    dp_addr_special(addr))
		return SPECIAL;
	if (setting[DP_SET_PINS] == DP_PINS_ENFORCE && pin == DP_PIN_OUTSIDE)
		return OUTSIDE;
	return wanted(policy, rule, addr, filter) ? TAKEN : FILTERED;
}

enum dp_err dp_bindings_add(struct dp_bindings *list,
    const struct dp_binding *b, const struct dp_policy *policy,
    const struct dp_bindings_filter *filter, uint32_t now_s)
{
	uint32_t max_s =
	    dp_policy_settings(policy)->value[DP_SET_MAX_LIFETIME];
	uint64_t left = dp_policy_audiences(policy), before = left;
	uint64_t asked = filter->audiences ? filter->audiences : left;
	struct dp_bindings_tally *t = &list->tally;
	size_t *const counts[FATES] = { [DENIED] = &t->denied,
		[SPECIAL] = &t->special, [OUTSIDE] = &t->outside,
		[FILTERED] = &t->filtered, [TAKEN] = NULL };
	enum fate best = DENIED;
	struct dp_match match;

	/* A binding that ends now is of no use to a firewall. */
	if (b->end_s <= now_s)
		return DP_OK;
	t->live++;
	for (; dp_policy_match_next(policy, &b->name, &left, &match);
	     before = left) {
		const struct allowed a = { match.rule, before & ~left };
		enum dp_pin_state pin;
		enum fate fate;

		if (!match.allow || !(a.audiences & asked))
			continue;
		pin = dp_policy_pin(policy, a.rule, &b->addr);
		fate = judge(policy, a.rule, &b->addr, filter, pin);
		best = fate > best ? fate : best;
		if (fate == TAKEN &&
		    row_append(list, b, end_within(b->end_s, now_s, max_s), &a,
			pin) != DP_OK)
			return DP_ERR_NOMEM;
	}
	if (counts[best])
		++*counts[best];
	return DP_OK;
}

/* The map may give a binding twice, in states of different age; every field
 * but final only ever moves one way, so the join is the newer one. */
static void row_join(struct dp_row *a, const struct dp_row *b)
{
	if (b->last_seen_s > a->last_seen_s) {
		a->last_seen_s = b->last_seen_s;
		a->final = b->final;
	}
	if (b->first_seen_s < a->first_seen_s)
		a->first_seen_s = b->first_seen_s;
	if (b->end_s > a->end_s)
		a->end_s = b->end_s;
	if (b->ttl_end_s > a->ttl_end_s)
		a->ttl_end_s = b->ttl_end_s;
	if (b->hits > a->hits)
		a->hits = b->hits;
}

static void rows_unite(struct dp_bindings *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->rows, list->count, sizeof(*list->rows), row_compare);
	for (size_t i = 1; i < list->count; i++) {
		if (row_same(&list->rows[kept], &list->rows[i]))
			row_join(&list->rows[kept], &list->rows[i]);
		else
			list->rows[++kept] = list->rows[i];
	}
	list->count = kept + 1;
}

enum dp_err dp_bindings_new(struct dp_bindings **out)
{
	struct dp_bindings *list = calloc(1, sizeof(*list));

	if (!list)
		return DP_ERR_NOMEM;
	*out = list;
	return DP_OK;
}

enum dp_err dp_bindings_collect(struct dp_bindings **out,
    const struct dp_map *map, const struct dp_policy *policy,
    const struct dp_bindings_filter *filter, uint32_t now_s)
{
	struct dp_bindings *list;
	struct dp_binding b;
	uint32_t cursor = 0;
	enum dp_err err = dp_bindings_new(&list);

	if (err)
		return err;
	while (dp_map_next(map, &cursor, now_s, &b)) {
		err = dp_bindings_add(list, &b, policy, filter, now_s);
		if (err) {
			dp_bindings_close(&list);
			return err;
		}
	}
	rows_unite(list);
	*out = list;
	return DP_OK;
}

static void chunks_free(struct chunk *c)
{
	while (c) {
		struct chunk *next = c->next;

		free(c);
		c = next;
	}
}

void dp_bindings_clear(struct dp_bindings *list)
{
	if (list->chunks) {
		chunks_free(list->chunks->next);
		list->chunks->next = NULL;
		list->chunks->used_b = 0;
	}
	list->count = 0;
	memset(&list->tally, 0, sizeof(list->tally));
}

void dp_bindings_close(struct dp_bindings **list)
{
	if (!*list)
		return;
	chunks_free((*list)->chunks);
	free((*list)->rows);
	free(*list);
	*list = NULL;
}

size_t dp_bindings_count(const struct dp_bindings *list)
{
	return list->count;
}

const struct dp_row *dp_bindings_row(const struct dp_bindings *list, size_t i)
{
	return &list->rows[i];
}

const struct dp_bindings_tally *dp_bindings_tally(
    const struct dp_bindings *list)
{
	return &list->tally;
}
