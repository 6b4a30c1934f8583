#include "dp_config.h"

#include "tools/report/suffix.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "tools/intern.h"

/*
 * Domains of content networks, clouds and services below which anybody gets a
 * name: no label of them parts owner from owner for certain, so that nothing
 * below gets a wildcard. The public suffix list has some of the suffixes in
 * them (s3.eu-west-1.amazonaws.com), never all, and not these parents, whose
 * wildcard would cover them. Those that it has whole (cloudfront.net) are not
 * here.
 */
static const char *const shared[] = {
	"a-msedge.net",
	"akadns.net",
	"akam.net",
	"akamai.net",
	"akamaiedge.net",
	"akamaihd.net",
	"akamaitechnologies.com",
	"akamaized.net",
	"alicdn.com",
	"alikunlun.com",
	"aliyuncs.com",
	"amazonaws.com",
	"amazonaws.com.cn",
	"amazoncognito.com",
	"amplifyapp.com",
	"api.aws",
	"appdomain.cloud",
	"atlassian.net",
	"auth0.com",
	"awsapprunner.com",
	"awsapps.com",
	"awsglobalaccelerator.com",
	"azioncdn.net",
	"azionedge.net",
	"azmk8s.io",
	"azure-api.net",
	"azure-devices.net",
	"azure.com",
	"azure.net",
	"azurecontainer.io",
	"azurecontainerapps.io",
	"azurecr.io",
	"azuredatabricks.net",
	"azureedge.net",
	"azurefd.net",
	"azurehdinsight.net",
	"azureml.ms",
	"azurestaticapps.net",
	"azuresynapse.net",
	"azurewebsites.net",
	"b-cdn.net",
	"b-msedge.net",
	"b2clogin.com",
	"backblazeb2.com",
	"bcebos.com",
	"belugacdn.com",
	"c-msedge.net",
	"cachefly.net",
	"cdn20.com",
	"cdn77.org",
	"cdnetworks.net",
	"cdngc.net",
	"cdngslb.com",
	"cdnvideo.ru",
	"cfargotunnel.com",
	"chinacache.net",
	"ciamlogin.com",
	"cloudapp.net",
	"cloudflare.net",
	"cloudflarestorage.com",
	"customer-oci.com",
	"dc-msedge.net",
	"digitaloceanspaces.com",
	"dnsv1.com",
	"dynamics.com",
	"e-msedge.net",
	"edgecastcdn.net",
	"edgekey.net",
	"edgesuite.net",
	"edgio.net",
	"edgiocloud.net",
	"elasticbeanstalk.com",
	"fastly-edge.com",
	"fastly.net",
	"fastlylb.net",
	"fb-t-msedge.net",
	"fbcdn.net",
	"firebasedatabase.app",
	"firebaseio.com",
	"firebasestorage.app",
	"footprint.net",
	"force.com",
	"gcdn.co",
	"googleapis.com",
	"googlehosted.com",
	"googleusercontent.com",
	"gslb.com",
	"herokudns.com",
	"herokussl.com",
	"hwcdn.net",
	"impervadns.net",
	"incapdns.net",
	"kunlunsl.com",
	"kxcdn.com",
	"l-msedge.net",
	"linodeobjects.com",
	"linodeusercontent.com",
	"lldns.net",
	"llnwd.net",
	"llnwi.net",
	"lswcdn.net",
	"lumencdn.net",
	"msappproxy.net",
	"msecnd.net",
	"myhuaweicloud.com",
	"myqcloud.com",
	"nsatc.net",
	"okta.com",
	"omegacdn.net",
	"on.aws",
	"onmicrosoft.com",
	"oraclecloud.com",
	"oraclecloudapps.com",
	"ovh.net",
	"phicdn.net",
	"powerappsportals.com",
	"qbox.me",
	"qiniucdn.com",
	"quic.cloud",
	"rackcdn.com",
	"run.app",
	"s-msedge.net",
	"salesforce.com",
	"sc-gs.net",
	"section.io",
	"selcdn.ru",
	"service-now.com",
	"sharepoint.com",
	"slack.com",
	"stackpathcdn.com",
	"stackpathdns.com",
	"sucuri.net",
	"systemcdn.net",
	"t-msedge.net",
	"t-s1-msedge.net",
	"tdnsv5.com",
	"tencent-cloud.net",
	"tm-azurefd.net",
	"trafficmanager.net",
	"ultradns.net",
	"v0cdn.net",
	"vercel-dns.com",
	"wasabisys.com",
	"windows.net",
	"wordpress.com",
	"wpengine.com",
	"wscdns.com",
	"wsglb0.com",
	"yandexcloud.net",
	"zendesk.com",
};

struct dp_suffix_list {
	psl_ctx_t *psl; /* NULL where the built-in list is used */
	const psl_ctx_t *list;
	const struct dp_name *exempt;
	size_t exempt_count;
	struct dp_intern shared; /* in wire form */
};

static enum dp_err share(struct dp_suffix_list *s, struct dp_diag *diag)
{
	enum dp_err err = DP_OK;

	for (size_t i = 0;
	     err == DP_OK && i < sizeof(shared) / sizeof(shared[0]); i++) {
		struct dp_name name;
		uint32_t number;

		err = dp_name_from_text(&name, shared[i], diag);
		if (err == DP_OK)
			err = dp_intern_add(&s->shared, name.wire, name.len,
			    &number);
		if (err == DP_ERR_NOMEM)
			dp_diag_set(diag, NULL, 0, "out of memory");
	}
	return err;
}

enum dp_err dp_suffixes_open(struct dp_suffix_list **out,
    const struct dp_name *exempt, size_t count, struct dp_diag *diag)
{
	struct dp_suffix_list *s = calloc(1, sizeof(*s));
	enum dp_err err;

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
	err = share(s, diag);
	if (err != DP_OK) {
		dp_suffixes_close(&s);
		return err;
	}
	*out = s;
	return DP_OK;
}

void dp_suffixes_close(struct dp_suffix_list **s)
{
	if (!*s)
		return;
	psl_free((*s)->psl);
	dp_intern_free(&(*s)->shared);
	free(*s);
	*s = NULL;
}

/* The labels of the longest exempt suffix that name lies in; 0: in none. */
static unsigned exempt(const struct dp_suffix_list *s,
    const struct dp_name *name)
{
	unsigned best = 0;

	for (size_t i = 0; i < s->exempt_count; i++) {
		unsigned labels = dp_name_labels(&s->exempt[i]);

		if (labels > best && dp_name_within(name, &s->exempt[i]))
			best = labels;
	}
	return best;
}

static bool is_shared(const struct dp_suffix_list *s,
    const struct dp_name *name)
{
	uint32_t number;

	for (size_t off = 0; name->wire[off] > 0;
	     off += (size_t)name->wire[off] + 1)
		if (dp_intern_find(&s->shared, name->wire + off,
			name->len - off, &number))
			return true;
	return false;
}

/* Of the public suffix list alone: labels of the suffix, with the root's. */
static unsigned listed(const struct dp_suffix_list *s,
    const struct dp_name *name)
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
	unsigned own = exempt(s, name);
	unsigned suffix;

	if (own > 0)
		return own;
	if (is_shared(s, name))
		return 0;
	suffix = listed(s, name);
	return suffix < dp_name_labels(name) ? suffix + 1 : 0;
}
