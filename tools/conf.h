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

/* First those of enum dp_setting, then these. */
enum dp_conf_key {
	DP_CONF_BEFORE = DP_SETTING_COUNT - 1,
#define DP_CONF(id, name, value, def, brief, text) DP_CONF_##id,
#include "tools/conf.def"
#undef DP_CONF
	DP_CONF_COUNT
};

/* Where a setting is from: a line of the file, or one of these. */
#define DP_CONF_FROM_DEFAULT 0ul
#define DP_CONF_FROM_OVERRIDE (~0ul)

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
	unsigned long from[DP_CONF_COUNT]; /* by enum dp_conf_key */
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
