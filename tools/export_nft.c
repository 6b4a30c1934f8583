#include "dp_config.h"

#include "tools/export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* One element of a set. Services that differ are elements that differ. */
struct element {
	struct dp_addr addr;
	struct dp_service service; /* protocol 0: any */
	uint32_t end_s;
	const uint8_t *name; /* of the binding that lives longest */
	size_t row;	     /* its place in the list */
	size_t others;	     /* further bindings with this key */
};

struct elements {
	struct element *items;
	size_t count;
};

static const struct set {
	const char *name;
	const char *type;
	const char *match; /* what of a packet is looked up */
	uint8_t family;
	bool any;
} sets[] = {
	{ "allowed4", "ipv4_addr . inet_proto . inet_service",
	    "ip daddr . meta l4proto . th dport", 4, false },
	{ "allowed6", "ipv6_addr . inet_proto . inet_service",
	    "ip6 daddr . meta l4proto . th dport", 6, false },
	{ "allowed4_any", "ipv4_addr", "ip daddr", 4, true },
	{ "allowed6_any", "ipv6_addr", "ip6 daddr", 6, true },
};
#define SET_COUNT (sizeof(sets) / sizeof(sets[0]))

static int key_compare(const struct element *a, const struct element *b)
{
	int order = dp_addr_compare(&a->addr, &b->addr);

	if (order == 0)
		order = a->service.protocol - b->service.protocol;
	if (order == 0)
		order = a->service.port - b->service.port;
	return order;
}

/* Equal keys: the longest life first, then as the list has them. */
static int element_compare(const void *va, const void *vb)
{
	const struct element *a = va, *b = vb;
	int order = key_compare(a, b);

	if (order == 0)
		order = (a->end_s < b->end_s) - (a->end_s > b->end_s);
	if (order == 0)
		order = (a->row > b->row) - (a->row < b->row);
	return order;
}

static size_t element_total(const struct dp_export *x)
{
	size_t count = dp_bindings_count(x->bindings), total = 0;
	struct dp_rule_info info;

	for (size_t i = 0; i < count; i++) {
		dp_policy_rule(x->policy,
		    dp_bindings_row(x->bindings, i)->rule, &info);
		total += info.service_count > 0 ? info.service_count : 1;
	}
	return total;
}

static void elements_fill(struct elements *e, const struct dp_export *x)
{
	size_t count = dp_bindings_count(x->bindings);

	for (size_t i = 0; i < count; i++) {
		const struct dp_row *row = dp_bindings_row(x->bindings, i);
		struct element item = {
			.addr = row->addr,
			.end_s = row->end_s,
			.name = row->name,
			.row = i,
		};
		struct dp_rule_info info;

		dp_policy_rule(x->policy, row->rule, &info);
		if (info.service_count == 0)
			e->items[e->count++] = item;
		for (uint32_t k = 0; k < info.service_count; k++) {
			item.service =
			    dp_policy_rule_service(x->policy, row->rule, k);
			e->items[e->count++] = item;
		}
	}
}

/* Several names share an address more often than not: one element a key, and
 * it must live as long as the longest of them. */
static void elements_unite(struct elements *e)
{
	size_t kept = 0;

	if (e->count == 0)
		return;
	qsort(e->items, e->count, sizeof(*e->items), element_compare);
	for (size_t i = 1; i < e->count; i++) {
		if (key_compare(&e->items[kept], &e->items[i]) == 0)
			e->items[kept].others++;
		else
			e->items[++kept] = e->items[i];
	}
	e->count = kept + 1;
}

static void element_put(FILE *out, const struct element *e, uint32_t now_s)
{
	char text[DP_NAME_TEXT_MAX];

	dp_addr_to_text(&e->addr, text);
	fprintf(out, "\t%s", text);
	if (e->service.protocol != 0)
		fprintf(out, " . %s . %u",
		    e->service.protocol == 6 ? "tcp" : "udp",
		    (unsigned)e->service.port);
	dp_row_name_text(e->name, text);
	fprintf(out, " timeout %" PRIu32 "s, # %s", e->end_s - now_s, text);
	if (e->others > 0)
		fprintf(out, " and %zu more", e->others);
	putc('\n', out);
}

/* An `add element` of nothing is a syntax error to nft. */
static void set_fill(FILE *out, const char *table, const struct set *set,
    const struct elements *e, uint32_t now_s)
{
	bool open = false;

	for (size_t i = 0; i < e->count; i++) {
		const struct element *item = &e->items[i];

		if (item->addr.family != set->family ||
		    (item->service.protocol == 0) != set->any)
			continue;
		if (!open)
			fprintf(out, "\nadd element inet %s %s {\n", table,
			    set->name);
		open = true;
		element_put(out, item, now_s);
	}
	if (open)
		fputs("}\n", out);
}

static void head_put(FILE *out, const struct dp_export *x, const char *table)
{
	char when[sizeof("YYYYYY-MM-DDThh:mm:ssZ")] = "?";
	time_t now = (time_t)x->now_s;
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(out,
	    "# dnspin: %zu bindings at %s, input for nft -f\n"
	    "#\n"
	    "# Timeouts count from then. Loading replaces all elements in one\n"
	    "# transaction. Nothing is filtered by this alone: a base chain of\n"
	    "# the same table must jump to dnspin_allow, for example:\n"
	    "#\n"
	    "#\ttable inet %s {\n"
	    "#\t\tchain forward {\n"
	    "#\t\t\ttype filter hook forward priority filter; policy drop;\n"
	    "#\t\t\tct state established,related accept\n"
	    "#\t\t\tjump dnspin_allow\n"
	    "#\t\t}\n"
	    "#\t}\n\n",
	    dp_bindings_count(x->bindings), when, table);
}

/* add and flush before anything else: the first load makes what later ones
 * find, and no load fails on what is there. */
static void frame_put(FILE *out, const char *table)
{
	fprintf(out, "add table inet %s\n", table);
	for (size_t i = 0; i < SET_COUNT; i++)
		fprintf(out,
		    "add set inet %s %s { type %s; flags timeout; }\n"
		    "flush set inet %s %s\n",
		    table, sets[i].name, sets[i].type, table, sets[i].name);
	fprintf(out,
	    "add chain inet %s dnspin_allow\n"
	    "flush chain inet %s dnspin_allow\n",
	    table, table);
	for (size_t i = 0; i < SET_COUNT; i++)
		fprintf(out, "add rule inet %s dnspin_allow %s @%s accept\n",
		    table, sets[i].match, sets[i].name);
}

enum dp_err dp_export_nft(const struct dp_export *x, FILE *out)
{
	const char *table = dp_policy_settings(x->policy)->nft_table;
	size_t total = element_total(x);
	struct elements e = { NULL, 0 };

	e.items = calloc(total > 0 ? total : 1, sizeof(*e.items));
	if (!e.items)
		return DP_ERR_NOMEM;
	elements_fill(&e, x);
	elements_unite(&e);
	head_put(out, x, table);
	frame_put(out, table);
	for (size_t i = 0; i < SET_COUNT; i++)
		set_fill(out, table, &sets[i], &e, x->now_s);
	free(e.items);
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
