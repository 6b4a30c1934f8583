/*
 * unbound-checkconf(8), run as a child without a shell: is the server's
 * configuration good, and what does it set? Single-threaded.
 */
#ifndef DP_CHECKCONF_H
#define DP_CHECKCONF_H

#include "module/core/err.h"

#define DP_CHECKCONF_MAX 4096 /* bytes of a value, with the NUL */

struct dp_checkconf {
	const char *program; /* path of unbound-checkconf */
	const char *conf;    /* unbound.conf; NULL: the program's default */
};

/* DP_ERR_SYNTAX: the configuration is bad; diag has what the program said. */
enum dp_err dp_checkconf_passes(const struct dp_checkconf *c,
    struct dp_diag *diag) DP_MUST_CHECK;

/* The value of option, "" where there is none; a list has a line for each. */
enum dp_err dp_checkconf_option(const struct dp_checkconf *c,
    const char *option, char value[DP_CHECKCONF_MAX],
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
