#include "tools/export/elements.h"

/* No header: Palo Alto Networks documents comments only behind an address on
 * its line, Fortinet only on lines of their own; bare addresses suit both, and
 * the tables of pf. */

enum dp_err dp_export_edl(const struct dp_export *x, FILE *out)
{
	char text[DP_ADDR_TEXT_MAX];
	struct dp_elements e;
	enum dp_err err = dp_elements_make(&e, x, false);

	if (err)
		return err;
	for (size_t i = 0; i < e.count; i++) {
		dp_addr_to_text(&e.items[i].addr, text);
		fprintf(out, "%s\n", text);
	}
	dp_elements_free(&e);
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
