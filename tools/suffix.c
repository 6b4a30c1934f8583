#include "dp_config.h"

#include "tools/suffix.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

/* Suffixes under which content networks and clouds give names to their
 * customers, and that the public suffix list does not have; and parents of those
 * that it has: a wildcard on amazonaws.com would allow everybody's
 * s3.amazonaws.com. */
static const char *const shared[] = {
	"akadns.net",
	"akam.net",
	"amazonaws.com",
	"azure-api.net",
	"azure-devices.net",
	"azure.com",
	"azure.net",
	"azureedge.net",
	"azurefd.net",
	"b-cdn.net",
	"blob.core.windows.net",
	"cache.windows.net",
	"cachefly.net",
	"cdn.cloudflare.net",
	"cdngc.net",
	"cloudapp.azure.com",
	"cloudflare.net",
	"core.windows.net",
	"database.windows.net",
	"dfs.core.windows.net",
	"edgecastcdn.net",
	"edgekey.net",
	"edgesuite.net",
	"fastly.net",
	"fbcdn.net",
	"file.core.windows.net",
	"footprint.net",
	"global.fastly.net",
	"googleapis.com",
	"googleusercontent.com",
	"gslb.com",
	"hwcdn.net",
	"impervadns.net",
	"incapdns.net",
	"kxcdn.com",
	"llnwd.net",
	"lswcdn.net",
	"map.fastly.net",
	"msecnd.net",
	"nsatc.net",
	"omegacdn.net",
	"queue.core.windows.net",
	"rackcdn.com",
	"redis.cache.windows.net",
	"sc-gs.net",
	"servicebus.windows.net",
	"sharepoint.com",
	"stackpathdns.com",
	"storage.googleapis.com",
	"systemcdn.net",
	"table.core.windows.net",
	"trafficmanager.net",
	"ultradns.net",
	"v0cdn.net",
	"vault.azure.net",
	"wac.edgecastcdn.net",
	"web.core.windows.net",
	"windows.net",
};

struct dp_suffix_list {
	psl_ctx_t *psl; /* NULL where the built-in list is used */
	const psl_ctx_t *list;
	const struct dp_name *exempt;
	size_t exempt_count;
	struct dp_name shared[sizeof(shared) / sizeof(shared[0])];
};

enum dp_err dp_suffixes_open(struct dp_suffix_list **out,
    const struct dp_name *exempt, size_t count, struct dp_diag *diag)
{
	struct dp_suffix_list *s = calloc(1, sizeof(*s));

	if (!s) {
		dp_diag_set(diag, NULL, 0, "out of memory");
		return DP_ERR_NOMEM;
	}
	s->psl = psl_latest(NULL);
	s->list = s->psl ? s->psl : psl_builtin();
	s->exempt = exempt;
	s->exempt_count = count;
	if (!s->list) {
		dp_diag_set(diag, "public suffix list", 0,
		    "there is none: install publicsuffix");
		dp_suffixes_close(&s);
		return DP_ERR_NOTFOUND;
	}
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		enum dp_err err = dp_name_from_text(&s->shared[i], shared[i],
		    diag);

		if (err != DP_OK) {
			dp_suffixes_close(&s);
			return err;
		}
	}
	*out = s;
	return DP_OK;
}

void dp_suffixes_close(struct dp_suffix_list **s)
{
	if (!*s)
		return;
	psl_free((*s)->psl);
	free(*s);
	*s = NULL;
}

/* The labels of the longest of count suffixes that name lies in; 0: in none. */
static unsigned longest(const struct dp_name *suffixes, size_t count,
    const struct dp_name *name)
{
	unsigned best = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned labels = dp_name_labels(&suffixes[i]);

		if (labels > best && dp_name_within(name, &suffixes[i]))
			best = labels;
	}
	return best;
}

/* Of the public suffix list alone: labels of the suffix, with the root's. */
static unsigned listed(const struct dp_suffix_list *s, const struct dp_name *name)
{
	char text[DP_NAME_TEXT_MAX];
	const char *suffix;
	unsigned labels = 2;

	(void)dp_name_to_text(name, text);
	suffix = psl_unregistrable_domain(s->list, text);
	for (; suffix && (suffix = strchr(suffix, '.')); suffix++)
		labels++;
	return labels;
}

unsigned dp_suffixes_labels(const struct dp_suffix_list *s,
    const struct dp_name *name)
{
	unsigned all = dp_name_labels(name);
	unsigned own = longest(s->exempt, s->exempt_count, name);
	unsigned other = longest(s->shared,
	    sizeof(s->shared) / sizeof(s->shared[0]), name);
	unsigned suffix = listed(s, name);

	if (own > 0)
		return own;
	suffix = suffix > other ? suffix : other;
	return suffix < all ? suffix + 1 : 0;
}
