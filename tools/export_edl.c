#include "tools/export.h"

#include <stdlib.h>

/* No header: Palo Alto Networks documents comments only behind an address on
 * its line, Fortinet only on lines of their own; bare addresses suit both. */

static int addr_compare(const void *a, const void *b)
{
	return dp_addr_compare(a, b);
}

enum dp_err dp_export_edl(const struct dp_export *x, FILE *out)
{
	size_t count = dp_bindings_count(x->bindings);
	char text[DP_ADDR_TEXT_MAX];
	struct dp_addr *addrs;

	if (count == 0)
		return DP_OK;
	addrs = calloc(count, sizeof(*addrs));
	if (!addrs)
		return DP_ERR_NOMEM;
	for (size_t i = 0; i < count; i++)
		addrs[i] = dp_bindings_row(x->bindings, i)->addr;
	qsort(addrs, count, sizeof(*addrs), addr_compare);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && dp_addr_equal(&addrs[i], &addrs[i - 1]))
			continue;
		dp_addr_to_text(&addrs[i], text);
		fprintf(out, "%s\n", text);
	}
	free(addrs);
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
