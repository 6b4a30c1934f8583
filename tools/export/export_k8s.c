#include "tools/export/export.h"

#include <stdlib.h>

#include "tools/export/elements.h"

/*
 * A rule of a NetworkPolicy is a list of addresses with a list of ports, each
 * with each. So addresses with equal services stand in one rule. No name of a
 * stranger is printed.
 */

/* The elements of one address. */
struct run {
	const struct dp_element *first;
	size_t count;
};

static int services_compare(const struct run *a, const struct run *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		const struct dp_service *s = &a->first[i].service;
		const struct dp_service *t = &b->first[i].service;

		if (s->protocol != t->protocol)
			return s->protocol - t->protocol;
		if (s->port != t->port)
			return s->port - t->port;
	}
	return (a->count > b->count) - (a->count < b->count);
}

/* Elements are sorted by address, and all lie in one array. */
static int run_compare(const void *va, const void *vb)
{
	const struct run *a = va, *b = vb;
	int order = services_compare(a, b);

	if (order == 0)
		order = (a->first > b->first) - (a->first < b->first);
	return order;
}

/* Into room for as many as there are elements; how many there are. */
static size_t runs_make(struct run *runs, const struct dp_elements *e)
{
	size_t count = 0;

	for (size_t i = 0, n; i < e->count; i += n) {
		const struct dp_element *first = &e->items[i];

		for (n = 1; i + n < e->count; n++)
			if (!dp_addr_equal(&first->addr, &first[n].addr))
				break;
		/* Any service comes first and covers all others: such rules
		 * know no ends, which may differ. */
		runs[count++] = (struct run){ first,
			first->service.protocol == 0 ? 1 : n };
	}
	qsort(runs, count, sizeof(*runs), run_compare);
	return count;
}

static void ports_put(FILE *out, const struct run *run)
{
	if (run->first->service.protocol == 0)
		return; /* no list: all of them */
	fputs("    ports:\n", out);
	for (size_t i = 0; i < run->count; i++)
		fprintf(out, "    - protocol: %s\n      port: %u\n",
		    run->first[i].service.protocol == 6 ? "TCP" : "UDP",
		    (unsigned)run->first[i].service.port);
}

/* One rule for the first of runs and those like it; how many they are. */
static size_t rule_put(FILE *out, const struct run *runs, size_t count)
{
	char text[DP_ADDR_TEXT_MAX];
	size_t n = 0;

	fputs("  - to:\n", out);
	do {
		const struct dp_addr *addr = &runs[n].first->addr;

		dp_addr_to_text(addr, text);
		fprintf(out, "    - ipBlock:\n        cidr: \"%s/%d\"\n", text,
		    addr->family == 4 ? 32 : 128);
		n++;
	} while (n < count && services_compare(runs, &runs[n]) == 0);
	ports_put(out, runs);
	return n;
}

enum dp_err dp_export_k8s(const struct dp_export *x, FILE *out)
{
	struct dp_elements e;
	enum dp_err err = dp_elements_make(&e, x, true);
	struct run *runs;
	size_t count;

	if (err)
		return err;
	runs = calloc(e.count + 1, sizeof(*runs));
	if (!runs) {
		dp_elements_free(&e);
		return DP_ERR_NOMEM;
	}
	count = runs_make(runs, &e);
	fprintf(out,
	    "apiVersion: networking.k8s.io/v1\n"
	    "kind: NetworkPolicy\n"
	    "metadata:\n"
	    "  name: \"%s\"\n"
	    "  labels:\n"
	    "    app.kubernetes.io/managed-by: dnspin\n"
	    "spec:\n"
	    "  podSelector: {}\n"
	    "  policyTypes:\n"
	    "  - Egress\n"
	    "  egress:%s\n",
	    dp_export_name(x), count > 0 ? "" : " []");
	for (size_t i = 0; i < count;)
		i += rule_put(out, runs + i, count - i);
	free(runs);
	dp_elements_free(&e);
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
