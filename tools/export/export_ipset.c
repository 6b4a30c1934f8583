#include "tools/export/export.h"

#include <inttypes.h>

#include "tools/export/elements.h"

/* Names come from strangers, so none is printed: nothing here but numbers and
 * the name of the sets. */

static const struct set {
	const char *suffix; /* behind the name of all of them */
	const char *type;
	const char *family;
	uint8_t version;
	bool any;
} sets[] = {
	{ "4", "hash:ip,port", "inet", 4, false },
	{ "6", "hash:ip,port", "inet6", 6, false },
	{ "4_any", "hash:ip", "inet", 4, true },
	{ "6_any", "hash:ip", "inet6", 6, true },
};
#define SET_COUNT (sizeof(sets) / sizeof(sets[0]))

/*
 * The same for all lists ever, since -exist bears with a set that is there only
 * if it was made alike: no limit of its own, and a timeout for elements that
 * say none, of which there are none.
 */
static void create_put(FILE *out, const char *name, const struct set *set,
    const char *end)
{
	fprintf(out,
	    "create -exist %s%s%s %s family %s maxelem 4294967295 "
	    "timeout 300\n",
	    name, set->suffix, end, set->type, set->family);
}

static void element_put(FILE *out, const char *name, const struct set *set,
    const struct dp_element *e, uint32_t now_s)
{
	char text[DP_ADDR_TEXT_MAX];

	dp_addr_to_text(&e->addr, text);
	fprintf(out, "add %s%s.new %s", name, set->suffix, text);
	if (!set->any)
		fprintf(out, ",%s:%u", e->service.protocol == 6 ? "tcp" : "udp",
		    (unsigned)e->service.port);
	fprintf(out, " timeout %" PRIu32 "\n", e->end_s - now_s);
}

static void set_fill(FILE *out, const char *name, const struct set *set,
    const struct dp_elements *e, uint32_t now_s)
{
	create_put(out, name, set, "");
	create_put(out, name, set, ".new");
	/* It is there when the last load failed half-way. */
	fprintf(out, "flush %s%s.new\n", name, set->suffix);
	for (size_t i = 0; i < e->count; i++) {
		const struct dp_element *item = &e->items[i];

		if (item->addr.family == set->version &&
		    (item->service.protocol == 0) == set->any)
			element_put(out, name, set, item, now_s);
	}
}

enum dp_err dp_export_ipset(const struct dp_export *x, FILE *out)
{
	const char *name = dp_export_name(x);
	char when[DP_EXPORT_WHEN_MAX];
	struct dp_elements e;
	enum dp_err err = dp_elements_make(&e, x, true);

	if (err)
		return err;
	dp_export_when(x->now_s, when);
	fprintf(out, "# dnspin: %zu elements at %s, input for ipset restore\n",
	    e.count, when);
	for (size_t i = 0; i < SET_COUNT; i++)
		set_fill(out, name, &sets[i], &e, x->now_s);
	/* Only now, when nothing can fail any more for lack of room. */
	for (size_t i = 0; i < SET_COUNT; i++)
		fprintf(out, "swap %s%s.new %s%s\ndestroy %s%s.new\n", name,
		    sets[i].suffix, name, sets[i].suffix, name,
		    sets[i].suffix);
	dp_elements_free(&e);
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
