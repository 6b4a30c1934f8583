#include "tools/export/export_format.h"

#include <stdbool.h>
#include <string.h>

#include "tools/nft/nft_table.h"

#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define CAPITAL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* ipset gives sets 31 octets, of which "6_any.new" takes nine; PowerShell and
 * its patterns have no use for other characters. */
static const char *word_wrong(const char *name)
{
	size_t size_b = strlen(name);

	if (size_b >= 1 && size_b <= 22 && strchr(SMALL CAPITAL, name[0]) &&
	    strspn(name, SMALL CAPITAL DIGITS "_-") == size_b)
		return NULL;
	return "the name must be 1 to 22 letters, digits, '_' or '-', the "
	       "first a letter";
}

/* A label of RFC 1123, as Kubernetes has it. */
static const char *label_wrong(const char *name)
{
	size_t size_b = strlen(name);

	if (size_b >= 1 && size_b <= 63 && name[0] != '-' &&
	    name[size_b - 1] != '-' &&
	    strspn(name, SMALL DIGITS "-") == size_b)
		return NULL;
	return "the name must be 1 to 63 small letters, digits or '-', with "
	       "no '-' at either end";
}

static const struct dp_export_format formats[] = {
	{ "json", dp_export_json, NULL },
	{ "csv", dp_export_csv, NULL },
	{ "nft", dp_export_nft, dp_nft_table_wrong },
	{ "ipset", dp_export_ipset, word_wrong },
	/* pfctl(8) reads the same lists for its tables. */
	{ "edl", dp_export_edl, NULL },
	{ "pf", dp_export_edl, NULL },
	{ "cilium", dp_export_cilium, label_wrong },
	{ "k8s", dp_export_k8s, label_wrong },
	{ "windows", dp_export_windows, word_wrong },
};
#define COUNT (sizeof(formats) / sizeof(formats[0]))

const struct dp_export_format *dp_export_format_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

const struct dp_export_format *dp_export_format_at(size_t k)
{
	return k < COUNT ? &formats[k] : NULL;
}
