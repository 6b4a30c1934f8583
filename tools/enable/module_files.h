/*
 * The folder that the server's configuration includes, and what dnspin puts
 * there. Single-threaded.
 *
 *	module.conf		loads the module: it is enabled
 *	module.conf.misfit	the same, put aside by dnspin guard because the
 *				server is another build
 *	closed.conf		what dnspin guard put in its place, if anything
 */
#ifndef DP_MODULE_FILES_H
#define DP_MODULE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include "module/core/err.h"

#define DP_MODULE_FILES_COUNT 3
#define DP_MODULE_FILES_TEXT_MAX 8192 /* bytes of module.conf, with the NUL */

struct dp_module_files {
	const char *folder;			  /* borrowed */
	char *was[DP_MODULE_FILES_COUNT];	  /* texts; NULL: not there */
};

/* What module.conf says. */
struct dp_module_lines {
	const char *words;  /* of module-config */
	const char *module; /* path, as the server sees it, as all paths here */
	const char *state_dir;
	const char *trusted_key; /* NULL: none */
};

/* DP_ERR_SYNTAX: what cannot stand in unbound.conf between quotes. */
enum dp_err dp_module_files_text(char out[DP_MODULE_FILES_TEXT_MAX],
    const struct dp_module_lines *lines, struct dp_diag *diag) DP_MUST_CHECK;

/* What is in folder now; DP_ERR_NOTFOUND: there is no such folder. The caller
 * frees with dp_module_files_free. */
enum dp_err dp_module_files_read(struct dp_module_files *out,
    const char *folder, struct dp_diag *diag) DP_MUST_CHECK;
void dp_module_files_free(struct dp_module_files *files);

/* Is there anything of ours? */
bool dp_module_files_any(const struct dp_module_files *files);
/* Has dnspin guard closed the server? Then module-config is not the server's. */
bool dp_module_files_closed(const struct dp_module_files *files);
/* Is it module.conf with this text, and nothing else? */
bool dp_module_files_are(const struct dp_module_files *files,
    const char *text);

/* Make it so, text NULL: nothing. Where it fails, dp_module_files_restore. */
enum dp_err dp_module_files_write(const struct dp_module_files *files,
    const char *text, struct dp_diag *diag) DP_MUST_CHECK;
/* As it was when it was read. */
enum dp_err dp_module_files_restore(const struct dp_module_files *files,
    struct dp_diag *diag) DP_MUST_CHECK;

#endif
