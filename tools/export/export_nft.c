#include "dp_config.h"

#include "tools/export/export.h"

#include <inttypes.h>

#include "tools/export/elements.h"
#include "tools/nft/nft_sets.h"

static void element_put(FILE *out, const struct dp_element *e, uint32_t now_s)
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
static void set_fill(FILE *out, const char *table, const struct dp_nft_set *set,
    const struct dp_elements *e, uint32_t now_s)
{
	bool open = false;

	for (size_t i = 0; i < e->count; i++) {
		const struct dp_element *item = &e->items[i];

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

static void head_put(FILE *out, const struct dp_export *x, const char *table,
    size_t left_out)
{
	char when[DP_EXPORT_WHEN_MAX];

	dp_export_when(x->now_s, when);
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
	if (left_out > 0)
		fprintf(out, "# %zu elements are left out, for they are open "
		    "to some clients only.\n\n", left_out);
}

/* add and flush before anything else: the first load makes what later ones
 * find, and no load fails on what is there. */
static void frame_put(FILE *out, const char *table)
{
	fprintf(out, "add table inet %s\n", table);
	for (size_t i = 0; i < DP_NFT_SETS; i++)
		fprintf(out,
		    "add set inet %s %s { type %s; flags timeout; }\n"
		    "flush set inet %s %s\n",
		    table, dp_nft_sets[i].name, dp_nft_sets[i].type, table,
		    dp_nft_sets[i].name);
	fprintf(out,
	    "add chain inet %s " DP_NFT_CHAIN "\n"
	    "flush chain inet %s " DP_NFT_CHAIN "\n",
	    table, table);
	for (size_t i = 0; i < DP_NFT_SETS; i++)
		fprintf(out, "add rule inet %s " DP_NFT_CHAIN " %s @%s accept\n",
		    table, dp_nft_sets[i].match, dp_nft_sets[i].name);
}

enum dp_err dp_export_nft(const struct dp_export *x, FILE *out)
{
	const char *table = x->name
	    ? x->name : dp_policy_settings(x->policy)->nft_table;
	struct dp_elements e;
	enum dp_err err = dp_elements_make(&e, x, true);

	if (err)
		return err;
	head_put(out, x, table, e.left_out);
	frame_put(out, table);
	for (size_t i = 0; i < DP_NFT_SETS; i++)
		set_fill(out, table, &dp_nft_sets[i], &e, x->now_s);
	dp_elements_free(&e);
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
