/*
 * Does the running server fit the module? Struct layouts of Unbound change
 * with version, configure options and distribution patches, so that a module
 * fits exactly one build. Called first of all in init, before any struct of
 * Unbound is touched.
 */
#ifndef DP_BUILD_H
#define DP_BUILD_H

#include "module/core/build_id.h"
#include "module/core/err.h"

/* What configure was shown: build-id, empty where it has none; and the version
 * of dnspin. Static storage. */
const char *dp_build_id_wanted(void);
const char *dp_build_dnspin_version(void);

/* The GNU build-id of the running executable in hex; empty: it has none. */
void dp_build_id_running(char text[DP_BUILD_ID_TEXT_MAX]);

/*
 * Compare the running executable with the one that configure was shown. want
 * is its build-id; where that is empty, the texts of version and configure
 * line are looked for in the executable at exe_path instead. DP_ERR_VERSION
 * with both builds and the way out in diag.
 */
enum dp_err dp_build_check(const char *want, const char *version,
    const char *configure_line, const char *exe_path,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
