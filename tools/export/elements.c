#include "tools/export/elements.h"

#include <stdlib.h>
#include <string.h>

/* What one binding opens. */
struct part {
	struct dp_addr addr;
	struct dp_service service;
	uint32_t end_s;
	const uint8_t *name;
	size_t row; /* its place in the list */
	uint64_t audiences;
};

struct parts {
	struct part *items;
	size_t count;
};

/* When what is open to an audience ends; 0: it is not open. */
struct ends {
	uint32_t at_s[DP_AUDIENCES_MAX];
};

static int key_compare(const struct part *a, const struct part *b)
{
	int order = dp_addr_compare(&a->addr, &b->addr);

	if (order == 0)
		order = a->service.protocol - b->service.protocol;
	if (order == 0)
		order = a->service.port - b->service.port;
	return order;
}

/* Equal keys: the longest life first, then as the list has them. */
static int part_compare(const void *va, const void *vb)
{
	const struct part *a = va, *b = vb;
	int order = key_compare(a, b);

	if (order == 0)
		order = (a->end_s < b->end_s) - (a->end_s > b->end_s);
	if (order == 0)
		order = (a->row > b->row) - (a->row < b->row);
	return order;
}

static size_t part_total(const struct dp_export *x, bool by_service)
{
	size_t count = dp_bindings_count(x->bindings), total = 0;
	struct dp_rule_info info;

	if (!by_service)
		return count;
	for (size_t i = 0; i < count; i++) {
		dp_policy_rule(x->policy,
		    dp_bindings_row(x->bindings, i)->rule, &info);
		total += info.service_count > 0 ? info.service_count : 1;
	}
	return total;
}

static void parts_fill(struct parts *p, const struct dp_export *x,
    bool by_service)
{
	size_t count = dp_bindings_count(x->bindings);

	for (size_t i = 0; i < count; i++) {
		const struct dp_row *row = dp_bindings_row(x->bindings, i);
		struct part item = {
			.addr = row->addr,
			.end_s = row->end_s,
			.name = row->name,
			.row = i,
			.audiences = row->audiences & x->audiences,
		};
		struct dp_rule_info info;

		dp_policy_rule(x->policy, row->rule, &info);
		if (!by_service || info.service_count == 0) {
			p->items[p->count++] = item;
			continue;
		}
		for (uint32_t k = 0; k < info.service_count; k++) {
			item.service =
			    dp_policy_rule_service(x->policy, row->rule, k);
			p->items[p->count++] = item;
		}
	}
}

/* Each audience of the part may have it until its end. */
static void ends_add(struct ends *ends, const struct part *part)
{
	for (uint64_t left = part->audiences; left != 0; left &= left - 1) {
		uint32_t *end_s = &ends->at_s[__builtin_ctzll(left)];

		if (part->end_s > *end_s)
			*end_s = part->end_s;
	}
}

/* The first of the ends of all audiences; 0: it is not open to each of them. */
static uint32_t ends_first(const struct ends *ends, uint64_t audiences)
{
	uint32_t first_s = UINT32_MAX;

	for (; audiences != 0; audiences &= audiences - 1) {
		uint32_t end_s = ends->at_s[__builtin_ctzll(audiences)];

		if (end_s < first_s)
			first_s = end_s;
	}
	return first_s;
}

/*
 * The parts with one key, which the first of them stands for. any: how long the
 * address is open to whom for any service; the key of any service itself comes
 * before all others of its address.
 */
static void unite(struct dp_elements *e, const struct dp_export *x,
    const struct part *parts, size_t count, struct ends *any)
{
	struct dp_element element = { .addr = parts[0].addr,
		.service = parts[0].service, .name = parts[0].name,
		.others = count - 1 };
	struct ends ends = *any;

	for (size_t i = 0; i < count; i++)
		ends_add(&ends, &parts[i]);
	if (element.service.protocol == 0)
		*any = ends;
	element.end_s = ends_first(&ends, x->audiences);
	if (element.end_s == 0)
		e->left_out++;
	else
		e->items[e->count++] = element;
}

static void unite_all(struct dp_elements *e, const struct dp_export *x,
    const struct parts *p)
{
	struct ends any = { .at_s = { 0 } };

	for (size_t i = 0, n; i < p->count; i += n) {
		const struct part *first = &p->items[i];

		if (i > 0 && !dp_addr_equal(&first[-1].addr, &first->addr))
			memset(&any, 0, sizeof(any));
		for (n = 1; i + n < p->count; n++)
			if (key_compare(first, first + n) != 0)
				break;
		unite(e, x, first, n, &any);
	}
}

enum dp_err dp_elements_make(struct dp_elements *out,
    const struct dp_export *x, bool by_service)
{
	size_t total = part_total(x, by_service);
	struct parts parts = { calloc(total + 1, sizeof(*parts.items)), 0 };
	struct dp_elements e = { calloc(total + 1, sizeof(*e.items)), 0, 0 };

	if (!parts.items || !e.items) {
		free(parts.items);
		free(e.items);
		return DP_ERR_NOMEM;
	}
	parts_fill(&parts, x, by_service);
	qsort(parts.items, parts.count, sizeof(*parts.items), part_compare);
	unite_all(&e, x, &parts);
	free(parts.items);
	if (x->tally)
		*x->tally = (struct dp_export_tally){ e.count, e.left_out };
	*out = e;
	return DP_OK;
}

void dp_elements_free(struct dp_elements *e)
{
	free(e->items);
	memset(e, 0, sizeof(*e));
}
