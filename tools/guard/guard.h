/*
 * Where the server's configuration loads a module that was made for another
 * build of it: a server that cannot load its module does not start at all, and
 * one without it would let everything through. This puts the module aside
 * before the start, and back when it fits again.
 *
 * In the folder that the server's configuration includes (*.conf):
 *
 *	module.conf		loads the module: it is enabled
 *	module.conf.misfit	the same, put aside
 *	closed.conf		refuses all clients
 *
 * Each change is one rename, and all of them can be made again: who is killed in
 * between leaves what the next call mends. Single-threaded.
 */
#ifndef DP_GUARD_H
#define DP_GUARD_H

#include <stdbool.h>
#include "module/core/err.h"
#include "module/core/state.h"

struct dp_guard {
	const char *server; /* path of the executable */
	const char *module; /* path of dnspin.so */
	const char *folder;
};

/* Is the module enabled, or put aside? */
bool dp_guard_is_enabled(const struct dp_guard *g);

/* The state directory that the file which loads the module names, as the server
 * sees it. False: it names none. */
bool dp_guard_state_dir(const struct dp_guard *g, char dir[DP_PATH_MAX]);

/* DP_ERR_VERSION: the module is for another build; diag names both. Other
 * errors: one of the files cannot be read. */
enum dp_err dp_guard_fits(const struct dp_guard *g, struct dp_diag *diag)
    DP_MUST_CHECK;

/* Put the module aside; closed: refuse all clients. */
enum dp_err dp_guard_aside(const struct dp_guard *g, bool closed,
    struct dp_diag *diag) DP_MUST_CHECK;

/* Load the module again; *changed tells whether it was aside. */
enum dp_err dp_guard_back(const struct dp_guard *g, bool *changed,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
