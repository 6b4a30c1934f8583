/*
 * dnspin.conf(5): the settings that go into the policy (setting.def), and those
 * that only the tools use (conf.def). Parsed with libconfuse; -o key=value on
 * the command line is parsed by the same parser afterwards. Single-threaded.
 */
#ifndef DP_CONF_H
#define DP_CONF_H

#include <stddef.h>
#include "module/core/err.h"
#include "module/core/settings.h"

/* What diag's object begins with when an override is wrong and no file. */
#define DP_CONF_OVERRIDE "-o "

/* In the order of its words. */
enum dp_on_misfit {
	DP_ON_MISFIT_AUTO,
	DP_ON_MISFIT_CLOSED,
	DP_ON_MISFIT_OPEN
};

struct dp_conf {
	struct dp_settings settings;
	char *sign_key;	   /* path, NULL: policies stay unsigned */
	char *trusted_key; /* path, NULL: any policy is taken */
	char **zones;	   /* globs */
	size_t zone_count;
	enum dp_on_misfit on_misfit;
};

/*
 * path NULL: the default file, which may be missing; else it must be there.
 * overrides: "key=value" strings. Relative paths of the file count from its
 * folder, those of overrides from the working directory. The caller frees with
 * dp_conf_free.
 */
enum dp_err dp_conf_load(struct dp_conf *out, const char *path,
    const char *const *overrides, size_t override_count,
    struct dp_diag *diag) DP_MUST_CHECK;
void dp_conf_free(struct dp_conf *conf);

#endif
