/*
 * The server that the module is switched on or off in: what the options of
 * dnspin enable and disable name, and what its configuration sets.
 * Single-threaded.
 */
#ifndef DP_TARGET_H
#define DP_TARGET_H

#include <stdbool.h>
#include "module/core/build_id.h"
#include "module/core/state.h"
#include "tools/enable/checkconf.h"

struct dp_target {
	bool only_say;	    /* -n */
	const char *server; /* -s */
	const char *module; /* -m */
	const char *folder; /* -D */
	struct dp_checkconf checkconf; /* -x, -c */
	char beside[DP_PATH_MAX]; /* what checkconf.program points to */
};

/* What the configuration sets. */
struct dp_target_conf {
	char words[DP_CHECKCONF_MAX]; /* module-config */
	char files[DP_CHECKCONF_MAX]; /* dynlib-file, a line each */
	char chroot[DP_CHECKCONF_MAX];
	char user[DP_CHECKCONF_MAX];
	bool sends_subnets; /* has subnetcache something to do? */
};

/* The options of verb argv[0], of which none has operands. False: said; return
 * DP_EXIT_USAGE. */
bool dp_target_parse(struct dp_target *out, int argc, char **argv);

/* Only root can do what the verbs do; true: may go on. */
bool dp_target_may(const struct dp_target *target, const char *verb);

/* Is the module made for the server? id gets the server's build-id, "" where
 * it has none. DP_ERR_VERSION: no; diag names both. */
enum dp_err dp_target_fits(const struct dp_target *target,
    char id[DP_BUILD_ID_TEXT_MAX], struct dp_diag *diag) DP_MUST_CHECK;

enum dp_err dp_target_read(const struct dp_target *target,
    struct dp_target_conf *out, struct dp_diag *diag) DP_MUST_CHECK;

/* How the server sees path from inside its chroot (chroot "": as everybody);
 * borrowed from path. NULL: it does not see it. */
const char *dp_target_sees(const char *chroot, const char *path);

#endif
