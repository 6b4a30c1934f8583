#include "dp_config.h"

#include "tools/enable/module_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/core/file.h"
#include "module/core/state.h"
#include "tools/out_file.h"

static const char *const names[DP_MODULE_FILES_COUNT] = {
	"module.conf", "module.conf.misfit", "closed.conf",
};

/* Unbound's quotes have no escapes. */
static bool can_be_quoted(const char *text)
{
	for (const char *p = text; *p; p++)
		if (*p == '"' || (unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return true;
}

enum dp_err dp_module_files_text(char out[DP_MODULE_FILES_TEXT_MAX],
    const struct dp_module_lines *lines, struct dp_diag *diag)
{
	const char *const paths[] = { lines->module, lines->state_dir,
		lines->trusted_key };
	int n;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (!paths[i])
			continue;
		if (paths[i][0] != '/' || !can_be_quoted(paths[i])) {
			dp_diag_set(diag, paths[i], 0,
			    paths[i][0] != '/'
				? "must be an absolute path for the server"
				: "holds what cannot stand in unbound.conf");
			return DP_ERR_SYNTAX;
		}
	}
	n = snprintf(out, DP_MODULE_FILES_TEXT_MAX,
	    "# Made by dnspin enable; dnspin disable removes it.\n"
	    "server:\n\tmodule-config: \"%s\"\n"
	    "dynlib:\n\tdynlib-file: \"%s\"\n\tdynlib-file: \"%s\"\n",
	    lines->words, lines->module, lines->state_dir);
	if (lines->trusted_key && n < DP_MODULE_FILES_TEXT_MAX)
		n += snprintf(out + n, DP_MODULE_FILES_TEXT_MAX - (size_t)n,
		    "\tdynlib-file: \"%s\"\n", lines->trusted_key);
	if (n >= DP_MODULE_FILES_TEXT_MAX) {
		dp_diag_set(diag, names[0], 0, "paths are too long");
		return DP_ERR_LIMIT;
	}
	return DP_OK;
}

static enum dp_err path_of(char path[DP_PATH_MAX],
    const struct dp_module_files *files, size_t i, struct dp_diag *diag)
{
	return dp_state_path(path, files->folder, names[i], diag);
}

static enum dp_err read_one(struct dp_module_files *files, size_t i,
    struct dp_diag *diag)
{
	char path[DP_PATH_MAX];
	struct dp_file f;
	enum dp_err err = path_of(path, files, i, diag);

	if (!err)
		err = dp_file_map_ro(&f, path, diag);
	if (err)
		return err == DP_ERR_NOTFOUND ? DP_OK : err;
	files->was[i] = calloc(1, f.size_b + 1);
	if (files->was[i] && f.size_b > 0)
		memcpy(files->was[i], f.bytes, f.size_b);
	dp_file_close(&f);
	if (files->was[i])
		return DP_OK;
	dp_diag_set(diag, path, 0, "%s", dp_err_text(DP_ERR_NOMEM));
	return DP_ERR_NOMEM;
}

enum dp_err dp_module_files_read(struct dp_module_files *out,
    const char *folder, struct dp_diag *diag)
{
	struct dp_module_files files = { .folder = folder };
	struct stat st;
	enum dp_err err = DP_OK;

	if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
		dp_diag_set(diag, folder, 0, "there is no such folder");
		return DP_ERR_NOTFOUND;
	}
	for (size_t i = 0; !err && i < DP_MODULE_FILES_COUNT; i++)
		err = read_one(&files, i, diag);
	if (err)
		dp_module_files_free(&files);
	else
		*out = files;
	return err;
}

void dp_module_files_free(struct dp_module_files *files)
{
	for (size_t i = 0; i < DP_MODULE_FILES_COUNT; i++) {
		free(files->was[i]);
		files->was[i] = NULL;
	}
}

bool dp_module_files_any(const struct dp_module_files *files)
{
	for (size_t i = 0; i < DP_MODULE_FILES_COUNT; i++)
		if (files->was[i])
			return true;
	return false;
}

bool dp_module_files_closed(const struct dp_module_files *files)
{
	return files->was[2] != NULL;
}

bool dp_module_files_are(const struct dp_module_files *files,
    const char *text)
{
	return files->was[0] && strcmp(files->was[0], text) == 0 &&
	    !files->was[1] && !files->was[2];
}

static enum dp_err put(const struct dp_module_files *files, size_t i,
    const char *text, struct dp_diag *diag)
{
	char path[DP_PATH_MAX];
	enum dp_err err = path_of(path, files, i, diag);

	if (err)
		return err;
	if (text)
		return dp_out_file(path, text, strlen(text), diag);
	if (unlink(path) == 0 || errno == ENOENT)
		return DP_OK;
	dp_diag_set(diag, path, 0, "cannot be removed: %s", strerror(errno));
	return DP_ERR_IO;
}

enum dp_err dp_module_files_write(const struct dp_module_files *files,
    const char *text, struct dp_diag *diag)
{
	enum dp_err err = put(files, 0, text, diag);

	for (size_t i = 1; !err && i < DP_MODULE_FILES_COUNT; i++)
		err = put(files, i, NULL, diag);
	return err;
}

enum dp_err dp_module_files_restore(const struct dp_module_files *files,
    struct dp_diag *diag)
{
	enum dp_err err = DP_OK;

	for (size_t i = 0; i < DP_MODULE_FILES_COUNT; i++) {
		enum dp_err one = put(files, i, files->was[i], diag);

		err = err ? err : one;
	}
	return err;
}
