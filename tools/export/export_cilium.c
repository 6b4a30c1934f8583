#include "tools/export/export.h"

#include "tools/export/elements.h"

/* In quotes, though nothing here could be taken for other YAML than a string:
 * who reads it need not know that. No name of a stranger is printed. */

enum dp_err dp_export_cilium(const struct dp_export *x, FILE *out)
{
	char text[DP_ADDR_TEXT_MAX];
	struct dp_elements e;
	enum dp_err err = dp_elements_make(&e, x, false);

	if (err)
		return err;
	fprintf(out,
	    "apiVersion: cilium.io/v2\n"
	    "kind: CiliumCIDRGroup\n"
	    "metadata:\n"
	    "  name: \"%s\"\n"
	    "  labels:\n"
	    "    app.kubernetes.io/managed-by: dnspin\n"
	    "spec:\n"
	    "  externalCIDRs:%s\n",
	    dp_export_name(x), e.count > 0 ? "" : " []");
	for (size_t i = 0; i < e.count; i++) {
		dp_addr_to_text(&e.items[i].addr, text);
		fprintf(out, "  - \"%s/%d\"\n", text,
		    e.items[i].addr.family == 4 ? 32 : 128);
	}
	dp_elements_free(&e);
	return ferror(out) ? DP_ERR_IO : DP_OK;
}
